"""A job's life, with a clock that the test moves: what is let in when, and in which order."""

import asyncio
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_llm.jobs import HTTP_DATE, LONGEST_TAG
from helpers.fake_llm.journal import finished
from helpers.fake_llm.journal import stats as stats_of
from tests.fake_llm.inside import SECRET, Clock, Line, served
from tests.fake_llm.raw import bearer, chat, get, post, put


def test_retry_after_is_true(monkeypatch):
    """Who comes back at the time named is let in; who comes before is refused, and seen."""
    clock = Clock(monkeypatch)

    async def scenario(port, server):
        line = await Line.to(port)
        request = post(chat(), lines=b"x-tag: a\r\n")
        replies = []
        for seconds in (0, 0, 1, 59.1):
            clock.pass_by(seconds)
            replies.append(await line.ask(request))
        line.writer.close()
        stats = finished(stats_of(server.participants.journals()))
        return [r[0] for r in replies], replies[1][1], stats

    statuses, headers, stats = served(scenario, latency=0, requests_per_minute=1, burst=0.1)
    assert statuses == [200, 429, 429, 200]
    assert headers["retry-after"] == "60"
    assert 59_000 < int(headers["retry-after-ms"]) <= 60_001
    assert stats["too_early"] == 1


def test_a_client_that_comes_back_too_early_is_told_the_rest(monkeypatch):
    """Each refusal names the time that is left, and refusals do not make it longer."""
    clock = Clock(monkeypatch)

    async def scenario(port, server):
        line = await Line.to(port)
        waits = []
        for _ in range(4):
            _, headers, _ = await line.ask(post(chat()))
            waits.append(int(headers.get("retry-after-ms", 0)) / 1000)
            clock.pass_by(10)
        line.writer.close()
        return waits

    first, *waits = served(scenario, latency=0, requests_per_minute=1, burst=0.1)
    assert first == 0
    assert [round(wait) for wait in waits] == [50, 40, 30]


def test_a_slow_machine_does_not_hide_the_knee(monkeypatch):
    """Twenty come at once, and while one is read the replies to those before it become due."""
    clock = Clock(monkeypatch)

    async def scenario(port, server):
        serve = server.jobs.serve

        def serve_slowly(job):
            serve(job)
            clock.pass_by(1)

        monkeypatch.setattr(server.jobs, "serve", serve_slowly)
        lines = [await Line.to(port) for _ in range(20)]
        await asyncio.gather(*(line.ask(post(chat())) for line in lines))
        for line in lines:
            line.writer.close()
        return [record for journal in server.participants.journals() for record in journal.since()]

    records = served(scenario, latency=0.1, knee=5)
    for record in records:
        beside = sum(
            other.number <= record.number and record.started < other.started + other.planned
            for other in records
        )
        assert record.planned == pytest.approx(0.1 * (1 + beside * (beside - 1) / 25))
    assert max(record.planned for record in records) > 0.2, "none met the others"


def test_a_settings_change_lets_waiting_requests_in():
    """One in service, two waiting; with more capacity all three are in service."""

    async def scenario(port, server):
        lines = [await Line.to(port) for _ in range(3)]
        for line in lines:
            line.writer.write(post(chat()))
        control = await Line.to(await server.start_control())
        while len((await control.ask(get("/journal", bearer(SECRET))))[2].split(b'"id"')) < 4:
            pass
        before = len(server.jobs.slots.serving)
        await control.ask(put({"capacity": None}, "/behaviour", bearer(SECRET)))
        after = len(server.jobs.slots.serving)
        for line in (*lines, control):
            line.writer.close()
        return before, after

    assert served(scenario, latency=60, capacity=1) == (1, 3)


def test_a_tag_is_kept_up_to_its_length():
    """The journal keeps 100,000 of them."""

    async def scenario(port, server):
        line = await Line.to(port)
        await line.ask(post(chat(), lines=b"x-tag: %b\r\n" % (b"t" * 1_000)))
        line.writer.close()
        return server.participants.anybody.journal.since()[0].tag

    assert served(scenario, latency=0) == "t" * LONGEST_TAG


@given(st.integers(0, 4_000_000_000))
def test_a_replys_date_is_as_http_writes_dates(seconds):
    """The standard library's own writer of such dates is the oracle."""
    assert time.strftime(HTTP_DATE, time.gmtime(seconds)) == formatdate(seconds, usegmt=True)
