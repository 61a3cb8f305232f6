"""Runs side by side: the table is made of the runs, and the words of the table."""

import pytest

from helpers import compare, run
from helpers.charts.palette import SCALE
from helpers.strategies import limited
from tests.charts.made_up import MadeUpRun

SHOWS = ["timeline", "latency", "status"]


@pytest.mark.parametrize("show", SHOWS)
def test_the_words_name_every_run(runs, show):
    """With its numbers; a row of the table is for one of the runs."""
    chart = compare(*runs, show=show)
    assert {row[0] for row in chart.rows} == {"serial", "gather"}
    assert all(name in chart.alt for name in ("serial", "gather"))
    assert any(digit in chart.alt for digit in "123456789")


@pytest.mark.parametrize("show", SHOWS)
def test_the_scale_is_on_the_time_axis(runs, show):
    """Nobody may take a tenth of a second for a second."""
    labels = [axis.get_xlabel() for axis in compare(*runs, show=show).figure.axes]
    assert sum(SCALE in label for label in labels) == 1


def test_the_table_is_made_of_the_runs(runs):
    """In flight as the server saw it, seconds as the run took them, everything answered."""
    rows = compare(*runs).rows
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("serial", 1, "6 of 6"),
        ("gather", 6, "6 of 6"),
    ]
    assert [row[2] for row in rows] == [f"{run.seconds:.2f}" for run in runs]
    assert [row[3] for row in rows] == [f"{run.ideal:.2f}" for run in runs]


def test_a_row_holds_the_numbers_of_a_run():
    """Six queries of 1 s, two at a time, in a run that took half as long again."""
    chart = compare(MadeUpRun(slower=1.5))
    assert chart.rows == [("made_up", 2, "4.50", "3.00", "1.3", "1.000", "1.000", "6 of 6")]
    assert compare(MadeUpRun(state="failed")).rows[0][5:] == ("-", "-", "0 of 6")


def test_the_end_of_each_run_is_marked_with_what_it_took():
    """The faster one also with how much faster it was."""
    chart = compare(MadeUpRun(), MadeUpRun(limit=6, name="all_at_once"))
    marks = [[text.get_text() for text in axis.texts] for axis in chart.figure.axes]
    assert "3.00 s" in marks[0] and "1.00 s, 3.0 times as fast" in marks[1]


def test_all_runs_have_one_time_axis():
    """It ends where the slowest did."""
    slow, fast = compare(MadeUpRun(), MadeUpRun(limit=6)).figure.axes
    assert slow.get_xlim() == fast.get_xlim() == (0, 3)


def test_many_queries_are_drawn_as_counts(llm):
    """Beyond 200 rows the figure shows layers, up to all of the queries; its table is the same."""
    chart = compare(run(limited, llm=llm, questions=201, limit=50))
    assert chart.rows[0][-1] == "201 of 201"
    (axis,) = chart.figure.axes
    assert axis.get_ylim() == (0, 201) and axis.get_ylabel() == "queries"


def test_a_run_is_needed():
    """The message shows a call that works."""
    with pytest.raises(ValueError, match="compare takes at least one run, such as compare"):
        compare()


def test_another_picture_is_refused(runs):
    """The message lists those that there are."""
    with pytest.raises(
        ValueError, match="show is 'pie'; it takes one of timeline, latency, status"
    ):
        compare(*runs, show="pie")
