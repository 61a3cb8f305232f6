"""A run as a picture made of text: the live chart's SVG, built in a millisecond or two.

Matplotlib must not draw while the clock runs: a frame takes it 30 to 250 ms, in the process that is
being measured. A string of SVG that the browser draws costs next to nothing, and stays small when
each kind of bar is one path.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from helpers.charts.axis import decimals, ticks
from helpers.charts.bands import in_flight_svg, lag_svg
from helpers.charts.bars import MOST_ROWS, bars_by_lane, bars_by_query
from helpers.charts.flow import flow_of
from helpers.charts.hatching import hatchings
from helpers.charts.layers import flow_svg
from helpers.charts.legend import legend_html
from helpers.charts.palette import KINDS, SCALE
from helpers.charts.rows import rows_svg
from helpers.charts.scene import BAND, GAP, LAG, LEFT, PLOT, TOP, Scene, TimeAxis
from helpers.charts.svg import element, line, picture, text

# The least distance of two seconds on the axis, in pixels: "0.25 s" with air on both sides.
_TICK = 80
# From one line of text to the next, in pixels.
_LINE = 17
# The colour of waiting to retry, which is hatched, so a plain line is not taken for it. Its words
# lie on bars, and a halo of the page's colour keeps them legible.
_MARK = KINDS["retry"].colour
_HALO = {
    "paint_order": "stroke",
    "stroke": "var(--jp-layout-color0,#fff)",
    "stroke_width": 4,
    "stroke_linejoin": "round",
}


class _Upper(NamedTuple):
    """The part that shows the queries.

    noun: what its rows or layers are made of. bottom: the pixel at which it ends.
    kinds: of bar that are in it.
    """

    noun: str
    svg: str
    bottom: float
    kinds: set[str]


def timeline_html(scene: Scene, kinds: Iterable[str] = ()) -> str:
    """The picture with its legend, which names the kinds of bar in the picture, and also `kinds`.

    Naming what is not there yet keeps a legend from jumping while a run goes on.
    """
    axis = TimeAxis(scene)
    upper = _upper(scene, axis)
    return _picture(scene, axis, upper) + legend_html(upper.kinds.union(kinds), scene.key)


def timeline_svg(scene: Scene) -> str:
    """The picture alone: bars or layers, and below them the number in flight and the loop's lag."""
    axis = TimeAxis(scene)
    return _picture(scene, axis, _upper(scene, axis))


def _upper(scene: Scene, axis: TimeAxis) -> _Upper:
    if scene.lanes:
        bars = bars_by_lane(scene.spans, scene.now)
    elif scene.queries > MOST_ROWS:
        flow = flow_of(scene.spans, scene.now, scene.queries)
        return _Upper("queries", flow_svg(scene, axis, flow), TOP + PLOT, flow.kinds)
    else:
        bars = bars_by_query(scene.spans, scene.now, scene.queries)
    svg, bottom = rows_svg(scene, axis, bars)
    return _Upper(bars.noun, svg, bottom, set(bars.by_kind))


def _picture(scene: Scene, axis: TimeAxis, upper: _Upper) -> str:
    floor = upper.bottom + GAP + BAND
    lower = in_flight_svg(scene, axis, upper.bottom + GAP)
    if scene.lag:
        lower += lag_svg(scene, axis, floor + GAP)
        floor += GAP + LAG
    return picture(
        scene.width,
        floor + 40,  # a line for the seconds, one for the scale
        scene.words or scene.title,
        element("defs", hatchings(scene.key)),
        *_grid(axis, floor),
        upper.svg,
        lower,
        *_marks(scene, axis, upper.bottom),
        text(LEFT - 8, TOP - 10, upper.noun, "end", faint=True),
        text(LEFT, TOP - 10, scene.title, "start", bold=True),
        text(LEFT, floor + 36, SCALE, "start", faint=True),
    )


def _grid(axis: TimeAxis, floor: float) -> Iterator[str]:
    """The seconds: a line and a number for each tick."""
    seconds = ticks(axis.end, max(3, int((axis.right - LEFT) / _TICK)))
    digits = decimals(seconds[1])
    yield line(
        "".join(f"M{axis.x(second):.1f} {TOP}V{floor:.1f}" for second in seconds), opacity=0.13
    )
    for second in seconds:
        x = axis.x(second)
        anchor = "end" if x > axis.right - 12 else "middle"
        yield text(x, floor + 16, f"{second:.{digits}f} s" if second else "0", anchor)


def _marks(scene: Scene, axis: TimeAxis, bottom: float) -> Iterator[str]:
    """Vertical lines with their words, one above the other so that words do not collide."""
    for place, (second, words) in enumerate(sorted(scene.marks)):
        x = axis.x(second)
        offset, anchor = (-6, "end") if x > scene.width * 0.6 else (6, "start")
        yield line(
            f"M{x:.1f} {TOP - 4}V{bottom:.1f}", stroke=_MARK, stroke_width=2, stroke_dasharray="2 3"
        )
        said = text(x + offset, bottom - 8 - _LINE * place, words, anchor, bold=True)
        yield element("g", said, **_HALO)
