"""Layers: many queries, drawn as how many are in which state."""

from helpers.charts.flow import flow_of
from helpers.charts.layers import flow_svg
from helpers.charts.palette import ACCENT, KINDS
from helpers.charts.scene import PLOT, TOP, TimeAxis
from tests.charts.made_up import elements, fragment, scene_of, words_in


def drawn(scene):
    """The layers of a scene as a document."""
    flow = flow_of(scene.spans, scene.now, scene.queries)
    return fragment(flow_svg(scene, TimeAxis(scene), flow))


def test_each_layer_is_a_shape_in_its_paint():
    """Closed, in the colour or the hatching of its kind; the answered ones are pale."""
    shapes = {
        node.get("fill"): node.get("d") for node in elements(drawn(scene_of(1000, 100)), "path")
    }
    assert set(shapes) == {
        ACCENT,
        "url(#c-waiting)",
        *(KINDS[name].colour for name in ("retrieve", "model", "process")),
    }
    assert all(d.endswith("z") for d in shapes.values())


def test_all_layers_are_inside_of_the_plot():
    """From the top of the waiting ones to the bottom of the answered."""
    for node in elements(drawn(scene_of(1000, 100)), "path"):
        heights = [int(point.split()[1]) for point in node.get("d").strip("Mz").split("L")]
        assert TOP <= min(heights) <= max(heights) <= TOP + PLOT


def test_the_number_answered_is_written_in_where_there_is_room():
    """Beside it stand none, half and all of the queries."""
    assert "0 500 1,000 answered 1,000" in words_in(drawn(scene_of(1000, 100)))
    early = scene_of(1000, 100, now=0.5, expected=10.0)
    assert "answered" not in words_in(drawn(early))
