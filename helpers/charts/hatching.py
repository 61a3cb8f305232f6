"""How SVG fills a kind of bar: with a colour, or with a pattern that is legible without colour."""

from functools import cache

from helpers.charts.palette import KINDS, Kind, kind_of
from helpers.charts.svg import element, path

# A tile of a pattern, in pixels.
_TILE = 6

# matplotlib's letters for a hatch, and its strokes: across a tile's corners too, where tiles meet.
_STROKES = {
    "////": path("M-1 1L1 -1M0 6L6 0M5 7L7 5", stroke_width=1.8),
    "\\\\\\\\": path("M-1 5L1 7M0 0L6 6M5 -1L7 1", stroke_width=1.5),
    "----": path("M0 1.5H6M0 4.5H6", stroke_width=1.2),
    "....": path("M1 3h1.4", stroke_width=1.2),
}


def fill(kind: str, key: str) -> str:
    """The paint of a kind of bar. key: of the chart whose `hatchings` are on the page."""
    look = kind_of(kind)
    return f"url(#{key}-{kind})" if look.hatch else look.colour


@cache  # each frame of a chart has the same
def hatchings(key: str) -> str:
    """The patterns of all kinds that have one. key: keeps two charts on one page apart."""
    return "".join(
        _pattern(f"{key}-{name}", name, kind) for name, kind in KINDS.items() if kind.hatch
    )


def _pattern(name: str, kind: str, look: Kind) -> str:
    # Waiting is what there is most of, so it stays in the background.
    opacity = 0.1 if kind == "waiting" else 0.25
    ground = element("rect", width=_TILE, height=_TILE, fill=look.colour, opacity=opacity)
    strokes = element("g", _STROKES[look.hatch], stroke=look.colour)
    size = {"width": _TILE, "height": _TILE, "patternUnits": "userSpaceOnUse"}
    return element("pattern", ground, strokes, id=name, **size)
