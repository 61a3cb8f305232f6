"""Many queries as a flow: how many are in which state at each instant (a cumulative flow diagram).

Read upright, a layer's height is how many queries are in it. Read level, a layer's width is how
long one query stays in it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from helpers.charts.palette import in_order
from helpers.trace import Span

# Instants at which queries are counted: every seventh pixel of a usual page, which looks smooth.
COLUMNS = 100

# How a query can end, from the bottom of the picture up: a layer's name and the state of its spans.
_ENDS = (("answered", "ok"), ("failed", "failed"), ("cancelled", "cancelled"))


class Layer(NamedTuple):
    """Those in one state: between two edges, in numbers of queries at each instant."""

    name: str
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, slots=True)
class Flow:
    """Layers from the bottom up. times: the instants at which they have edges, in seconds."""

    times: np.ndarray
    layers: list[Layer]

    @property
    def kinds(self) -> set[str]:
        """The kinds of bar that the layers show: all but the answered queries, which have none."""
        return {layer.name for layer in self.layers} - {"answered"}


def flow_of(spans: Sequence[Span], now: float, queries: int) -> Flow:
    """The layers of a trace until `now`, without those in which nobody ever was."""
    times = np.linspace(0.0, max(now, 1e-6), COLUMNS)
    steps, whole = _starts_and_ends(spans)
    heights = [
        (name, passed([span.end for span in whole if span.state == state], times))
        for name, state in _ENDS
    ]
    # The last step lies next to those that have ended, so that queries sink from layer to layer.
    heights += [(kind, under_way(*steps[kind], times)) for kind in reversed(in_order(steps))]
    started = passed([span.start for span in whole], times)
    waiting = Layer("waiting", started, np.full(COLUMNS, queries))
    return Flow(times, [*_stacked(heights), waiting])


def under_way(starts: Sequence[float], ends: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many things were under way at each of these times; those that still are have no end."""
    return passed(starts, times) - passed(ends, times)


def passed(instants: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many of these instants had passed at each of these times."""
    return np.searchsorted(np.sort(np.array(instants, dtype=float)), times, side="right")


def _starts_and_ends(spans: Sequence[Span]) -> tuple[dict[str, tuple[list, list]], list[Span]]:
    """The starts and the ends of each kind of step, and the spans of whole queries."""
    steps: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    whole = []
    for span in spans:
        if span.step == "query":
            whole.append(span)
            continue
        starts, ends = steps[span.kind]
        starts.append(span.start)
        if span.end is not None:
            ends.append(span.end)
    return steps, whole


def _stacked(heights: Sequence[tuple[str, np.ndarray]]) -> list[Layer]:
    """Layers on top of each other, without the empty ones."""
    layers = []
    level = np.zeros(COLUMNS, dtype=int)
    for name, height in heights:
        if height.any():
            layers.append(Layer(name, level, level + height))
            level = level + height
    return layers
