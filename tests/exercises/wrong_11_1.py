"""Typical wrong answers to exercise 11.1. Each docstring is a part of the message meant for it."""

import asyncio
import time


async def _timed(ask, questions, limit):
    gate, zero = asyncio.Semaphore(limit), time.perf_counter()

    async def one(question):
        async with gate:
            began = time.perf_counter()
            await ask(question)
            return began - zero, time.perf_counter() - zero

    return sorted(await asyncio.gather(*map(one, questions)), key=lambda pair: pair[1])


async def adds_up_times_that_overlap(ask, questions, limit):
    """times that overlap do not add up"""
    times = await _timed(ask, questions, limit)
    own = sorted(end - began for began, end in times)
    return {
        "throughput": len(times) / sum(own),
        "p95_from_start": own[-2],
        "p95_from_submission": times[-2][1],
    }


async def starts_both_clocks_inside_the_gate(ask, questions, limit):
    """all questions are submitted at the same moment"""
    times = await _timed(ask, questions, limit)
    own = sorted(end - began for began, end in times)
    return {
        "throughput": len(times) / times[-1][1],
        "p95_from_start": own[-2],
        "p95_from_submission": own[-2],
    }


async def starts_both_clocks_at_submission(ask, questions, limit):
    """after the question has its permit"""
    times = await _timed(ask, questions, limit)
    late = times[-2][1]
    return {
        "throughput": len(times) / times[-1][1],
        "p95_from_start": late,
        "p95_from_submission": late,
    }


async def the_mean_instead(ask, questions, limit):
    """all questions are submitted at the same moment"""
    times = await _timed(ask, questions, limit)
    return {
        "throughput": len(times) / times[-1][1],
        "p95_from_start": sum(end - began for began, end in times) / len(times),
        "p95_from_submission": sum(end for _, end in times) / len(times),
    }


async def only_one_number(ask, questions, limit):
    """a dict with the numbers"""
    return len(questions) / (await _timed(ask, questions, limit))[-1][1]


async def measures_one_at_a_time(ask, questions, limit):
    """never more than 1 in flight"""
    await _timed(ask, questions, 1)
