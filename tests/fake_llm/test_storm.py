"""A retry storm: questions come all the time, the server is out for a while, and clients try again.

Times are told as they are in the full size. In the quick one they take a quarter, and there are a
quarter of the slots; so in both there are about forty questions a second.
"""

import asyncio
import gc
import random
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import aiohttp
import pytest

from helpers import FakeLLM
from helpers.process import raise_file_limit
from tests.fake_llm.raw import chat

LATENCY = 0.5
TIMEOUT = 2.0
LOAD = 0.8  # of what the slots can serve, so there is some room to recover
BEFORE = 1.0
OUTAGE = 4.0
# With jitter alone it takes three seconds from the outage's end until no answer comes in time any
# more; so after seven it has shown how it ends.
CALM = 7.0
LOOK = 5.0


class Size(NamedTuple):
    """second: how long a second of the story takes; slots: of the server."""

    second: float
    slots: int


SIZES = [
    pytest.param(Size(0.25, 6), id="quick"),
    pytest.param(Size(1.0, 25), id="full", marks=pytest.mark.soak),
]


class Budget:
    """Retries are a fifth of the questions at most, as all clients together count them."""

    SHARE = 0.2
    MOST = 10.0  # of those saved up while all was well

    def __init__(self):
        self._retries = 0.0

    def asked(self):
        """One more question."""
        self._retries = min(self._retries + self.SHARE, self.MOST)

    def take(self):
        """Whether there may be one more retry."""
        if self._retries < 1:
            return False
        self._retries -= 1
        return True


# Policies: the seconds to wait before the next attempt, None to give up.


def naive(attempt, budget):
    """At once, or nearly so, and for ever."""
    return 0.05


def jitter(attempt, budget):
    """Exponential backoff with full jitter, for ever."""
    return random.uniform(0, 0.25 * 2**attempt)


def budgeted(attempt, budget):
    """The same, as long as there is something in the budget."""
    return jitter(attempt, budget) if budget.take() else None


class After(NamedTuple):
    """What came while we look, for each question that came then.

    requests: attempts that were made; in_time: answers that clients had, while they waited for
    them; answered: answers in the server's journal.
    """

    requests: float
    in_time: float
    answered: float

    @property
    def is_well(self) -> bool:
        """Nearly all have an answer, but for those of the last moment."""
        return min(self.in_time, self.answered) > 0.8

    @property
    def is_down(self) -> bool:
        """Nobody has an answer, though they go on asking."""
        return max(self.in_time, self.answered) < 0.05 and self.requests > 2


class Storm:
    """Questions to one server, from before its outage until long after it."""

    def __init__(self, llm: FakeLLM, size: Size, timeout: float | None, wait: Callable):
        self.llm = llm
        self.second = size.second
        self.rate = LOAD * size.slots / (LATENCY * size.second)
        self.timeout = None if timeout is None else timeout * size.second
        self.wait = wait
        self.budget = Budget()
        self.answered = []  # when each answered attempt was made, on the loop's clock

    async def run(self) -> After:
        """The whole story."""
        # aiohttp's own timeout is not used: if it is over at the moment when all is cancelled, a
        # client takes that for a timeout, and asks again.
        lines, no_timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=lines, timeout=no_timeout) as session:
            asking = asyncio.create_task(self._questions(session))
            await self._sleep(BEFORE)
            await asyncio.to_thread(self.llm.behave, fault_503=1.0)
            await self._sleep(OUTAGE)
            await asyncio.to_thread(self.llm.behave, fault_503=0.0)
            await self._sleep(CALM)
            start, mark = self._now(), await asyncio.to_thread(self.llm.mark)
            await self._sleep(LOOK)
            in_time = sum(start <= asked for asked in self.answered)
            end, seen = self._now(), await asyncio.to_thread(self.llm.stats, since=mark)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
        questions = (end - start) * self.rate
        return After(*(n / questions for n in (seen["requests"], in_time, seen["answered"])))

    async def _questions(self, session: aiohttp.ClientSession) -> None:
        """An open loop: a question comes when its time has come, whatever became of the others."""
        start, count = self._now(), 0
        async with asyncio.TaskGroup() as asked:
            while True:
                while count <= (self._now() - start) * self.rate:
                    asked.create_task(self._ask(session))
                    count += 1
                await asyncio.sleep(start + count / self.rate - self._now())

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        """One question, until it has its answer or its client gives up."""
        self.budget.asked()
        attempt, url = 0, f"{self.llm.base_url}/chat/completions"
        while True:
            asked = self._now()
            try:
                async with asyncio.timeout(self.timeout):
                    async with session.post(url, json=chat()) as reply:
                        await reply.read()
            except (TimeoutError, aiohttp.ClientError):
                pass
            else:
                if reply.status == 200:
                    return self.answered.append(asked)
            wait = self.wait(attempt, self.budget)
            if wait is None:
                return
            await self._sleep(wait)
            attempt += 1

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.second)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@pytest.fixture(autouse=True)
def clients_without_pauses():
    """What is in memory when a storm begins is not searched for garbage while it rages.

    A whole search of what pytest keeps takes a quarter of a second, half of the quick timeout.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def after_the_outage(size, wait, *, timeout=TIMEOUT, **behaviour):
    """What comes when it should be over, with this policy and this server."""
    raise_file_limit()  # in the full size 700 connections are open at the end
    with FakeLLM(latency=LATENCY * size.second, **behaviour) as llm:
        return asyncio.run(Storm(llm, size, timeout, wait).run())


def limited(size):
    """A server that clients can overload, and that does not notice when they leave."""
    return {"capacity": size.slots, "work_after_disconnect": True}


@pytest.mark.timed
@pytest.mark.parametrize("size", SIZES)
def test_a_plain_outage_does_no_harm(size):
    """Who has room for everybody, and clients without a timeout, is well again at once."""
    after = after_the_outage(size, naive, timeout=None)
    assert after.is_well, after


@pytest.mark.timed
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wait", [naive, jitter])
def test_retries_keep_a_server_down_that_works_for_clients_who_have_left(size, wait):
    """All its work is for who waits no more, who therefore asks again; jitter only spreads that."""
    after = after_the_outage(size, wait, **limited(size))
    assert after.is_down, after


@pytest.mark.timed
@pytest.mark.parametrize("size", SIZES)
def test_a_retry_budget_ends_the_storm(size):
    """The same server is well again when retries are a fifth of the questions at most."""
    after = after_the_outage(size, budgeted, **limited(size))
    assert after.is_well, after


@pytest.mark.timed
@pytest.mark.parametrize("size", SIZES)
def test_a_short_queue_ends_the_storm(size):
    """A place in it is worth waiting for, so all work is for who still waits, however naive."""
    queue = round(1.2 * size.slots)  # 30 for 25 slots: 1.1 s at most from arrival to answer
    after = after_the_outage(size, naive, queue=queue, **limited(size))
    assert after.is_well, after
