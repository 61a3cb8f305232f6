"""Typical wrong answers to exercise 4.2. Each docstring is a part of the message meant for it."""

import asyncio


async def in_a_row(ask, first, second):
    """never more than 1 in flight"""
    return [await ask(first), await ask(second)]


async def awaits_each_task_at_once(ask, first, second):
    """never more than 1 in flight"""
    one = await asyncio.create_task(ask(first))
    two = await asyncio.create_task(ask(second))
    return [one, two]


async def forgets_to_await_the_second(ask, first, second):
    """a coroutine or a task is not its result"""
    two = ask(second)
    two.close()
    return [await ask(first), two]


async def returns_tasks(ask, first, second):
    """2 tasks still running"""
    return [asyncio.create_task(ask(first)), asyncio.create_task(ask(second))]


async def returns_them_the_other_way_round(ask, first, second):
    """in another order"""
    return await asyncio.gather(ask(second), ask(first))
