"""Many queries as a flow: how many of them were in which state at each instant (a cumulative flow diagram).

Read upright, a layer's height is how many are in it; read level, the width of the layers is how long one query takes.
"""

from collections.abc import Sequence

import numpy as np

from helpers.charts.bars import BAD, levels, so_far
from helpers.charts.palette import in_order
from helpers.trace import Span

COLUMNS = 100
Layer = tuple[str, np.ndarray, np.ndarray]


def flow_layers(spans: Sequence[Span], now: float, queries: int) -> tuple[np.ndarray, list[Layer]]:
    """(times, layers), each layer (kind, lower edge, upper edge) in numbers of queries, from the bottom up."""
    times = np.linspace(0.0, max(now, 1e-6), COLUMNS)
    steps, whole = _edges(spans)
    level, layers = np.zeros(COLUMNS, dtype=int), []
    for name, state in (("answered", "ok"), ("failed", "failed"), ("cancelled", "cancelled")):
        level = _stack(
            layers, name, level, so_far([s.end for s in whole if s.state == state], times)
        )
    for name in reversed(in_order(steps)):
        level = _stack(layers, name, level, levels(*steps[name], times))
    started = so_far([s.start for s in whole], times)
    layers.append(("waiting", started, np.full(COLUMNS, queries)))
    return times, layers


def _edges(spans: Sequence[Span]) -> tuple[dict[str, tuple[list, list]], list[Span]]:
    """The starts and ends of each kind of step, and the spans of whole queries."""
    steps, whole = {}, []
    for span in spans:
        if span.step == "query":
            whole.append(span)
            continue
        kind = span.state if span.state in BAD else span.step
        if kind not in steps:
            steps[kind] = ([], [])
        starts, ends = steps[kind]
        starts.append(span.start)
        if span.end is not None:
            ends.append(span.end)
    return steps, whole


def _stack(layers: list[Layer], name: str, level: np.ndarray, height: np.ndarray) -> np.ndarray:
    top = level + height
    if height.any():
        layers.append((name, level, top))
    return top
