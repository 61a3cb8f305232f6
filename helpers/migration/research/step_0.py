"""Step 0: synchronous. requests, sqlite3, one question after the other."""

import sqlite3
from contextlib import closing

import requests

from helpers.migration.research.common import ANSWER, SCHEMA, SOURCE, arguments, body, headers, show


class Client:
    """The search service and the model."""

    def __init__(self, server, session):
        self.server, self.session = server, session

    def search(self, question):
        with self.session.get(
            f"{self.server}/search", params={"q": question}, headers=headers(question), timeout=30
        ) as reply:
            reply.raise_for_status()
            return reply.json()["results"]

    def model(self, question, documents):
        with self.session.post(
            f"{self.server}/v1/chat/completions",
            json=body(question, documents),
            headers=headers(question),
            timeout=30,
        ) as reply:
            reply.raise_for_status()
            return reply.json()["choices"][0]["message"]["content"]


class Store:
    """Answers and their sources."""

    def __init__(self, db):
        self.db = db

    def save(self, question, answer, documents):
        sources = [(question, document["title"]) for document in documents]
        with self.db:  # a transaction: all of it, or nothing
            self.db.execute(ANSWER, (question, answer))
            self.db.executemany(SOURCE, sources)


def agent(question, client, store):
    documents = client.search(question)
    answer = client.model(question, documents)
    store.save(question, answer, documents)
    return answer


def research(questions, server, path):
    with requests.Session() as session, closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        client, store = Client(server, session), Store(db)
        return [agent(question, client, store) for question in questions]


def main(argv=None):
    given = arguments(argv)
    answers = research(given.questions, given.server, given.database)
    for question, answer in zip(given.questions, answers):
        show(question, answer)


if __name__ == "__main__":
    main()
