"""Typical wrong answers to exercise 5.3. Each docstring is a part of the message meant for it."""

import asyncio

import aiohttp


async def _text(session, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    async with session.post(f"{base_url}/chat/completions", json=body) as reply:
        reply.raise_for_status()
        return (await reply.json())["choices"][0]["message"]["content"]


async def _all(base_url, questions, kept=True, **settings):
    async with aiohttp.ClientSession(**settings) as session:
        calls = [_text(session, base_url, question) for question in questions]
        return await asyncio.gather(*calls, return_exceptions=kept)


def _seconds(total):
    return aiohttp.ClientTimeout(total=total)


def _no_limit():
    return aiohttp.TCPConnector(limit=0)


async def the_session_as_it_comes(base_url, questions, seconds):
    """it has to be sent first"""
    return await _all(base_url, questions, timeout=_seconds(seconds))


async def a_limit_of_a_hundred(base_url, questions, seconds):
    """it has to be sent first"""
    connector = aiohttp.TCPConnector(limit=100)
    return await _all(base_url, questions, connector=connector, timeout=_seconds(seconds))


async def forgets_the_clock(base_url, questions, seconds):
    """the limit: it is for"""
    return await _all(base_url, questions, connector=_no_limit())


async def loses_all_to_one(base_url, questions, seconds):
    """unless it is told to return it"""
    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    return await _all(base_url, questions, kept=False, **settings)


async def a_longer_clock(base_url, questions, seconds):
    """it is `seconds`"""
    return await _all(base_url, questions, timeout=_seconds(4 * seconds))


async def two_rounds(base_url, questions, seconds):
    """never more than 65 in flight"""
    settings = {"timeout": _seconds(seconds)}
    first = await _all(base_url, questions[:65], **settings)
    return first + await _all(base_url, questions[65:], **settings)


async def a_hundred_at_a_time(base_url, questions, seconds):
    """never more than 100 in flight"""
    gate = asyncio.Semaphore(100)

    async def one(session, question):
        async with gate:
            return await _text(session, base_url, question)

    async with aiohttp.ClientSession(timeout=_seconds(seconds)) as session:
        calls = [one(session, question) for question in questions]
        return await asyncio.gather(*calls, return_exceptions=True)


async def a_session_for_each(base_url, questions, seconds):
    """your function made 130 sessions"""

    async def one(question):
        async with aiohttp.ClientSession(timeout=_seconds(seconds)) as session:
            return await _text(session, base_url, question)

    return await asyncio.gather(*[one(question) for question in questions], return_exceptions=True)


async def none_for_the_late(base_url, questions, seconds):
    """what you keep where it takes longer"""
    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    results = await _all(base_url, questions, **settings)
    return [None if isinstance(result, Exception) else result for result in results]


async def asks_the_late_again(base_url, questions, seconds):
    """what is sent more than once"""
    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    results = await _all(base_url, questions, **settings)
    late = [place for place, result in enumerate(results) if isinstance(result, TimeoutError)]
    settings = {"connector": _no_limit(), "timeout": _seconds(0.2)}
    again = await _all(base_url, [questions[place] for place in late], **settings)
    for place, result in zip(late, again):
        results[place] = result
    return results


async def whole_replies(base_url, questions, seconds):
    """the text of the reply in place 0"""

    async def one(session, question):
        return {"text": await _text(session, base_url, question)}

    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    async with aiohttp.ClientSession(**settings) as session:
        calls = [one(session, question) for question in questions]
        return await asyncio.gather(*calls, return_exceptions=True)


async def _kept_timeouts(base_url, questions, one):
    """The results of `one`, over a session without a limit, which has no clock either."""
    async with aiohttp.ClientSession(connector=_no_limit()) as session:
        calls = [one(session, question) for question in questions]
        return await asyncio.gather(*calls, return_exceptions=True)


async def four_seconds(base_url, questions, seconds):
    """another number in each call"""
    return await _all(base_url, questions, connector=_no_limit(), timeout=_seconds(4))


async def one_second(base_url, questions, seconds):
    """your function returned after 1"""
    return await _all(base_url, questions, connector=_no_limit(), timeout=_seconds(1))


async def two_seconds(base_url, questions, seconds):
    """another number in each call"""
    return await _all(base_url, questions, connector=_no_limit(), timeout=_seconds(2.1))


async def twice_the_limit(base_url, questions, seconds):
    """a late request to be cut off after 2."""
    return await _all(base_url, questions, connector=_no_limit(), timeout=_seconds(2 * seconds))


async def a_longer_line_and_a_longer_clock(base_url, questions, seconds):
    """another number in each call"""
    connector = aiohttp.TCPConnector(limit=115)
    return await _all(base_url, questions, connector=connector, timeout=_seconds(4))


async def a_limit_for_each_silence(base_url, questions, seconds):
    """what your limit limits"""
    timeout = aiohttp.ClientTimeout(sock_read=seconds)
    return await _all(base_url, questions, connector=_no_limit(), timeout=timeout)


async def a_limit_for_the_connection(base_url, questions, seconds):
    """for the whole reply of a request"""
    timeout = aiohttp.ClientTimeout(connect=seconds)
    return await _all(base_url, questions, connector=_no_limit(), timeout=timeout)


async def a_limit_for_the_head(base_url, questions, seconds):
    """whether the limit is for its whole reply"""

    async def one(session, question):
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
        post = session.post(f"{base_url}/chat/completions", json=body)
        reply = await asyncio.wait_for(post, seconds)
        reply.raise_for_status()
        return (await reply.json())["choices"][0]["message"]["content"]

    return await _kept_timeouts(base_url, questions, one)


async def cuts_off_a_second_late(base_url, questions, seconds):
    """it is `seconds`"""
    async with aiohttp.ClientSession(connector=_no_limit()) as session:
        tasks = [asyncio.create_task(_text(session, base_url, each)) for each in questions]
        await asyncio.sleep(seconds + 1)
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        return [TimeoutError() if task in late else got for task, got in zip(tasks, results)]


async def knows_which_are_long(base_url, questions, seconds):
    """what your limit limits"""

    async def one(session, question):
        is_long = "1200" in question
        # The others wait, so that on a busy machine too the long ones are sent before they end.
        await asyncio.sleep(0 if is_long else 0.5)
        async with asyncio.timeout(0.4 if is_long else seconds):
            return await _text(session, base_url, question)

    return await _kept_timeouts(base_url, questions, one)


async def every_error_is_a_timeout(base_url, questions, seconds):
    """what you catch, and what you make of it"""

    async def one(session, question):
        try:
            async with asyncio.timeout(seconds):
                return await _text(session, base_url, question)
        except Exception:
            return TimeoutError()

    return await _kept_timeouts(base_url, questions, one)


async def keeps_timeouts_alone(base_url, questions, seconds):
    """a TimeoutError is not the only one"""

    async def one(session, question):
        try:
            return await _text(session, base_url, question)
        except TimeoutError as error:
            return error

    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    async with aiohttp.ClientSession(**settings) as session:
        return await asyncio.gather(*[one(session, question) for question in questions])


async def in_the_order_of_arrival(base_url, questions, seconds):
    """how a result finds its place"""
    results = []
    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    async with aiohttp.ClientSession(**settings) as session:
        calls = [_text(session, base_url, question) for question in questions]
        for finished in asyncio.as_completed(calls):
            try:
                results.append(await finished)
            except Exception as error:
                results.append(error)
    return results


async def one_clock_around_all(base_url, questions, seconds):
    """each request needs its own"""
    async with asyncio.timeout(seconds):
        return await _all(base_url, questions, connector=_no_limit())


async def none_for_the_failure(base_url, questions, seconds):
    """the exception is the result"""
    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    results = await _all(base_url, questions, **settings)
    return [None if isinstance(got, aiohttp.ClientError) else got for got in results]


async def reads_the_failure_as_a_reply(base_url, questions, seconds):
    """`raise_for_status` looks at it"""

    async def one(session, question):
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
        async with session.post(f"{base_url}/chat/completions", json=body) as reply:
            return (await reply.json())["choices"][0]["message"]["content"]

    settings = {"connector": _no_limit(), "timeout": _seconds(seconds)}
    async with aiohttp.ClientSession(**settings) as session:
        calls = [one(session, question) for question in questions]
        return await asyncio.gather(*calls, return_exceptions=True)
