"""The pure model of time, limits and faults, in virtual time."""

import random
import statistics

import pytest

from helpers.fake_llm.behaviour import FAULTS, SETTINGS, Behaviour
from helpers.fake_llm.chance import Attempts, Chance, plan
from helpers.fake_llm.limits import Bucket, Limits, Slots, milliseconds

SOAK = pytest.mark.soak
SIZES = [5_000, pytest.param(100_000, marks=SOAK)]
CALM = Chance(0)


def test_the_defaults_are_valid():
    """Every default may be given by hand."""
    defaults = Behaviour().as_dict()
    assert Behaviour().changed(**defaults) == Behaviour()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_value_is_refused_by_name_value_and_range(name):
    """The message names the setting, the value and what it takes."""
    with pytest.raises(ValueError, match=rf"^{name} is .*; it takes ."):
        Behaviour().changed(**{name: {"no": "value"}})


@pytest.mark.parametrize(
    "settings",
    [
        {"latency": -1},
        {"latency": float("nan")},
        {"latency": True},
        {"capacity": 0},
        {"capacity": 1.5},
    ]
    + [
        {"fault_500": 1.1},
        {"when_full": 500},
        {"script": ["teapot"]},
        {"models": []},
        {"api_key": ""},
    ],
)
def test_values_out_of_range_are_refused(settings):
    """Out of range, not a number, a bool for a number, a fraction for a count."""
    with pytest.raises(ValueError, match="it takes"):
        Behaviour().changed(**settings)


def test_an_unknown_setting_is_refused_with_those_there_are():
    """A misspelt name is found at once."""
    with pytest.raises(ValueError, match="latncy is no setting; there are latency, tail"):
        Behaviour().changed(latncy=1)


def test_faults_cannot_be_more_than_certain():
    """The probabilities of all faults together are at most 1."""
    with pytest.raises(ValueError, match="sum to 1.2"):
        Behaviour().changed(fault_500=0.6, fault_cut=0.6)


def test_draws_are_a_pure_function_of_seed_and_request():
    """The same request has the same time and fault; another seed or attempt has others."""
    factors = {
        Chance(seed, "request", attempt).factor(0.5) for seed in (1, 2) for attempt in (0, 1)
    }
    assert len(factors) == 4
    assert Chance(1, "request", 0).factor(0.5) in factors


@pytest.mark.parametrize("tail", [0.3, 0.5, 1.0])
def test_a_tail_keeps_the_mean(tail):
    """However long the tail, the mean stays the latency."""
    factors = [Chance(7, i).factor(tail) for i in range(50_000)]
    assert statistics.mean(factors) == pytest.approx(1, rel=0.03)
    assert statistics.median(factors) < 1


def test_faults_come_as_often_as_their_probability_says():
    """5 % and 20 % of many requests, within sampling error."""
    odds = [("500", 0.05), ("cut", 0.2)]
    drawn = [Chance(3, i).fault(odds) for i in range(20_000)]
    assert drawn.count("500") == pytest.approx(1_000, rel=0.15)
    assert drawn.count("cut") == pytest.approx(4_000, rel=0.15)


def test_certain_faults_always_come():
    """Probability 1 is certain, 0 never."""
    for fault in FAULTS:
        certain = Behaviour().changed(**{f"fault_{fault}": 1.0}).probabilities()
        assert {Chance(i).fault(certain) for i in range(500)} == {fault}
    assert CALM.fault(Behaviour().probabilities()) is None


def test_throughput_is_best_at_the_knee():
    """n in service take 1 + n(n-1)/k² times as long each, so n / time is largest at n = k."""
    b = Behaviour(latency=0.05, knee=20)
    rates = {n: n / plan(b, CALM, 100, n).total for n in range(1, 200)}
    assert max(rates, key=rates.__getitem__) == 20
    assert plan(b, CALM, 100, 1).total == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("settings", "first", "total"),
    [
        ({}, 0.2, 1.0),
        ({"time_to_first_token": 0.5}, 0.5, 1.0),
        ({"tokens_per_second": 10}, 1.0, 2.0),
        ({"time_to_first_token": 0.1, "tokens_per_second": 10}, 0.1, 1.1),
    ],
)
def test_a_stream_keeps_its_plan(settings, first, total):
    """11 tokens, 1 s latency: when the first token is due, and when the last."""
    times = plan(Behaviour(latency=1.0, **settings), CALM, 11, 1)
    assert (times.first, times.total) == pytest.approx((first, total))
    assert times.first + 10 * times.gap == pytest.approx(total)


def test_retries_and_hedges_are_new_attempts_and_a_second_run_is_not():
    """The number of an attempt counts the requests with its tag since the last that was answered."""
    attempts = Attempts()
    first, token = attempts.next("a")
    hedge, _ = attempts.next("a")
    attempts.answered(token)
    again, _ = attempts.next("a")
    assert (first, hedge, again) == (0, 1, 0)


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
