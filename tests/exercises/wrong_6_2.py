"""Typical wrong answers to exercise 6.2. Each docstring is a part of the message meant for it."""

import asyncio


async def _with_workers(ask, source, workers):
    """A right answer, if the number of workers is right."""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                question = await anext(source, None)
                if question is None:
                    return
                place = len(answers)
                answers.append(None)
            answers[place] = await ask(question)

    await asyncio.gather(*(worker() for _ in range(workers)))
    return answers


async def takes_everything_first(ask, source, limit):
    """all would be in memory"""
    gate = asyncio.Semaphore(limit)

    async def one(question):
        async with gate:
            return await ask(question)

    return await asyncio.gather(*[one(question) async for question in source])


async def a_queue_without_a_bound(ask, source, limit):
    """all would be in memory"""
    queue, answers = asyncio.Queue(), []

    async def producer():
        async for question in source:
            answers.append(None)
            await queue.put((len(answers) - 1, question))
        for _ in range(limit):
            await queue.put(None)

    async def worker():
        while (job := await queue.get()) is not None:
            answers[job[0]] = await ask(job[1])

    await asyncio.gather(producer(), *(worker() for _ in range(limit)))
    return answers


async def one_after_the_other(ask, source, limit):
    """never more than 1 in flight"""
    return [await ask(question) async for question in source]


async def no_limit(ask, source, limit):
    """at most 4 in flight"""
    return await asyncio.gather(*[ask(question) async for question in source])


async def batches(ask, source, limit):
    """the end of each batch"""
    answers, batch = [], []
    async for question in source:
        batch.append(question)
        if len(batch) == limit:
            answers += await asyncio.gather(*map(ask, batch))
            batch = []
    return answers + await asyncio.gather(*map(ask, batch))


async def awaits_the_oldest(ask, source, limit):
    """answers awaited in order"""
    answers, under_way = [], []
    async for question in source:
        under_way.append(asyncio.create_task(ask(question)))
        if len(under_way) == limit:
            answers.append(await under_way.pop(0))
    return answers + [await task for task in under_way]


async def in_the_order_of_arrival(ask, source, limit):
    """in another order"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                question = await anext(source, None)
            if question is None:
                return
            answers.append(await ask(question))

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def asks_under_the_lock(ask, source, limit):
    """is the lock still held while you ask"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                question = await anext(source, None)
                if question is None:
                    return
                answers.append(await ask(question))

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def workers_share_the_source_as_it_is(ask, source, limit):
    """only one worker at a time may ask it"""
    answers = []

    async def worker():
        async for question in source:
            answers.append(await ask(question))

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(worker())
    return answers


async def gathers_workers_without_a_lock(ask, source, limit):
    """only one worker at a time may ask it"""
    answers = []

    async def worker():
        while (question := await anext(source, None)) is not None:
            answers.append(await ask(question))

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def stops_at_the_first_end(ask, source, limit):
    """a list of 20 answers"""
    return await asyncio.gather(*[ask(await anext(source)) for _ in range(limit)])


async def the_first_alone_and_batches_of_three(ask, source, limit):
    """the end of each batch"""
    first = asyncio.create_task(ask(await anext(source)))
    answers, batch = [], []
    async for question in source:
        batch.append(question)
        if len(batch) == limit - 1:
            answers += await asyncio.gather(*map(ask, batch))
            batch = []
    answers += await asyncio.gather(*map(ask, batch))
    return [await first] + answers


async def a_window_of_twice_the_limit(ask, source, limit):
    """answers awaited in order"""
    bowl, answers, under_way = asyncio.Semaphore(limit), [], []

    async def one(question):
        async with bowl:
            return await ask(question)

    async for question in source:
        under_way.append(asyncio.create_task(one(question)))
        if len(under_way) == 2 * limit:
            answers.append(await under_way.pop(0))
    return answers + [await task for task in under_way]


