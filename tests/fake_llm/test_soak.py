"""Many requests of every sort: nothing grows, nothing is left, everything adds up.

The full sizes are run by `make soak`.
"""

import asyncio
import random

import psutil
import pytest

from helpers import FakeLLM
from helpers.bench.load import LoadGenerator
from helpers.fake_llm.journal import LIMIT, OUTCOMES
from tests.fake_llm.raw import ask, chat, get, post

SOAK = pytest.mark.soak
MIXED = {
    "latency": 0.002,
    "tail": 1.0,
    "capacity": 50,
    "queue": 100,
    **{
        f"fault_{name}": 0.01
        for name in ("500", "503", "429", "refuse", "reset", "cut", "garbage", "truncate")
    },
}


@pytest.fixture
def llm():
    with FakeLLM(latency=0.0) as server:
        yield server


def mixed_requests(load, draw):
    """A hundred requests: plain, streamed, wrong in some way, or of another kind."""
    made = [
        load.request(f"Question {draw.randrange(1_000)}", stream=draw.random() < 0.3)
        for _ in range(80)
    ]
    made += [post({"model": "m"}), get("/v1/models"), post(b"{"), get("/search?q=bicycle")] * 5
    draw.shuffle(made)
    return made


async def storm(base_url, count, seed):
    """This many requests in hundreds at a time; each tenth client leaves without waiting."""
    draw, left = random.Random(seed), 0
    while left < count:
        async with LoadGenerator(base_url) as load:
            await load.open(100)
            made = mixed_requests(load, draw)
            waits = [line.ask(data) for line, data in zip(load.connections, made, strict=True)]
            for line in draw.sample(load.connections, 10):
                line.transport.abort()
            await asyncio.gather(*waits)
            left += 100


@pytest.mark.parametrize("count", [5_000, pytest.param(200_000, marks=SOAK)])
def test_a_storm_adds_up_and_leaves_nothing(llm, count):
    """Each has one outcome; no memory but the journal's is kept, and no descriptor."""
    process = psutil.Process(llm.pid)
    descriptors = process.num_fds() if hasattr(process, "num_fds") else 0
    llm.behave(**MIXED)
    asyncio.run(storm(llm.base_url, count, 1))
    assert llm.settle(seconds=60)
    stats = llm.stats()
    assert (
        stats["requests"]
        == sum(stats[outcome] for outcome in OUTCOMES)
        == sum(stats["by_kind"].values())
    )
    assert count * 0.9 <= stats["requests"] <= count
    assert min(stats[outcome] for outcome in OUTCOMES) > 0
    assert stats["dropped"] == max(0, stats["requests"] - LIMIT)
    assert process.memory_info().rss < 120 * 2**20
    assert not hasattr(process, "num_fds") or process.num_fds() <= descriptors + 1


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=SOAK)])
def test_thousands_of_connections_are_served(llm, count):
    """The server raises its own limit of open files."""

    async def crowd():
        async with LoadGenerator(llm.base_url) as load:
            await load.open(count)
            return [reply.status for reply in await load.burst(count, load.request())]

    assert asyncio.run(crowd()) == [200] * count
    assert llm.stats()["connections"] == count


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=SOAK)])
def test_memory_stays_within_its_bound(llm, count):
    """Under 60 MB idle, under 120 MB with a full journal."""
    process = psutil.Process(llm.pid)
    assert process.memory_info().rss < 60 * 2**20

    async def fill():
        async with LoadGenerator(llm.base_url) as load:
            await load.open(100)
            for _ in range(count // 100):
                await load.burst(100, load.request())

    asyncio.run(fill())
    assert llm.stats()["requests"] == count
    assert process.memory_info().rss < 120 * 2**20


def test_a_server_that_has_been_stormed_still_answers(llm):
    """After refusals, faults and vanished clients, a plain request is served as ever."""
    llm.behave(**MIXED)
    asyncio.run(storm(llm.base_url, 1_000, 2))
    llm.behave(**{name: 0.0 for name in MIXED if name.startswith("fault")})
    assert ask(llm, post(chat()))[0] == 200
