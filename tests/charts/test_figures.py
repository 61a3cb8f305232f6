"""Charts: a picture with words for it and its data as a table, which can be saved."""

import csv
import html
import re
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex

from helpers.charts.figures import (
    Chart,
    draw_bars,
    figure_with_axes,
    label,
    legend_of_kinds,
    look_of,
    title,
)
from helpers.charts.lines import curves
from helpers.charts.palette import KINDS
from helpers.process import run_python
from helpers.tables import visible


@pytest.fixture
def chart():
    """A line through three points; the words need escaping."""
    figure, (axis,) = figure_with_axes(2.0)
    axis.plot([0, 1, 2], [1, 4, 9])
    label(axis, "seconds", "answers")
    title(axis, "Answers", "per second")
    return Chart(figure, 'from "1" to <9>', ["x", "y"], [[0, 1], [1, 4], [2, 9]])


def test_a_chart_shows_its_picture_words_and_table(chart):
    """The alternative text is what was given; the table is in HTML and in plain text."""
    page = chart._repr_html_()
    assert html.unescape(re.search(r'<img [^>]*alt="([^"]+)"', page).group(1)) == chart.alt
    assert page.count("<tr>") == 4
    assert str(chart).splitlines()[0].split() == ["x", "y"] and len(str(chart).splitlines()) == 4
    assert repr(chart) == "Chart with a table of 3 rows"


def test_a_chart_is_inverted_on_a_dark_page(chart):
    """In JupyterLab's dark themes and in VS Code's."""
    page = chart._repr_html_()
    assert (
        '[data-jp-theme-light="false"] .course-picture' in page and 'class="course-picture"' in page
    )


@pytest.mark.parametrize(
    ("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("csv", b"x,y")]
)
def test_a_chart_can_be_saved(chart, tmp_path, ending, begins):
    """As a picture of either kind, or its table as CSV."""
    path = tmp_path / f"chart.{ending}"
    chart.save(path)
    assert path.read_bytes().startswith(begins)


def test_words_are_shown_as_they_are(tmp_path):
    """A name is no formula, and a control in it leaves the SVG a picture that can be read."""
    name = r"$\nope{ $2 \x1b[31m"
    series = curves({name: {1: 1.0, 2: 2.0}}, name, name)
    series.save(tmp_path / "chart.svg")
    ElementTree.parse(tmp_path / "chart.svg")
    (axis,) = series.figure.axes
    words = [*axis.get_legend().get_texts(), axis.xaxis.label]
    assert {text.get_text() for text in words} == {visible(name)}
    assert axis.get_title(loc="left") == visible(name) and visible(name) in series.alt
    for shown in (str(series), series._repr_html_()):
        assert r"\x1b[31m" in shown and "\x1b" not in shown


def test_a_saved_table_is_the_chart_s(chart, tmp_path):
    """A line for the head and one for each row."""
    chart.save(tmp_path / "chart.csv")
    with (tmp_path / "chart.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["x", "y"], ["0", "1"], ["1", "4"], ["2", "9"]]


def test_a_saved_svg_is_the_same_again(chart, tmp_path):
    """Neither a date nor random ids are in it."""
    for name in ("a.svg", "b.svg"):
        chart.save(tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_another_ending_is_refused(chart, tmp_path):
    """By name, before anything is written."""
    with pytest.raises(ValueError, match="'x.gif' ends in '.gif'; save takes .png, .svg or .csv"):
        chart.save(tmp_path / "x.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", list(KINDS))
def test_a_kind_of_bar_looks_the_same_in_every_figure(name):
    """In the palette's colour and hatching, except that waiting is pale on white."""
    look = look_of(name)
    if name == "waiting":
        assert "hatch" not in look
    elif KINDS[name].hatch:
        assert (look["edgecolor"], look["hatch"]) == (KINDS[name].colour, KINDS[name].hatch)
    else:
        assert look["facecolor"] == KINDS[name].colour


def test_bars_lie_in_their_rows():
    """Rows count from 0 and are drawn from 1; a wait is thinner than work."""
    figure, (axis,) = figure_with_axes(2.0)
    draw_bars(axis, "model", [(0, 1.0, 3.0)])
    draw_bars(axis, "waiting", [(0, 0.0, 1.0)])
    work, wait = (one.get_paths()[0].get_extents() for one in axis.collections)
    assert (work.x0, work.x1) == (1.0, 3.0) and work.y0 < 1 < work.y1
    assert work.height > 2 * wait.height > 0


def test_the_legend_names_kinds_once_and_in_order():
    """With a sample of each."""
    figure, _ = figure_with_axes(2.0)
    legend_of_kinds(figure, {"model", "retrieve"})
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["retrieve", "model"]
    colours = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()]
    assert colours == [KINDS["retrieve"].colour.lower(), KINDS["model"].colour.lower()]


def test_nothing_loads_pyplot():
    """It keeps figures alive and must not be touched from a second thread."""
    code = "import sys, helpers.panel, helpers.charts; print('matplotlib.pyplot' in sys.modules)"
    assert run_python("-c", code).stdout == "False\n"
