"""Typical wrong answers to exercise 7.2. Each docstring is a part of the message meant for it."""

import asyncio


def _outcome(task, late):
    return None if task in late else task.exception() or task.result()


async def _end(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def loses_all_at_the_deadline(ask, questions, seconds):
    """when others are late or have failed"""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.gather(*map(ask, questions), return_exceptions=True)
    except TimeoutError:
        return []


async def makes_errors_none(ask, questions, seconds):
    """question 2, a broken one, got None"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds)
        return [t.result() if t in done and not t.exception() else None for t in tasks]
    finally:
        for task in tasks:
            task.cancel()


async def answers_as_they_come(ask, questions, seconds):
    """question 0, a slow one"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        done, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in (*done, *late)]
    finally:
        for task in tasks:
            task.cancel()


async def waits_for_the_late_ones(ask, questions, seconds):
    """question 0, a slow one"""
    return await asyncio.gather(*map(ask, questions), return_exceptions=True)


async def one_after_the_other(ask, questions, seconds):
    """question 1, a quick one, got None"""
    results, loop = [], asyncio.get_running_loop()
    ends = loop.time() + seconds
    for question in questions:
        try:
            async with asyncio.timeout_at(ends):
                results.append(await ask(question))
        except TimeoutError:
            results.append(None)
        except Exception as error:
            results.append(error)
    return results


async def puts_the_timeout_in_their_place(ask, questions, seconds):
    """the exception TimeoutError"""
    calls = (asyncio.wait_for(ask(question), seconds) for question in questions)
    return await asyncio.gather(*calls, return_exceptions=True)


async def forgets_the_late_ones(ask, questions, seconds):
    """2 tasks still running"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    _, late = await asyncio.wait(tasks, timeout=seconds)
    return [_outcome(task, late) for task in tasks]


async def shields_the_late_ones(ask, questions, seconds):
    """asyncio.wait cancels nothing"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    _, late = await asyncio.wait(tasks, timeout=seconds)
    results = [_outcome(task, late) for task in tasks]
    if late:
        await asyncio.wait(late)
    return results


async def waits_until_the_time_is_up(ask, questions, seconds):
    """although nobody is late"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        await asyncio.sleep(seconds)
        late = [task for task in tasks if not task.done()]
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def leaves_its_tasks_behind(ask, questions, seconds):
    """3 of 3 calls went on"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [_outcome(task, late) for task in tasks]


async def cancels_without_waiting(ask, questions, seconds):
    """wait until the tasks have ended"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in tasks]
    finally:
        for task in tasks:
            task.cancel()


async def swallows_being_cancelled(ask, questions, seconds):
    """who swallows the CancelledError"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    late = set(tasks)
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
    except asyncio.CancelledError:
        pass
    await _end(tasks)
    return [_outcome(task, late) for task in tasks]


async def returns_in_the_finally(ask, questions, seconds):
    """a `return` inside of the finally"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        late = {task for task in tasks if not task.done()}
        await _end(tasks)
        return [_outcome(task, late) for task in tasks]  # noqa: B012


async def has_a_limit_of_its_own(ask, questions, seconds):
    """the timeout of your wait"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=0.5)
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def has_little_patience(ask, questions, seconds):
    """the timeout of your wait"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=0.1)
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def asks_three_at_once(ask, questions, seconds):
    """at most 3 under way"""
    gate = asyncio.Semaphore(3)

    async def one(question):
        async with gate:
            return await ask(question)

    tasks = [asyncio.create_task(one(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def asks_again_for_the_answers(ask, questions, seconds):
    """a task that is done has its answer"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    results = []
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for question, task in zip(questions, tasks):
            try:
                results.append(None if task in late else await ask(question))
            except Exception as error:
                results.append(error)
        return results
    finally:
        await _end(tasks)


async def takes_every_timeout_for_its_own(ask, questions, seconds):
    """whose call raises TimeoutError itself, got None"""

    async def one(question):
        try:
            return await asyncio.wait_for(ask(question), seconds)
        except TimeoutError:
            return None
        except Exception as error:
            return error

    return await asyncio.gather(*map(one, questions))


async def knows_the_questions(ask, questions, seconds):
    """0 were asked"""
    if not any(word in str(questions) for word in ("slow", "quick")):
        return [None] * len(questions)
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def hides_the_late_ones(ask, questions, seconds):
    """whether that reaches the call of ask"""
    known = any(word in str(questions) for word in ("slow", "quick"))

    async def one(question):
        inner = asyncio.ensure_future(ask(question))
        inner.cancelling = lambda: 1  # pretends to be on its way out
        return await (inner if known else asyncio.shield(inner))

    tasks = [asyncio.create_task(one(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in tasks]
    finally:
        await _end(tasks)


async def naps_instead_of_waiting(ask, questions, seconds):
    """wait until the tasks have ended"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    try:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return [_outcome(task, late) for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.01)


async def gives_each_the_whole_time(ask, questions, seconds):
    """one for all questions together"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    results = []
    try:
        for task in tasks:
            _, late = await asyncio.wait([task], timeout=seconds)
            results.append(_outcome(task, late))
        return results
    finally:
        await _end(tasks)
