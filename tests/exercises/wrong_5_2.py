"""Typical wrong answers to exercise 5.2. Each docstring is a part of the message meant for it."""

import asyncio


def _result(call, content):
    return {"role": "tool", "tool_call_id": call["id"], "content": content}


async def _told(use, call):
    try:
        return await use(call)
    except Exception as error:
        return _result(call, f"error: {error!r}")


async def _agent(chat, use_all, question, max_steps):
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        message = await chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *await use_all(message["tool_calls"])]
    raise RuntimeError("no answer")


async def the_cell_of_the_lesson(chat, use, question, max_steps):
    """the TimeoutError of one tool ended the agent"""

    async def use_all(calls):
        return await asyncio.gather(*[use(call) for call in calls])

    return await _agent(chat, use_all, question, max_steps)


async def in_a_row_and_sturdy(chat, use, question, max_steps):
    """never more than 1 at once"""

    async def use_all(calls):
        return [await _told(use, call) for call in calls]

    return await _agent(chat, use_all, question, max_steps)


async def a_group_that_cancels(chat, use, question, max_steps):
    """3 tools were stopped before they had a result"""

    async def use_all(calls):
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(use(call)) for call in calls]
        except ExceptionGroup as group:
            return [_result(call, f"error: {group.exceptions[0]!r}") for call in calls]
        return [task.result() for task in tasks]

    return await _agent(chat, use_all, question, max_steps)


async def one_error_for_all(chat, use, question, max_steps):
    """what each tool said, in the message of its call"""

    async def use_all(calls):
        try:
            return await asyncio.gather(*[use(call) for call in calls])
        except Exception as error:
            await asyncio.sleep(0.4)
            return [_result(call, f"error: {error!r}") for call in calls]

    return await _agent(chat, use_all, question, max_steps)


async def in_the_order_of_arrival(chat, use, question, max_steps):
    """they stand in another order"""

    async def use_all(calls):
        tasks = [_told(use, call) for call in calls]
        return [await finished for finished in asyncio.as_completed(tasks)]

    return await _agent(chat, use_all, question, max_steps)


async def leaves_the_failure_out(chat, use, question, max_steps):
    """a result for every tool call"""

    async def use_all(calls):
        results = await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)
        return [result for result in results if not isinstance(result, Exception)]

    return await _agent(chat, use_all, question, max_steps)


async def says_only_that_it_failed(chat, use, question, max_steps):
    """it wants its text"""

    async def use_all(calls):
        results = await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)
        return [
            _result(call, "error") if isinstance(result, Exception) else result
            for call, result in zip(calls, results)
        ]

    return await _agent(chat, use_all, question, max_steps)


async def keeps_the_text_alone(chat, use, question, max_steps):
    """this one has no text"""

    async def use_all(calls):
        results = await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)
        return [
            _result(call, f"error: {result}") if isinstance(result, Exception) else result
            for call, result in zip(calls, results)
        ]

    return await _agent(chat, use_all, question, max_steps)


async def keeps_the_kind_alone(chat, use, question, max_steps):
    """it wants its text"""

    async def use_all(calls):
        results = await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)
        return [
            _result(call, type(result).__name__) if isinstance(result, Exception) else result
            for call, result in zip(calls, results)
        ]

    return await _agent(chat, use_all, question, max_steps)


async def tries_the_failure_again(chat, use, question, max_steps):
    """tools were used 6 times"""

    async def use_all(calls):
        results = await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)
        return [
            await _told(use, call) if isinstance(result, Exception) else result
            for call, result in zip(calls, results)
        ]

    return await _agent(chat, use_all, question, max_steps)


async def forgets_the_limit(chat, use, question, max_steps):
    """something must count its steps"""

    async def use_all(calls):
        return await asyncio.gather(*[_told(use, call) for call in calls])

    return await _agent(chat, use_all, question, 1000)


async def a_limit_of_its_own(chat, use, question, max_steps):
    """a RuntimeError after 3 calls"""

    async def use_all(calls):
        return await asyncio.gather(*[_told(use, call) for call in calls])

    return await _agent(chat, use_all, question, 5)


async def returns_nothing_at_the_limit(chat, use, question, max_steps):
    """what came was None"""

    async def use_all(calls):
        return await asyncio.gather(*[_told(use, call) for call in calls])

    try:
        return await _agent(chat, use_all, question, max_steps)
    except RuntimeError:
        return None


async def the_first_error_for_both(chat, use, question, max_steps):
    """it wants its text"""

    async def use_all(calls):
        tasks = [asyncio.create_task(use(call)) for call in calls]
        try:
            return await asyncio.gather(*tasks)
        except Exception as error:
            await asyncio.wait(tasks)
            return [
                _result(call, f"error: {error!r}") if task.exception() else task.result()
                for call, task in zip(calls, tasks)
            ]

    return await _agent(chat, use_all, question, max_steps)


async def gives_up_at_the_first_error(chat, use, question, max_steps):
    """what each tool said, in the message of its call"""

    async def use_all(calls):
        tasks = [asyncio.create_task(use(call)) for call in calls]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        told = [_told_now(call, task) for call, task in zip(calls, tasks)]
        await asyncio.wait(tasks)
        return told

    return await _agent(chat, use_all, question, max_steps)


def _told_now(call, task):
    if not task.done():
        return _result(call, "error: not done")
    return _result(call, f"error: {task.exception()!r}") if task.exception() else task.result()


async def an_exception_in_the_list(chat, use, question, max_steps):
    """an exception is not a message yet"""

    async def use_all(calls):
        return await asyncio.gather(*[use(call) for call in calls], return_exceptions=True)

    return await _agent(chat, use_all, question, max_steps)


async def the_recursion_of_the_article(chat, use, question, max_steps):
    """and never saw the results"""
    if max_steps == 0:
        raise RuntimeError("no answer")
    message = await chat([{"role": "user", "content": question}])
    if not message.get("tool_calls"):
        return message["content"]
    await asyncio.gather(*[_told(use, call) for call in message["tool_calls"]])
    return await the_recursion_of_the_article(chat, use, question, max_steps - 1)


async def two_at_a_time(chat, use, question, max_steps):
    """never more than 2 at once"""
    gate = asyncio.Semaphore(2)

    async def one(call):
        async with gate:
            return await _told(use, call)

    async def use_all(calls):
        return await asyncio.gather(*[one(call) for call in calls])

    return await _agent(chat, use_all, question, max_steps)
