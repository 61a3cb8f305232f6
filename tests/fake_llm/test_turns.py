"""Queues whose owners take turns."""

import random

from helpers.fake_llm.turns import Turns


def taken(turns):
    """All that waits, in the order of its turns."""
    return [turns.take() for _ in range(turns.count)]


def test_owners_take_turns_and_each_is_served_in_its_own_order():
    """Whoever came first, and with how many."""
    turns = Turns()
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.add(item, item[0])
    assert taken(turns) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_what_is_discarded_does_not_wait():
    """Nor does it when it is discarded twice, or was never there."""
    turns = Turns()
    for item in ("a1", "a2", "b1"):
        turns.add(item, item[0])
    for item in ("a1", "a1", "b1", "c1"):
        turns.discard(item, item[0])
    assert (turns.count, turns.of("a"), turns.of("b")) == (1, 1, 0)
    assert taken(turns) == ["a2"]


def test_who_has_most_is_known():
    """And the last that came of theirs."""
    turns = Turns()
    for item in ("a1", "b1", "b2", "c1"):
        turns.add(item, item[0])
    assert (turns.longest(), turns.newest("b")) == ("b", "b2")


def test_nothing_is_lost_and_nobody_overtaken_in_random_schedules():
    """Each owner's come out as they went in, and as many as there were."""
    draw = random.Random(4)
    for _ in range(200):
        turns, put_in, out = Turns(), {}, {}
        for number in range(draw.randrange(1, 60)):
            if turns.count and draw.random() < 0.4:
                whose, item = turns.take()
                out.setdefault(whose, []).append(item)
            else:
                whose = draw.choice("abc")
                put_in.setdefault(whose, []).append(number)
                turns.add((whose, number), whose)
        for whose, item in taken(turns):
            out.setdefault(whose, []).append(item)
        assert out == put_in
