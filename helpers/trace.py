"""What happened when, as the learner's process saw it; and the formulas by which it is judged.

A trace is a callable `trace(query, step, state)`, so anything that takes a recorder takes a trace,
or `print`. Appending is all that happens while the clock runs; spans are paired and summed by
whoever reads.

Steps: "query" (the whole of one question), "retrieve", "model", "tool", "process", "retry" (waiting
to try again). States: "start", then "ok", "failed" or "cancelled".
"""

import asyncio
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from contextlib import contextmanager
from dataclasses import dataclass

Recorder = Callable[[Hashable, str, str], object]
BAD_ENDS = ("failed", "cancelled")


class Stopped(Exception):
    """Ends an agent whose run was stopped; raised by a recorder that is `stoppable`."""


def stoppable(record: Recorder, stop: threading.Event) -> Recorder:
    """The same recorder, but no step begins any more once `stop` is set: Stopped is raised instead.

    A thread cannot be cancelled from outside. But every agent tells its recorder before each step,
    so this is where code of any kind can be asked to end. A step under way ends first, and is
    recorded. An `except Exception` around an agent swallows Stopped; the next step raises it again.
    """

    def recorder(query: Hashable, name: str, state: str) -> None:
        if state == "start" and stop.is_set():
            raise Stopped
        record(query, name, state)

    return recorder


@contextmanager
def step(record: Recorder | None, query: Hashable, name: str) -> Iterator[None]:
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
    """One step of one query. Times are seconds since the trace began; `end` is None while it runs.

    lane: the name of the task, or else of the thread, that it ran in.
    """

    query: Hashable
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

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._zero = clock()
        self._events: list[tuple[float, Hashable, str, str, str]] = []
        self._read = 0
        self._spans: list[Span] = []
        # A stack, because the same step of the same query may begin again before it has ended.
        self._open: defaultdict[tuple, list[Span]] = defaultdict(list)
        self._pairing = threading.Lock()

    def __call__(self, query: Hashable, step: str, state: str) -> None:
        """Note that a step of a query started ("start") or ended ("ok", "failed", "cancelled")."""
        # No lock: appending to a list is atomic, and whoever records should not wait.
        self._events.append((self.now(), getattr(query, "number", query), step, state, _lane()))

    def __repr__(self) -> str:
        return f"Trace({len(self.spans())} spans)"

    def now(self) -> float:
        """Seconds since the trace began."""
        return self._clock() - self._zero

    def spans(self) -> list[Span]:
        """Every span so far, in the order of their starts."""
        with self._pairing:
            new = self._events[self._read :]
            self._read += len(new)
            for event in new:
                self._pair(*event)
            return list(self._spans)

    def close(self, state: str = "cancelled") -> None:
        """End every span that still runs, as `state`: for a run that was abandoned."""
        self.spans()
        now = self.now()
        with self._pairing:
            for stack in self._open.values():
                for span in stack:
                    span.end = now
                    span.state = state
            self._open.clear()

    def _pair(self, now: float, query: Hashable, step: str, state: str, lane: str) -> None:
        stack = self._open[query, step, lane]
        if state == "start":
            span = Span(query, step, lane, now)
            stack.append(span)
            self._spans.append(span)
        elif stack:
            span = stack.pop()
            span.end = now
            span.state = state


def _lane() -> str:
    """The task that runs now, or else the thread."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return task.get_name() if task else threading.current_thread().name


@dataclass(frozen=True)
class Summary:
    """A run in numbers. Times in seconds, throughput in answered queries a second.

    in_flight: queries under way now; mean_in_flight and peak: over the whole time.
    Percentiles are of answered queries, and None where there is none.
    """

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
    """Sum up a trace at the instant `now` (seconds since it began), out of `queries` that were put.

    Percentiles "from start" run from a query's first step; the others from the trace's beginning,
    at which all were put, so they hold the time that a query waited for its turn.
    """
    whole = [span for span in spans if span.step == "query"]
    answered = [span for span in whole if span.state == "ok"]
    busy = sum((now if span.end is None else span.end) - span.start for span in whole)
    waits = [span.end for span in answered]
    services = [span.end - span.start for span in answered]
    return Summary(
        queries=queries,
        answered=len(answered),
        failed=sum(span.state == "failed" for span in whole),
        cancelled=sum(span.state == "cancelled" for span in whole),
        seconds=now,
        throughput=len(answered) / now if now else 0.0,
        in_flight=sum(span.end is None for span in whole),
        mean_in_flight=busy / now if now else 0.0,
        peak=peak_of(whole),
        p50=percentile(waits, 50),
        p95=percentile(waits, 95),
        p99=percentile(waits, 99),
        p50_from_start=percentile(services, 50),
        p95_from_start=percentile(services, 95),
        p99_from_start=percentile(services, 99),
    )


def peak_of(spans: Iterable[Span], step: str = "query") -> int:
    """The most spans of one step that were under way at one instant."""
    return peak((span.start, span.end) for span in spans if span.step == step)


def peak(intervals: Iterable[tuple[float, float | None]]) -> int:
    """The most intervals (start, end or None for one that goes on) under way at one instant.

    One that ends at the instant at which another starts makes room for it: they do not overlap.
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
    """The smallest value that at least p percent of the values do not exceed (nearest rank).

    None where there are no values.
    """
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
