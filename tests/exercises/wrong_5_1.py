"""Typical wrong answers to exercise 5.1. Each docstring is a part of the message meant for it."""

import asyncio

import aiohttp


async def _text(session, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    async with session.post(f"{base_url}/chat/completions", json=body) as reply:
        return (await reply.json())["choices"][0]["message"]["content"]


async def a_session_for_each(base_url, questions):
    """one session keeps its connections"""

    async def one(question):
        async with aiohttp.ClientSession() as session:
            return await _text(session, base_url, question)

    return await asyncio.gather(*map(one, questions))


async def no_limit_on_connections(base_url, questions):
    """the server saw 15 connections"""
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(_text(session, base_url, q) for q in questions))


async def awaits_in_a_row(base_url, questions):
    """never more than 1 in flight"""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=10)) as session:
        return [await _text(session, base_url, q) for q in questions]


async def leaves_the_session_open(base_url, questions):
    """an aiohttp session that nobody closed"""
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=10))
    return await asyncio.gather(*(_text(session, base_url, q) for q in questions))


async def forgets_to_await(base_url, questions):
    """a coroutine or a task is not its result"""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=10)) as session:
        coroutines = [_text(session, base_url, q) for q in questions]
    for coroutine in coroutines:
        coroutine.close()
    return coroutines


async def returns_whole_replies(base_url, questions):
    """a list of 15 texts"""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=10)) as session:

        async def one(question):
            body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
            async with session.post(f"{base_url}/chat/completions", json=body) as reply:
                return await reply.json()

        return await asyncio.gather(*map(one, questions))
