"""The live chart as a whole: well-formed, small, legible at any width, and said in words."""

import pytest

from helpers.charts.bars import MOST_ROWS
from helpers.charts.palette import SCALE
from helpers.charts.timeline import timeline_html, timeline_svg
from tests.charts.made_up import elements, parsed, scene_of, spans_of, words_in

KIB = 1024


@pytest.mark.parametrize("queries", [1, 2, 20, 199, 200, 201, 1000, 5000])
def test_a_frame_is_valid_and_small_at_any_size(queries):
    """Well-formed XML of less than 40 KiB, from one query to thousands."""
    svg = timeline_svg(scene_of(queries, 50))
    assert parsed(svg).get("role") == "img"
    assert len(svg) < 40 * KIB


def test_the_scale_is_on_every_chart():
    """Nobody may take a tenth of a second for a second."""
    assert SCALE in words_in(timeline_svg(scene_of()))


def test_the_label_says_what_the_picture_shows():
    """The description, escaped, is the accessible name; without one it is the title."""
    assert parsed(timeline_svg(scene_of(words='5 < 6 & "so"'))).get("aria-label") == '5 < 6 & "so"'
    assert parsed(timeline_svg(scene_of())).get("aria-label") == "threads"


def test_beyond_two_hundred_rows_queries_are_counted():
    """The rows become layers, and so the picture stays as high as it is."""
    many, few = (timeline_svg(scene_of(n, 100)) for n in (MOST_ROWS + 1, MOST_ROWS))
    assert "queries" in words_in(many) and "query" in words_in(few)
    assert parsed(many).get("viewBox") == parsed(few).get("viewBox")


def test_lanes_have_rows_however_many_queries_there_are():
    """A few threads that answer a thousand queries have a row each."""
    assert "thread" in words_in(timeline_svg(scene_of(1000, 10, lanes=True)))


def test_marks_are_lines_with_their_words():
    """Two at the same second do not cover each other: their words stand at different heights."""
    marks = [(2.5, "your guess"), (2.5, "pinned")]
    texts = elements(timeline_svg(scene_of(marks=marks)), "text")
    heights = {node.text: node.get("y") for node in texts}
    assert heights["your guess"] != heights["pinned"]


def test_the_seconds_are_on_the_axis():
    """From 0 to its end, as far apart as there is room for."""
    words = words_in(timeline_svg(scene_of(now=3.0)))
    assert "0 0.5 s 1.0 s 1.5 s 2.0 s 2.5 s 3.0 s" in words


def test_a_lag_has_a_band_of_its_own():
    """The picture is higher then; a run without a loop has none."""
    without, with_lag = (parsed(timeline_svg(scene_of(lag=lag))) for lag in ((), ((1.0, 0.01),)))
    height = [float(svg.get("viewBox").split()[3]) for svg in (without, with_lag)]
    assert height[1] - height[0] == 52


def test_an_empty_trace_is_a_picture_too():
    """Before the first bar there is an axis."""
    assert "in flight" in words_in(timeline_svg(scene_of(5, spans=[], now=0.0, limit=5)))


@pytest.mark.parametrize("width", [300, 480, 760, 1400])
def test_the_picture_is_as_wide_as_the_page(width):
    """One unit is one pixel, so text keeps its size."""
    assert parsed(timeline_svg(scene_of(width=width))).get("viewBox").split()[2] == str(width)


@pytest.mark.parametrize("queries", [6, 1000])
def test_the_legend_names_what_is_drawn_and_what_is_to_come(queries):
    """The kinds in the picture, and those that are asked for; no legend jumps in mid-run."""
    scene = scene_of(queries, 2, spans=spans_of(queries, 2), key="k")
    html = timeline_html(scene, ["tool"])
    assert html.startswith(timeline_svg(scene))
    legend = html.removeprefix(timeline_svg(scene))
    words = [entry.find("svg").tail for entry in parsed(legend)]
    assert words == ["waiting for a turn", "retrieve", "model", "tool", "process"]
