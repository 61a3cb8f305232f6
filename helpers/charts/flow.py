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
    steps = _by_step_and_state(spans)
    whole = steps.pop("query", {})
    layers = [
        (name, passed([span.end for span in whole.get(state, ())], times)) for name, state in _ENDS
    ]
    heights = _heights([group for states in steps.values() for group in states.values()], times)
    # The last step lies next to those that have ended, so that queries sink from layer to layer.
    layers += [(kind, heights[kind]) for kind in reversed(in_order(heights))]
    started = passed([span.start for group in whole.values() for span in group], times)
    waiting = Layer("waiting", started, np.full(COLUMNS, queries))
    return Flow(times, [*_stacked(layers), waiting])


def under_way(starts: Sequence[float], ends: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many things were under way at each of these times; those that still are have no end."""
    return passed(starts, times) - passed(ends, times)


def passed(instants: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many of these instants had passed at each of these times."""
    return np.searchsorted(np.sort(np.array(instants, dtype=float)), times, side="right")


def _by_step_and_state(spans: Sequence[Span]) -> dict[str, dict[str, list[Span]]]:
    """Groups of spans that are of one kind. Thousands of spans need not be asked for theirs."""
    groups: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for span in spans:
        groups[span.step][span.state].append(span)
    return groups


def _heights(groups: Sequence[list[Span]], times: np.ndarray) -> dict[str, np.ndarray]:
    """How many steps of each kind were under way. groups: each of spans of one kind."""
    heights: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(COLUMNS, dtype=int))
    for group in groups:
        starts = [span.start for span in group]
        ends = [span.end for span in group if span.end is not None]
        heights[group[0].kind] += under_way(starts, ends, times)
    return heights


def _stacked(heights: Sequence[tuple[str, np.ndarray]]) -> list[Layer]:
    """Layers on top of each other, without the empty ones."""
    layers = []
    level = np.zeros(COLUMNS, dtype=int)
    for name, height in heights:
        if height.any():
            layers.append(Layer(name, level, level + height))
            level = level + height
    return layers
