"""The trace's pairing, and its formulas against slower ones that are plainly right."""

import asyncio
import contextlib
import itertools
import threading
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.trace import (
    Span,
    Stopped,
    Trace,
    ideal_seconds,
    peak,
    peak_of,
    percentile,
    step,
    stoppable,
    summarise,
)

times = st.floats(0, 1000, allow_nan=False)
durations = st.lists(st.floats(0.001, 100), max_size=30)


class Clock:
    """A clock that moves one second with each look."""

    def __init__(self):
        self.ticks = itertools.count()

    def __call__(self) -> float:
        return float(next(self.ticks))


def test_a_step_becomes_a_span_with_its_end_and_state():
    """Start and end of a step are paired, in the order of the starts."""
    trace = Trace(Clock())
    trace("q", "query", "start")
    trace("q", "model", "start")
    trace("q", "model", "ok")
    trace("q", "query", "failed")
    assert [(s.step, s.start, s.end, s.state) for s in trace.spans()] == [
        ("query", 1.0, 4.0, "failed"),
        ("model", 2.0, 3.0, "ok"),
    ]


def test_a_step_that_has_not_ended_is_running():
    """A span without an end stays open until someone closes the trace."""
    trace = Trace(Clock())
    trace("q", "model", "start")
    assert (trace.spans()[0].end, trace.spans()[0].state) == (None, "running")
    trace.close()
    assert trace.spans()[0].state == "cancelled"


def test_an_end_without_a_start_is_ignored():
    """A stray end, as of an abandoned run, adds no span."""
    trace = Trace(Clock())
    trace("q", "model", "ok")
    assert trace.spans() == []


def test_the_same_step_again_is_a_span_of_its_own():
    """Two model calls of one query are two spans."""
    trace = Trace(Clock())
    for _ in range(2):
        trace("q", "model", "start")
        trace("q", "model", "ok")
    assert [(s.start, s.end) for s in trace.spans()] == [(1.0, 2.0), (3.0, 4.0)]


def test_the_same_step_twice_at_once_in_one_lane_loses_no_end():
    """Where two equal steps overlap in one task, an end closes the one that began last."""
    trace = Trace(Clock())
    for state in ("start", "start", "failed", "ok"):
        trace("q", "tool", state)
    assert [(span.start, span.end, span.state) for span in trace.spans()] == [
        (1.0, 4.0, "ok"),
        (2.0, 3.0, "failed"),
    ]
    for _ in range(2):
        trace("q", "tool", "start")
    trace.close()
    assert [span.state for span in trace.spans()] == ["ok", "failed", "cancelled", "cancelled"]


def test_reading_in_between_changes_nothing():
    """Spans that were read while they ran get their ends all the same."""
    trace = Trace(Clock())
    trace("q", "model", "start")
    (early,) = trace.spans()
    trace("q", "model", "ok")
    assert trace.spans() == [early] and early.end == 2.0


@pytest.mark.parametrize(
    ("state", "kind"), [("ok", "model"), ("running", "model"), ("failed", "failed")]
)
def test_the_kind_of_a_span_is_its_step_or_its_bad_end(state, kind):
    """By which its bar gets a colour."""
    assert Span(0, "model", "", 0.0, 1.0, state).kind == kind


def test_a_stoppable_recorder_lets_no_step_begin_once_it_is_stopped():
    """What has begun may still end, and is recorded; the next step raises, and is not."""
    trace, stop = Trace(Clock()), threading.Event()
    record = stoppable(trace, stop)
    with step(record, "q", "retrieve"):
        stop.set()
    for _ in range(2):  # however often whoever is asked to end swallows it
        with pytest.raises(Stopped), step(record, "q", "model"):
            raise AssertionError("a step began")
    assert [(span.step, span.state) for span in trace.spans()] == [("retrieve", "ok")]


