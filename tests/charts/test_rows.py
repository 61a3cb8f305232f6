"""Rows of bars: where they are, how many, and which words are on them."""

import pytest

from helpers.charts.bars import MOST_ROWS, bars_by_lane, bars_by_query
from helpers.charts.palette import KINDS
from helpers.charts.rows import rows_svg
from helpers.charts.scene import LEFT, PLOT, TOP, TimeAxis
from helpers.trace import Span
from tests.charts.made_up import elements, fragment, scene_of, spans_of, strokes, words_in


def drawn(scene, bars=None):
    """The rows of a scene as a document, and where they end."""
    bars = bars or bars_by_query(scene.spans, scene.now, scene.queries)
    svg, bottom = rows_svg(scene, TimeAxis(scene), bars)
    return fragment(svg), bottom


def path_of(svg, paint):
    """The path with this stroke."""
    (found,) = [node for node in elements(svg, "path") if node.get("stroke") == paint]
    return found


@pytest.mark.parametrize("name", ["retrieve", "model", "process"])
def test_there_is_a_bar_for_each_step(name):
    """Six queries: six strokes in the one path of each kind."""
    svg, _ = drawn(scene_of())
    assert strokes(path_of(svg, KINDS[name].colour).get("d")) == 6


def test_a_bar_is_where_its_time_is():
    """The model's first step runs from 0.1 to 0.9 s, in the first row."""
    scene = scene_of()
    axis = TimeAxis(scene)
    svg, _ = drawn(scene)
    first = path_of(svg, KINDS["model"].colour).get("d").split("M")[1]
    width = 0.8 * axis.pixels_per_second
    assert first == f"{axis.x(0.1):.1f} {TOP + 8:.1f}h{width:.1f}"


def test_a_step_of_no_time_can_be_seen():
    """It is a little less than a pixel wide."""
    svg, _ = drawn(scene_of(spans=[Span(0, "model", "t", 1.0, 1.0, "ok")]))
    assert path_of(svg, KINDS["model"].colour).get("d").endswith("h0.7")


def test_beyond_the_most_rows_every_nth_is_drawn():
    """450 threads share the height of 150 rows, and none of them is outside."""
    spans = spans_of(450, 450)
    svg, bottom = drawn(scene_of(450, 450, lanes=True), bars_by_lane(spans, 1.0))
    assert strokes(path_of(svg, KINDS["model"].colour).get("d")) == 150 <= MOST_ROWS
    assert bottom == pytest.approx(TOP + PLOT)


def test_each_kind_is_named_once_on_a_bar_that_has_room():
    """The model's bar is wide enough for its word; that of 0.1 s is not."""
    svg, _ = drawn(scene_of())
    assert words_in(svg).split().count("model") == 1
    assert "retrieve" not in words_in(svg)


@pytest.mark.parametrize(
    ("queries", "numbers"),
    [(3, "1 2 3"), (25, "1 4 6 8"), (200, "1 10 20")],
    ids=["all", "every second", "every tenth"],
)
def test_rows_are_numbered_as_far_apart_as_text_needs(queries, numbers):
    """All of a few rows, but only some of many; people count from 1."""
    svg, _ = drawn(scene_of(queries, queries))
    found = [word for word in words_in(svg).split() if word.isdigit()]
    assert found[: len(numbers.split())] == numbers.split()


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_query_that_ended_badly_has_a_word_and_a_hatch(state):
    """Not by colour alone."""
    spans = [Span(0, "query", "t", 0, 1, state), Span(0, "model", "t", 0, 1, state)]
    svg, _ = drawn(scene_of(1, 1, spans=spans, key="k"))
    assert state in words_in(svg) and path_of(svg, f"url(#k-{state})").get("d")


def test_the_run_to_compare_with_is_pale_and_has_no_lanes():
    """A bar for each query; in lanes it would say nothing, since its threads were others."""
    ghost = spans_of(6, 1)
    svg, _ = drawn(scene_of(ghost=ghost))
    (pale,) = [node for node in elements(svg, "path") if node.get("opacity") == "0.14"]
    assert strokes(pale.get("d")) == 6
    scene = scene_of(ghost=ghost, lanes=True)
    svg, _ = drawn(scene, bars_by_lane(scene.spans, scene.now))
    assert all(node.get("opacity") is None for node in elements(svg, "path"))


def test_a_step_of_the_learners_own_is_grey():
    """It has a path of its own, and no name that nobody knows."""
    svg, _ = drawn(scene_of(spans=[Span(0, "ponder", "t", 0, 1, "ok")]))
    assert path_of(svg, "#999999").get("d").startswith(f"M{LEFT}")
