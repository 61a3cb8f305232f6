"""Controls take what is in range, refuse the rest, and bring their JavaScript and CSS with them."""

import gc
import weakref
from pathlib import Path

import pytest
import traitlets

from helpers.panel import controls
from helpers.panel.controls import Choice, Number, Slider, StatusLine


def hear(control, **values):
    """As if the browser had told these values."""
    control._handle_custom_msg(values, [])


MAKERS = {
    "number": lambda: Number(label="Guess", max=9),
    "slider": lambda: Slider("Queries", 5, 1, 9),
    "choice": lambda: Choice("Strategy", ["a", "b"]),
    "status": StatusLine,
}


@pytest.mark.parametrize(
    ("kind", "script", "sheet"),
    [
        ("number", "number.js", "controls.css"),
        ("slider", "number.js", "controls.css"),
        ("choice", "choice.js", "controls.css"),
        ("status", "status.js", "panel.css"),
    ],
)
def test_a_front_end_is_the_file_beside_the_module(kind, script, sheet):
    """What the browser gets is the whole file, whatever folder the course is used from."""
    control = MAKERS[kind]()
    folder = Path(controls.__file__).parent
    assert control._esm == (folder / script).read_text(encoding="utf-8")
    assert control._css == (folder / sheet).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", MAKERS)
def test_a_closed_control_is_forgotten(kind):
    """Nothing keeps it, so a cell that is run again and again does not fill the memory."""
    control = MAKERS[kind]()
    gone = weakref.ref(control)
    control.close()
    del control
    gc.collect()
    assert gone() is None


def test_code_that_sets_a_number_out_of_range_is_told_the_range():
    """The message says the label, what it got and what it takes."""
    slider = Slider("Queries", 5, 1, 9)
    words = "Queries is 99.0; it takes a number from 1 to 9"
    with pytest.raises(traitlets.TraitError, match=words):
        slider.value = 99
    assert slider.value == 5


def test_code_that_chooses_what_is_no_option_is_told_the_options():
    """The message lists them."""
    choice = Choice("Strategy", ["a", "b"])
    with pytest.raises(traitlets.TraitError, match="Strategy is 'c'; it takes one of a, b"):
        choice.value = "c"
    assert choice.value == "a"


@pytest.mark.parametrize(
    ("control", "told", "kept"),
    [
        (Slider("Queries", 5, 1, 9), 7, 7),
        (Slider("Queries", 5, 1, 9), 99, 5),
        (Slider("Queries", 5, 1, 9), None, 5),
        (Slider("Queries", 5, 1, 9), "seven", 5),
        (Number(label="Guess", max=9, value=3), None, None),
        (Choice("Strategy", ["a", "b"]), "b", "b"),
        (Choice("Strategy", ["a", "b"]), "c", "a"),
    ],
)
def test_the_browser_sets_a_value_that_is_taken_and_no_other(control, told, kept):
    """A callback's traceback would be seen nowhere: a wrong value is not kept, and that is all."""
    hear(control, value=told)
    assert control.value == kept


def test_a_wrong_value_from_the_browser_is_sent_back_right(monkeypatch):
    """Then the page shows again what holds."""
    slider = Slider("Queries", 5, 1, 9)
    sent = []
    monkeypatch.setattr(slider, "send_state", sent.append)
    hear(slider, value=99)
    assert sent == ["value"]


def test_a_status_and_its_urgency_are_sent_together(monkeypatch):
    """Else an old text could be read out as an alert."""
    status = StatusLine()
    sent = []
    monkeypatch.setattr(status, "send_state", lambda names: sent.append(sorted(names)))
    status.say("It failed.", alert=True)
    assert sent == [["alert", "value"]]
    assert (status.value, status.alert) == ("It failed.", True)


@pytest.mark.parametrize(
    ("control", "text"),
    [
        (Slider("Queries", 5, 1, 9), "Slider(Queries)"),
        (Choice("Strategy", ["a"]), "Choice(Strategy)"),
        (StatusLine(value="Ready."), "StatusLine('Ready.')"),
    ],
)
def test_a_repr_is_short_and_holds_no_address(control, text):
    """Stored notebooks are compared with it."""
    assert repr(control) == text
