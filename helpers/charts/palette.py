"""One look for every chart: what each kind of bar is called, its colour and its hatching.

The colours are those of Okabe and Ito (jfly.uni-koeln.de/color), which people with any common kind
of colour blindness can tell apart. Where an end or a wait matters, hatching and words say it again,
so that a chart also works in grey.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# The fake LLM answers ten times as fast as a real one, and every chart with seconds has to say so.
SCALE = "Times are a tenth of a real model's."

# Lines are drawn in the light theme and in the dark one; these are legible on white and on black.
ACCENT = "#2B8CCB"
WARN = "#D55E00"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of bar.

    word: what the legend calls it. hatch: as matplotlib writes it, "" for a plain bar.
    ink: the colour of words on it, the one with more contrast.
    """

    word: str
    colour: str
    hatch: str = ""
    ink: str = "#000"


# In the order in which a query meets them; legends and stacked layers keep it.
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
    """The look of a kind of bar; a step that a learner has invented is grey."""
    return KINDS.get(name, OTHER)


def in_order(names: Iterable[str]) -> list[str]:
    """These kinds, each once, in the order in which a query meets them; unknown ones come last."""
    places = {name: place for place, name in enumerate(KINDS)}
    return sorted(set(names), key=lambda name: (places.get(name, len(places)), name))
