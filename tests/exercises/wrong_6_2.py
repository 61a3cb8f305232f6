"""Typical wrong answers to exercise 6.2. Each docstring is a part of the message meant for it."""

import asyncio

from aiolimiter import AsyncLimiter

from helpers.agents import ModelError


async def everything_at_once(ask, questions, per_second):
    """the number in flight says nothing about the number in a second"""
    return await asyncio.gather(*map(ask, questions))


async def a_semaphore(ask, questions, per_second):
    """the number in flight says nothing about the number in a second"""
    gate = asyncio.Semaphore(int(per_second))

    async def one(question):
        async with gate:
            return await ask(question)

    return await asyncio.gather(*map(one, questions))


async def a_bucket_that_starts_full(ask, questions, per_second):
    """the number in flight says nothing about the number in a second"""
    bucket = AsyncLimiter(per_second, 1)

    async def one(question):
        async with bucket:
            return await ask(question)

    return await asyncio.gather(*map(one, questions))


async def waits_for_each_answer(ask, questions, per_second):
    """its turn, not the answer of another"""
    answers = []
    for question in questions:
        answers.append(await ask(question))
        await asyncio.sleep(1 / per_second)
    return answers


async def tries_again_until_it_works(ask, questions, per_second):
    """a refused request is wasted"""

    async def one(question):
        while True:
            try:
                return await ask(question)
            except ModelError:
                await asyncio.sleep(0.3)

    return await asyncio.gather(*map(one, questions))
