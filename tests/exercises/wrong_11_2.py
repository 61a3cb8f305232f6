"""Typical wrong answers to exercise 11.2. Each docstring is a part of the message meant for it."""

import asyncio

from helpers.strategies import limited


async def everything_at_once(ask, questions, deadline):
    """33 were in flight at once"""
    return await asyncio.gather(*map(ask, questions))


async def fifty_as_the_article_has_it(ask, questions, deadline):
    """no more in flight than 33 answers in 2 s need"""
    return await limited(ask, questions, 50)


async def one_after_the_other(ask, questions, deadline):
    """never more than 1 in flight"""
    return [await ask(question) for question in questions]


async def forgets_the_latency(ask, questions, deadline):
    """were in flight at once"""
    return await limited(ask, questions, int(len(questions) / deadline))


async def forgets_the_answer_of_the_probe(ask, questions, deadline):
    """a list of 33 answers"""
    await ask(questions[0])
    return await limited(ask, questions[1:], 5)
