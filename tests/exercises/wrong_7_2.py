"""Typical wrong answers to exercise 7.2. Each docstring is a part of the message meant for it."""

import asyncio


async def waits_for_all(asks, question):
    """which task is ready first"""
    return (await asyncio.gather(*(ask(question) for ask in asks)))[0]


async def takes_the_first_to_end(asks, question):
    """the first to end may have failed"""
    tasks = [asyncio.create_task(ask(question)) for ask in asks]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return done.pop().result()


async def forgets_to_cancel(asks, question):
    """1 task still running"""
    tasks = [asyncio.create_task(ask(question)) for ask in asks]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return done.pop().result()


async def waits_for_the_loser(asks, question):
    """who cancels its task"""
    tasks = [asyncio.create_task(ask(question)) for ask in asks]
    winner = None
    for task in asyncio.as_completed(tasks):
        try:
            answer = await task
        except Exception:
            continue
        winner = winner or answer
    return winner


async def tries_one_after_the_other(asks, question):
    """the answer of the quick model"""
    for ask in asks:
        try:
            return await ask(question)
        except Exception:
            continue


async def returns_none_when_all_fail(asks, question):
    """an exception, not a result"""
    tasks = [asyncio.create_task(ask(question)) for ask in asks]
    answer = None
    for task in asyncio.as_completed(tasks):
        try:
            answer = await task
            break
        except Exception:
            continue
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return answer
