"""Labelled controls for a notebook: a number, a slider, a choice, and a line that is read aloud.

ipywidgets has such controls too, but its sliders have no name that a screen reader could say, and
a message put into its HTML widget is a new element each time, which is not announced. Besides, a
core widget that is moved twice while a cell awaits is deaf from then on (ipykernel 7.4): its front
end waits for an "idle" that is sent under another name. The controls here tell their values by
custom messages, which wait for nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets


def _beside(name: str) -> str:
    """The text of a file that stands beside this one."""
    # anywidget takes a Path as well, but then it watches the file for changes and, through that,
    # keeps every widget that was ever made alive, closed or not.
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


class Control(anywidget.AnyWidget):
    """A widget whose front end tells the values of its traits by custom messages."""

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'label', '')})"

    def _hear(self, _widget: Any, content: dict[str, Any], _buffers: list) -> None:
        for name, value in content.items():
            try:
                self.set_trait(name, value)
            except traitlets.TraitError:
                self.send_state(name)  # the page shows again what holds here


class Number(Control):
    """A labelled number; `value` is None while the field is empty.

    Raises traitlets.TraitError on a value outside of `min` to `max`.
    """

    _esm = _beside("number.js")
    _css = _beside("controls.css")
    sliding = traitlets.Bool(False).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    min = traitlets.Float(0).tag(sync=True)
    max = traitlets.Float(1000).tag(sync=True)
    step = traitlets.Float(1).tag(sync=True)
    value = traitlets.Float(None, allow_none=True).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("value")
    def _in_range(self, proposal: dict[str, Any]) -> float | None:
        value = proposal["value"]
        if value is not None and not self.min <= value <= self.max:
            raise traitlets.TraitError(
                f"{self.label} is {value}; it takes a number from {self.min:g} to {self.max:g}"
            )
        return value


class Slider(Number):
    """A range and a field that follow each other; `value` changes when either is let go."""

    value = traitlets.Float().tag(sync=True)  # a range always has a place, so never None

    def __init__(
        self, label: str, value: float, low: float, high: float, step: float = 1, unit: str = ""
    ):
        super().__init__(
            label=label, min=low, max=high, step=step, value=value, unit=unit, sliding=True
        )


class Choice(Control):
    """A labelled choice of one among `options`, the first of them to begin with.

    Raises traitlets.TraitError on a value that is not among them.
    """

    _esm = _beside("choice.js")
    _css = _beside("controls.css")
    label = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, options: Sequence[str]):
        super().__init__(label=label, options=list(options), value=options[0])

    @traitlets.validate("value")
    def _one_of_them(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in self.options:
            raise traitlets.TraitError(
                f"{self.label} is {proposal['value']!r}; it takes one of {', '.join(self.options)}"
            )
        return proposal["value"]


class StatusLine(Control):
    """A line of text that a screen reader announces: politely, or at once where `alert` is set.

    width: of the page around it in pixels, as the browser last told; 0 where no browser has.
    """

    _esm = _beside("status.js")
    _css = _beside("panel.css")
    value = traitlets.Unicode().tag(sync=True)
    alert = traitlets.Bool(False).tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)

    def __repr__(self) -> str:
        return f"StatusLine({self.value!r})"

    def say(self, text: str, *, alert: bool = False) -> None:
        """Show a text; an alert is read out at once."""
        with self.hold_sync():  # else an old text could be read out as an alert
            self.value = text
            self.alert = alert
