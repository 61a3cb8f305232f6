"""A sweep as pictures: SVG while it runs, a figure when it is over.

Throughput is above and the 95th percentile below, over the same numbers in flight.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from matplotlib.axes import Axes

from helpers.charts.axis import round_up, ticks
from helpers.charts.figures import FAINT, INK, Chart, figure_with_axes, grid, label, legend, title
from helpers.charts.palette import ACCENT, SCALE, WARN
from helpers.charts.svg import element, line, picture, text
from helpers.sweeps import Point, Sweep

# Pixels. Left of the axes stand their numbers; right of them "this machine: 1,000".
_LEFT = 56
_RIGHT = 110
# Above the upper plot stands its title, and between the two that of the lower one.
_TOP = 30
_GAP = 44
# Throughput is what the sweep is about, so it has two thirds.
_UPPER = 200
_LOWER = 96

HEAD = ("in flight", "queries", "a second", "ideal", "p50", "p95", "failed", "CPU ms each")


class _Plot:
    """Where the values of a sweep are on its picture, in pixels."""

    def __init__(self, sweep: Sweep, width: int):
        self.right = width - _RIGHT
        self.middle = _TOP + _UPPER
        self.floor = self.middle + _GAP + _LOWER
        # With some room above, because the next point may be higher.
        self.most = round_up(max([1.0, *(point.throughput for point in sweep.points)]) * 1.15)
        self.slowest = round_up(max([0.05, *(point.p95 for point in sweep.points)]) * 1.1)
        self._powers = math.log(max(2, sweep.limits[-1]))

    def x(self, limit: float) -> float:
        """The pixel of a number in flight; the axis is logarithmic and begins at 1."""
        return _LEFT + math.log(limit) / self._powers * (self.right - _LEFT)

    def rate_y(self, rate: float) -> float:
        """The pixel of so many queries a second; what is beyond the axis is at its end."""
        return self.middle - min(rate, self.most) / self.most * _UPPER

    def p95_y(self, seconds: float) -> float:
        """The pixel of a time."""
        return self.floor - seconds / self.slowest * _LOWER


def sweep_svg(sweep: Sweep, width: int) -> str:
    """The picture of a sweep so far, `width` pixels wide."""
    plot = _Plot(sweep, width)
    said = describe_sweep(sweep)
    left = _LEFT - 40
    return picture(
        width,
        plot.floor + 48,
        said,
        text(left, _TOP - 12, "queries a second", "start", bold=True),
        text(left, plot.middle + _GAP - 12, "p95 of one agent, seconds", "start", bold=True),
        *_axis(plot, plot.rate_y, ticks(plot.most, 4)),
        *_axis(plot, plot.p95_y, ticks(plot.slowest, 3)),
        *(text(plot.x(limit), plot.floor + 18, str(limit)) for limit in sweep.limits),
        text(plot.right + 20, plot.floor + 18, "in flight", "start", faint=True),
        *_ideal(sweep.points, plot),
        *_measured(sweep.points, plot, plot.rate_y, lambda point: point.throughput),
        *_measured(sweep.points, plot, plot.p95_y, lambda point: point.p95),
        *_knee(sweep, plot),
        *_machine(sweep, plot),
        text(left, plot.floor + 40, f"{SCALE} {said}", "start", faint=True),
        # In a cell it has no frame that would keep it from growing with the page.
        style=f"max-width:{width}px",
    )


def describe_sweep(sweep: Sweep) -> str:
    """A sweep in a sentence or two."""
    done = f"{sweep.name}: {len(sweep.points)} of {len(sweep.limits)} concurrencies"
    if not sweep.points:
        return f"{done}."
    best = max(sweep.points, key=lambda point: point.throughput)
    said = f"{done}; best {best.throughput:.0f} a second at {best.limit} in flight."
    if sweep.knee:
        return f"{said} The knee is at {sweep.knee.limit}."
    return f"{said} It still rises at the last one." if len(sweep.points) > 1 else said


def _axis(plot: _Plot, y: Callable[[float], float], values: Sequence[float]) -> Iterator[str]:
    yield line("".join(f"M{_LEFT} {y(value):.1f}H{plot.right}" for value in values), opacity=0.15)
    for value in values:
        yield text(_LEFT - 8, y(value) + 4, f"{value:g}", "end")


def _measured(
    points: Sequence[Point],
    plot: _Plot,
    y: Callable[[float], float],
    value_of: Callable[[Point], float],
) -> Iterator[str]:
    """A line through the points, and the last one's value."""
    if not points:
        return
    places = [(plot.x(point.limit), y(value_of(point))) for point in points]
    yield line(_through(places), stroke=ACCENT, stroke_width=2)
    for x, height in places:
        yield element("circle", cx=x, cy=height, r=4, fill=ACCENT)
    last = value_of(points[-1])
    words = f"{last:.0f}" if last >= 10 else f"{last:.2g}"
    x, height = places[-1]
    yield text(x + 9, height + 4, words, "start", bold=True)


