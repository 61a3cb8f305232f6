"""Typical wrong answers to exercise 4.1. Each docstring is a part of the message meant for it."""

import asyncio


async def awaits_each_task_at_once(ask, first, second, combine):
    """never more than 1 in flight"""
    one = await asyncio.create_task(ask(first))
    two = await asyncio.create_task(ask(second))
    return await ask(combine(one, two))


async def in_a_row(ask, first, second, combine):
    """never more than 1 in flight"""
    return await ask(combine(await ask(first), await ask(second)))


async def only_gathers_one(ask, first, second, combine):
    """never more than 1 in flight"""
    (one,) = await asyncio.gather(ask(first))
    (two,) = await asyncio.gather(ask(second))
    return await ask(combine(one, two))


async def bare_coroutines(ask, first, second, combine):
    """never more than 1 in flight"""
    one, two = ask(first), ask(second)
    return await ask(combine(await one, await two))


async def combines_tasks(ask, first, second, combine):
    """a coroutine or a task is not its result"""
    one, two = asyncio.create_task(ask(first)), asyncio.create_task(ask(second))
    third = combine(one, two)
    await asyncio.gather(one, two)
    return await ask(third)


async def the_other_way_round(ask, first, second, combine):
    """the other way round"""
    two, one = await asyncio.gather(ask(first), ask(second))
    return await ask(combine(one, two))


async def forgets_the_last_await(ask, first, second, combine):
    """a coroutine or a task is not its result"""
    one, two = await asyncio.gather(ask(first), ask(second))
    last = ask(combine(one, two))
    last.close()
    return last


async def forgets_the_third(ask, first, second, combine):
    """combine was called 0 times"""
    one, two = await asyncio.gather(ask(first), ask(second))
    return two


async def returns_the_second(ask, first, second, combine):
    """the answer to another question"""
    one, two = await asyncio.gather(ask(first), ask(second))
    await ask(combine(one, two))
    return two


async def returns_all_three(ask, first, second, combine):
    """a list of length 3"""
    one, two = await asyncio.gather(ask(first), ask(second))
    return [one, two, await ask(combine(one, two))]


async def asks_everything_twice(ask, first, second, combine):
    """what is sent more than once"""
    await asyncio.gather(ask(first), ask(second))
    one, two = await asyncio.gather(ask(first), ask(second))
    return await ask(combine(one, two))


async def overlaps_for_show(ask, first, second, combine):
    """what is sent more than once"""
    show = asyncio.create_task(ask(first))
    one = await ask(first)
    two = await ask(second)
    await show
    return await ask(combine(one, two))


async def combines_the_questions(ask, first, second, combine):
    """combine got"""
    last = await ask(combine(first, second))
    await asyncio.gather(ask(first), ask(second))
    return last


async def leaves_the_tasks_running(ask, first, second, combine):
    """2 tasks still running"""
    asyncio.create_task(ask(first))
    asyncio.create_task(ask(second))
    return None


async def takes_them_as_they_arrive(ask, first, second, combine):
    """the other way round"""
    tasks = [ask(first), ask(second)]
    one, two = [await task for task in asyncio.as_completed(tasks)]
    return await ask(combine(one, two))


async def takes_them_from_a_set(ask, first, second, combine):
    """the other way round"""
    tasks = [asyncio.create_task(ask(question)) for question in (first, second)]
    done, _ = await asyncio.wait(tasks)
    one, two = [task.result() for task in done]
    return await ask(combine(one, two))


async def barely_overlaps(ask, first, second, combine):
    """the first two questions asked at the same moment"""
    one = asyncio.create_task(ask(first))
    await asyncio.sleep(0.1)
    two = await ask(second)
    return await ask(combine(await one, two))


async def starts_one_for_show(ask, first, second, combine):
    """ask began 4 times"""
    show = asyncio.create_task(ask(second))
    one = asyncio.create_task(ask(first))
    await asyncio.sleep(0)
    show.cancel()
    one = await one
    return await ask(combine(one, await ask(second)))


async def never_awaits_the_two(ask, first, second, combine):
    """a coroutine or a task is not its result"""
    one, two = asyncio.create_task(ask(first)), asyncio.create_task(ask(second))
    return await ask(combine(one, two))


async def takes_the_results_at_once(ask, first, second, combine):
    """`result()` of a task does not wait"""
    one, two = asyncio.create_task(ask(first)), asyncio.create_task(ask(second))
    return await ask(combine(one.result(), two.result()))


async def gathers_a_list(ask, first, second, combine):
    """the star"""
    coroutines = [ask(first), ask(second)]
    try:
        one, two = await asyncio.gather(coroutines)
    finally:
        for coroutine in coroutines:
            coroutine.close()
    return await ask(combine(one, two))


async def forgets_to_await_gather(ask, first, second, combine):
    """what `gather` returns at once is not yet the results"""
    one, two = asyncio.gather(ask(first), ask(second))
    return await ask(combine(one, two))


async def awaits_combine(ask, first, second, combine):
    """it is a plain function, so call it without `await`"""
    one, two = await asyncio.gather(ask(first), ask(second))
    return await ask(await combine(one, two))