def test_any_thread_may_append():
    """No event of many threads is lost, and each thread is a lane."""
    trace, gate = Trace(), threading.Barrier(8)

    def work(number):
        gate.wait()
        for i in range(200):
            trace((number, i), "model", "start")
            trace((number, i), "model", "ok")

    threads = [threading.Thread(target=work, args=[n], name=f"lane {n}") for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trace.spans()) == 1600 and all(s.end is not None for s in trace.spans())
    assert {s.lane for s in trace.spans()} == {t.name for t in threads}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ValueError(), "failed"),
        (Stopped(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
        (None, "ok"),
    ],
)
def test_step_records_how_it_ended(error, state):
    """A step ends as ok, failed or cancelled, and lets its exception through."""
    seen = []
    raised = pytest.raises(type(error)) if error else contextlib.nullcontext()
    with raised, step(lambda *event: seen.append(event), "q", "model"):
        if error:
            raise error
    assert seen == [("q", "model", "start"), ("q", "model", state)]


@given(st.lists(times, min_size=1), st.floats(0, 100))
def test_percentile_is_the_smallest_value_that_covers(values, p):
    """At least p percent of the values do not exceed it, and no smaller value does that."""
    found = percentile(values, p)
    share = [
        Fraction(sum(v <= x for v in values), len(values)) * 100 >= Fraction(p)
        for x in sorted(values)
    ]
    assert found == sorted(values)[share.index(True)]


def test_percentile_of_nothing_is_none():
    """No answered query, no percentile."""
    assert percentile([], 50) is None


@given(durations, st.integers(1, 12))
def test_ideal_is_never_more_than_a_real_schedule(jobs, limit):
    """Greedy workers never beat it, and never need more than twice as long (Graham's bound)."""
    free = [0.0] * limit
    for job in jobs:
        free[free.index(min(free))] += job
    ideal = ideal_seconds(jobs, limit)
    assert ideal <= max(free) * (1 + 1e-9) + 1e-9
    assert max(free) <= 2 * ideal + 1e-9


@given(durations, st.integers(1, 12), st.integers(1, 12))
def test_a_server_of_small_capacity_is_a_smaller_limit(jobs, limit, capacity):
    """What waits at the server is not under way."""
    assert ideal_seconds(jobs, limit, capacity) == ideal_seconds(jobs, min(limit, capacity))


@pytest.mark.parametrize("none", [0, -1])
def test_ideal_refuses_a_limit_below_one(none):
    """Nothing can be done with no workers, nor by a server that takes nobody."""
    with pytest.raises(ValueError, match=f"in_flight is {none}; it takes"):
        ideal_seconds([1.0], none)
    with pytest.raises(ValueError, match=f"capacity is {none}; it takes"):
        ideal_seconds([1.0], 1, none)


@given(st.lists(st.tuples(times, st.floats(0.001, 100)), max_size=25))
def test_peak_is_the_most_at_any_start(parts):
    """The level can be highest only at a start: count there who is under way."""
    spans = [
        Span(i, "query", "", start, start + length, "ok") for i, (start, length) in enumerate(parts)
    ]
    slow = max((sum(s.start <= t.start < s.end for s in spans) for t in spans), default=0)
    assert peak((s.start, s.end) for s in spans) == peak_of(spans) == slow
    assert peak_of(spans, "model") == 0


def test_a_summary_counts_by_state_and_measures_from_both_starts():
    """Percentiles count from submission (zero) and from each query's own start."""
    spans = [
        Span(0, "query", "a", 0.0, 2.0, "ok"),
        Span(1, "query", "a", 2.0, 3.0, "ok"),
        Span(2, "query", "a", 3.0, 4.0, "failed"),
        Span(3, "query", "a", 4.0, None),
        Span(0, "model", "a", 0.0, 2.0, "ok"),
    ]
    found = summarise(spans, 5.0, 6)
    assert (found.answered, found.failed, found.in_flight, found.queries) == (2, 1, 1, 6)
    assert (found.p99, found.p99_from_start, found.throughput, found.mean_in_flight) == (
        3.0,
        2.0,
        0.4,
        1.0,
    )
