"""Typical wrong answers to exercise 12.2. Each docstring is a part of the message meant for it."""

import asyncio
import sqlite3
from contextlib import closing

import aiosqlite

INSERT = "INSERT INTO answers VALUES (?, ?)"


async def _limited(one, questions, limit):
    gate = asyncio.Semaphore(limit)

    async def held(question):
        async with gate:
            return await one(question)

    return await asyncio.gather(*(held(question) for question in questions))


async def keeps_sqlite3_in_the_loop(ask, questions, limit, path):
    """it stood still: no other task had a turn until the lock was gone"""
    with closing(sqlite3.connect(path)) as db:

        async def one(question):
            answer = await ask(question)
            with db:
                db.execute(INSERT, (question, answer.text))
            return answer

        return await _limited(one, questions, limit)


async def stores_all_at_the_end_in_the_loop(ask, questions, limit, path):
    """it stood still: no other task had a turn until the lock was gone"""
    answers = await _limited(ask, questions, limit)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(INSERT, [(q, a.text) for q, a in zip(questions, answers)])
    return answers


async def one_connection_for_many_threads(ask, questions, limit, path):
    """a connection made in one thread was used in another"""
    with closing(sqlite3.connect(path)) as db:

        async def one(question):
            answer = await ask(question)
            await asyncio.to_thread(db.execute, INSERT, (question, answer.text))
            return answer

        return await _limited(one, questions, limit)


async def forgets_to_commit(ask, questions, limit, path):
    """the file holds 0 rows"""
    async with aiosqlite.connect(path) as db:

        async def one(question):
            answer = await ask(question)
            await db.execute(INSERT, (question, answer.text))
            return answer

        return await _limited(one, questions, limit)


async def stores_no_answer(ask, questions, limit, path):
    """the file holds 0 rows"""
    return await _limited(ask, questions, limit)


async def loses_the_limit(ask, questions, limit, path):
    """12 were in flight at once"""
    async with aiosqlite.connect(path) as db:

        async def one(question):
            answer = await ask(question)
            await db.execute(INSERT, (question, answer.text))
            await db.commit()
            return answer

        return await asyncio.gather(*(one(question) for question in questions))
