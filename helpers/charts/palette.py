"""One look for every chart: what each kind of bar is called, its colour, its hatching, and the scale of time.

The colours are Okabe and Ito's (jfly.uni-koeln.de/color), which all common kinds of colour blindness keep apart.
Where an end or a wait matters, hatching and words say it again, so that a chart also works in grey.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SCALE = "Times are a tenth of a real model's."
ACCENT, WARN = "#2B8CCB", "#D55E00"  # lines: legible on white and on black


@dataclass(frozen=True)
class Kind:
    """A kind of bar. hatch: as matplotlib writes it, "" for a plain bar; ink: the colour of words on it."""

    word: str
    colour: str
    hatch: str = ""
    ink: str = "#000"


KINDS = {
    "waiting": Kind("waiting for a turn", "#8C8C8C", "...."),
    "retrieve": Kind("retrieve", "#56B4E9"),
    "model": Kind("model", "#0072B2", ink="#fff"),
    "tool": Kind("tool", "#E69F00"),
    "process": Kind("process", "#009E73"),
    "service": Kind("service", "#F0E442"),
    "retry": Kind("waiting to retry", "#CC79A7", "----"),
    "failed": Kind("failed", "#D55E00", "////"),
    "cancelled": Kind("cancelled", "#7A7A7A", "\\\\\\\\"),
}
OTHER = Kind("other", "#999999")


def kind_of(name: str) -> Kind:
    """The look of a kind of bar; a step of the learner's own invention is grey."""
    return KINDS.get(name, OTHER)


def in_order(names: Iterable[str]) -> list[str]:
    """These kinds in the order in which a query meets them, unknown ones last."""
    known = list(KINDS)
    return sorted(
        set(names), key=lambda name: (known.index(name) if name in known else len(known), name)
    )
