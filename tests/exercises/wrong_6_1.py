"""Typical wrong answers to exercise 6.1. Each docstring is a part of the message meant for it."""

import asyncio


async def takes_everything_first(ask, stream, limit):
    """all would be in memory"""
    gate = asyncio.Semaphore(limit)

    async def one(question):
        async with gate:
            return await ask(question)

    return await asyncio.gather(*[one(question) async for question in stream])


async def one_after_the_other(ask, stream, limit):
    """never more than 1 in flight"""
    return [await ask(question) async for question in stream]


async def no_limit(ask, stream, limit):
    """at most 4 in flight"""
    return await asyncio.gather(*[ask(question) async for question in stream])


async def in_the_order_of_arrival(ask, stream, limit):
    """in another order"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                try:
                    question = await anext(stream)
                except StopAsyncIteration:
                    return
            answers.append(await ask(question))

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def workers_share_the_stream_as_it_is(ask, stream, limit):
    """only one worker at a time may ask it"""
    answers = []

    async def slowly():
        async for question in stream:
            await asyncio.sleep(0)
            yield question

    shared = slowly()

    async def worker():
        async for question in shared:
            answers.append(await ask(question))

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(worker())
    return answers
