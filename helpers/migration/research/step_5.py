"""Step 5: at most `limit` questions at once."""

import asyncio

import aiohttp
import aiosqlite

from helpers.migration.research.common import ANSWER, SCHEMA, SOURCE, arguments, body, headers, show


class Client:
    """The search service and the model."""

    def __init__(self, server, session):
        self.server, self.session = server, session

    async def search(self, question):
        async with self.session.get(
            f"{self.server}/search", params={"q": question}, headers=headers(question)
        ) as reply:
            reply.raise_for_status()
            return (await reply.json())["results"]

    async def model(self, question, documents):
        async with self.session.post(
            f"{self.server}/v1/chat/completions",
            json=body(question, documents),
            headers=headers(question),
        ) as reply:
            reply.raise_for_status()
            return (await reply.json())["choices"][0]["message"]["content"]


class Store:
    """Answers and their sources."""

    def __init__(self, db):
        self.db, self.turn = db, asyncio.Lock()

    async def save(self, question, answer, documents):
        sources = [(question, document["title"]) for document in documents]
        # One connection has one transaction: nobody else's statement may come between mine.
        async with self.turn:
            try:
                await self.db.execute(ANSWER, (question, answer))
                await self.db.executemany(SOURCE, sources)
                await self.db.commit()
            except BaseException:
                # Also when cancelled: the next commit must not keep half of mine.
                await self.db.rollback()
                raise


async def agent(question, client, store):
    documents = await client.search(question)
    answer = await client.model(question, documents)
    await store.save(question, answer, documents)
    return answer


async def research(questions, server, path, limit=4):
    patience = aiohttp.ClientTimeout(30)
    async with aiohttp.ClientSession(timeout=patience) as session, aiosqlite.connect(path) as db:
        await db.executescript(SCHEMA)
        client, store = Client(server, session), Store(db)
        gate = asyncio.Semaphore(limit)

        async def one(question):
            async with gate:
                return await agent(question, client, store)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(question)) for question in questions]
        return [task.result() for task in tasks]


def main(argv=None):
    given = arguments(argv)
    answers = asyncio.run(research(given.questions, given.server, given.database))
    for question, answer in zip(given.questions, answers):
        show(question, answer)


if __name__ == "__main__":
    main()
