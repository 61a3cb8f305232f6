"""What chance does to a request, and the times that follow, in virtual time."""

import statistics

import pytest

from helpers.fake_llm.behaviour import FAULTS, Behaviour
from helpers.fake_llm.chance import Attempts, Chance, plan

CALM = Chance(0)


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
    """An attempt's number counts the requests with its tag since the last that was answered."""
    attempts = Attempts()
    first, series = attempts.next("a")
    hedge, _ = attempts.next("a")
    attempts.answered(series)
    again, _ = attempts.next("a")
    assert (first, hedge, again) == (0, 1, 0)


def test_a_late_answer_to_an_old_series_changes_nothing():
    """A hedge that loses the race is answered when the next request has its number already."""
    attempts = Attempts()
    _, old = attempts.next("a")
    attempts.answered(old)
    attempts.next("a")
    attempts.answered(old)
    number, _ = attempts.next("a")
    assert number == 1


def test_the_oldest_keys_are_forgotten():
    """So that a server that runs for weeks does not grow: the next such request is a first one."""
    attempts = Attempts(limit=2)
    for key in "abcb":
        attempts.next(key)
    assert [attempts.next(key)[0] for key in "ba"] == [2, 0]
