"""A sweep as live SVG: throughput above, p95 below, over the same concurrencies."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from helpers.charts.axis import round_up as nice
from helpers.charts.axis import ticks
from helpers.charts.palette import ACCENT, SCALE, WARN

LEFT, RIGHT, TOP, UPPER, LOWER, GAP = 56, 110, 30, 200, 96, 44
TEXT = 'fill="currentColor"'


def sweep_svg(sweep: Any, width: int) -> str:
    """The picture so far of a helpers.sweeps.Sweep, so many pixels wide."""
    points, last = sweep.points, math.log(max(2, sweep.limits[-1]))

    def x(limit: float) -> float:
        return LEFT + math.log(limit) / last * (width - LEFT - RIGHT)

    most = nice(max([1.0, *(p.throughput for p in points)]) * 1.15)
    slow = nice(max([0.05, *(p.p95 for p in points)]) * 1.1)
    floor = TOP + UPPER + GAP + LOWER

    def up(v: float) -> float:
        return TOP + UPPER - min(v, most) / most * UPPER

    def low(v: float) -> float:
        return floor - v / slow * LOWER

    parts = [
        _text(LEFT - 40, TOP - 12, "queries a second", "start", bold=True),
        _text(LEFT - 40, TOP + UPPER + GAP - 12, "p95 of one agent, seconds", "start", bold=True),
        _axis(up, ticks(most, 4), width),
        _axis(low, ticks(slow, 3), width),
        "".join(_text(x(limit), floor + 18, str(limit)) for limit in sweep.limits),
        _text(width - RIGHT + 20, floor + 18, "in flight", "start", faint=True),
        _ideal(points, x, up, most),
        _line(points, x, up, lambda p: p.throughput),
        _line(points, x, low, lambda p: p.p95),
        *_marks(sweep, x, up, floor, most, width),
        _text(LEFT - 40, floor + 40, f"{SCALE} {said(sweep)}", "start", faint=True),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {floor + 48}" role="img" '
        f'aria-label="{escape(said(sweep))}" style="display:block;width:100%;max-width:{width}px;'
        f'font:12px var(--jp-ui-font-family,sans-serif);color:var(--jp-content-font-color1,#222)">{"".join(parts)}</svg>'
    )


def said(sweep: Any) -> str:
    """A sweep in a sentence or two."""
    done = f"{sweep.name}: {len(sweep.points)} of {len(sweep.limits)} concurrencies"
    if not sweep.points:
        return f"{done}."
    best = max(sweep.points, key=lambda p: p.throughput)
    knee = (
        f" The knee is at {sweep.knee.limit}."
        if sweep.knee
        else " It still rises at the last one." * (len(sweep.points) > 1)
    )
    return f"{done}; best {best.throughput:.0f} a second at {best.limit} in flight.{knee}"


def _text(
    x: float,
    y: float,
    words: str,
    anchor: str = "middle",
    *,
    faint: bool = False,
    bold: bool = False,
) -> str:
    look = (' opacity=".75"' if faint else "") + (' font-weight="600"' if bold else "")
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {TEXT}{look}>{escape(words)}</text>'
    )


def _axis(y: Callable, values: Sequence[float], width: int) -> str:
    lines = "".join(f"M{LEFT} {y(v):.1f}H{width - RIGHT}" for v in values)
    words = "".join(_text(LEFT - 8, y(v) + 4, f"{v:g}", "end") for v in values)
    return f'<path d="{lines}" stroke="currentColor" opacity=".15"/>{words}'


def _line(points: Sequence[Any], x: Callable, y: Callable, of: Callable) -> str:
    if not points:
        return ""
    d = "L".join(f"{x(p.limit):.1f} {y(of(p)):.1f}" for p in points)
    dots = "".join(
        f'<circle cx="{x(p.limit):.1f}" cy="{y(of(p)):.1f}" r="4" fill="{ACCENT}"/>' for p in points
    )
    end = points[-1]
    value = f"{of(end):.0f}" if of(end) >= 10 else f"{of(end):.2g}"
    return f'<path d="M{d}" fill="none" stroke="{ACCENT}" stroke-width="2"/>{dots}' + _text(
        x(end.limit) + 9, y(of(end)) + 4, value, "start", bold=True
    )


def _ideal(points: Sequence[Any], x: Callable, up: Callable, most: float) -> str:
    """What Little's law allows, as far as it fits."""
    shown = [p for p in points if p.ideal <= most]
    if not shown:
        return ""
    d = "L".join(f"{x(p.limit):.1f} {up(p.ideal):.1f}" for p in points[: len(shown) + 1])
    line = f'<path d="M{d}" fill="none" stroke="currentColor" stroke-dasharray="5 4" opacity=".7"/>'
    return line + _text(x(shown[-1].limit) - 8, up(shown[-1].ideal) - 6, "ideal", "end", faint=True)


def _marks(
    sweep: Any, x: Callable, up: Callable, floor: float, most: float, width: int
) -> list[str]:
    found, limit = [], sweep.machine_limit
    if sweep.knee:
        at = x(sweep.knee.limit)
        found.append(
            f'<path d="M{at:.1f} {TOP}V{floor:.1f}" stroke="{WARN}" stroke-dasharray="2 3" stroke-width="2"/>'
        )
        found.append(
            _text(at + 6, floor - LOWER + 12, f"knee: {sweep.knee.limit}", "start", bold=True)
        )
    if limit is not None and limit <= most:
        found.append(
            f'<path d="M{LEFT} {up(limit):.1f}H{width - RIGHT}" stroke="{WARN}" stroke-dasharray="6 4"/>'
        )
        found.append(_text(width - RIGHT + 8, up(limit) - 8, f"this machine: {limit:.0f}", "start"))
    return found
