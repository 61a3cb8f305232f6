"""Slots, in random schedules: how many are served, in which order, and who has to go."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_llm.slots import InService, Slots

SIZES = [5_000, pytest.param(100_000, marks=pytest.mark.soak)]


def _run(draw):
    """One random schedule of one participant: arrivals, ends, departures; checks as it goes."""
    capacity, queue = draw.choice([None, 1, 2, 3, 8]), draw.choice([None, 0, 1, 5])
    slots, waiting, serving = Slots(), [], set()
    for job in range(draw.randrange(2, 40)):
        verdict = slots.enter(job, "me", capacity, queue)
        if verdict == "start":
            serving.add(job)
        elif verdict == "wait":
            waiting.append(job)
        else:
            assert verdict == job, "nobody else waits, so it is this one that has to go"
            assert queue is not None and len(waiting) == queue
        for gone in draw.sample(
            sorted(serving | set(waiting)), draw.randrange(len(serving | set(waiting)) + 1)
        ):
            slots.leave(gone, "me")
            serving.discard(gone)
            waiting = [w for w in waiting if w != gone]
            started = slots.admit(capacity)
            assert started == waiting[: len(started)], "first come, first served"
            serving, waiting = serving | set(started), waiting[len(started) :]
        assert slots.serving == serving and slots.waiting == len(waiting)
        assert capacity is None or len(serving) <= capacity, "never more than the capacity"
        assert not waiting or len(serving) == capacity, "nobody waits while a slot is free"


@pytest.mark.parametrize("schedules", SIZES)
def test_slots_are_exact_in_random_schedules(schedules):
    """Never more in service than capacity, first in first out, no idle slot while anyone waits."""
    draw = random.Random(1)
    for _ in range(schedules):
        _run(draw)


def served_in_order(slots, capacity):
    """The jobs that wait, in the order in which they are served; a job is (whose, number)."""
    order = []
    while slots.serving:
        done = next(iter(slots.serving))
        slots.leave(done, done[0])
        order += slots.admit(capacity)
    return order


def test_who_sends_a_thousand_does_not_starve_who_sends_one():
    """Participants take turns, whoever came first and with how many; each in its own order."""
    slots = Slots()
    for number in range(1_000):
        slots.enter(("crowd", number), "crowd", 2, None)
    slots.enter(("one", 0), "one", 2, None)
    slots.enter(("other", 0), "other", 2, None)
    order = served_in_order(slots, 2)
    assert {order.index(("one", 0)), order.index(("other", 0))} == {1, 2}
    crowd = [number for whose, number in order if whose == "crowd"]
    assert crowd == sorted(crowd)


def test_a_full_queue_makes_room_for_who_has_less_in_it():
    """The newest job of the longest queue goes; of equals, the newcomer."""
    slots = Slots()
    for number in range(4):
        slots.enter(("crowd", number), "crowd", 1, 3)
    assert slots.enter(("crowd", 4), "crowd", 1, 3) == ("crowd", 4)
    assert slots.enter(("one", 0), "one", 1, 3) == ("crowd", 3)
    assert slots.enter(("one", 1), "one", 1, 3) == ("one", 1)
    assert served_in_order(slots, 1) == [("crowd", 1), ("one", 0), ("crowd", 2)]


def test_every_participant_is_served_in_random_schedules():
    """Nobody waits for more than one turn of each of the others before its own next one."""
    draw = random.Random(3)
    for _ in range(300):
        slots = Slots()
        for number in range(60):
            whose = draw.choice("aaaaaaaabbc")
            slots.enter((whose, number), whose, 1, None)
        order = [whose for whose, _ in served_in_order(slots, 1)]
        for whose in set(order):
            turns = [i for i, each in enumerate(order) if each == whose]
            assert all(later - turn <= 3 for turn, later in zip(turns, turns[1:]))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.none() | st.integers(0, 8))))
def test_who_is_in_service_is_known_from_starts_ends_and_who_left_before(jobs):
    """jobs: of each, how long after the one before it starts, its time, and when it leaves."""
    service, now, until = InService(), 0, []
    for number, (pause, seconds, leaves) in enumerate(jobs):
        now += pause
        for other, (_, end, left) in enumerate(until):
            if left is not None and left <= now < end:
                service.discard(other)
        there = sum(now < min(end, end if left is None else left) for _, end, left in until)
        assert service.at(now) == there
        service.add(number, now + seconds)
        until.append((now, now + seconds, None if leaves is None else now + leaves))
