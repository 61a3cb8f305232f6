"""Latencies: how long one query took, on both clocks."""

from helpers import compare
from helpers.trace import percentile
from tests.charts.made_up import MadeUpRun


def test_both_clocks_are_in_the_table(runs):
    """From a query's own start and from submission; they agree where all start at once."""
    rows = compare(*runs, show="latency").rows
    assert [row[:2] for row in rows] == [
        (name, clock)
        for name in ("serial", "gather")
        for clock in ("from its start", "from submission")
    ]
    summary = runs[0].summary
    assert rows[0][2] == f"{summary.p50_from_start:.3f}" and rows[1][2] == f"{summary.p50:.3f}"


def test_the_clock_from_submission_holds_the_wait():
    """Six queries of 1 s, two at a time: the last ones had waited for 2 s."""
    own, submitted = compare(MadeUpRun(), show="latency").rows
    assert own[2:] == ("1.000", "1.000", "1.000")
    assert submitted[2:] == ("2.000", "3.000", "3.000")


def test_each_curve_rises_to_all_of_the_answered():
    """A step for each query, from nobody to everybody; marks where the percentiles are."""
    (axis,) = compare(MadeUpRun(), show="latency").figure.axes
    curve, marks = axis.lines[2], axis.lines[3]
    assert curve.get_xdata().tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert (curve.get_ydata()[0], curve.get_ydata()[-1]) == (0, 1)
    assert list(marks.get_xdata()) == [percentile([1, 1, 2, 2, 3, 3], p) for p in (50, 95, 99)]


def test_a_run_without_an_answer_has_dashes_and_no_curve():
    """Nothing was answered, so nothing took a time."""
    chart = compare(MadeUpRun(state="failed"), show="latency")
    assert chart.rows[0][2:] == ("-", "-", "-") and not chart.figure.axes[0].lines
