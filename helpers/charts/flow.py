"""Many queries as a flow: how many are in which state at each instant (a cumulative flow diagram).

Read upright, a layer's height is how many queries are in it. Read level, a layer's width is how
long one query stays in it.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from helpers.charts.palette import in_order
from helpers.trace import Span

# Instants at which queries are counted: every seventh pixel of a usual page, which looks smooth.
COLUMNS = 100

# How a query can end, from the bottom of the picture up: a layer's name and the state of its spans.
_ENDS = (("answered", "ok"), ("failed", "failed"), ("cancelled", "cancelled"))

# (kind, lower edge, upper edge), the edges in numbers of queries at each instant.
Layer = tuple[str, np.ndarray, np.ndarray]


def flow_layers(spans: Sequence[Span], now: float, queries: int) -> tuple[np.ndarray, list[Layer]]:
    """(instants in seconds, layers from the bottom up); a layer in which nobody ever was is left out."""
    times = np.linspace(0.0, max(now, 1e-6), COLUMNS)
    steps, whole = _starts_and_ends(spans)
    heights = [
        (name, passed([span.end for span in whole if span.state == state], times))
        for name, state in _ENDS
    ]
    # The last step lies next to those that have ended, so that queries sink from layer to layer.
    heights += [(kind, under_way(*steps[kind], times)) for kind in reversed(in_order(steps))]
    started = passed([span.start for span in whole], times)
    return times, [*_stacked(heights), ("waiting", started, np.full(COLUMNS, queries))]


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
            layers.append((name, level, level + height))
            level = level + height
    return layers
