"""Typical wrong answers to exercise 8.2. Each docstring is a part of the message meant for it."""

import asyncio


async def never_asks_again(ask, question, after):
    """two requests where the first is slow"""
    return await ask(question)


async def asks_twice_at_once(ask, question, after):
    """one request where the first is quick"""
    tasks = [asyncio.create_task(ask(question)) for _ in range(2)]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    return done.pop().result()


async def gives_the_first_up(ask, question, after):
    """the server saw it given up"""
    try:
        return await asyncio.wait_for(ask(question), after)
    except Exception:
        return await ask(question)


async def _two(ask, question, after):
    tasks = [asyncio.create_task(ask(question))]
    await asyncio.wait(tasks, timeout=after)
    if not tasks[0].done():
        tasks.append(asyncio.create_task(ask(question)))
    return tasks


async def waits_for_both(ask, question, after):
    """the server answered both requests"""
    tasks = await _two(ask, question, after)
    came = await asyncio.gather(*tasks, return_exceptions=True)
    return next(answer for answer in came if isinstance(answer, str))


async def takes_an_error_for_an_answer(ask, question, after):
    """an exception is none"""
    tasks = await _two(ask, question, after)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
