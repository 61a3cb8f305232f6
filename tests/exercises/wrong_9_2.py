"""Typical wrong answers to exercise 9.2. Each docstring is a part of the message meant for it."""

import asyncio

import aiohttp


async def _text(session, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    async with session.post(f"{base_url}/chat/completions", json=body) as reply:
        reply.raise_for_status()
        return (await reply.json())["choices"][0]["message"]["content"]


async def still_loses_its_tasks(base_url, questions, limit):
    """create_task only starts them"""
    texts = {}

    async def one(session, question):
        texts[question] = await _text(session, base_url, question)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:
        tasks = [asyncio.create_task(one(session, question)) for question in questions]
        found = [texts.get(question) for question in questions]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def still_swallows(base_url, questions, limit):
    """one reply was a 500"""

    async def one(session, question):
        try:
            return await _text(session, base_url, question)
        except aiohttp.ClientError:
            return ""

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:
        return await asyncio.gather(*(one(session, question) for question in questions))


async def still_a_session_each(base_url, questions, limit):
    """the server saw 12 connections"""
    gate = asyncio.Semaphore(limit)

    async def one(question):
        async with gate, aiohttp.ClientSession() as session:
            return await _text(session, base_url, question)

    return await asyncio.gather(*(one(question) for question in questions), return_exceptions=True)


async def still_holds_the_lock(base_url, questions, limit):
    """never more than 1 in flight"""
    lock = asyncio.Lock()

    async def one(session, question):
        async with lock:
            return await _text(session, base_url, question)

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(session, q) for q in questions), return_exceptions=True)


async def raises_the_first_error(base_url, questions, limit):
    """it raised aiohttp"""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:
        return await asyncio.gather(*(_text(session, base_url, question) for question in questions))
