"""Slots and rate limits, in virtual time and random schedules."""

import random

import pytest

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.limits import Bucket, Limits, Slots, milliseconds

SIZES = [5_000, pytest.param(100_000, marks=pytest.mark.soak)]


def _slots_run(draw):
    """One random schedule: arrivals, ends and departures in virtual time; checks as it goes."""
    capacity, queue = draw.choice([None, 1, 2, 3, 8]), draw.choice([None, 0, 1, 5])
    slots, waiting, serving = Slots(), [], set()
    for job in range(draw.randrange(2, 40)):
        verdict = slots.enter(job, capacity, queue)
        if verdict == "start":
            serving.add(job)
        elif verdict == "wait":
            waiting.append(job)
        else:
            assert queue is not None and len(waiting) == queue
        for gone in draw.sample(
            sorted(serving | set(waiting)), draw.randrange(len(serving | set(waiting)) + 1)
        ):
            slots.leave(gone)
            serving.discard(gone)
            waiting = [w for w in waiting if w != gone]
            started = slots.admit(capacity)
            assert started == waiting[: len(started)], "first come, first served"
            serving, waiting = serving | set(started), waiting[len(started) :]
        assert slots.serving == serving and list(slots.waiting) == waiting
        assert capacity is None or len(serving) <= capacity, "never more than the capacity"
        assert not waiting or len(serving) == capacity, "nobody waits while a slot is free"


@pytest.mark.parametrize("schedules", SIZES)
def test_slots_are_exact_in_random_schedules(schedules):
    """Never more in service than capacity, first in first out, no idle slot while anyone waits."""
    draw = random.Random(1)
    for _ in range(schedules):
        _slots_run(draw)


def _bucket_run(draw):
    rate, burst = draw.choice([0.5, 60, 600, 60_000]), draw.choice([0.01, 1, 10])
    bucket, now, let_in = Bucket(rate, burst, 0.0), 0.0, []
    for _ in range(draw.randrange(5, 40)):
        now += draw.choice([0.0, draw.expovariate(rate / 60), draw.expovariate(rate / 15)])
        wait = bucket.wait(1, now)
        if wait == 0:
            bucket.take(1, now)
            let_in.append(now)
        elif draw.random() < 0.3:
            now += milliseconds(wait) / 1000
            assert bucket.wait(1, now) == 0, "Retry-After is never earlier than the truth"
    for i, start in enumerate(let_in):
        for count, end in enumerate(let_in[i:], 1):
            assert count <= bucket.size + bucket.rate * (end - start) + 1e-6


@pytest.mark.parametrize("schedules", SIZES)
def test_a_bucket_is_exact_in_random_schedules(schedules):
    """In no window is more let in than the bucket's size plus what flowed in."""
    draw = random.Random(2)
    for _ in range(schedules // 5):
        _bucket_run(draw)


def test_retry_after_is_not_later_than_needed():
    """A millisecond before it, the request would still be refused."""
    bucket = Bucket(60, 1, 0.0)
    bucket.take(1, 0.0)
    wait = milliseconds(bucket.wait(1, 0.25)) / 1000
    assert bucket.wait(1, 0.25 + wait) == 0
    assert bucket.wait(1, 0.25 + wait - 0.002) > 0


def test_a_cost_above_the_bucket_waits_for_a_full_one():
    """It is let in when the bucket is full, and the next one pays its debt."""
    bucket = Bucket(6000, 1, 0.0)
    assert bucket.wait(250, 0.0) == 0
    bucket.take(250, 0.0)
    assert bucket.wait(1, 0.0) == pytest.approx(1.51)


def test_a_refused_request_costs_nothing():
    """What the token limit refuses does not use up the request limit."""
    limits = Limits()
    limits.follow(Behaviour(requests_per_minute=120, tokens_per_minute=60), 0.0)
    assert limits.admit(1, 0.0) is None
    assert limits.admit(1, 0.0)[0] == "tokens"
    assert limits.buckets["requests"].level(0.0) == 1


def test_a_reply_tells_the_limits_in_openais_headers():
    """What a minute allows, what is left of it now, and when all of it is back."""
    limits = Limits()
    limits.follow(Behaviour(requests_per_minute=120, burst=2), 0.0)
    limits.admit(1, 0.0)
    assert limits.lines(0.25).decode().split("\r\n") == [
        "x-ratelimit-limit-requests: 120",
        "x-ratelimit-remaining-requests: 3",
        "x-ratelimit-reset-requests: 0.250s",
        "",
    ]


def test_a_bucket_is_kept_until_its_settings_change():
    """Another latency does not let anybody in who would have had to wait."""
    limits = Limits()
    limits.follow(Behaviour(requests_per_minute=60), 0.0)
    limits.admit(1, 0.0)
    limits.follow(Behaviour(requests_per_minute=60, latency=1), 0.0)
    assert limits.admit(1, 0.0) == ("requests", 1.0)
    limits.follow(Behaviour(requests_per_minute=61), 0.0)
    assert limits.admit(1, 0.0) is None
