"""What happened when, as the learner's process saw it.

A trace is a callable `trace(query, step, state)`, so anything that takes a recorder takes a trace, or `print`.
Appending is all that happens while the clock runs; spans are paired and summed by whoever reads.

Steps: "query" (the whole of one question), "retrieve", "model", "tool", "process", "retry" (waiting to try again).
States: "start", then "ok", "failed" or "cancelled".
"""

import asyncio
import csv
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

Recorder = Callable[[Any, str, str], object]
BAD_ENDS = ("failed", "cancelled")


class Stopped(Exception):
    """Raised at the next step of an agent whose run was stopped."""


@contextmanager
def step(record: Recorder | None, query: Any, name: str) -> Iterator[None]:
    """Record the start of a step, and how it ended; exceptions pass through."""
    if record is None:
        yield
        return
    record(query, name, "start")
    try:
        yield
    except (asyncio.CancelledError, FutureCancelled, Stopped):
        record(query, name, "cancelled")
        raise
    except BaseException:
        record(query, name, "failed")
        raise
    record(query, name, "ok")


@dataclass(slots=True)
class Span:
    """One step of one query. Times are seconds since the trace began; `end` is None while it runs."""

    query: Any
    step: str
    lane: str
    start: float
    end: float | None = None
    state: str = "running"

    @property
    def kind(self) -> str:
        """The kind of its bar: its step, or "failed" or "cancelled" where it ended so."""
        return self.state if self.state in BAD_ENDS else self.step


class Trace:
    """An append-only list of events that any thread or task may add to.

    trace = Trace()
    agent = Agent(llm.base_url, record=trace)
    agent.ask("What is 6 * 7?")
    trace.spans()
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock, self._zero = clock, clock()
        self._events: list[tuple] = []
        self._read = 0
        self._spans: list[Span] = []
        self._open: dict[
            tuple, tuple
        ] = {}  # of (span, what the same step had open before it, or None)
        self._pairing = threading.Lock()

    def __call__(self, query: Any, step: str, state: str) -> None:
        """Note that a step of a query started ("start") or ended ("ok", "failed", "cancelled")."""
        self._events.append((self.now(), getattr(query, "number", query), step, state, _lane()))

    def __repr__(self) -> str:
        return f"Trace({len(self.spans())} spans)"

    def now(self) -> float:
        """Seconds since the trace began."""
        return self._clock() - self._zero

    def spans(self) -> list[Span]:
        """Every span so far, in the order of their starts."""
        with self._pairing:
            upto = len(self._events)
            for time, query, step, state, lane in islice(self._events, self._read, upto):
                key = (query, step, lane)
                if state == "start":
                    span = Span(query, step, lane, time)
                    self._open[key] = (span, self._open.get(key))
                    self._spans.append(span)
                elif opened := self._open.pop(key, None):
                    opened[0].end, opened[0].state = time, state
                    if opened[1]:
                        self._open[key] = opened[1]
            self._read = upto
            return list(self._spans)

    def save(self, path: str | Path) -> None:
        """Write every span as a line of CSV."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow([field.name for field in fields(Span)])
            table.writerows(astuple(span) for span in self.spans())

    def close(self, state: str = "cancelled") -> None:
        """End every span that still runs, as `state`: for a run that was abandoned."""
        self.spans()
        now = self.now()
        with self._pairing:
            for opened in self._open.values():
                while opened:
                    span, opened = opened
                    span.end, span.state = now, state
            self._open.clear()


def _lane() -> str:
    """The task that runs now, or else the thread."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return task.get_name() if task else threading.current_thread().name


@dataclass(frozen=True)
class Summary:
    """A run in numbers. Times in seconds; percentiles are of answered queries, None where there is none."""

    queries: int
    answered: int
    failed: int
    cancelled: int
    seconds: float
    throughput: float
    in_flight: int
    mean_in_flight: float
    peak: int
    p50: float | None
    p95: float | None
    p99: float | None
    p50_from_start: float | None
    p95_from_start: float | None
    p99_from_start: float | None


def summarise(spans: Iterable[Span], now: float, queries: int) -> Summary:
    """Sum up a trace at the instant `now` (seconds since it began), out of `queries` submitted at zero.

    Percentiles "from start" run from a query's first step; the others from submission, so they hold the wait.
    """
    whole = [s for s in spans if s.step == "query"]
    answered = [s for s in whole if s.state == "ok"]
    busy = sum((now if s.end is None else s.end) - s.start for s in whole)
    waits = sorted(s.end for s in answered)
    services = sorted(s.end - s.start for s in answered)
    return Summary(
        queries=queries,
        answered=len(answered),
        failed=sum(s.state == "failed" for s in whole),
        cancelled=sum(s.state == "cancelled" for s in whole),
        seconds=now,
        throughput=len(answered) / now if now else 0.0,
        in_flight=sum(s.end is None for s in whole),
        mean_in_flight=busy / now if now else 0.0,
        peak=peak((s.start, s.end) for s in whole),
        **{f"p{p}": percentile(waits, p) for p in (50, 95, 99)},
        **{f"p{p}_from_start": percentile(services, p) for p in (50, 95, 99)},
    )


def peak(intervals: Iterable[tuple[float, float | None]]) -> int:
    """The most intervals (start, end or None for one that goes on) under way at one instant.

    One that ends at the instant at which another starts makes room for it: the two do not overlap.
    """
    starts: list[float] = []
    ends: list[float] = []
    for start, end in intervals:
        starts.append(start)
        ends.append(math.inf if end is None else end)
    starts.sort()
    ends.sort()
    most = over = 0
    for begun, start in enumerate(starts, 1):
        while over < begun - 1 and ends[over] <= start:
            over += 1
        most = max(most, begun - over)
    return most


def percentile(values: Sequence[float], p: float) -> float | None:
    """The smallest value that at least p percent of the values do not exceed (nearest rank); None if there is none."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * p / 100) - 1)]


def ideal_seconds(durations: Sequence[float], in_flight: int, capacity: int | None = None) -> float:
    """The least seconds in which jobs of these durations (seconds) can be done, so many at a time.

    Little's law (J. Little, 1961): in flight = rate x time in the system. With n in flight, N jobs
    of mean W cannot end before N * W / n; nor before the longest of them. capacity: how many the
    server works on at one time, None for no limit; what it lets wait is not under way.
    Raises ValueError where either is below 1.
    """
    if in_flight < 1:
        raise ValueError(f"in_flight is {in_flight}; it takes a whole number from 1 up")
    if capacity is not None and capacity < 1:
        raise ValueError(f"capacity is {capacity}; it takes a whole number from 1 up, or None")
    at_work = in_flight if capacity is None else min(in_flight, capacity)
    return max(sum(durations) / at_work, max(durations, default=0.0))
