"""Typical wrong answers to exercise 8.1. Each docstring is a part of the message meant for it."""

import asyncio
import math
import time


async def _times(ask, questions, limit, from_start):
    times = []
    gate = asyncio.Semaphore(limit)
    submitted = time.perf_counter()

    async def one(question):
        async with gate:
            started = time.perf_counter()
            await ask(question)
        times.append(time.perf_counter() - (started if from_start else submitted))

    await asyncio.gather(*(one(question) for question in questions))
    return sorted(times)


async def as_it_was(ask, questions, limit):
    """two things"""
    times = await _times(ask, questions, limit, True)
    return sum(times) / len(times)


async def starts_the_clock_late(ask, questions, limit):
    """who waits for a turn is waiting, too"""
    return (await _times(ask, questions, limit, True))[math.ceil(0.95 * len(questions)) - 1]


async def takes_the_mean(ask, questions, limit):
    """a mean says nothing of the slowest"""
    times = await _times(ask, questions, limit, False)
    return sum(times) / len(times)


async def loses_the_limit(ask, questions, limit):
    """30 were in flight at once"""
    return (await _times(ask, questions, 30, False))[math.ceil(0.95 * len(questions)) - 1]


async def returns_all_times(ask, questions, limit):
    """your function returned a list"""
    return await _times(ask, questions, limit, False)
