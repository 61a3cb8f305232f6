"""Rate limits, in virtual time and random schedules."""

import random

import pytest

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.limits import Bucket, Limits, milliseconds

SIZES = [5_000, pytest.param(100_000, marks=pytest.mark.soak)]


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


def _let_in(limits, moments, tokens=1):
    """How many requests that come at these moments are let in."""
    return sum(limits.admit(tokens, moment) is None for moment in moments)


def _who_waits(limits, seconds, tokens=1):
    """How many requests are let in of one who comes back when told, for so many seconds."""
    now, let_in = 0.0, 0
    while now < seconds:
        refusal = limits.admit(tokens, now)
        let_in += refusal is None
        now += 0.001 if refusal is None else milliseconds(refusal[1]) / 1000
    return let_in


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({"requests_per_minute": 120}, 1),
        ({"tokens_per_minute": 1200}, 10),
        ({"tokens_per_minute": 1200}, 50),  # more than the bucket holds
        ({"requests_per_minute": 120, "tokens_per_minute": 1_000_000}, 10),
    ],
)
def test_where_refusals_count_who_hammers_is_let_in_no_more(settings, tokens):
    """Once the bucket is empty, ten requests a second keep it so; one who waits has every share."""
    hammer = [moment / 10 for moment in range(600)]
    counts = {}
    for count in (False, True):
        for name in ("hammers", "waits"):
            limits = Limits()
            limits.follow(Behaviour(**settings, refusals_count=count), 0.0)
            counts[name, count] = (
                _let_in(limits, hammer, tokens)
                if name == "hammers"
                else _who_waits(limits, 60, tokens)
            )
    assert counts["hammers", False] > 20
    assert counts["hammers", True] <= 2, "what the bucket held at the start"
    assert counts["waits", True] == counts["waits", False] > 20


def test_what_refusals_cost_is_never_a_debt():
    """However many were refused, one is let in as soon as an empty bucket has filled for it."""
    limits = Limits()
    limits.follow(Behaviour(requests_per_minute=60, refusals_count=True), 0.0)
    assert _let_in(limits, [0.0] * 1000) == 1
    assert limits.admit(1, 0.0) == ("requests", 1.0)
    assert limits.admit(1, 1.0) is None


def test_a_debt_stays_what_it_was():
    """A refusal neither forgives nor adds to what a cost above the bucket's size has left."""
    bucket = Bucket(60, 10, 0.0)
    bucket.take(25, 0.0)
    bucket.lose(1, 0.0)
    assert bucket.level(0.0) == -15
    bucket.lose(1, 5.0)
    assert bucket.level(5.0) == -10


def test_a_refusal_counts_against_both_limits():
    """It names the limit that it met, and the time until both would let it in."""
    limits = Limits()
    b = Behaviour(requests_per_minute=60, tokens_per_minute=600, refusals_count=True)
    limits.follow(b, 0.0)
    assert limits.admit(5, 0.0) is None
    assert limits.admit(9, 0.9) == ("requests", 1.0)
    assert limits.buckets["requests"].level(0.9) == 0
    assert limits.buckets["tokens"].level(0.9) == pytest.approx(1)


def test_whether_refusals_count_can_change_and_keeps_the_buckets():
    """An instructor may switch it on while the limit is used up."""
    limits = Limits()
    limits.follow(Behaviour(requests_per_minute=60), 0.0)
    assert limits.admit(1, 0.0) is None
    assert limits.admit(1, 0.5) == ("requests", 0.5)
    limits.follow(Behaviour(requests_per_minute=60, refusals_count=True), 0.5)
    assert limits.admit(1, 0.5) == ("requests", 1.0)
