"""Typical wrong answers to exercise 7.3. Each docstring is a part of the message meant for it."""

import asyncio

import aiohttp

from helpers.agents import ModelError

ERRORS = (ModelError, aiohttp.ClientError)


async def hopes_for_the_best(ask, questions):
    """one ModelError ended everything"""
    return await asyncio.gather(*map(ask, questions))


async def keeps_the_exceptions(ask, questions):
    """the exception that stands where an answer should be"""
    return await asyncio.gather(*map(ask, questions), return_exceptions=True)


async def _again(ask, question, wait):
    attempt = 0
    while True:
        try:
            return await ask(question)
        except ERRORS as error:
            await asyncio.sleep(wait(attempt, error))
            attempt += 1


async def tries_again_at_once(ask, questions):
    """do not send what will be refused"""
    return await asyncio.gather(*(_again(ask, q, lambda attempt, error: 0) for q in questions))


async def backs_off_together(ask, questions):
    """do not send what will be refused"""
    return await asyncio.gather(
        *(_again(ask, q, lambda attempt, error: 0.1 * 2**attempt) for q in questions)
    )


async def one_after_the_other(ask, questions):
    """never more than 1 in flight"""
    return [await _again(ask, q, lambda attempt, error: 0.1) for q in questions]


async def catches_model_errors_only(ask, questions):
    """which errors: ModelError and aiohttp.ClientError"""

    async def one(place, question):
        await asyncio.sleep(place / 25)
        while True:
            try:
                return await ask(question)
            except ModelError as error:
                await asyncio.sleep(error.retry_after or 0.1)

    return await asyncio.gather(*(one(*pair) for pair in enumerate(questions)))
