"""Typical wrong answers to exercise 9.1. Each docstring is a part of the message meant for it."""

import asyncio
import threading


async def _limited(one, questions, limit):
    gate = asyncio.Semaphore(limit)

    async def held(question):
        async with gate:
            return await one(question)

    return await asyncio.gather(*(held(question) for question in questions))


async def as_it_was(ask, questions, limit, store):
    """it stood still 15 times"""

    async def one(question):
        answer = await ask(question)
        store(question, answer)
        return answer

    return await _limited(one, questions, limit)


async def hides_it_in_a_coroutine(ask, questions, limit, store):
    """it stood still 15 times"""

    async def save(question, answer):
        store(question, answer)

    async def one(question):
        answer = await ask(question)
        await save(question, answer)
        return answer

    return await _limited(one, questions, limit)


async def forgets_to_store(ask, questions, limit, store):
    """0 had been stored by then"""
    return await _limited(ask, questions, limit)


async def does_not_wait_for_the_thread(ask, questions, limit, store):
    """whatever runs in a thread must be awaited"""
    threads = []

    async def one(question):
        answer = await ask(question)
        threads.append(threading.Thread(target=store, args=(question, answer)))
        threads[-1].start()
        return answer

    return await _limited(one, questions, limit)


async def loses_the_limit(ask, questions, limit, store):
    """15 were in flight at once"""

    async def one(question):
        answer = await ask(question)
        await asyncio.to_thread(store, question, answer)
        return answer

    return await _limited(one, questions, 15)
