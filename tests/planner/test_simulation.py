"""Queues in virtual time, as theory has them."""

import pytest

from helpers.planner.simulation import arrivals, latencies, simulate


def waited(passages):
    """Mean seconds before a slot."""
    return sum(passage.began - passage.arrived for passage in passages) / len(passages)


def seconds_of_all(passages):
    """When the last of them has ended."""
    return max(passage.ended for passage in passages)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_a_queue_for_one_slot_waits_as_long_as_theory_says(load):
    """Random arrivals, equal service: load x service / 2 (1 - load), by Pollaczek and Khinchine."""
    count = 40_000
    passages = simulate(arrivals(count, load), [1.0] * count, slots=1)
    assert waited(passages) == pytest.approx(load / 2 / (1 - load), rel=0.1)


@pytest.mark.parametrize(("slots", "capacity"), [(5, None), (100, 5), (5, 50), (50, 5)])
def test_slots_and_the_providers_capacity_bound_a_batch(slots, capacity):
    """100 of 1 s, 5 at a time: 20 s, whichever of the two is the narrow one."""
    passages = simulate([0.0] * 100, [1.0] * 100, slots=slots, capacity=capacity)
    assert seconds_of_all(passages) == pytest.approx(20)


def test_the_providers_rate_spaces_requests():
    """100 at once at 50 a second: the last starts after 99 intervals."""
    passages = simulate([0.0] * 100, [1.0] * 100, slots=100, rate=50)
    assert seconds_of_all(passages) == pytest.approx(99 / 50 + 1)


@pytest.mark.parametrize(("cores", "seconds"), [(1, 10), (2, 5)])
def test_cpu_is_shared_by_all_and_more_cores_share_it(cores, seconds):
    """100 queries with 0.1 s of CPU each."""
    passages = simulate([0.0] * 100, [0.0] * 100, slots=100, cpu=0.1, cores=cores)
    assert seconds_of_all(passages) == pytest.approx(seconds, rel=0.05)


def test_half_of_the_cpu_comes_before_the_wait_and_half_after():
    """One query alone: 0.1 s of CPU, 1 s of the provider, 0.1 s of CPU."""
    assert simulate([3.0], [1.0], slots=1, cpu=0.2) == [(3.0, 3.0, pytest.approx(4.2))]


def test_a_slot_is_held_from_the_start_to_the_end_and_given_to_whoever_came_first():
    """Two wait while the first is under way, and the last finds the slot free."""
    passages = simulate([0.0, 0.5, 0.6, 9.0], [1.0, 2.0, 3.0, 1.0], slots=1)
    assert passages == [(0.0, 0.0, 1.0), (0.5, 1.0, 3.0), (0.6, 3.0, 6.0), (9.0, 9.0, 10.0)]


@pytest.mark.parametrize(
    ("slots", "waits", "says"),
    [
        (0, [1.0], "slots is 0; it takes a whole number from 1 up"),
        (1, [1.0, 2.0], "waits has 2 values; it takes 1, as arrived has"),
    ],
)
def test_what_cannot_be_simulated_is_refused(slots, waits, says):
    """The message names the argument."""
    with pytest.raises(ValueError, match=says):
        simulate([0.0], waits, slots=slots)


def test_latencies_have_the_mean_that_was_asked_for():
    """With and without a tail; the tail is above it."""
    assert latencies(3, 2.0, 0.0) == [2.0] * 3
    drawn = latencies(50_000, 2.0, 0.8)
    assert sum(drawn) / len(drawn) == pytest.approx(2.0, rel=0.05)
    assert max(drawn) > 8


def test_arrivals_come_at_their_rate_and_each_independently_of_the_last():
    """The gaps of a Poisson process spread by as much as their mean."""
    times = arrivals(20_000, 5.0)
    gaps = [later - sooner for sooner, later in zip(times, times[1:])]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(0.2, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.03)
