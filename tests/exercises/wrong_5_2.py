"""Typical wrong answers to exercise 5.2. Each docstring is a part of the message meant for it."""

import asyncio


async def no_limit(ask, questions, limit):
    """at most 5 in flight"""
    return await asyncio.gather(*(ask(question) for question in questions))


async def one_after_the_other(ask, questions, limit):
    """never more than 1 in flight"""
    return [await ask(question) for question in questions]


async def limits_the_waiting_only(ask, questions, limit):
    """at most 5 in flight"""
    gate = asyncio.Semaphore(limit)
    tasks = [asyncio.create_task(ask(question)) for question in questions]

    async def one(task):
        async with gate:
            return await task

    return await asyncio.gather(*map(one, tasks))


async def a_gate_for_each(ask, questions, limit):
    """at most 5 in flight"""

    async def one(question):
        async with asyncio.Semaphore(limit):
            return await ask(question)

    return await asyncio.gather(*map(one, questions))


async def a_gate_for_one(ask, questions, limit):
    """never more than 1 in flight"""
    gate = asyncio.Semaphore()

    async def one(question):
        async with gate:
            return await ask(question)

    return await asyncio.gather(*map(one, questions))


async def starts_tasks_and_leaves(ask, questions, limit):
    """it left 15 tasks still running"""
    return [asyncio.create_task(ask(question)) for question in questions]
