"""Who has to go when there are too many connections, or too many bytes."""

from dataclasses import dataclass

import pytest

from helpers.fake_llm import crowd as crowd_module
from helpers.fake_llm.crowd import Crowd, Group


@dataclass(eq=False)
class Line:
    """A connection, as far as it matters here."""

    heard: float = 0.0
    busy: bool = False
    weight: int = 0
    group: Group | None = None


def joined(crowd, group, count, **how):
    """So many new connections of a group."""
    lines = [Line(**how) for _ in range(count)]
    for line in lines:
        crowd.add(line, group)
    return lines


def test_who_has_most_gives_one_up():
    """Where there is room for ten, and one has eight of them: whoever comes gets in."""
    crowd, greedy, modest = Crowd(most=10), Group(), Group()
    joined(crowd, greedy, 8)
    assert crowd.one_too_many(modest) is None
    joined(crowd, modest, 2)
    assert crowd.one_too_many(modest).group is greedy
    assert crowd.one_too_many(Group()).group is greedy


def test_it_is_one_that_waits_for_nothing_and_has_been_silent_longest():
    """A request in flight is cut only where there is no other way."""
    crowd, group = Crowd(most=4), Group()
    (busy,) = joined(crowd, group, 1, busy=True)
    (late,) = joined(crowd, group, 1, heard=5.0)
    (silent,) = joined(crowd, group, 1, heard=1.0)
    joined(crowd, group, 1, heard=3.0)
    assert crowd.one_too_many(group) is silent
    for line in list(group.connections):
        if line is not busy:
            crowd.discard(line)
    assert late.group is group and crowd.count == 1
    joined(crowd, Group(), 1)
    joined(crowd, Group(), 2, busy=True)
    assert crowd.one_too_many(group) is not None


def test_strangers_of_one_address_are_bounded_and_those_who_show_a_key_are_none(monkeypatch):
    """A class behind one address does not suffer from who opens connections and says nothing."""
    monkeypatch.setattr(crowd_module, "MOST_STRANGERS", 3)
    crowd = Crowd()
    here = crowd.strangers("10.0.0.1")
    silent = joined(crowd, here, 3)
    assert crowd.one_too_many(here) is silent[0]
    assert crowd.one_too_many(crowd.strangers("10.0.0.2")) is None
    participant = Group()
    crowd.move(silent[0], participant)
    assert crowd.one_too_many(here) is None
    assert list(participant.connections) == [silent[0]]
    assert crowd.one_too_many(participant) is None


def test_bytes_are_counted_by_group_and_the_heaviest_has_to_go(monkeypatch):
    """Not whoever happens to come last."""
    monkeypatch.setattr(crowd_module, "MOST_BYTES", 100)
    crowd, greedy, modest = Crowd(), Group(), Group()
    first, second = joined(crowd, greedy, 2)
    (small,) = joined(crowd, modest, 1)
    crowd.weigh(first, 40)
    crowd.weigh(second, 50)
    assert crowd.too_heavy() is None
    crowd.weigh(small, 60)  # the heaviest connection, of the lighter group
    assert crowd.too_heavy() is second
    crowd.discard(second)
    assert (crowd.weight, greedy.weight, modest.weight) == (100, 40, 60)
    crowd.move(first, modest)
    assert (crowd.weight, greedy.weight, modest.weight) == (100, 0, 100)
    crowd.weigh(first, 0)
    crowd.weigh(small, 0)
    assert crowd.weight == modest.weight == 0


@pytest.mark.parametrize("times", [1, 2])
def test_who_has_left_is_not_there(times):
    """Also where it is said twice; an address without connections is forgotten."""
    crowd = Crowd()
    (line,) = joined(crowd, crowd.strangers("10.0.0.1"), 1)
    crowd.weigh(line, 7)
    for _ in range(times):
        crowd.discard(line)
    assert (crowd.count, crowd.weight, list(crowd)) == (0, 0, [])
    assert not crowd._strangers
