"""Typical wrong answers to exercise 6.1. Each docstring is a part of the message meant for it."""

import asyncio


async def _with_permits(search, ask, questions, permits):
    """A right answer, if the number of permits is right."""
    bowl = asyncio.Semaphore(permits)

    async def one(question):
        found = await search(question)
        async with bowl:
            return await ask(question, found)

    return await asyncio.gather(*map(one, questions))


async def as_it_stands_in_the_lesson(search, ask, questions, limit):
    """a task runs as soon as it is made, permit or not"""
    bowl = asyncio.Semaphore(limit)

    async def one(question):
        return await ask(question, await search(question))

    async def hold(task):
        async with bowl:
            return await task

    tasks = [asyncio.create_task(one(question)) for question in questions]
    return await asyncio.gather(*(hold(task) for task in tasks))


async def searches_with_a_permit(search, ask, questions, limit):
    """you search with a permit in your hand"""
    bowl = asyncio.Semaphore(limit)

    async def one(question):
        async with bowl:
            return await ask(question, await search(question))

    return await asyncio.gather(*(one(question) for question in questions))


async def searches_for_all_first(search, ask, questions, limit):
    """where everybody waits for the slowest search"""
    bowl = asyncio.Semaphore(limit)
    found = await asyncio.gather(*map(search, questions))

    async def one(question, documents):
        async with bowl:
            return await ask(question, documents)

    return await asyncio.gather(*map(one, questions, found))


async def a_worker_for_each_permit(search, ask, questions, limit):
    """you search with a permit in your hand"""
    answers, pile = [None] * len(questions), iter(enumerate(questions))

    async def worker():
        for place, question in pile:
            answers[place] = await ask(question, await search(question))

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def in_batches(search, ask, questions, limit):
    """or in batches"""

    async def one(question):
        return await ask(question, await search(question))

    answers = []
    for first in range(0, len(questions), limit):
        answers += await asyncio.gather(*map(one, questions[first : first + limit]))
    return answers


async def batches_after_all_searches(search, ask, questions, limit):
    """where everybody waits for the slowest search"""
    found = await asyncio.gather(*map(search, questions))
    answers = []
    for first in range(0, len(questions), limit):
        window = slice(first, first + limit)
        answers += await asyncio.gather(*map(ask, questions[window], found[window]))
    return answers


async def one_after_the_other(search, ask, questions, limit):
    """never more than 1 in flight at once"""
    return [await ask(question, await search(question)) for question in questions]


async def one_ask_at_a_time(search, ask, questions, limit):
    """never more than 1 in flight at once"""
    lock = asyncio.Lock()

    async def one(question):
        found = await search(question)
        async with lock:
            return await ask(question, found)

    return await asyncio.gather(*map(one, questions))


async def a_bowl_for_each(search, ask, questions, limit):
    """at most 4 calls of ask in flight"""

    async def one(question):
        found = await search(question)
        async with asyncio.Semaphore(limit):
            return await ask(question, found)

    return await asyncio.gather(*map(one, questions))


async def as_they_come(search, ask, questions, limit):
    """in another order"""
    bowl, answers = asyncio.Semaphore(limit), []

    async def one(question):
        found = await search(question)
        async with bowl:
            answers.append(await ask(question, found))

    await asyncio.gather(*map(one, questions))
    return answers


async def searches_twice(search, ask, questions, limit):
    """search was called 24 times"""
    await asyncio.gather(*map(search, questions))
    bowl = asyncio.Semaphore(limit)

    async def one(question):
        found = await search(question)
        async with bowl:
            return await ask(question, found)

    return await asyncio.gather(*map(one, questions))


async def awaits_its_search_with_a_permit(search, ask, questions, limit):
    """or holds a permit until it is done"""
    bowl = asyncio.Semaphore(limit)

    async def one(question, searching):
        async with bowl:
            return await ask(question, await searching)

    searches = [asyncio.create_task(search(question)) for question in questions]
    return await asyncio.gather(*map(one, questions, searches))


async def awaits_the_searches_in_order(search, ask, questions, limit):
    """where everybody waits for the slowest search"""
    bowl, asks = asyncio.Semaphore(limit), []

    async def one(question, found):
        async with bowl:
            return await ask(question, found)

    searches = [asyncio.create_task(search(question)) for question in questions]
    for question, searching in zip(questions, searches):
        asks.append(asyncio.create_task(one(question, await searching)))
    return await asyncio.gather(*asks)


async def a_bowl_of_four(search, ask, questions, limit):
    """it is `limit`, which differs from call to call"""
    return await _with_permits(search, ask, questions, 4)


async def never_more_than_ten(search, ask, questions, limit):
    """never more than 10 in flight at once"""
    return await _with_permits(search, ask, questions, min(limit, 10))


async def at_least_three(search, ask, questions, limit):
    """3 in flight at once"""
    return await _with_permits(search, ask, questions, max(limit, 3))


async def a_second_bowl_for_the_searches(search, ask, questions, limit):
    """you search with a permit in your hand"""
    room, bowl = asyncio.Semaphore(3 * limit), asyncio.Semaphore(limit)

    async def one(question):
        async with room:
            found = await search(question)
        async with bowl:
            return await ask(question, found)

    return await asyncio.gather(*map(one, questions))


async def swallows_errors(search, ask, questions, limit):
    """that an error of ask reaches the one who called your function"""
    bowl = asyncio.Semaphore(limit)

    async def one(question):
        try:
            found = await search(question)
            async with bowl:
                return await ask(question, found)
        except Exception:
            return None

    return await asyncio.gather(*map(one, questions))


async def rounds_of_those_whose_search_is_done(search, ask, questions, limit):
    """the slowest ask of a round"""
    places = {asyncio.create_task(search(text)): place for place, text in enumerate(questions)}
    answers, waiting, found = [None] * len(questions), set(places), []
    while waiting or found:
        if waiting and len(found) < limit:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            found += done
            continue
        now, found = found[:limit], found[limit:]
        asks = [ask(questions[places[task]], task.result()) for task in now]
        for task, answer in zip(now, await asyncio.gather(*asks)):
            answers[places[task]] = answer
    return answers


async def keeps_the_permit_when_ask_raises(search, ask, questions, limit):
    """who gives the permit back when ask raises"""
    bowl = asyncio.Semaphore(limit)

    async def one(question):
        found = await search(question)
        await bowl.acquire()
        answer = await ask(question, found)
        bowl.release()
        return answer

    return await asyncio.gather(*map(one, questions))
