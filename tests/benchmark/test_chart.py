"""The benchmark's picture: its numbers, its words, and what is drawn of them."""

import pytest

from helpers.benchmark.benchmark import Benchmark, shipped
from helpers.benchmark.chart import rates
from helpers.benchmark.rows import FULL, Row
from tests.benchmark.made_up import result


def test_it_shows_what_was_measured_beside_the_article_and_theory():
    """One row of numbers for each row of the benchmark, and the same in words."""
    chart = rates(shipped())
    rows = {row[0]: row[1:] for row in chart.rows}
    assert list(rows) == [row.name for row in FULL]
    assert rows["async, limit 50"] == ("24.9", "25", "100")
    assert rows["1,000 threads"][2] == "–"
    assert "async, limit 50: measured 24.9, theory 25, article 100." in chart.alt


def test_no_bar_passes_its_line_and_one_cross_does():
    """What the lesson tells the reader to see, read off what is drawn."""
    (axis,) = rates(shipped()).figure.axes
    bars = [bar.get_width() for bar in axis.patches]
    theory, article = axis.lines
    limits = dict(zip(theory.get_ydata(), theory.get_xdata()))
    assert len(bars) == len(FULL)
    assert all(bar <= 1.02 * limits[place] for place, bar in enumerate(bars))
    crosses = zip(article.get_ydata(), article.get_xdata())
    beyond = {FULL[place].name for place, said in crosses if said > 1.02 * limits[place]}
    assert "async, limit 50" in beyond


def test_rows_of_ones_own_of_which_the_article_says_nothing_are_drawn_too():
    """There is no cross then."""
    mine = result(Row("mine", "async", 10, 100, 0.5), seconds=5.5)
    chart = rates(Benchmark([mine.row], results={"mine": mine}))
    assert chart.rows == [("mine", "4.55", "5", "–")]
    assert len(chart.figure.axes[0].lines[1].get_xdata()) == 0


def test_a_benchmark_without_results_says_how_to_get_some():
    """An empty picture would say nothing."""
    with pytest.raises(ValueError, match=r"no result yet; bench.run\(\) measures"):
        rates(Benchmark(FULL))
