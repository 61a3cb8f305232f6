"""What is closed is gone with all that belongs to it."""

import ipywidgets as widgets

from helpers.panel.closing import close_all, parts
from helpers.panel.controls import Slider


def test_parts_are_all_that_a_box_holds():
    """The innermost first, as deep as it goes."""
    button, page = widgets.Button(), widgets.HTML()
    inner = widgets.Box([button])
    assert parts(widgets.VBox([inner, page])) == [button, inner, page]


def test_a_widget_is_closed_with_its_layout_and_style():
    """A closed widget has no comm, by which the page would hear of it; it may be closed twice."""
    button, slider = widgets.Button(), Slider("Queries", 5, 1, 9)
    belonging = [button, button.layout, button.style, slider, slider.layout]
    assert None not in [widget.comm for widget in belonging]
    close_all([button, slider, button])
    assert [widget.comm for widget in belonging] == [None] * len(belonging)
