"""Hatched kinds are filled with patterns of their own chart."""

from helpers.charts.hatching import fill, hatchings
from helpers.charts.palette import KINDS
from tests.charts.made_up import elements, fragment


def ids(key):
    """The ids of a chart's patterns."""
    return [node.get("id") for node in elements(fragment(hatchings(key)), "pattern")]


def test_every_kind_has_a_paint_that_is_there():
    """A colour, or a pattern that the chart defines."""
    for name, kind in KINDS.items():
        paint = fill(name, "k")
        assert paint == (f"url(#k-{name})" if kind.hatch else kind.colour)
        assert not kind.hatch or f"k-{name}" in ids("k")


def test_two_charts_on_a_page_do_not_share_patterns():
    """Hiding one of them would leave the other without its hatching."""
    assert ids("a") and not set(ids("a")) & set(ids("b"))
