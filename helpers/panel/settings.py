"""The settings of a panel: one table of them, and the controls that are made from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from helpers.fake_llm.behaviour import Behaviour
from helpers.panel.controls import Choice, Control, Number, Slider

# Two columns of controls in a notebook of usual width, one on a narrow page.
COLUMN = "340px"


@dataclass(frozen=True)
class Setting:
    """One setting: a control, and what it stands for.

    make: the control, from its first value (the strategy's is the list of names to choose from).
    server: the fake LLM's setting that it steers; None where it belongs to the run itself.
    shown: whether a panel has it that is not told which controls to have.
    whole: whether it takes whole numbers only; a control itself keeps every number as a float.
    """

    make: Callable[[Any], Control]
    server: str | None = None
    shown: bool = False
    whole: bool = False


def _slider(
    label: str, low: float, high: float, step: float = 1, unit: str = ""
) -> Callable[[float], Slider]:
    """Makes a slider, which reaches further where its first value does."""
    return lambda first: Slider(label, first, low, max(high, first), step, unit)


def _field(label: str, low: float, high: float, unit: str) -> Callable[[float | None], Number]:
    """Makes a field for a number, which may be empty."""
    return lambda first: Number(label=label, value=first, min=low, max=high, unit=unit)


# In the order in which a panel shows them. Sliders end where the lessons' questions do, and
# run(queries=500) goes beyond; 2 s is the latency in the article's own example.
SETTINGS = {
    "strategy": Setting(lambda names: Choice("Strategy", names), shown=True),
    "concurrency": Setting(_slider("Concurrency", 1, 100), shown=True, whole=True),
    "queries": Setting(_slider("Queries", 1, 200), shown=True, whole=True),
    "latency": Setting(
        _slider("Model latency", 0.01, 2, 0.01, "s"),
        server="latency",
        shown=True,
    ),
    "tail": Setting(_slider("Tail", 0, 1.5, 0.1, "sigma"), server="tail"),
    "capacity": Setting(
        _field("Provider slots", 1, 10_000, "at once (empty: no limit)"),
        server="capacity",
        whole=True,
    ),
    "rate": Setting(
        _field("Provider rate", 1, 1_000_000, "requests a minute (empty: no limit)"),
        server="requests_per_minute",
        whole=True,
    ),
    "faults": Setting(_slider("Faults", 0, 1, 0.05, "share"), server="fault_500"),
    "prediction": Setting(_field("Your guess", 0, 10_000, "s until the last answer"), shown=True),
}
# A sweep has a button and no control, but a panel is asked for it among them.
SWEEP = "sweep"
SHOWN = tuple(name for name, setting in SETTINGS.items() if setting.shown)


class Settings:
    """The controls of one panel, and what they ask for.

    controls: all of them by name, whether the panel shows them or not.
    """

    def __init__(self, own: Mapping[str, Any], *, asked: Iterable[str], steerable: bool):
        """own: the values of the run's own settings by name.

        asked: the names of the settings that a run has the fake LLM take from here. It keeps its
        own of all others, until `set` names them. If it is not steerable it keeps all of its own,
        and the controls for them are disabled.
        """
        first = _values_in(asdict(Behaviour())) | own
        self.controls = {name: s.make(first.get(name)) for name, s in SETTINGS.items()}
        self._asked = set(asked)
        self._fixed = {name for name, s in SETTINGS.items() if s.server and not steerable}
        for name, control in self.controls.items():
            control.layout.flex = f"0 1 {COLUMN}"
            control.layout.width = COLUMN
            control.layout.margin = "0"
            if name in self._fixed:
                control.disabled = True

    def __getitem__(self, name: str) -> Any:
        """The value of a setting now; a whole number where it takes no other."""
        value = self.controls[name].value
        return int(value) if SETTINGS[name].whole and value is not None else value

    def set(self, values: Mapping[str, Any]) -> None:
        """Move controls by name. Raises ValueError or TraitError for what is not taken."""
        if unknown := set(values) - set(SETTINGS):
            raise ValueError(f"run takes no {sorted(unknown)}; it takes {', '.join(SETTINGS)}")
        if fixed := sorted(self._fixed & set(values)):
            raise ValueError(f"run takes no {fixed} here: only the fake LLM's owner sets that")
        for name, value in values.items():
            control = self.controls[name]
            beyond = isinstance(value, (int, float)) and value > getattr(control, "max", value)
            if isinstance(control, Slider) and beyond:
                control.max = value
            control.value = value
            self._asked.add(name)

    def show(self, behaviour: Mapping[str, Any]) -> None:
        """Show how the fake LLM behaves, also where that is beyond a control's usual ends."""
        for name, value in _values_in(behaviour).items():
            control = self.controls[name]
            if value is not None:
                control.min = min(control.min, value)
                control.max = max(control.max, value)
            control.value = value

    def behaviour(self) -> dict[str, Any]:
        """The settings that a run asks the fake LLM to have."""
        return {SETTINGS[name].server: self[name] for name in self._steering()}

    def _steering(self) -> list[str]:
        asked = self._asked - self._fixed
        return [name for name, s in SETTINGS.items() if s.server and name in asked]


def check_names(names: Iterable[str]) -> None:
    """Raise ValueError if a panel has no control, nor a button for a sweep, of such a name."""
    takes = [*SETTINGS, SWEEP]
    if unknown := set(names) - set(takes):
        raise ValueError(f"controls has {sorted(unknown)}; it takes some of {', '.join(takes)}")


def _values_in(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """The values of controls, by name, that say how a fake LLM behaves."""
    return {
        name: behaviour[setting.server]
        for name, setting in SETTINGS.items()
        if setting.server in behaviour
    }
