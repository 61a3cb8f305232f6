"""Step 3: the database driver is aiosqlite; nothing in the loop blocks any more."""

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
        self.db = db

    async def save(self, question, answer, documents):
        sources = [(question, document["title"]) for document in documents]
        await self.db.execute(ANSWER, (question, answer))
        await self.db.executemany(SOURCE, sources)
        await self.db.commit()  # without it, all of this is undone when the connection closes


async def agent(question, client, store):
    documents = await client.search(question)
    answer = await client.model(question, documents)
    await store.save(question, answer, documents)
    return answer


async def research(questions, server, path):
    patience = aiohttp.ClientTimeout(30)
    async with aiohttp.ClientSession(timeout=patience) as session, aiosqlite.connect(path) as db:
        await db.executescript(SCHEMA)
        client, store = Client(server, session), Store(db)
        return [await agent(question, client, store) for question in questions]


def main(argv=None):
    given = arguments(argv)
    answers = asyncio.run(research(given.questions, given.server, given.database))
    for question, answer in zip(given.questions, answers):
        show(question, answer)


if __name__ == "__main__":
    main()
