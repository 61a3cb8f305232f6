"""Typical wrong answers to exercise 5.1. Each docstring is a part of the message meant for it."""

import asyncio

import aiohttp


async def _text(session, base_url, text):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    async with session.post(f"{base_url}/chat/completions", json=body) as reply:
        return (await reply.json())["choices"][0]["message"]["content"]


async def _alone(base_url, text):
    async with aiohttp.ClientSession() as session:
        return await _text(session, base_url, text)


async def a_session_for_each_request(base_url, questions):
    """the server saw 13 connections"""
    answers = await asyncio.gather(*[_alone(base_url, question) for question in questions])
    return await _alone(base_url, "\n".join(answers))


async def a_second_session_for_the_report(base_url, questions):
    """the server saw 13 connections"""
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
    return await _alone(base_url, "\n".join(answers))


async def one_session_and_in_a_row(base_url, questions):
    """never more than 1 in flight"""
    async with aiohttp.ClientSession() as session:
        answers = [await _text(session, base_url, question) for question in questions]
        return await _text(session, base_url, "\n".join(answers))


async def tasks_awaited_where_they_are_made(base_url, questions):
    """never more than 1 in flight"""
    async with aiohttp.ClientSession() as session:
        answers = []
        for question in questions:
            answers.append(await asyncio.create_task(_text(session, base_url, question)))
        return await _text(session, base_url, "\n".join(answers))


async def a_connector_of_six(base_url, questions):
    """never more than 6 in flight"""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=6)) as session:
        answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
        return await _text(session, base_url, "\n".join(answers))


async def in_the_order_of_arrival(base_url, questions):
    """the answers in the order of the questions"""
    async with aiohttp.ClientSession() as session:
        tasks = [_text(session, base_url, question) for question in reversed(questions)]
        answers = [await finished for finished in asyncio.as_completed(tasks)]
        return await _text(session, base_url, "\n".join(sorted(answers)))


async def takes_them_as_they_arrive(base_url, questions):
    """not the order in which they arrive"""
    async with aiohttp.ClientSession() as session:
        tasks = [asyncio.create_task(_text(session, base_url, each)) for each in questions]
        answers = [await finished for finished in asyncio.as_completed(tasks)]
        return await _text(session, base_url, "\n".join(answers))


async def appends_each_when_it_is_there(base_url, questions):
    """not the order in which they arrive"""
    answers = []

    async def one(session, question):
        answers.append(await _text(session, base_url, question))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*[one(session, question) for question in questions])
        return await _text(session, base_url, "\n".join(answers))


async def between_them_a_space(base_url, questions):
    """what stands between them"""
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
        return await _text(session, base_url, " ".join(answers))


async def forgets_the_report(base_url, questions):
    """and no report on them"""
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*[_text(session, base_url, each) for each in questions])


async def asks_everything_twice(base_url, questions):
    """the server saw 25 of them"""
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
        return await _text(session, base_url, "\n".join(answers))


async def leaves_the_session_open(base_url, questions):
    """an aiohttp session that nobody closed"""
    session = aiohttp.ClientSession()
    answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
    return await _text(session, base_url, "\n".join(answers))


async def forgets_to_await(base_url, questions):
    """a coroutine or a task is not its result"""
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
        report = _text(session, base_url, "\n".join(answers))
    asyncio.get_running_loop().call_later(0.2, report.close)
    return report


async def in_rounds_of_ten(base_url, questions):
    """never more than 10 in flight"""
    answers = []
    async with aiohttp.ClientSession() as session:
        for first in range(0, len(questions), 10):
            calls = [_text(session, base_url, each) for each in questions[first : first + 10]]
            answers += await asyncio.gather(*calls)
        return await _text(session, base_url, "\n".join(answers))


async def a_semaphore_of_eleven(base_url, questions):
    """never more than 11 in flight"""
    gate = asyncio.Semaphore(11)

    async def one(session, question):
        async with gate:
            return await _text(session, base_url, question)

    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*[one(session, question) for question in questions])
        return await _text(session, base_url, "\n".join(answers))


async def the_first_alone(base_url, questions):
    """never more than 11 in flight"""
    async with aiohttp.ClientSession() as session:
        answers = [await _text(session, base_url, questions[0])]
        answers += await asyncio.gather(*[_text(session, base_url, each) for each in questions[1:]])
        return await _text(session, base_url, "\n".join(answers))


async def a_session_for_each_half(base_url, questions):
    """your function made 2 sessions"""
    async with aiohttp.ClientSession() as one, aiohttp.ClientSession() as other:
        sessions = [one, other] * 6
        calls = [_text(session, base_url, each) for session, each in zip(sessions, questions)]
        return await _text(one, base_url, "\n".join(await asyncio.gather(*calls)))


async def the_block_ends_before_the_report(base_url, questions):
    """the line where the block ends"""
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*[_text(session, base_url, each) for each in questions])
    return await _text(session, base_url, "\n".join(answers))


async def awaits_outside_of_the_block(base_url, questions):
    """the line where the block ends"""
    async with aiohttp.ClientSession() as session:
        answers = asyncio.gather(*[_text(session, base_url, each) for each in questions])
    return await _text(session, base_url, "\n".join(await answers))
