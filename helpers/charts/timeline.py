"""A trace as a picture made of text: the live chart's SVG, built in a millisecond or two.

Matplotlib must not draw while the clock runs (a frame takes it 30 to 250 ms, in the measured process); a string
of SVG that the browser draws costs next to nothing. Each kind of bar is one path, so a frame stays small.
Up to 200 rows there is a bar for each step; beyond, the chart counts queries in each state instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from helpers.charts.bars import MOST_ROWS, Rows, by_lane, by_query, levels
from helpers.charts.flow import flow_layers
from helpers.charts.palette import ACCENT, SCALE, WARN, in_order, kind_of
from helpers.trace import Span, Summary

WIDTH = 760
LEFT, RIGHT, TOP = 54, 18, 30
PLOT, BAND, LAG, GAP = 336, 46, 30, 22
TALL_ROW = 16.0
BLOCKED = 0.1
TEXT = 'fill="currentColor"'


@dataclass(frozen=True)
class Scene:
    """All that one frame shows. Times in seconds since the run began.

    expected: how long the run may take, so that the axis does not creep. marks: (second, words) lines, such as
    the learner's prediction. ghost: the spans of a run to compare with, drawn pale behind. lag: (second, lateness)
    of the event loop. lanes: a row for each thread or task instead of each query. width in pixels.
    """

    spans: Sequence[Span]
    now: float
    queries: int
    title: str
    words: str = ""
    limit: int | None = None
    expected: float = 0.0
    marks: Sequence[tuple[float, str]] = ()
    ghost: Sequence[Span] = ()
    lag: Sequence[tuple[float, float]] = ()
    lanes: bool = False
    width: int = WIDTH
    key: str = "c"

    @property
    def end(self) -> float:
        """Where the time axis ends: a round number beyond all that is drawn."""
        ghosts = (span.end or 0.0 for span in self.ghost)
        return nice(
            max([self.now, self.expected, 0.1, *ghosts, *(at * 1.02 for at, _ in self.marks)])
        )


def timeline_svg(scene: Scene) -> str:
    """The picture: rows of bars, the number in flight below, and the event loop's lag where there is one."""
    end, span = scene.end, scene.width - LEFT - RIGHT

    def x(t: float) -> float:
        return LEFT + t / end * span

    if scene.queries > MOST_ROWS and not scene.lanes:
        noun, body, bottom = "queries", _flow(scene, x), TOP + PLOT
    else:
        rows = (
            by_lane(scene.spans, scene.now)
            if scene.lanes
            else by_query(scene.spans, scene.now, scene.queries)
        )
        noun, (body, bottom) = rows.noun, _bars(scene, rows, x)
    band = _band(scene, x, bottom + GAP)
    floor = bottom + GAP + BAND
    lag = ""
    if scene.lag:
        lag, floor = _lag(scene, x, floor + GAP), floor + GAP + LAG
    parts = [
        _grid(end, x, floor, span),
        body,
        band,
        lag,
        *_marks(scene, x, bottom),
        _heading(scene, noun),
    ]
    return _svg(
        scene, floor + 40, "".join(parts) + _text(LEFT, floor + 36, SCALE, "start", faint=True)
    )


def legend_html(kinds: Sequence[str], key: str = "c") -> str:
    """The key to the bars: words beside small pictures."""
    items = "".join(
        f'<span class="course-key"><svg width="18" height="12" aria-hidden="true"><rect width="18" height="12" rx="2" '
        f'fill="{_fill(name, key)}"/></svg>{escape(kind_of(name).word)}</span>'
        for name in in_order(kinds)
    )
    return f'<div class="course-legend">{items}</div>'


def kinds_in(spans: Sequence[Span]) -> set[str]:
    """The kinds of bar that these spans make."""
    return {s.state if s.state in ("failed", "cancelled") else s.step for s in spans} - {
        "query"
    } | {"waiting"}


