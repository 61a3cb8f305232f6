"""The legend below the live chart: what each kind of bar means."""

from collections.abc import Iterable
from functools import cache

from helpers.charts.hatching import fill
from helpers.charts.palette import in_order, kind_of
from helpers.charts.svg import element
from helpers.tables import as_html


def legend_html(kinds: Iterable[str], key: str = "c") -> str:
    """The kinds of bar in words beside small pictures. key: of the chart above, as in its Scene."""
    entries = [_entry(kind, key) for kind in in_order(kinds)]
    return element("div", *entries, class_="course-legend")


@cache  # each frame of a chart has the same
def _entry(kind: str, key: str) -> str:
    size = {"width": 18, "height": 12}
    sample = element(
        "svg", element("rect", rx=2, fill=fill(kind, key), **size), aria_hidden="true", **size
    )
    return element("span", sample, as_html(kind_of(kind).word), class_="course-key")
