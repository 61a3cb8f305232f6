"""From a trace to bars: which row, from when to when, of which kind. Shared by the live chart and the figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from helpers.trace import Span

MOST_ROWS = 200
BAD = ("failed", "cancelled")


@dataclass
class Rows:
    """The bars of a chart. bars: for each kind of bar its (row, start, end), in seconds. noun: what a row is.

    ends: (row, second, "failed" or "cancelled") for each query that did not end well; names: of the rows.
    """

    noun: str
    count: int
    bars: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)
    ends: list[tuple[int, float, str]] = field(default_factory=list)

    def add(self, span: Span, row: int, now: float) -> None:
        """Append a step's bar; one that still runs ends now."""
        kind = span.state if span.state in BAD else span.step
        bar = (row, span.start, now if span.end is None else span.end)
        if kind in self.bars:
            self.bars[kind].append(bar)
        else:
            self.bars[kind] = [bar]


def by_query(spans: Sequence[Span], now: float, queries: int) -> Rows:
    """A row for each query, which waits from zero until its own start."""
    rows, places, waits = Rows("query", queries), {}, {}
    for span in spans:
        row = span.query if type(span.query) is int else places.setdefault(span.query, len(places))
        if span.step == "query":
            waits[row] = (row, 0.0, span.start)
            if span.state in BAD:
                rows.ends.append((row, span.end, span.state))
        else:
            rows.add(span, row, now)
    rows.count = max(queries, max(waits, default=0) + 1)
    rows.bars["waiting"] = [waits.get(row) or (row, 0.0, now) for row in range(queries)]
    return rows


def by_lane(spans: Sequence[Span], now: float) -> Rows:
    """A row for each thread or task that did something, in the order of their first step."""
    rows, places = Rows("lane", 1), {}
    for span in spans:
        row = places.setdefault(span.lane, len(places))
        if span.step != "query":
            rows.add(span, row, now)
    tasks = any(lane.startswith("Task-") for lane in places)
    rows.noun, rows.count = ("task" if tasks else "thread"), max(1, len(places))
    return rows


def levels(starts: Sequence[float], ends: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many were under way at each of these times, of things that started and (some of them) ended then."""
    return so_far(starts, times) - so_far(ends, times)


def so_far(instants: Sequence[float], times: np.ndarray) -> np.ndarray:
    """How many of these instants had passed at each of these times."""
    return np.searchsorted(np.sort(np.array(instants, dtype=float)), times, side="right")
