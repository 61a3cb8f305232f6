"""Where things are: all that is drawn is on the picture."""

import pytest

from helpers.charts.scene import LEFT, RIGHT, TimeAxis
from tests.charts.made_up import scene_of, spans_of


@pytest.mark.parametrize(
    "more",
    [
        {"ghost": spans_of(6, 1)},
        {"marks": [(100.0, "far")]},
        {"expected": 60.0},
        {"now": 0.0, "spans": []},
    ],
    ids=["ghost", "mark", "expected", "nothing"],
)
def test_the_axis_reaches_all_that_is_drawn(more):
    """The run to compare with, a prediction, and what is still expected."""
    scene = scene_of(**more)
    ghost = max((span.end for span in scene.ghost), default=0.0)
    marks = max((second for second, _ in scene.marks), default=0.0)
    assert scene.end >= max(scene.now, scene.expected, ghost, marks, 0.1)


@pytest.mark.parametrize("width", [300, 760, 1400])
def test_time_runs_from_margin_to_margin(width):
    """Zero is at the left one, the axis' end at the right one, the middle between them."""
    scene = scene_of(width=width)
    axis = TimeAxis(scene)
    assert (axis.x(0), axis.x(scene.end)) == pytest.approx((LEFT, width - RIGHT))
    assert axis.x(scene.end / 2) == pytest.approx((LEFT + width - RIGHT) / 2)
