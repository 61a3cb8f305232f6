"""Figures: each has its data as a table, words made from its data, and can be saved."""

import csv
import html
import re

import pytest

from helpers import FakeLLM, compare, run
from helpers.charts.comparison import memory
from helpers.charts.palette import SCALE
from helpers.strategies import gather, limited, serial
from helpers.sweeps import Sweep, sweep

SHOWS = ["timeline", "latency", "status"]


@pytest.fixture(scope="module")
def llm():
    """A quick fake LLM."""
    with FakeLLM(latency=0.02, search_latency=0.0, save_latency=0.0) as llm:
        yield llm


@pytest.fixture(scope="module")
def runs(llm):
    """The same six questions, serial and all at once."""
    return [run(strategy, llm=llm, questions=6, limit=3) for strategy in (serial, gather)]


@pytest.fixture(scope="module")
def swept(llm):
    """A sweep of two limits."""
    return sweep(limited, (1, 2), llm=llm)


@pytest.mark.parametrize("show", SHOWS)
def test_a_chart_is_a_picture_with_words_and_a_table(runs, show):
    """The alternative text names every strategy and its numbers; the table is in HTML and in plain text."""
    chart = compare(*runs, show=show)
    page = chart._repr_html_()
    alt = html.unescape(re.search(r'<img [^>]*alt="([^"]+)"', page).group(1))
    assert alt == chart.alt and "serial" in alt and "gather" in alt and re.search(r"\d", alt)
    assert page.count("<tr>") == len(chart.rows) + 1
    assert len(str(chart).splitlines()) == len(chart.rows) + 1


def test_the_table_is_made_of_the_runs(runs):
    """In flight as the server saw it, seconds as the run took them, everything answered."""
    rows = compare(*runs).rows
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("serial", 1, "6 of 6"),
        ("gather", 6, "6 of 6"),
    ]
    assert [row[2] for row in rows] == [f"{run.seconds:.2f}" for run in runs]


def test_the_status_table_counts_what_the_server_counted(runs):
    """Three requests a question, all of them answered."""
    assert compare(*runs, show="status").rows == [("serial", "2xx", 18), ("gather", "2xx", 18)]


def test_a_failing_run_has_a_status_of_its_own(llm):
    """A 500 is not a 200."""
    llm.behave(script=["500"])
    failed = run(serial, llm=llm, questions=3, check=False)
    llm.behave(script=[])
    assert ("serial", "5xx", 1) in compare(failed, show="status").rows


def test_many_queries_are_drawn_as_counts(llm):
    """Beyond 200 rows the figure shows layers, and its table is the same."""
    many = run(limited, llm=llm, questions=201, limit=50)
    assert compare(many).rows[0][-1] == "201 of 201"


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_a_chart_can_be_saved(runs, tmp_path, ending):
    """As a picture of either kind, or its table as CSV."""
    path = tmp_path / f"chart.{ending}"
    chart = compare(*runs)
    chart.save(path)
    assert path.stat().st_size > 100
    if ending == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            assert next(csv.reader(file)) == list(chart.head)


def test_a_saved_svg_is_the_same_again(runs, tmp_path):
    """No date and no random ids in it."""
    for name in ("a.svg", "b.svg"):
        compare(*runs).save(tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_another_ending_is_refused(runs, tmp_path):
    """By name, before anything is written."""
    with pytest.raises(ValueError, match="'x.gif' ends in '.gif'; save takes .png, .svg or .csv"):
        compare(*runs).save(tmp_path / "x.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"), [((), "at least one run"), (("show",), "it takes one of timeline")]
)
def test_a_wrong_argument_is_named(runs, arguments, message):
    """No run, or a picture that there is not."""
    with pytest.raises(ValueError, match=message):
        compare(*(runs if arguments else ()), show="pie" if arguments else "timeline")


def test_the_scale_is_on_every_figure_with_time(runs, swept):
    """A tenth of real time, said on the axis."""
    for chart in (*(compare(*runs, show=show) for show in SHOWS), swept.chart()):
        labels = [axis.get_xlabel() for axis in chart.figure.axes]
        assert any(SCALE in label for label in labels)


def test_memory_by_strategy():
    """Megabytes as measured elsewhere, in the order given."""
    chart = memory({"serial": 17.2, "threads": 24.0})
    assert chart.rows == [("serial", "17"), ("threads", "24")] and "threads 24 MB" in chart.alt


def test_a_sweep_has_a_point_for_each_limit(swept):
    """Four times as many questions as in flight, ten at least; throughput never beats Little's law by much."""
    assert [(p.limit, p.queries, p.failed) for p in swept.points] == [(1, 10, 0), (2, 10, 0)]
    assert all(p.throughput <= p.ideal * 1.05 for p in swept.points)
    assert [row[0] for row in swept.chart().rows] == [1, 2] and repr(
        swept
    ) == "Sweep(limited, 2 of 2 limits, done)"


def test_a_sweep_stops_and_goes_on(llm):
    """What was measured is kept; resume does the rest."""
    found = Sweep(limited, (1, 2), llm=llm)
    found.resume().stop()
    assert found.wait(10) and found.outcome in ("stopped", "done")
    kept = list(found.points)
    assert found.resume().wait(30) and found.outcome == "done"
    assert found.points[: len(kept)] == kept and len(found.points) == 2


def test_a_sweep_tells_a_failure(llm):
    """It ends, keeps what it has, and holds the error."""

    def broken(ask, questions, limit):
        raise KeyError("oops")

    with pytest.raises(KeyError, match="oops"):
        sweep(broken, (1, 2), llm=llm)


@pytest.mark.parametrize("limits", [(), (0,), (1.5,)])
def test_limits_are_whole_numbers(limits):
    """From 1 up, and at least one."""
    with pytest.raises(ValueError, match="it takes whole numbers from 1 up"):
        Sweep(limited, limits, llm=None)


def test_no_pyplot():
    """It keeps figures alive and must not be touched from a thread."""
    import subprocess
    import sys

    code = "import sys, helpers.panel.panel; print('matplotlib.pyplot' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )
