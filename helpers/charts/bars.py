"""From a trace to bars: in which row, from when to when, of which kind."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.trace import BAD_ENDS, Span

# Beyond these, a row of the live chart would be thinner than 1.7 pixels, so queries are counted.
MOST_ROWS = 200

# (row, start, end), in seconds. A plain tuple, because a frame makes a thousand of them.
Bar = tuple[int, float, float]


@dataclass(slots=True)
class Bars:
    """The bars of a chart with `count` rows.

    noun: what a row is. by_kind: the bars of each kind.
    bad_ends: (row, second, "failed" or "cancelled") of each query that did not end well.
    """

    noun: str
    count: int
    by_kind: dict[str, list[Bar]] = field(default_factory=dict)
    bad_ends: list[tuple[int, float, str]] = field(default_factory=list)

    def add(self, span: Span, row: int, now: float) -> None:
        """Append the bar of a step; one that still runs ends now."""
        bar = (row, span.start, now if span.end is None else span.end)
        kind = span.kind
        if kind in self.by_kind:
            self.by_kind[kind].append(bar)
        else:
            self.by_kind[kind] = [bar]


def bars_by_query(spans: Sequence[Span], now: float, queries: int) -> Bars:
    """A row for each query, which waits from zero until its own start.

    Queries are numbered from 0; those that are not have rows in the order of their first step.
    """
    bars = Bars("query", queries)
    places: dict[object, int] = {}
    waits: dict[int, Bar] = {}
    for span in spans:
        numbered = type(span.query) is int
        row = span.query if numbered else places.setdefault(span.query, len(places))
        if span.step != "query":
            bars.add(span, row, now)
            continue
        waits[row] = (row, 0.0, span.start)
        if span.state in BAD_ENDS:
            bars.bad_ends.append((row, span.end, span.state))
    # A strategy may ask the agent more questions than it was given.
    bars.count = max(queries, max(waits, default=0) + 1)
    bars.by_kind["waiting"] = [waits.get(row, (row, 0.0, now)) for row in range(queries)]
    return bars


def bars_by_lane(spans: Sequence[Span], now: float) -> Bars:
    """A row for each thread or task that did something, in the order of their first step."""
    bars = Bars("thread", 1)
    lanes: dict[str, int] = {}
    for span in spans:
        row = lanes.setdefault(span.lane, len(lanes))
        if span.step != "query":
            bars.add(span, row, now)
    bars.count = max(1, len(lanes))
    # asyncio names its tasks so, unless they are given another name.
    if any(lane.startswith("Task-") for lane in lanes):
        bars.noun = "task"
    return bars
