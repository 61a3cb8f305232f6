"""Typical wrong answers to exercise 12.1. Each docstring is a part of the message meant for it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import aiohttp


async def _post(session, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    async with session.post(f"{base_url}/chat/completions", json=body) as reply:
        return (await reply.json())["choices"][0]["message"]["content"]


async def _alone(base_url, question):
    async with aiohttp.ClientSession() as session:
        return await _post(session, base_url, question)


def as_it_was(base_url, questions, limit):
    """the server saw 12 connections"""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(lambda question: asyncio.run(_alone(base_url, question)), questions))


def a_loop_for_each_question(base_url, questions, limit):
    """the server saw 12 connections"""
    return [asyncio.run(_alone(base_url, question)) for question in questions]


def one_loop_but_in_a_row(base_url, questions, limit):
    """never more than 1 in flight at once"""

    async def main():
        async with aiohttp.ClientSession() as session:
            return [await _post(session, base_url, question) for question in questions]

    return asyncio.run(main())


def forgets_the_limit(base_url, questions, limit):
    """the server saw 12 connections"""

    async def main():
        async with aiohttp.ClientSession() as session:
            return await asyncio.gather(
                *(_post(session, base_url, question) for question in questions)
            )

    return asyncio.run(main())


async def makes_the_caller_async(base_url, questions, limit):
    """a function made with `async def`"""
    return []


def shares_a_session_between_loops(base_url, questions, limit):
    """it raised RuntimeError"""

    async def make():
        return aiohttp.ClientSession()

    session = asyncio.run(make())
    return [asyncio.run(_post(session, base_url, question)) for question in questions]
