"""The legend says in words what each kind of bar means."""

from helpers.charts.legend import legend_html
from tests.charts.made_up import parsed


def test_the_legend_names_each_kind_once_in_order():
    """In words, in the order in which a query meets them, whatever order they come in."""
    legend = parsed(legend_html({"model", "waiting", "ponder", "retrieve"}))
    words = [entry.find("svg").tail for entry in legend]
    assert words == ["waiting for a turn", "retrieve", "model", "other"]


def test_a_sample_is_filled_as_the_bars_are():
    """With the pattern of the chart above; a screen reader passes over it."""
    (entry,) = parsed(legend_html(["failed"], "k"))
    assert entry.find("svg/rect").get("fill") == "url(#k-failed)"
    assert entry.find("svg").get("aria-hidden") == "true"
