"""The lower part of the live chart: the number in flight, and how late the event loop was."""

from collections.abc import Callable

import numpy as np

from helpers.charts.flow import under_way
from helpers.charts.palette import ACCENT, WARN
from helpers.charts.scene import BAND, LAG, LEFT, TOP, Scene, TimeAxis
from helpers.charts.svg import line, path, repeated, text

# A loop that is late by less, in seconds, may just have had much to do; a person notices from here.
BLOCKED = 0.1
# The least lag that fills its band, in seconds: noise of a millisecond must not look like a storm.
_LEAST_LAG = 0.02


def in_flight_svg(scene: Scene, axis: TimeAxis, top: float) -> str:
    """How many queries were under way, in a band of BAND pixels from `top`, and the limit."""
    whole = [span for span in scene.spans if span.step == "query"]
    # Once a pixel is as often as one can see.
    times = np.linspace(0.0, scene.now, max(2, int(axis.x(scene.now) - LEFT)))
    ends = [span.end for span in whole if span.end is not None]
    counts = under_way([span.start for span in whole], ends, times)
    highest = int(counts.max())
    most = max(scene.limit or 1, highest)
    floor = top + BAND

    def y(count: int) -> float:
        return floor - count / most * (BAND - 6)  # the limit's line stays inside of the band

    now = len(whole) - len(ends)
    said = f"in flight now: {now}" if now else f"in flight: at most {highest}"
    parts = [
        *_curve(counts, y, axis.x(scene.now)),
        text(LEFT, top - 5, said, "start", faint=True),
        text(LEFT - 8, floor + 3, "0", "end"),
        text(LEFT - 8, y(most) + 5, str(most), "end"),
    ]
    if scene.limit:
        across = f"M{LEFT} {y(scene.limit):.1f}H{axis.right}"
        parts.append(line(across, stroke=WARN, stroke_width=1.5, stroke_dasharray="6 4"))
        parts.append(text(axis.right, top - 5, f"limit {scene.limit}", "end"))
    return "".join(parts)


def _curve(counts: np.ndarray, y: Callable[[int], float], end: float) -> tuple[str, str]:
    """The area and its edge, with a corner only where the number changes."""
    changes = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist()]
    steps = [(LEFT + pixel, y(count)) for pixel, count in zip(changes, counts[changes].tolist())]
    edge = f"M{LEFT} {y(0):.1f}{repeated('H%dV%.1f', steps)}H{end:.1f}"
    area = path(f"{edge}V{y(0):.1f}H{LEFT}z", fill=ACCENT, opacity=0.2)
    return area, line(edge, stroke=ACCENT)


def lag_svg(scene: Scene, axis: TimeAxis, top: float) -> str:
    """How late the loop was, in a band of LAG pixels from `top`; all above a block is shaded."""
    worst = max(late for _, late in scene.lag)
    most = max(worst, _LEAST_LAG)
    floor = top + LAG
    blocked = [(second, late) for second, late in scene.lag if late >= BLOCKED]
    said = f"event loop late by at most {worst * 1000:.0f} ms"
    parts = [
        line(f"M{LEFT} {floor:.1f}H{axis.right:.1f}", opacity=0.2),
        path(_shade(blocked, axis, floor), fill=WARN, opacity=0.13),
        line(_peaks(scene, axis, floor, most), stroke=WARN if blocked else ACCENT),
        text(LEFT - 8, top + 8, f"{most * 1000:.0f} ms", "end"),
    ]
    if blocked:
        parts.append(text(LEFT, top - 5, f"{said}: it was blocked", "start", bold=True))
    else:
        parts.append(text(LEFT, top - 5, said, "start", faint=True))
    return "".join(parts)


def _peaks(scene: Scene, axis: TimeAxis, floor: float, most: float) -> str:
    """A stroke for each pixel, as tall as the worst lag in it."""
    pixels: dict[int, float] = {}
    for second, late in scene.lag:
        pixel = int(axis.x(second))
        pixels[pixel] = max(late, pixels.get(pixel, 0.0))
    tall = (LAG - 4) / most
    return "".join(f"M{x} {floor:.1f}V{floor - late * tall:.1f}" for x, late in pixels.items())


def _shade(blocked: list[tuple[float, float]], axis: TimeAxis, floor: float) -> str:
    """The times for which the loop was blocked, over all of the chart: nothing moved then."""
    return "".join(
        f"M{axis.x(second - late):.1f} {TOP}H{axis.x(second):.1f}"
        f"V{floor:.1f}H{axis.x(second - late):.1f}z"
        for second, late in blocked
    )