def _through(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _ideal(points: Sequence[Point], plot: _Plot) -> Iterator[str]:
    """What Little's law allows, as far as it is on the picture and to where it leaves it."""
    inside = [point for point in points if point.ideal <= plot.most]
    if not inside:
        return
    drawn = points[: len(inside) + 1]
    places = [(plot.x(point.limit), plot.rate_y(point.ideal)) for point in drawn]
    yield line(_through(places), stroke_dasharray="5 4", opacity=0.7)
    x, y = places[len(inside) - 1]
    yield text(x - 8, y - 6, "ideal", "end", faint=True)


def _knee(sweep: Sweep, plot: _Plot) -> Iterator[str]:
    if sweep.knee is None:
        return
    x = plot.x(sweep.knee.limit)
    down = f"M{x:.1f} {_TOP}V{plot.floor:.1f}"
    yield line(down, stroke=WARN, stroke_dasharray="2 3", stroke_width=2)
    words = f"knee: {sweep.knee.limit}"
    yield text(x + 6, plot.floor - _LOWER + 12, words, "start", bold=True)


def _machine(sweep: Sweep, plot: _Plot) -> Iterator[str]:
    """What one process could send at most, if that is on the picture."""
    limit = sweep.machine_limit
    if limit is None or limit > plot.most:
        return
    y = plot.rate_y(limit)
    yield line(f"M{_LEFT} {y:.1f}H{plot.right}", stroke=WARN, stroke_dasharray="6 4")
    yield text(plot.right + 8, y - 8, f"this machine: {limit:.0f}", "start")


def throughput(sweep: Sweep) -> Chart:
    """The figure of a sweep: queries a second and p95 against the number in flight.

    With what is ideal, the knee, and what this machine can send. Raises ValueError without a point.
    """
    if not sweep.points:
        raise ValueError(f"sweep is {sweep!r}; throughput takes one with a point at least")
    figure, (above, below) = figure_with_axes(4.6, nrows=2, sharex=True, height_ratios=[2, 1])
    _draw_points(above, below, sweep.points)
    best = max(point.throughput for point in sweep.points)
    _mark(above, below, sweep, best)
    limits = [point.limit for point in sweep.points]
    above.set_xscale("log")
    below.set_xticks(limits, [str(limit) for limit in limits])
    below.minorticks_off()
    above.set_ylim(0, best * 1.25)
    below.set_ylim(0, max(point.p95 for point in sweep.points) * 1.2)
    title(above, "Queries a second", sweep.name.replace("_", " "))
    title(below, "p95 of one agent", "seconds")
    label(below, f"in flight.  {SCALE}")
    grid(above, "both")
    grid(below, "both")
    legend(above, "upper left")
    return Chart(figure, describe_sweep(sweep), HEAD, [_row(point) for point in sweep.points])


def _draw_points(above: Axes, below: Axes, points: Sequence[Point]) -> None:
    limits = [point.limit for point in points]
    ideal = [point.ideal for point in points]
    above.plot(limits, ideal, "--", color=FAINT, linewidth=1.3, label="ideal")
    look = {"color": ACCENT, "linewidth": 2, "markersize": 5}
    above.plot(limits, [point.throughput for point in points], "o-", label="measured", **look)
    below.plot(limits, [point.p95 for point in points], "o-", **look)


def _mark(above: Axes, below: Axes, sweep: Sweep, best: float) -> None:
    """The knee, and what this machine can send if that is near to the `best` throughput."""
    words = {"textcoords": "offset points", "color": INK}
    if sweep.knee is not None:
        limit = sweep.knee.limit
        for axis in (above, below):
            axis.axvline(limit, color=WARN, linestyle=":", linewidth=1.8)
        above.annotate(f"knee: {limit}", (limit, best * 0.06), (6, 0), fontweight="bold", **words)
    most = sweep.machine_limit
    if most is not None and most < best * 1.25:
        above.axhline(most, color=WARN, linestyle="--", linewidth=1.3)
        place = (sweep.points[0].limit, most)
        above.annotate(f"this machine: {most:.0f}", place, (0, 4), **words)


def _row(point: Point) -> tuple[object, ...]:
    return (
        point.limit,
        point.queries,
        f"{point.throughput:.1f}",
        f"{point.ideal:.1f}",
        f"{point.p50:.3f}",
        f"{point.p95:.3f}",
        point.failed,
        f"{point.cpu * 1000:.1f}",
    )
