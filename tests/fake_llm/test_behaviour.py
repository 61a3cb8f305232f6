"""The settings: what each may be, and how it is told when it may not."""

import pytest

from helpers.fake_llm.behaviour import SCRIPTED, SETTINGS, SHARED, Behaviour


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
        {"fault_500": 1.1},
        {"when_full": 500},
        {"when_full": True},
        {"work_after_disconnect": 1},
        {"refusals_count": 1},
        {"shared_quota": None},
        {"script": ["teapot"]},
        {"script": [None] * 10_001},
        {"models": []},
        {"models": ["a", 7]},
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


def test_a_script_may_contain_what_never_happens_by_chance():
    """A wrong key, an empty account and a gateway's failure are scripted, and not probable."""
    script = (None, *SCRIPTED)
    assert Behaviour().changed(script=list(script)).script == script
    never = {"502", "504", "401", "insufficient_quota"}
    assert never < set(SCRIPTED)
    assert not {f"fault_{name}" for name in never} & SETTINGS.keys()


def test_what_participants_share_are_settings():
    """Each name is a setting, so that a misspelt one does not let everybody change it."""
    assert set(SHARED) < SETTINGS.keys()