async def four_workers(ask, source, limit):
    """it is `limit`, which differs from call to call"""
    return await _with_workers(ask, source, 4)


async def never_more_than_ten(ask, source, limit):
    """never more than 10 in flight at once"""
    return await _with_workers(ask, source, min(limit, 10))


async def at_least_three(ask, source, limit):
    """3 in flight at once"""
    return await _with_workers(ask, source, max(limit, 3))


async def twenty_places(ask, source, limit):
    """how many places there are for answers"""
    answers, lock, places = [None] * 20, asyncio.Lock(), iter(range(20))

    async def worker():
        while True:
            async with lock:
                question = await anext(source, None)
                if question is None:
                    return
                place = next(places)
            answers[place] = await ask(question)

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def every_error_is_the_end(ask, source, limit):
    """what catches the error"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            try:
                async with lock:
                    question = await anext(source)
                    place = len(answers)
                    answers.append(None)
                answers[place] = await ask(question)
            except BaseException:
                return

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def tries_the_source_until_it_is_free(ask, source, limit):
    """only one worker at a time may ask it"""
    answers = []

    async def worker():
        while True:
            try:
                question = await anext(source, None)
            except RuntimeError:
                await asyncio.sleep(0.001)
                continue
            if question is None:
                return
            place = len(answers)
            answers.append(None)
            answers[place] = await ask(question)

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers


async def puts_questions_for_dead_workers(ask, source, limit):
    """who waits for a worker that the error has ended"""
    queue, answers = asyncio.Queue(limit), []

    async def worker():
        while (job := await queue.get()) is not None:
            answers[job[0]] = await ask(job[1])

    workers = [asyncio.create_task(worker()) for _ in range(limit)]
    async for question in source:
        answers.append(None)
        await queue.put((len(answers) - 1, question))
    for _ in range(limit):
        await queue.put(None)
    await asyncio.gather(*workers)
    return answers


async def leaves_its_producer_waiting(ask, source, limit):
    """who waits for a worker that the error has ended"""
    queue, answers = asyncio.Queue(limit), []

    async def producer():
        async for question in source:
            answers.append(None)
            await queue.put((len(answers) - 1, question))
        for _ in range(limit):
            await queue.put(None)

    async def worker():
        while (job := await queue.get()) is not None:
            answers[job[0]] = await ask(job[1])

    await asyncio.gather(producer(), *(worker() for _ in range(limit)))
    return answers


async def keeps_the_permit_when_ask_raises(ask, source, limit):
    """who gives the permit back when ask raises"""
    bowl, answers, under_way = asyncio.Semaphore(limit), [], []

    async def one(place, question):
        answers[place] = await ask(question)
        bowl.release()

    async for question in source:
        await bowl.acquire()
        answers.append(None)
        under_way.append(asyncio.create_task(one(len(answers) - 1, question)))
    await asyncio.gather(*under_way)
    return answers


async def hears_of_errors_only_while_there_are_questions(ask, source, limit):
    """or who never looks at the task that has it"""
    answers, under_way = [], set()

    async def one(place, question):
        answers[place] = await ask(question)

    async for question in source:
        answers.append(None)
        under_way.add(asyncio.create_task(one(len(answers) - 1, question)))
        if len(under_way) == limit:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    await asyncio.wait(under_way)
    return answers


async def asks_for_more_than_there_is(ask, source, limit):
    """give `anext` a second argument"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                question = await anext(source)
                place = len(answers)
                answers.append(None)
            answers[place] = await ask(question)

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(worker())
    return answers


async def gathers_workers_that_ask_for_more_than_there_is(ask, source, limit):
    """give `anext` a second argument"""
    answers, lock = [], asyncio.Lock()

    async def worker():
        while True:
            async with lock:
                question = await anext(source)
                place = len(answers)
                answers.append(None)
            answers[place] = await ask(question)

    await asyncio.gather(*(worker() for _ in range(limit)))
    return answers
