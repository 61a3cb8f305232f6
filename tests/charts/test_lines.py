"""Curves: what a lesson has measured, as lines with a table."""

import re

import pytest

from helpers.charts import curves

SERIES = {"threads": {1: 2.0, 10: 20.0}, "async": {10: 21.0, 100: 200.0}}


def test_each_name_has_a_line_through_its_points():
    """In the order of x, whatever order they come in."""
    (axis,) = curves({"a": {10: 5.0, 1: 2.0}}, "users", "seconds").figure.axes
    (line,) = axis.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1, 10], [2.0, 5.0])


def test_the_table_has_a_row_for_each_x_and_a_column_for_each_name():
    """A dash where a name has no point there."""
    chart = curves(SERIES, "users", "seconds")
    assert chart.head == ("users", "threads", "async")
    assert chart.rows == [("1", "2", "–"), ("10", "20", "21"), ("100", "–", "200")]
    assert chart.alt == (
        "seconds against users. threads: 2 at 1, 20 at 10. async: 21 at 10, 200 at 100."
    )


@pytest.mark.parametrize(("log", "scale"), [(True, "log"), (False, "linear")])
def test_both_axes_go_by_powers_of_ten_or_neither(log, scale):
    """Powers of ten unless said otherwise; the points' x are named in either case."""
    (axis,) = curves(SERIES, "users", "seconds", log=log).figure.axes
    assert axis.get_xscale() == axis.get_yscale() == scale
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1", "10", "100"]


def test_lines_are_told_apart_without_colour(tmp_path):
    """Six of them: one is solid, and the others have dashes of their own."""
    curves({name: {1: 1.0, 2: 2.0} for name in "abcdef"}, "x", "y").save(tmp_path / "six.svg")
    svg = (tmp_path / "six.svg").read_text(encoding="utf-8")
    assert len(set(re.findall(r"stroke-dasharray: ([^;]+)", svg))) == 5


@pytest.mark.parametrize("series", [{}, {"a": {}}])
def test_without_a_point_there_is_no_picture(series):
    """The message says what it takes."""
    with pytest.raises(ValueError, match="series has no point; it takes"):
        curves(series, "x", "y")
