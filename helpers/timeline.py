"""A trace as a picture made of text: the live chart's SVG, built in under two milliseconds.

Matplotlib must not draw while the clock runs (a frame takes it 30 to 250 ms, in the measured process); a string
of SVG that the browser draws costs next to nothing. Each kind of bar is one path, so a frame stays small.
"""

from collections.abc import Iterable, Sequence
from html import escape

from helpers.trace import Span, Summary

WIDTH, LEFT, RIGHT, TOP = 760, 40, 12, 6
PLOT_HEIGHT, BAND = 300, 46
MOST_ROWS = 150
COLOURS = {
    "retrieve": "#56B4E9",
    "model": "#0072B2",
    "tool": "#E69F00",
    "process": "#009E73",
    "retry": "#CC79A7",
    "failed": "#D55E00",
    "cancelled": "#8C8C8C",
}
WORDS = {"process": "process", "retry": "waiting to retry"}
SCALE = "times are a tenth of a real model's"


def timeline_svg(
    spans: Sequence[Span],
    now: float,
    queries: int,
    *,
    title: str,
    limit: int | None = None,
    marks: Iterable[tuple[float, str]] = (),
) -> str:
    """A row for each query, its steps as bars, and a band of the number in flight below.

    now: seconds since the trace began, where the picture ends. marks: (second, words) vertical lines, such as
    the learner's prediction. Of more than 150 queries every second, third, … is drawn, and the picture says so.
    """
    marks = list(marks)
    end = _nice(max([now, 0.2, *(at for at, _ in marks)]))
    every = -(-queries // MOST_ROWS)
    rows = -(-queries // every)
    row = min(14.0, PLOT_HEIGHT / rows)
    bottom = TOP + row * rows

    def x(t: float) -> float:
        return LEFT + t / end * (WIDTH - LEFT - RIGHT)

    parts = [_grid(end, x, bottom), _bars(spans, now, every, row, x)]
    parts += [_row_labels(rows, every, row), _band(spans, now, x, bottom + 8, limit), *_marks(marks, x, bottom)]
    height = bottom + 8 + BAND + 34
    thinned = f"; every {_ordinal(every)} of {queries} queries is drawn" if every > 1 else ""
    words = escape(title + thinned)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{words}"'
        f' style="width:100%;min-width:460px;max-width:{WIDTH * 1.4:.0f}px;font:11px sans-serif;'
        f'color:var(--jp-content-font-color1,#333)"><defs>{_HATCHES}</defs>{"".join(parts)}'
        f'<text x="{LEFT}" y="{height - 4:.0f}" fill="currentColor" opacity=".75">{escape(SCALE + thinned)}</text></svg>'
    )


def _hatch(name: str, colour: str, slope: str) -> str:
    return (
        f'<pattern id="h-{name}" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<rect width="5" height="5" fill="{colour}" opacity=".35"/>'
        f'<path d="{slope}" stroke="{colour}" stroke-width="1.4"/></pattern>'
    )


_HATCHES = (
    _hatch("failed", COLOURS["failed"], "M0 5L5 0")
    + _hatch("cancelled", COLOURS["cancelled"], "M0 0L5 5")
    + _hatch("retry", COLOURS["retry"], "M0 2.5H5")
)
_FILL = {name: colour for name, colour in COLOURS.items()} | {n: f"url(#h-{n})" for n in ("failed", "cancelled", "retry")}


def legend_html(steps: Iterable[str]) -> str:
    """The key to the bars, as words beside small pictures."""
    shown = [name for name in COLOURS if name in set(steps)]
    keys = "".join(
        f'<span style="white-space:nowrap;margin-right:1em"><svg width="14" height="10" aria-hidden="true">'
        f'<rect width="14" height="10" fill="{_FILL[name]}"/></svg> {WORDS.get(name, name)}</span>'
        for name in shown
    )
    return f'<div style="font-size:12px">{keys}<span style="white-space:nowrap">&#9472; waiting for a turn</span></div>'


def _nice(seconds: float) -> float:
    """The next round number of seconds, so that the axis does not creep with every frame."""
    base = 10.0 ** -2
    while True:
        for step in (1, 1.5, 2, 3, 4, 5, 6, 8):
            if base * step >= seconds:
                return base * step
        base *= 10


def _grid(end: float, x, bottom: float) -> str:
    lines, digits = [], 2 if end < 0.5 else 1
    for i in range(6):
        t = end * i / 5
        anchor = "end" if i == 5 else "middle"
        lines.append(
            f'<path d="M{x(t):.1f} {TOP}V{bottom + 8 + BAND:.1f}" stroke="currentColor" opacity=".15"/>'
            f'<text x="{x(t):.1f}" y="{bottom + BAND + 22:.1f}" text-anchor="{anchor}" fill="currentColor">'
            f"{t:.{digits}f} s</text>"
        )
    return "".join(lines)


def _row_labels(rows: int, every: int, row: float) -> str:
    gap = max(1, round(28 / row))
    return "".join(
        f'<text x="{LEFT - 6}" y="{TOP + row * (i + 0.75):.1f}" text-anchor="end" fill="currentColor">{i * every + 1}</text>'
        for i in range(0, rows, gap)
    )


def _bars(spans: Sequence[Span], now: float, every: int, row: float, x) -> str:
    """One path for each kind of bar; a thin line where a query waits for its turn."""
    paths: dict[str, list[str]] = {}
    started, waits = {}, []
    order: dict = {}
    for span in spans:
        place = span.query if isinstance(span.query, int) else order.setdefault(span.query, len(order))
        if place % every:
            continue
        y = TOP + row * (place // every) + row * 0.1
        if span.step == "query":
            started[place] = True
            middle = y + row * 0.4
            waits.append(f"M{x(0):.1f} {middle:.1f}H{x(span.start):.1f}")
            continue
        kind = span.state if span.state in ("failed", "cancelled") else span.step
        width = max(0.8, x(now if span.end is None else span.end) - x(span.start))
        bar = f"M{x(span.start):.1f} {y:.1f}h{width:.1f}v{row * 0.8:.1f}h-{width:.1f}z"
        paths.setdefault(kind, []).append(bar)
    bars = "".join(f'<path d="{"".join(d)}" fill="{_FILL.get(kind, "#999")}"/>' for kind, d in paths.items())
    return f'<path d="{"".join(waits)}" stroke="currentColor" opacity=".3" fill="none"/>{bars}'


def _band(spans: Sequence[Span], now: float, x, top: float, limit: int | None) -> str:
    steps = sorted(e for s in spans if s.step == "query" for e in ((s.start, 1), (now if s.end is None else s.end, -1)))
    levels, level, most = [], 0, max(limit or 1, 1)
    for at, change in steps:
        level += change
        levels.append((at, level))
        most = max(most, level)

    def y(n: float) -> float:
        return top + BAND - 4 - n / most * (BAND - 16)

    line = f"M{x(0):.1f} {y(0):.1f}" + "".join(f"H{x(at):.1f}V{y(n):.1f}" for at, n in levels) + f"H{x(now):.1f}"
    parts = [f'<path d="{line}" fill="none" stroke="#0072B2" stroke-width="1.6"/>']
    if limit:
        parts.append(
            f'<path d="M{LEFT} {y(limit):.1f}H{WIDTH - RIGHT}" stroke="#D55E00" stroke-dasharray="5 4"/>'
            f'<text x="{WIDTH - RIGHT}" y="{y(limit) - 3:.1f}" text-anchor="end" fill="currentColor">limit {limit}</text>'
        )
    parts.append(f'<text x="{LEFT - 6}" y="{y(0) - 2:.1f}" text-anchor="end" fill="currentColor">in</text>')
    parts.append(f'<text x="{LEFT - 6}" y="{y(0) + 9:.1f}" text-anchor="end" fill="currentColor">flight</text>')
    return "".join(parts)


def _marks(marks: Iterable[tuple[float, str]], x, bottom: float) -> Iterable[str]:
    for at, words in marks:
        anchor, shift = ("end", -4) if x(at) > WIDTH * 0.75 else ("start", 4)
        yield (
            f'<path d="M{x(at):.1f} {TOP}V{bottom:.1f}" stroke="#CC79A7" stroke-width="2" stroke-dasharray="2 3"/>'
            f'<text x="{x(at) + shift:.1f}" y="{bottom - 5:.1f}" text-anchor="{anchor}" fill="currentColor" '
            f'font-weight="bold">{escape(words)}</text>'
        )


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third"}.get(n, f"{n}th")


def describe(name: str, s: Summary) -> str:
    """A run in one sentence, for people who hear the chart rather than see it."""
    ends = [f"{count} {word}" for count, word in ((s.failed, "failed"), (s.cancelled, "cancelled")) if count]
    also = f", {', '.join(ends)}" if ends else ""
    return f"{name}: {s.answered} of {s.queries} answered{also} in {s.seconds:.2f} s, at most {s.peak} in flight"
