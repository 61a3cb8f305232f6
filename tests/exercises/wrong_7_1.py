"""Typical wrong answers to exercise 7.1. Each docstring is a part of the message meant for it."""

import asyncio
import random

import aiohttp

from helpers.agents import ModelError

ERRORS = (ModelError, TimeoutError, aiohttp.ClientError)


def _hopeless(error):
    status = getattr(error, "status", 500)
    return getattr(error, "code", "") == "insufficient_quota" or not (
        status in (408, 429) or status >= 500
    )


def _told(error):
    return getattr(error, "retry_after", None) or 0


async def _patient(call, attempts):
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def swallows_being_cancelled(call, attempts):
    """when it is cancelled during its wait"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            try:
                await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))
            except asyncio.CancelledError:
                pass


async def insists_on_a_wrong_key(call, attempts):
    """when the key is wrong (401)"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def insists_on_an_empty_account(call, attempts):
    """when the account is empty (429)"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            status = getattr(error, "status", 500)
            if attempt == attempts - 1 or not (status == 429 or status >= 500):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def does_not_try_again(call, attempts):
    """after 1 attempt"""
    return await call()


async def has_one_attempt_too_many(call, attempts):
    """after 6 attempts"""
    for attempt in range(attempts + 1):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def returns_none_in_the_end(call, attempts):
    """what becomes of its error"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def says_out_of_attempts(call, attempts):
    """the exception RuntimeError after 5 attempts"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))
    raise RuntimeError("out of attempts")


async def forgets_broken_connections(call, attempts):
    """a connection that was reset"""
    for attempt in range(attempts):
        try:
            return await call()
        except (ModelError, TimeoutError) as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def does_not_listen(call, attempts):
    """20 of 20 clients came back too early"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(random.uniform(0, 0.1 * 2**attempt))


async def obeys_to_the_millisecond(call, attempts):
    """beside Retry-After as well"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) or random.uniform(0, 0.1 * 2**attempt))


async def comes_back_with_the_crowd(call, attempts):
    """come back one by one, for attempt 2"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + 0.1 * 2**attempt)


async def takes_cancellation_for_a_failure(call, attempts):
    """when it is cancelled during an attempt"""
    for attempt in range(attempts):
        try:
            return await call()
        except BaseException as error:
            if isinstance(error, KeyError) or attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def is_the_starter_with_four_repairs(call, attempts):
    """by name, and no others"""
    for attempt in range(attempts):
        try:
            return await call()
        except BaseException as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def retries_our_own_mistakes(call, attempts):
    """a KeyError at once"""
    for attempt in range(attempts):
        try:
            return await call()
        except Exception as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def returns_the_error(call, attempts):
    """no exception, but"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                return error
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def does_not_grow(call, attempts):
    """how the wait grows with the attempt"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1))


async def grows_tenfold(call, attempts):
    """at most 0.1 s of wait for attempt 2"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 1 * 2**attempt))


async def has_jitter_once(call, attempts):
    """come back one by one, for attempt 3"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            own = 0.1 * 2**attempt if attempt else random.uniform(0, 0.1)
            await asyncio.sleep(_told(error) + own)


async def knows_only_a_wrong_key(call, attempts):
    """the request is malformed (400)"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            hopeless = getattr(error, "status", 500) == 401 or "quota" in str(error)
            if attempt == attempts - 1 or hopeless:
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def forgets_timeouts(call, attempts):
    """after a timeout"""
    for attempt in range(attempts):
        try:
            return await call()
        except (ModelError, aiohttp.ClientError) as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def takes_overload_for_hopeless(call, attempts):
    """after a 503"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            overloaded = getattr(error, "status", 500) == 503
            if attempt == attempts - 1 or overloaded or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def always_makes_three(call, attempts):
    """when `attempts` is 5"""
    for attempt in range(3):
        try:
            return await call()
        except ERRORS as error:
            if attempt == 2 or _hopeless(error):
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def always_makes_five(call, attempts):
    """when `attempts` is 2"""
    return await _patient(call, 5)


async def never_stops(call, attempts):
    """the exception TooMany after 20 attempts"""
    return await _patient(call, 1000)


async def knows_a_wrong_key_by_its_text(call, attempts):
    """2 requests in its journal"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            wrong_key = str(error) == "HTTP 401: Incorrect API key provided."
            other = getattr(error, "status", 500) != 401 and _hopeless(error)
            if attempt == attempts - 1 or wrong_key or other:
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))
