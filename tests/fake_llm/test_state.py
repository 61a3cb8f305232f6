"""The state that all parts of the server share: how settings take effect."""

import pytest

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.chance import Chance
from helpers.fake_llm.state import State

CHANCE = Chance(0)


def test_the_script_is_played_once_and_then_chance_decides():
    """`as_dict` shows what is left of it."""
    state = State(Behaviour(script=("503", None), fault_cut=1.0), 0.0)
    faults = [state.next_fault(CHANCE) for _ in range(2)]
    assert state.as_dict()["script"] == []
    assert [*faults, state.next_fault(CHANCE)] == ["503", None, "cut"]


def test_another_setting_does_not_start_the_script_again():
    """Only a new script does."""
    state = State(Behaviour(script=("503", "429")), 0.0)
    state.next_fault(CHANCE)
    state.change({"latency": 1}, 0.0)
    assert state.as_dict()["script"] == ["429"]
    state.change({"script": ["cut"]}, 0.0)
    assert state.as_dict()["script"] == ["cut"]


def test_a_wrong_change_changes_nothing():
    """All or none, and the script goes on."""
    state = State(Behaviour(script=("503",)), 0.0)
    with pytest.raises(ValueError, match="latency"):
        state.change({"script": [], "capacity": 1, "latency": -1}, 0.0)
    assert state.as_dict()["capacity"] is None
    assert state.as_dict()["script"] == ["503"]
