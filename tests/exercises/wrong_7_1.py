"""Typical wrong answers to exercise 7.1. Each docstring is a part of the message meant for it."""

import asyncio

from helpers.agents import ModelError


async def comes_back_at_once(ask, question, attempts):
    """1 of 2 requests come back too early"""
    for attempt in range(attempts):
        try:
            return await ask(question)
        except ModelError:
            if attempt == attempts - 1:
                raise


async def backs_off_without_listening(ask, question, attempts):
    """the server says how long"""
    for attempt in range(attempts):
        try:
            return await ask(question)
        except ModelError:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep(0.05 * 2**attempt)


async def does_not_try_again(ask, question, attempts):
    """an answer at the second attempt"""
    return await ask(question)


async def never_gives_up(ask, question, attempts):
    """after 31 requests"""
    while True:
        try:
            return await ask(question)
        except ModelError as error:
            await asyncio.sleep((error.retry_after or 0) + 0.01)


async def returns_none_in_the_end(ask, question, attempts):
    """what becomes of its failure"""
    for _ in range(attempts):
        try:
            return await ask(question)
        except ModelError as error:
            await asyncio.sleep((error.retry_after or 0) + 0.01)


async def insists_on_everything(ask, question, attempts):
    """the other 4xx will not"""
    for attempt in range(attempts):
        try:
            return await ask(question)
        except ModelError as error:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep((error.retry_after or 0) + 0.01)
