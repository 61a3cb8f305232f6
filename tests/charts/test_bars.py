"""From a trace to bars: each step has one, in the row of its query or of its thread."""

from helpers.charts.bars import bars_by_lane, bars_by_query
from helpers.trace import Span
from tests.charts.made_up import spans_of


def test_each_step_has_a_bar_of_its_kind_and_each_query_its_wait():
    """Six queries, two at a time: six bars of each of three kinds, in the rows of the queries."""
    bars = bars_by_query(spans_of(6, 2), 3.0, 6)
    assert (bars.noun, bars.count) == ("query", 6)
    assert {kind: len(items) for kind, items in bars.by_kind.items()} == dict.fromkeys(
        ("retrieve", "model", "process", "waiting"), 6
    )
    assert bars.by_kind["model"][2] == (2, 1.1, 1.9)


def test_a_query_waits_from_submission_to_its_start():
    """And one that has not begun waits until now."""
    bars = bars_by_query(spans_of(2, 1), 2.0, 3)
    assert bars.by_kind["waiting"] == [(0, 0.0, 0.0), (1, 0.0, 1.0), (2, 0.0, 2.0)]


def test_a_step_that_runs_ends_now():
    """Its bar grows from frame to frame."""
    bars = bars_by_query([Span(0, "model", "t", 0.5)], 2.0, 1)
    assert bars.by_kind["model"] == [(0, 0.5, 2.0)]


def test_a_bad_end_is_a_kind_and_is_noted():
    """The step's bar is of the kind "failed", and the row knows when and how its query ended."""
    spans = [Span(0, "query", "t", 0, 1, "failed"), Span(0, "model", "t", 0, 1, "failed")]
    bars = bars_by_query(spans, 1.0, 1)
    assert bars.by_kind["failed"] == [(0, 0, 1)] and "model" not in bars.by_kind
    assert bars.bad_ends == [(0, 1, "failed")]


def test_questions_of_ones_own_have_rows_too():
    """Spans without a number are placed in the order in which they appear."""
    spans = [Span("b", "query", "t", 0, 1, "ok"), Span("a", "query", "t", 1, 2, "ok")]
    bars = bars_by_query(spans, 2.0, 2)
    assert [start for _, _, start in bars.by_kind["waiting"]] == [0, 1]


def test_more_questions_than_were_submitted_have_rows():
    """A strategy may ask twice as many; none of them is drawn outside."""
    bars = bars_by_query([Span(4, "query", "t", 0, 1, "ok")], 1.0, 2)
    assert bars.count == 5


def test_lanes_are_threads_or_tasks_in_the_order_of_their_first_step():
    """Waiting is left out: a lane that waits for one query works on another."""
    bars = bars_by_lane(spans_of(6, 2), 3.0)
    assert (bars.noun, bars.count, "waiting" in bars.by_kind) == ("thread", 2, False)
    assert [row for row, _, _ in bars.by_kind["model"]] == [0, 1] * 3
    assert bars_by_lane([Span(0, "model", "Task-7", 0, 1, "ok")], 1.0).noun == "task"
