"""The upper part of the live chart, up to 200 queries: a row of bars for each query or thread."""

from collections.abc import Iterator

from helpers.charts.bars import MOST_ROWS, Bar, Bars
from helpers.charts.hatching import fill
from helpers.charts.palette import in_order, kind_of
from helpers.charts.scene import LEFT, PLOT, TALL_ROW, TOP, Scene, TimeAxis
from helpers.charts.svg import line, repeated, text

# All in pixels, except for _MOST_ENDS.

# Text in rows: its size, and how far its base line is below the middle of its row.
_FONT = 10.5
_DROP = 3.5
# The least height of a row with the name of a step in a bar, and with how its query ended. The
# latter is small print that may touch the next row, because few queries end badly.
_WORD = 12
_END = 8
# What one letter takes at most, and the air on both sides of a word.
_LETTER = 7
_AIR = 8
# Numbers of rows are as far apart as lines of text.
_LINE = 15
# What "cancelled" takes, to the right of a query's last bar.
_WIDEST_END = 60
# A strategy that asks again and again has many bad ends in a row; their words would be a blot.
_MOST_ENDS = 60

# A step of no time at all can be seen, too.
_LEAST_WIDTH = 0.7
# A wait is a thin line through its row, so that work stands out.
_WAIT = 6


class _Rows:
    """Where the rows of a chart are. Beyond MOST_ROWS, every n-th is drawn."""

    def __init__(self, count: int):
        self.every = -(-count // MOST_ROWS)  # rounded up
        self.shown = -(-count // self.every)
        self.height = min(TALL_ROW, PLOT / self.shown)
        # Rows of a few pixels need them for their bars rather than for gaps.
        self.thick = self.height * (0.76 if self.height > 4 else 0.9)
        self.middle = [TOP + self.height * (row // self.every + 0.5) for row in range(count)]
        # As text, which every bar in the row needs; none where the row is not drawn.
        self.height_of = [
            "" if row % self.every else f"{y:.1f}" for row, y in enumerate(self.middle)
        ]

    @property
    def bottom(self) -> float:
        """Where the last row ends."""
        return TOP + self.height * self.shown


def rows_svg(scene: Scene, axis: TimeAxis, bars: Bars) -> tuple[str, float]:
    """The bars with their words, and the pixel at which the last row ends."""
    rows = _Rows(bars.count)
    parts = [_ghost(scene, axis, rows)]
    parts += [
        _bars_of(kind, bars.by_kind[kind], scene, axis, rows) for kind in in_order(bars.by_kind)
    ]
    parts += _numbers(rows)
    if rows.height > _WORD:
        parts += _names_of_steps(bars, axis, rows)
    if rows.height > _END:
        parts += _ends(bars, axis, rows)
    return "".join(parts), rows.bottom


def _bars_of(kind: str, bars: list[Bar], scene: Scene, axis: TimeAxis, rows: _Rows) -> str:
    """All bars of a kind as the strokes of one path; an element for each would be far more text."""
    # Names of its own for what the loop needs: this is where a frame spends its time.
    scale = axis.pixels_per_second
    height_of = rows.height_of
    least = _LEAST_WIDTH / scale
    strokes = [
        (
            LEFT + start * scale,
            height_of[row],
            (end - start if end - start > least else least) * scale,
        )
        for row, start, end in bars
        if height_of[row]
    ]
    d = repeated("M%.1f %sh%.1f", strokes)
    thick = min(rows.thick, _WAIT) if kind == "waiting" else rows.thick
    return line(d, stroke=fill(kind, scene.key), stroke_width=float(thick))


def _ghost(scene: Scene, axis: TimeAxis, rows: _Rows) -> str:
    """The run to compare with: a pale bar for each query. Its threads are not those of this run."""
    if scene.lanes:
        return ""
    d = "".join(
        f"M{axis.x(span.start):.1f} {rows.height_of[span.query]}H{axis.x(span.end or 0):.1f}"
        for span in scene.ghost
        if span.step == "query"
        and type(span.query) is int
        and span.query < len(rows.middle)
        and rows.height_of[span.query]
    )
    return line(d, opacity=0.14, stroke_width=float(rows.thick))


def _numbers(rows: _Rows) -> Iterator[str]:
    """The numbers of some rows, from 1, as far apart as lines of text need."""
    gap = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200) if n * rows.height >= _LINE)
    numbered = {0, *range(gap - 1, rows.shown, gap)}
    if gap == 2:
        numbered.discard(1)  # it would touch the first
    for place in sorted(numbered):
        y = TOP + rows.height * (place + 0.5) + 4
        yield text(LEFT - 8, y, str(place * rows.every + 1), "end")


def _names_of_steps(bars: Bars, axis: TimeAxis, rows: _Rows) -> Iterator[str]:
    """The word for each plain kind, once, in the first bar that is wide enough for it."""
    for name in in_order(bars.by_kind):
        kind = kind_of(name)
        if kind.hatch:
            continue  # words on hatching cannot be read
        needed = (_LETTER * len(kind.word) + _AIR) / axis.pixels_per_second
        for row, start, end in bars.by_kind[name]:
            if end - start > needed and rows.height_of[row]:
                middle = axis.x((start + end) / 2)
                y = rows.middle[row] + _DROP
                yield text(middle, y, kind.word, font_size=_FONT, fill=kind.ink)
                break


def _ends(bars: Bars, axis: TimeAxis, rows: _Rows) -> Iterator[str]:
    """How queries ended that did not end well, in a word beside their last bar."""
    edge = axis.right - _WIDEST_END
    for row, second, state in bars.bad_ends[:_MOST_ENDS]:
        if not rows.height_of[row]:
            continue
        x = axis.x(second)
        offset, anchor = (5, "start") if x < edge else (-5, "end")
        yield text(x + offset, rows.middle[row] + _DROP, state, anchor, font_size=_FONT)
