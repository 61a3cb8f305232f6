"""The load generator against a real server, which counts what arrives."""

import pytest

from helpers import FakeLLM
from helpers.bench.load import LoadGenerator, under_load
from helpers.bench.peers import PEERS, serving


@pytest.fixture(scope="module")
def server():
    with FakeLLM(latency=0.01) as llm:
        yield llm


@pytest.fixture
def llm(server):
    """The server with an empty journal and its own settings."""
    before = server.behaviour()
    server.reset()
    yield server
    server.behave(**before)


def loaded(llm, do, connections=4):
    """What `do(load)` gives with so many connections open."""

    async def scenario(load: LoadGenerator):
        await load.open(connections)
        return await do(load)

    return under_load(llm.base_url, scenario)


def test_a_burst_is_so_many_requests_each_over_its_own_connection(llm):
    """All are in flight at one time, and all are answered."""
    llm.behave(latency=0.3)
    replies = loaded(llm, lambda load: load.burst(20, load.request()), connections=20)
    assert [reply.status for reply in replies] == [200] * 20
    # Not the whole time: on Windows a loop's clock is 16 ms coarse.
    assert all(reply.seconds > 0.25 for reply in replies)
    stats = llm.stats()
    assert (stats["requests"], stats["connections"], stats["peak"]) == (20, 20, 20)


def test_a_steady_load_counts_what_the_server_counts(llm):
    """As many in flight as asked for, over connections that are kept."""
    replies = loaded(llm, lambda load: load.steady(3, load.request(), seconds=0.3, spread=0.03))
    stats = llm.stats()
    assert len(replies) == stats["requests"] == stats["answered"] > 3
    assert stats["peak"] <= 3 and stats["connections"] == 3


def test_statuses_are_the_servers(llm):
    """A refusal is a reply, too."""
    llm.behave(script=["503", "429", None, "500"])
    replies = loaded(llm, lambda load: load.burst(4, load.request()))
    assert sorted(reply.status for reply in replies) == [200, 429, 500, 503]


def test_a_lost_connection_is_a_reply_without_a_status(llm):
    """It ends, and so does a steady load in which it happens, without further requests over it."""
    llm.behave(script=["reset", "reset"])
    (burst,) = loaded(llm, lambda load: load.burst(1, load.request()), connections=1)
    steady = loaded(llm, lambda load: load.steady(1, load.request(), 0.2), connections=1)
    assert [reply.status for reply in (burst, *steady)] == [0, 0]
    assert llm.stats()["requests"] == 2


def test_a_lost_connection_replies_at_once_without_a_status(llm):
    """Nobody waits for a reply that cannot come."""
    llm.behave(script=["reset"])

    async def twice(load):
        return [*await load.burst(1, load.request()), *await load.burst(1, load.request())]

    assert [reply.status for reply in loaded(llm, twice, connections=1)] == [0, 0]


def test_a_stream_has_an_event_for_each_token(llm):
    """In the order of time, between the request and the end."""
    llm.behave(time_to_first_token=0.01, tokens_per_second=1_000)
    replies = loaded(llm, lambda load: load.burst(4, load.request(stream=True, max_tokens=30)))
    for reply in replies:
        assert reply.status == 200 and len(reply.events) == 30
        times = [reply.asked, *reply.events, reply.ended]
        assert times == sorted(times)


def test_more_than_there_are_connections_is_an_error(llm):
    """The message says how many there are."""
    with pytest.raises(ValueError, match="count is 5; it takes a number up to the 4 connections"):
        loaded(llm, lambda load: load.burst(5, load.request()))


def test_the_bare_server_is_started_asked_and_ended():
    """It speaks as the fake LLM does, as far as the load generator listens."""

    async def scenario(load):
        await load.open(2)
        return await load.burst(2, load.request())

    with serving("bare aiohttp", latency=0.1) as base_url:
        replies = under_load(base_url, scenario)
    assert [reply.status for reply in replies] == [200, 200]
    assert all(reply.seconds > 0.05 for reply in replies)
    with pytest.raises(OSError):
        under_load(base_url, scenario)


def test_a_peer_that_does_not_start_is_an_error(monkeypatch):
    """At once, with its command."""
    monkeypatch.setitem(PEERS, "broken", lambda port, latency: ["python", "-c", "1/0"])
    with pytest.raises(RuntimeError, match="broken did not start: python -c 1/0"):
        with serving("broken", latency=0.0):
            pass