def describe(name: str, s: Summary) -> str:
    """A run in one sentence, for people who hear the chart rather than see it."""
    ends = [
        f"{count} {word}"
        for count, word in ((s.failed, "failed"), (s.cancelled, "cancelled"))
        if count
    ]
    also = f", {', '.join(ends)}" if ends else ""
    return f"{name}: {s.answered} of {s.queries} answered{also} in {s.seconds:.2f} s, at most {s.peak} in flight"


def nice(value: float) -> float:
    """The next round number, so that an axis grows in steps that the eye can follow."""
    base = 0.01
    while True:
        for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
            if base * step >= value:
                return base * step
        base *= 10


def ticks(end: float, most: int) -> list[float]:
    """At most so many round numbers from 0 to `end`, evenly apart."""
    base = 0.001
    while True:
        for step in (1, 2, 5):
            if end / (base * step) <= most:
                return [i * base * step for i in range(int(end / (base * step) + 1.001))]
        base *= 10


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


def _svg(scene: Scene, height: float, body: str) -> str:
    words = escape(scene.words or scene.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {height:.0f}" role="img" '
        f'aria-label="{words}" style="display:block;width:100%;font:12px var(--jp-ui-font-family,sans-serif);'
        f'color:var(--jp-content-font-color1,#222)"><defs>{hatches(scene.key)}</defs>{body}</svg>'
    )


_STROKES = {
    "////": '<path d="M-1 1L1 -1M0 6L6 0M5 7L7 5" stroke-width="1.8"/>',
    "\\\\\\\\": '<path d="M-1 5L1 7M0 0L6 6M5 -1L7 1" stroke-width="1.5"/>',
    "----": '<path d="M0 1.5H6M0 4.5H6" stroke-width="1.2"/>',
    "....": '<path d="M1 3h1.4" stroke-width="1.2"/>',
}


def hatches(key: str) -> str:
    """The patterns that fill hatched bars; `key` keeps the ids of two charts on one page apart."""
    return "".join(
        f'<pattern id="{key}-{name}" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" '
        f'fill="{kind.colour}" opacity="{0.1 if name == "waiting" else 0.25}"/><g stroke="{kind.colour}">'
        f"{_STROKES[kind.hatch]}</g></pattern>"
        for name in in_order(["waiting", "retry", "failed", "cancelled"])
        if (kind := kind_of(name))
    )


def _fill(name: str, key: str) -> str:
    return f"url(#{key}-{name})" if kind_of(name).hatch else kind_of(name).colour


def _heading(scene: Scene, noun: str) -> str:
    return _text(LEFT - 8, TOP - 10, noun, "end", faint=True) + _text(
        LEFT, TOP - 10, scene.title, "start", bold=True
    )


def _grid(end: float, x: Callable, floor: float, span: float) -> str:
    marks = ticks(end, max(3, int(span / 80)))
    digits = max(0, next(d for d in range(4) if abs(round(marks[1], d) - marks[1]) < 1e-9))
    lines = "".join(f"M{x(t):.1f} {TOP}V{floor:.1f}" for t in marks)
    words = "".join(
        _text(
            x(t),
            floor + 16,
            f"{t:.{digits}f} s" if t else "0",
            "end" if x(t) > x(end) - 12 else "middle",
        )
        for t in marks
    )
    return f'<path d="{lines}" stroke="currentColor" opacity=".13"/>{words}'


