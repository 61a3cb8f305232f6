"""A sweep: a run at each concurrency, which can be stopped, goes on, and tells a failure."""

import itertools
import threading

import pytest

from helpers import FakeLLM, run
from helpers.strategies import limited
from helpers.sweeps import LEAST, ROUNDS, Sweep, point_of
from tests.charts.made_up import MadeUpRun, swept


@pytest.fixture(scope="module")
def llm():
    """A quick fake LLM for all sweeps."""
    with FakeLLM(latency=0.02, search_latency=0.0, save_latency=0.0) as llm:
        yield llm


def done(strategy, limits, llm):
    """A sweep that has ended."""
    sweep = Sweep(strategy, limits, llm=llm)
    assert sweep.resume().wait(30)
    return sweep


def test_a_sweep_has_a_point_for_each_limit_once_and_in_order(llm):
    """ROUNDS questions for each in flight, LEAST at least, all of them answered."""
    sweep = done(limited, (4, 1, 4), llm)
    assert [(point.limit, point.queries, point.failed) for point in sweep.points] == [
        (1, LEAST, 0),
        (4, 4 * ROUNDS, 0),
    ]
    assert repr(sweep) == "Sweep(limited, 2 of 2 limits, done)" and sweep.over


def test_throughput_does_not_beat_little_s_law(llm):
    """The ideal is the run's own: as many questions as there were, in its least time."""
    sweep = done(limited, (1, 2), llm)
    assert [point.ideal for point in sweep.points] == pytest.approx([50, 100])
    assert all(point.throughput <= point.ideal * 1.05 for point in sweep.points)


def test_a_point_says_what_its_run_says(llm):
    """The same seconds, percentiles, ideal and CPU time, by query where it is by query."""
    found = run(limited, llm=llm, questions=10, limit=5)
    point = point_of(found)
    summary = found.summary
    assert (point.seconds, point.p50, point.p95, point.ideal, point.cpu) == (
        found.seconds,
        summary.p50_from_start,
        summary.p95_from_start,
        10 / found.ideal,
        found.cpu / 10,
    )


def test_a_point_where_nobody_was_answered_has_times_too():
    """Those that the failed ones took."""
    failed = MadeUpRun(state="failed")
    failed.cpu = None
    point = point_of(failed)
    assert (point.failed, point.p50, point.p95, point.cpu) == (6, 1.0, 1.0, 0.0)


def test_a_sweep_stops_and_goes_on(llm):
    """Stopping ends the run under way and keeps the points; resume does the rest only."""
    at_the_second, free, asked = threading.Event(), threading.Event(), []

    def strategy(ask, questions, limit):
        asked.append(limit)
        if limit == 1 or free.is_set():
            return [ask(question) for question in questions]
        at_the_second.set()
        for question in itertools.cycle(questions):
            ask(question)  # raises when the run is stopped

    sweep = Sweep(strategy, (1, 2, 3), llm=llm).resume()
    assert at_the_second.wait(30) and not sweep.over
    sweep.stop()
    assert sweep.wait(30) and (sweep.outcome, len(sweep.points)) == ("stopped", 1)
    kept = sweep.points[0]
    free.set()
    assert sweep.resume().wait(30) and sweep.outcome == "done"
    assert sweep.points[0] is kept and asked == [1, 2, 2, 3]


def test_a_failure_ends_a_sweep_and_is_kept(llm):
    """With the points before it; trying again clears it."""
    broken = threading.Event()
    broken.set()

    def strategy(ask, questions, limit):
        if limit == 2 and broken.is_set():
            raise KeyError("oops")
        return [ask(question) for question in questions]

    sweep = done(strategy, (1, 2), llm)
    assert (sweep.outcome, repr(sweep.error), len(sweep.points)) == (
        "failed",
        "KeyError('oops')",
        1,
    )
    broken.clear()
    assert sweep.resume().wait(30) and (sweep.outcome, sweep.error) == ("done", None)


def test_what_start_refuses_is_a_failure_too(llm):
    """Whoever waits is told."""
    sweep = Sweep(limited, (1,), llm=llm, kind="riddle")
    assert sweep.resume().wait(30) and sweep.outcome == "failed"
    assert isinstance(sweep.error, ValueError)


@pytest.mark.parametrize("limits", [(), (0,), (1.5,)])
def test_limits_are_whole_numbers(limits):
    """From 1 up, and at least one."""
    with pytest.raises(ValueError, match="it takes whole numbers from 1 up"):
        Sweep(limited, limits, llm=None)


@pytest.mark.parametrize(
    ("rates", "knee"),
    [
        ((9.0, 40.0, 41.0), 5),
        ((41.0, 41.0, 41.0), 1),
        ((9.0, 41.0, 20.0), 5),
        ((9.0, 20.0, 41.0), None),
        ((9.0,), None),
        ((), None),
    ],
)
def test_the_knee_is_where_more_no_longer_helps(rates, knee):
    """The least concurrency within 5 % of the best; none while the last is the only one."""
    found = swept(rates).knee
    assert (found and found.limit) == knee


@pytest.mark.parametrize(("cpu", "most"), [(0.02, 50.0), (0.0, None)])
def test_a_machine_can_send_one_query_for_each_time_that_one_takes_it(cpu, most):
    """20 ms of a processor are 50 a second; where none was measured, nothing is known."""
    assert swept(cpu=cpu).machine_limit == most
    assert swept(()).machine_limit is None
