"""The settings of a panel: what each control steers, and what a server that is not yours allows."""

import pytest
import traitlets

from helpers.fake_llm.behaviour import Behaviour
from helpers.panel.controls import Slider
from helpers.panel.settings import SETTINGS, SHOWN, SWEEP, Settings, check_names

OWN = {"strategy": ["serial", "threads"], "queries": 20, "concurrency": 10}
SERVER = {name for name, setting in SETTINGS.items() if setting.server}


def settings_of(*asked, steerable=True, **own):
    """Settings as a panel makes them. asked: the names that a run sets on the server."""
    return Settings(OWN | own, asked=asked, steerable=steerable)


def test_what_a_control_steers_is_a_setting_of_the_fake_llm():
    """Both begin with the same value, so that a panel shows what holds."""
    settings = settings_of()
    for name in SERVER:
        assert settings[name] == getattr(Behaviour(), SETTINGS[name].server)


def test_the_usual_controls():
    """These five have been shown in the lessons before the first panel."""
    assert SHOWN == ("strategy", "concurrency", "queries", "latency", "prediction")


def test_only_what_is_asked_for_is_set_on_the_server():
    """All other settings stay as the lesson has made them."""
    settings = settings_of("strategy", "latency", "faults")
    assert settings.behaviour() == {"latency": 0.2, "fault_500": 0.0}


def test_what_run_sets_is_asked_for_from_then_on():
    """run(capacity=8) sets it although the panel does not show it."""
    settings = settings_of()
    settings.set({"capacity": 8})
    assert settings.behaviour() == {"capacity": 8}


@pytest.mark.parametrize("name", [name for name, s in SETTINGS.items() if s.whole])
def test_counts_are_whole_numbers(name):
    """Controls hold numbers with a fraction, and a server refuses 8.0 slots."""
    settings = settings_of()
    settings.set({name: 8})
    assert type(settings[name]) is int


def test_an_empty_field_means_no_limit():
    """None goes to the server, which calls it off."""
    settings = settings_of("capacity", "rate")
    settings.set({"capacity": 8})
    settings.set({"capacity": None})
    assert settings.behaviour() == {"capacity": None, "requests_per_minute": None}


def test_code_may_go_beyond_a_sliders_end():
    """A slider ends where the lessons do, and what run is told is no slip of the hand."""
    settings = settings_of(queries=300)
    settings.set({"queries": 500})
    assert settings["queries"] == 500
    assert settings.controls["queries"].max == 500


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"speed": 1}, ValueError, r"run takes no \['speed'\]; it takes strategy, concurrency, "),
        ({"queries": 0}, traitlets.TraitError, "Queries is 0.0; it takes a number from 1 to 200"),
        ({"queries": "many"}, traitlets.TraitError, "many"),
        ({"capacity": 10**9}, traitlets.TraitError, "Provider slots is 1000000000.0; it takes"),
        ({"strategy": "magic"}, traitlets.TraitError, "Strategy is 'magic'; it takes one of"),
    ],
)
def test_a_wrong_name_or_value_is_named(values, error, words):
    """With what it takes."""
    with pytest.raises(error, match=words):
        settings_of().set(values)


def test_a_panel_is_asked_for_controls_and_a_button():
    """Of other names the error lists what there is."""
    check_names([*SETTINGS, SWEEP])
    with pytest.raises(ValueError, match=r"controls has \['speed'\]; it takes some of strategy, "):
        check_names(["latency", "speed"])


def test_where_the_server_is_not_steerable_its_controls_are_disabled():
    """Theirs and no others."""
    controls = settings_of(*SETTINGS, steerable=False).controls
    assert {name for name, c in controls.items() if getattr(c, "disabled", False)} == SERVER


def test_where_the_server_is_not_steerable_nothing_is_set_on_it():
    """Not even what the panel shows; and who asks for it is told who may."""
    settings = settings_of(*SETTINGS, steerable=False)
    assert settings.behaviour() == {}
    with pytest.raises(ValueError, match=r"run takes no \['latency'\] here: only .* owner"):
        settings.set({"latency": 0.5})
    settings.set({"queries": 5})
    assert settings["queries"] == 5


@pytest.mark.parametrize("latency", [0.0, 0.35, 30.0])
def test_a_control_shows_what_its_server_does_also_beyond_its_ends(latency):
    """Whoever steers the server is not bound to what is worth trying in a lesson."""
    settings = settings_of(steerable=False)
    settings.show({"latency": latency, "capacity": None, "requests_per_minute": 0.5, "seed": 7})
    assert isinstance(settings.controls["latency"], Slider)
    assert settings["latency"] == latency
    assert settings.controls["rate"].value == 0.5
