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


def _jitter(error, attempt):
    return _told(error) + random.uniform(0, 0.1 * 2**attempt)


async def _patient(call, attempts, hopeless=_hopeless, wait=_jitter):
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or hopeless(error):
                raise
            await asyncio.sleep(wait(error, attempt))


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
    """30 of 30 clients came back too early"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if attempt == attempts - 1 or _hopeless(error):
                raise
            await asyncio.sleep(random.uniform(0, 0.1 * 2**attempt))


async def listens_to_a_429_only(call, attempts):
    """15 of 30 clients came back too early"""

    def wait(error, attempt):
        told = _told(error) if getattr(error, "status", None) == 429 else 0
        return told + random.uniform(0, 0.1 * 2**attempt)

    return await _patient(call, attempts, wait=wait)


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
    """waits from 0 to 0.1 s for attempt 2"""
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
            hopeless = getattr(error, "status", 500) == 401 or "exceeded" in str(error)
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
    """no end after 20 attempts"""
    return await _patient(call, 1000)


async def knows_a_wrong_key_by_its_text(call, attempts):
    """2 requests in its journal"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            wrong_key = str(error) == "HTTP 401: Incorrect API key."
            other = getattr(error, "status", 500) != 401 and _hopeless(error)
            if attempt == attempts - 1 or wrong_key or other:
                raise
            await asyncio.sleep(_told(error) + random.uniform(0, 0.1 * 2**attempt))


async def waits_after_the_last_attempt(call, attempts):
    """there is nothing to wait for after it"""
    last = None
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            if _hopeless(error):
                raise
            last = error
            await asyncio.sleep(_jitter(error, attempt))
    raise last


async def waits_before_it_raises(call, attempts):
    """after the attempt had ended"""
    for attempt in range(attempts):
        try:
            return await call()
        except ERRORS as error:
            await asyncio.sleep(_jitter(error, attempt))
            if attempt == attempts - 1 or _hopeless(error):
                raise


async def waits_before_it_raises_a_mistake(call, attempts):
    """a KeyError at once"""
    try:
        return await _patient(call, attempts)
    except KeyError:
        await asyncio.sleep(0.1)
        raise


async def reads_a_status_that_is_not_there(call, attempts):
    """no attribute 'status'; only a ModelError has status"""
    return await _patient(call, attempts, lambda error: error.status in (400, 401, 403, 404))


async def adds_none(call, attempts):
    """and retry_after may be None"""

    def wait(error, attempt):
        told = error.retry_after if isinstance(error, ModelError) else 0
        return told + random.uniform(0, 0.1 * 2**attempt)

    return await _patient(call, attempts, wait=wait)


async def uses_a_name_that_nobody_made(call, attempts):
    """name 'jitter' is not defined"""
    return await _patient(call, attempts, wait=lambda error, attempt: jitter)  # noqa: F821


async def grows_by_the_same_each_time(call, attempts):
    """waits from 0 to 0.8 s for attempt 5"""

    def wait(error, attempt):
        return _told(error) + random.uniform(0, 0.1 * (attempt + 1))

    return await _patient(call, attempts, wait=wait)


async def never_comes_back_soon(call, attempts):
    """waits from 0 to 0.1 s for attempt 2"""

    def wait(error, attempt):
        return _told(error) + random.uniform(0.05, 0.1) * 2**attempt

    return await _patient(call, attempts, wait=wait)


async def waits_ten_times_what_it_is_told(call, attempts):
    """waits from 0 to 0.1 s beside Retry-After"""

    def wait(error, attempt):
        return 10 * _told(error) + random.uniform(0, 0.1 * 2**attempt)

    return await _patient(call, attempts, wait=wait)


async def has_little_jitter_when_told(call, attempts):
    """come back one by one, beside Retry-After"""

    def wait(error, attempt):
        least = 0.09 if _told(error) else 0
        return _told(error) + random.uniform(least, 0.1) * 2**attempt

    return await _patient(call, attempts, wait=wait)


async def draws_once_for_all_waits(call, attempts):
    """a new one for each wait"""
    share = random.uniform(0, 0.1)
    return await _patient(call, attempts, wait=lambda error, n: _told(error) + share * 2**n)


async def waits_by_the_clients_own_number(call, attempts):
    """a new one for each wait"""
    share = int(asyncio.current_task().get_name().split("-")[1]) % 30 / 300  # "Task-18"
    return await _patient(call, attempts, wait=lambda error, n: _told(error) + share * 2**n)


async def knows_three_of_the_passing(call, attempts):
    """at the second attempt, after a 502"""

    def hopeless(error):
        return _hopeless(error) or getattr(error, "status", 500) not in (429, 500, 503)

    return await _patient(call, attempts, hopeless)


async def forgets_the_patience_of_the_server(call, attempts):
    """at the second attempt, after a 408"""

    def hopeless(error):
        return _hopeless(error) or getattr(error, "status", 500) == 408

    return await _patient(call, attempts, hopeless)


async def has_a_list_of_the_hopeless(call, attempts):
    """the request is too long (413)"""

    def hopeless(error):
        empty = getattr(error, "code", "") == "insufficient_quota"
        return empty or getattr(error, "status", 500) in (400, 401, 403, 404)

    return await _patient(call, attempts, hopeless)


async def looks_for_quota_in_the_text(call, attempts):
    """and not its text"""

    def hopeless(error):
        return "quota" in str(error) or _hopeless(error)

    return await _patient(call, attempts, hopeless)
