"""A sweep as pictures: its points, what was ideal, its knee, and what this machine can send."""

import pytest

from helpers.charts.palette import ACCENT, SCALE, WARN
from helpers.charts.sweep import describe_sweep, sweep_svg, throughput
from tests.charts.made_up import elements, parsed, swept, words_in


def svg_of(*rates, width=760, **more):
    """The live picture of a sweep with these rates."""
    return sweep_svg(swept(rates, **more), width)


def test_each_point_is_a_dot_in_both_plots():
    """Above its throughput, below its 95th percentile, one below the other."""
    dots = elements(svg_of(9.0, 40.0), "circle")
    assert len(dots) == 4 and {dot.get("fill") for dot in dots} == {ACCENT}
    assert [dot.get("cx") for dot in dots[:2]] == [dot.get("cx") for dot in dots[2:]]


@pytest.mark.parametrize("rates", [(), (9.0,), (9.0, 40.0, 41.0)])
def test_all_limits_are_on_the_axis_from_the_start(rates):
    """So the picture does not move when a point comes, and it is a picture before the first one."""
    words = words_in(svg_of(*rates))
    assert "1 5 50 in flight" in words and SCALE in words


def test_the_knee_is_a_line_with_its_number():
    """None while more still helps."""
    assert "knee: 5" in words_in(svg_of(9.0, 40.0, 41.0))
    assert "knee" not in words_in(svg_of(9.0, 20.0, 41.0))


def test_what_this_machine_can_send_is_shown_where_it_is_near():
    """20 ms of a processor for each query are 50 a second; 1 ms is far above the picture."""
    assert "this machine: 50" in words_in(svg_of(9.0, 40.0, 41.0, cpu=0.02))
    assert "this machine" not in words_in(svg_of(9.0, 40.0, 41.0, cpu=0.001))


def test_the_ideal_is_drawn_to_where_it_leaves_the_picture():
    """Dashed, with its name."""
    svg = svg_of(9.0, 40.0, 41.0)
    dashed = [node for node in elements(svg, "path") if node.get("stroke-dasharray") == "5 4"]
    assert "ideal" in words_in(svg) and dashed[0].get("d").count("L") == 2


@pytest.mark.parametrize("width", [480, 760])
def test_one_unit_is_one_pixel(width):
    """And in a cell the picture does not grow with the page."""
    svg = parsed(svg_of(9.0, width=width))
    assert svg.get("viewBox").split()[2] == str(width)
    assert svg.get("style").endswith(f"max-width:{width}px")


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((), "len: 0 of 3 concurrencies."),
        ((9.0,), "len: 1 of 3 concurrencies; best 9 a second at 1 in flight."),
        (
            (9.0, 20.0, 41.0),
            "len: 3 of 3 concurrencies; best 41 a second at 50 in flight. "
            "It still rises at the last one.",
        ),
        (
            (9.0, 40.0, 41.0),
            "len: 3 of 3 concurrencies; best 41 a second at 50 in flight. The knee is at 5.",
        ),
    ],
    ids=["none", "one", "rising", "knee"],
)
def test_a_sweep_is_said_in_words(rates, said):
    """So far; the picture's name and the figure's words are the same."""
    assert describe_sweep(swept(rates)) == said
    assert parsed(svg_of(*rates)).get("aria-label") == said


def test_the_figure_has_a_row_for_each_point():
    """With what was measured and what was ideal; its words are the sweep's."""
    sweep = swept((9.0, 40.0, 41.0), cpu=0.02)
    chart = throughput(sweep)
    assert chart.rows[1] == (5, 10, "40.0", "45.0", "0.100", "0.200", 0, "20.0")
    assert chart.alt == describe_sweep(sweep) and len(chart.rows) == 3
    assert SCALE in chart.figure.axes[1].get_xlabel()


def test_the_figure_marks_the_knee_and_this_machine():
    """In both plots, and by words in the upper one."""
    above, below = throughput(swept((9.0, 40.0, 41.0), cpu=0.02)).figure.axes
    assert {"knee: 5", "this machine: 50"} <= {text.get_text() for text in above.texts}
    assert [line.get_color() for line in below.lines].count(WARN) == 1


def test_without_a_point_there_is_no_figure():
    """The message says what there is."""
    with pytest.raises(ValueError, match=r"sweep is Sweep\(len, 0 of 3 limits, stopped\)"):
        throughput(swept(()))