def _bars(scene: Scene, rows: Rows, x: Callable) -> tuple[str, float]:
    """A stroke for each bar, one path for each kind; rows thin out as they become many, and then every n-th is drawn."""
    every = -(-rows.count // MOST_ROWS)
    shown = -(-rows.count // every)
    row = min(TALL_ROW, PLOT / shown)
    thick = row * 0.76 if row > 4 else row * 0.9
    middle = [TOP + row * (i // every + 0.5) for i in range(rows.count)]
    ghost = _ghost(scene, x, middle, every, thick) if not scene.lanes else ""
    at, scale = [f"{y:.1f}" for y in middle], x(1.0) - LEFT
    paths = []
    for name in in_order(rows.bars):
        d = "".join(
            f"M{LEFT + a * scale:.1f} {at[i]}h{max(0.7, (b - a) * scale):.1f}"
            for i, a, b in rows.bars[name]
            if i % every == 0
        )
        wide = min(thick, 6) if name == "waiting" else thick
        paths.append(
            f'<path d="{d}" stroke="{_fill(name, scene.key)}" stroke-width="{wide:.1f}" fill="none"/>'
        )
    labels = _row_labels(shown, every, row) + (
        _words_in_bars(rows, x, middle, every) if row > 12 else ""
    )
    ends = _ends(scene, rows, x, middle, every) if row > 8 else ""
    return ghost + "".join(paths) + labels + ends, TOP + row * shown


def _ghost(scene: Scene, x: Callable, middle: list[float], every: int, thick: float) -> str:
    d = "".join(
        f"M{x(s.start):.1f} {middle[s.query]:.1f}H{x(s.end or 0):.1f}"
        for s in scene.ghost
        if s.step == "query"
        and type(s.query) is int
        and s.query < len(middle)
        and s.query % every == 0
    )
    return (
        f'<path d="{d}" stroke="currentColor" opacity=".14" stroke-width="{thick:.1f}" fill="none"/>'
        if d
        else ""
    )


def _row_labels(shown: int, every: int, row: float) -> str:
    gap = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200) if n * row >= 15)
    numbers = sorted({0, *range(gap - 1, shown, gap)} - ({gap - 1} if gap == 2 else set()))
    return "".join(
        _text(LEFT - 8, TOP + row * (i + 0.5) + 4, str(i * every + 1), "end") for i in numbers
    )


def _words_in_bars(rows: Rows, x: Callable, middle: list[float], every: int) -> str:
    """Name each kind once, on the first bar that is wide enough for its word."""
    found = []
    for name in in_order(rows.bars):
        kind = kind_of(name)
        for i, a, b in rows.bars[name]:
            if not kind.hatch and i % every == 0 and x(b) - x(a) > 7 * len(kind.word) + 8:
                found.append(
                    f'<text x="{(x(a) + x(b)) / 2:.1f}" y="{middle[i] + 3.5:.1f}" text-anchor="middle" '
                    f'font-size="10.5" fill="{kind.ink}">{escape(kind.word)}</text>'
                )
                break
    return "".join(found)


def _ends(scene: Scene, rows: Rows, x: Callable, middle: list[float], every: int) -> str:
    edge = scene.width - RIGHT - 60
    return "".join(
        f'<text x="{x(at) + (5 if x(at) < edge else -5):.1f}" y="{middle[i] + 3.5:.1f}" font-size="10.5" '
        f'text-anchor="{"start" if x(at) < edge else "end"}" {TEXT}>{state}</text>'
        for i, at, state in rows.ends[:60]
        if i % every == 0
    )


def _flow(scene: Scene, x: Callable) -> str:
    """How many queries are in each state, over time; the layers are stacked, the answered ones at the bottom."""
    bottom, tall = TOP + PLOT, PLOT / scene.queries
    times, layers = flow_layers(scene.spans, scene.now, scene.queries)
    xs = [str(int(x(t))) for t in times.tolist()]
    paths = []
    for name, low, high in layers:
        up, down = (
            [str(y) for y in (bottom - edge * tall).astype(int).tolist()] for edge in (high, low)
        )
        d = "L".join(map(" ".join, [*zip(xs, up), *zip(reversed(xs), reversed(down))]))
        fill, opacity = (ACCENT, 0.16) if name == "answered" else (_fill(name, scene.key), 1)
        paths.append(f'<path d="M{d}z" fill="{fill}" opacity="{opacity}"/>')
    marks = (0, scene.queries // 2, scene.queries)
    labels = "".join(_text(LEFT - 8, bottom - n * tall + 4, f"{n:,}", "end") for n in marks)
    answered = next((int(high[-1]) for name, _, high in layers if name == "answered"), 0)
    if answered * tall > 30 and x(scene.now) > 200:
        labels += _text(x(scene.now) - 8, bottom - 10, f"answered {answered:,}", "end")
    return "".join(paths) + labels


def _band(scene: Scene, x: Callable, top: float) -> str:
    """The number in flight, with the limit as a line."""
    whole = [s for s in scene.spans if s.step == "query"]
    times = np.linspace(0.0, scene.now, max(2, int(x(scene.now) - LEFT)))
    counts = levels([s.start for s in whole], [s.end for s in whole if s.end is not None], times)
    most = max(scene.limit or 1, int(counts.max()))

    def y(n: float) -> float:
        return top + BAND - n / most * (BAND - 6)

    changes = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist()]
    d = f"M{LEFT} {y(0):.1f}" + "".join(f"H{LEFT + i}V{y(int(counts[i])):.1f}" for i in changes)
    d += f"H{x(scene.now):.1f}"
    area = f'<path d="{d}V{y(0):.1f}H{LEFT}z" fill="{ACCENT}" opacity=".2"/><path d="{d}" fill="none" stroke="{ACCENT}"/>'
    now = sum(s.end is None for s in whole)
    said = f"in flight now: {now}" if now else f"in flight: at most {counts.max()}"
    name = _text(LEFT, top - 5, said, "start", faint=True)
    labels = _text(LEFT - 8, y(0) + 3, "0", "end") + _text(LEFT - 8, y(most) + 5, str(most), "end")
    return area + name + labels + (_limit(scene, y, top) if scene.limit else "")


def _limit(scene: Scene, y: Callable, top: float) -> str:
    right = scene.width - RIGHT
    line = f'<path d="M{LEFT} {y(scene.limit):.1f}H{right}" stroke="{WARN}" stroke-width="1.5" stroke-dasharray="6 4"/>'
    return line + _text(right, top - 5, f"limit {scene.limit}", "end")


def _lag(scene: Scene, x: Callable, top: float) -> str:
    """How late the event loop woke up, the worst in each pixel; the time for which it was blocked is shaded."""
    worst = max(late for _, late in scene.lag)
    most, pixels, base = max(worst, 0.02), {}, top + LAG
    for at, late in scene.lag:
        pixels[int(x(at))] = max(late, pixels.get(int(x(at)), 0.0))
    tall = (LAG - 4) / most
    d = "".join(f"M{p} {base:.1f}V{base - max(0.0, late) * tall:.1f}" for p, late in pixels.items())
    held = [(at, late) for at, late in scene.lag if late >= BLOCKED]
    blocks = "".join(
        f"M{x(at - late):.1f} {TOP}H{x(at):.1f}V{base:.1f}H{x(at - late):.1f}z" for at, late in held
    )
    said = f"event loop late by at most {worst * 1000:.0f} ms" + (
        ": it was blocked" if held else ""
    )
    return (
        f'<path d="M{LEFT} {base:.1f}H{x(scene.end):.1f}" stroke="currentColor" opacity=".2"/>'
        f'<path d="{blocks}" fill="{WARN}" opacity=".13"/><path d="{d}" stroke="{WARN if held else ACCENT}"/>'
        + _text(LEFT, top - 5, said, "start", faint=not held, bold=bool(held))
        + _text(LEFT - 8, top + 8, f"{most * 1000:.0f} ms", "end")
    )


def _marks(scene: Scene, x: Callable, bottom: float) -> list[str]:
    """Vertical lines with their words, one below the other so that they do not collide."""
    lines = []
    for i, (at, words) in enumerate(sorted(scene.marks)):
        late = x(at) > scene.width * 0.6
        lines.append(
            f'<path d="M{x(at):.1f} {TOP - 4}V{bottom:.1f}" stroke="#CC79A7" stroke-width="2" stroke-dasharray="2 3"/>'
            + '<g paint-order="stroke" stroke="var(--jp-layout-color0,#fff)" stroke-width="4" stroke-linejoin="round">'
            + _text(
                x(at) + (-6 if late else 6),
                bottom - 8 - 17 * i,
                words,
                "end" if late else "start",
                bold=True,
            )
            + "</g>"
        )
    return lines
