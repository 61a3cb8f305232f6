"""Participants: whose key it is, and what each has of its own."""

import pytest

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.chance import Chance
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.participants import LEAST_KEPT, MOST, Participants


def people(*names, key=None, **common):
    """Participants with these names, and their keys."""
    everybody = Participants(Behaviour(**common), key, 0.0)
    return everybody, [everybody.add(name, 0.0) for name in names]


def test_without_keys_there_is_one_participant():
    """From the first key on there is nobody without one."""
    everybody, _ = people()
    assert everybody.anybody is everybody.by_name[""]
    everybody.add("Ada", 0.0)
    assert everybody.anybody is None


def test_a_key_is_one_participants():
    """And a removed one's is nobody's; a name that is free again gets another key."""
    everybody, (ada, bob) = people("Ada", "Bob", key="first")
    names = [everybody.with_key(key.encode()).name for key in (ada, bob, "first")]
    assert names == ["Ada", "Bob", ""]
    assert everybody.with_key(b"") is everybody.with_key(b"firs") is None
    everybody.remove("Ada")
    assert everybody.with_key(ada.encode()) is None
    assert everybody.add("Ada", 0.0) != ada


@pytest.mark.parametrize("name", ["", " Ada", "a/b", "a?b", "x" * 65, "\x1b[31m", 7, None, ["Ada"]])
def test_a_wrong_name_is_refused(name):
    """It stands in addresses and tables."""
    with pytest.raises(ApiError, match="it takes 1 to 64 printable characters") as caught:
        people(name)
    assert (caught.value.status, caught.value.error["param"]) == (400, "name")


def test_a_taken_name_an_unknown_one_and_one_too_many_are_refused():
    """Each with its own reason."""
    everybody, _ = people("Ada")
    with pytest.raises(ApiError, match="there is a participant 'Ada' already"):
        everybody.add("Ada", 0.0)
    with pytest.raises(ApiError, match="no participant 'Bob'"):
        everybody.remove("Bob")
    for number in range(MOST - 2):
        everybody.add(f"P{number}", 0.0)
    with pytest.raises(ApiError, match=f"There are {MOST} participants"):
        everybody.add("one more", 0.0)
    assert everybody.by_name["Ada"].journal.limit == LEAST_KEPT


def faults(who, count):
    """The faults of its next requests."""
    return [who.next_fault(Chance(0, i)) for i in range(count)]


def test_each_has_a_script_of_its_own():
    """A common one is everybody's, each in its own time; one's own is nobody else's."""
    everybody, _ = people("Ada", "Bob", script=("503", "cut"))
    ada, bob = everybody.by_name["Ada"], everybody.by_name["Bob"]
    assert faults(ada, 3) == ["503", "cut", None]
    assert faults(bob, 1) == ["503"]
    everybody.change({"script": ["429"]}, 0.0, ada)
    assert (faults(ada, 2), faults(bob, 2)) == (["429", None], ["cut", None])
    everybody.change({"script": ["500"]}, 0.0)
    assert faults(bob, 1) == ["500"]


def test_each_has_limits_of_its_own_unless_the_quota_is_shared():
    """The same rate, in a bucket each or in one."""
    everybody, _ = people("Ada", "Bob", requests_per_minute=60)
    ada, bob = everybody.by_name["Ada"], everybody.by_name["Bob"]
    assert ada.limits.admit(1, 0.0) is None
    assert ada.limits.admit(1, 0.0) is not None
    assert bob.limits.admit(1, 0.0) is None
    everybody.change({"shared_quota": True}, 0.0)
    assert ada.limits is bob.limits
    assert ada.limits.admit(1, 0.0) is None
    assert bob.limits.admit(1, 0.0) is not None


def test_settings_of_ones_own_go_before_common_ones():
    """All or none; and what is the server's nobody has for itself."""
    everybody, _ = people("Ada", "Bob", latency=1.0)
    ada, bob = everybody.by_name["Ada"], everybody.by_name["Bob"]
    everybody.change({"latency": 2.0}, 0.0, ada)
    everybody.change({"latency": 3.0, "tail": 0.5}, 0.0)
    assert (ada.behaviour.latency, bob.behaviour.latency) == (2.0, 3.0)
    assert ada.behaviour.tail == 0.5
    with pytest.raises(ValueError, match="capacity is the server's"):
        everybody.change({"capacity": 3}, 0.0, ada)
    with pytest.raises(ValueError, match="latency is -1"):
        everybody.change({"tail": 1.0, "latency": -1}, 0.0, ada)
    assert ada.behaviour.tail == 0.5


def test_a_common_change_that_one_cannot_follow_changes_nothing():
    """Its own probabilities of faults and the common ones may be too much together."""
    everybody, _ = people("Ada")
    ada = everybody.by_name["Ada"]
    everybody.change({"fault_500": 0.6}, 0.0, ada)
    with pytest.raises(ValueError, match="sum to 1.1"):
        everybody.change({"fault_503": 0.5, "latency": 9.0}, 0.0)
    assert everybody.common == Behaviour()


def test_forgetting_is_for_all():
    """Journals, and how often anything was tried."""
    everybody, _ = people("Ada")
    ada = everybody.by_name["Ada"]
    ada.journal.close(ada.journal.open("chat", 1, "tag", 0.0), "failed", 1.0)
    ada.attempts.next("tag")
    everybody.forget()
    assert not ada.journal.since() and ada.attempts.next("tag")[0] == 0
