"""The bands below the bars: how many were in flight, and how late the loop was."""

import pytest

from helpers.charts.bands import in_flight_svg, lag_svg
from helpers.charts.palette import ACCENT, WARN
from helpers.charts.scene import BAND, LAG, LEFT, TOP, TimeAxis
from helpers.trace import Span
from tests.charts.made_up import elements, fragment, scene_of, words_in


def in_flight(scene):
    """The band of a scene, 100 pixels from the top."""
    return fragment(in_flight_svg(scene, TimeAxis(scene), 100))


def lag(*lags):
    """The band of these lags."""
    scene = scene_of(lag=lags)
    return fragment(lag_svg(scene, TimeAxis(scene), 100))


def test_the_number_in_flight_is_a_curve_in_its_band():
    """From zero up to two, which is the most, and down again at the end."""
    (edge,) = [node for node in elements(in_flight(scene_of()), "path") if node.get("stroke")]
    heights = [float(step.split("H")[0]) for step in edge.get("d").split("V")[1:]]
    assert edge.get("d").startswith(f"M{LEFT} {100 + BAND:.1f}")
    assert min(heights) == 106.0 and heights[-1] == 100 + BAND


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([Span(0, "query", "t", 0.0, 1.0, "ok")], "in flight: at most 1"),
        ([Span(0, "query", "t", 0.0), Span(1, "query", "t", 0.5)], "in flight now: 2"),
        ([], "in flight: at most 0"),
    ],
    ids=["over", "live", "empty"],
)
def test_the_number_is_said_in_words(spans, said):
    """Now while the run goes on, and the most when it is over."""
    assert said in words_in(in_flight(scene_of(spans=spans)))


def test_the_limit_is_a_line_with_its_number():
    """Above the curve where fewer were in flight than allowed; none where nothing is limited."""
    band = in_flight(scene_of(limit=9))
    (line,) = [node for node in elements(band, "path") if node.get("stroke") == WARN]
    assert "limit 9" in words_in(band) and "106.0H" in line.get("d")
    assert "limit" not in words_in(in_flight(scene_of()))


def test_a_blocked_loop_is_named_and_shaded_over_all_of_the_chart():
    """A lag of half a second is no small print; its shade begins when the block did."""
    band = lag((0.02, 0.001), (1.0, 0.5))
    assert "event loop late by at most 500 ms: it was blocked" in words_in(band)
    (shade,) = [node for node in elements(band, "path") if node.get("fill") == WARN]
    axis = TimeAxis(scene_of())
    assert shade.get("d").startswith(f"M{axis.x(0.5):.1f} {TOP}H{axis.x(1.0):.1f}")


def test_a_loop_that_is_hardly_late_is_small_print():
    """A millisecond is written, is low in its band, and alarms nobody."""
    band = lag((0.02, 0.001))
    assert "at most 1 ms" in words_in(band) and "blocked" not in words_in(band)
    (peak,) = [node for node in elements(band, "path") if node.get("stroke") == ACCENT]
    floor, top = (float(part) for part in peak.get("d").split(" ")[1].split("V"))
    assert 0 < floor - top < 0.1 * LAG
