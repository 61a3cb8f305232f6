"""Figures for when the clock has stopped: matplotlib, one style, each with its data as a table and words for it.

A Chart shows itself in a notebook as a picture with alternative text, and its table below. Text and lines are of a
grey that is legible on light and on dark paper, and the background is left clear.
"""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from helpers.experiment import Run
from helpers.tables import html_table, text_table
from helpers.timeline import COLOURS, SCALE, WORDS, describe
from helpers.trace import ideal_seconds

GREY = "#7A7A7A"
HATCH = {"failed": "////", "cancelled": "\\\\\\\\", "retry": "----"}
HEAD = ("strategy", "in flight", "seconds", "ideal seconds", "a second", "p50", "p95", "answered")


class Chart:
    """A figure with its data: `head` and `rows` are the table, `alt` says in words what the picture shows."""

    def __init__(self, figure: Figure, alt: str, head: Sequence[str], rows: Sequence[Sequence]):
        self.figure, self.alt, self.head, self.rows = figure, alt, tuple(head), [tuple(r) for r in rows]
        FigureCanvasAgg(figure)

    def __repr__(self) -> str:
        return f"Chart with a table of {len(self.rows)} rows"

    def __str__(self) -> str:
        return text_table(self.head, self.rows)

    def save(self, path: str | Path) -> None:
        """Write the picture; the name's ending (.png or .svg) decides the format."""
        self.figure.savefig(path, dpi=150)

    def _repr_html_(self) -> str:
        data = io.BytesIO()
        self.figure.savefig(data, format="png", dpi=130, transparent=True)
        image = base64.b64encode(data.getvalue()).decode()
        picture = f'<img alt="{escape(self.alt)}" src="data:image/png;base64,{image}" style="max-width:100%">'
        return picture + html_table("The same in numbers", self.head, self.rows)


def compare(*runs: Run) -> Chart:
    """Several runs one above the other on one time axis: a row for each query, a colour for each step."""
    if not runs:
        raise ValueError("compare takes at least one run")
    heights = [max(0.9, min(2.2, len(run.questions) * 0.055)) for run in runs]
    figure = Figure(figsize=(8.2, sum(heights) + 0.55 * len(runs) + 0.6), layout="constrained")
    axes = figure.subplots(len(runs), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    end = max(run.seconds for run in runs)
    shown = set()
    for axis, run in zip(axes, runs):
        shown |= _timeline(axis, run, end)
    axes[-1].set_xlabel(f"seconds ({SCALE})", color=GREY)
    keys = [Patch(facecolor=_face(k), edgecolor=COLOURS[k], hatch=HATCH.get(k), label=WORDS.get(k, k)) for k in COLOURS if k in shown]
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys), frameon=False, labelcolor=GREY, fontsize=9)
    alt = "Timelines. " + ". ".join(describe(run.name, run.summary) for run in runs) + "."
    return Chart(figure, alt, HEAD, [_row(run) for run in runs])


def _title(run: Run) -> str:
    return f"{run.name.replace('_', ' ')}, {_peak(run)} in flight"


def _peak(run: Run) -> int:
    return run.server["peak"] if run.server else run.summary.peak


def _row(run: Run) -> tuple:
    s, seen = run.summary, _peak(run)
    ideal = ideal_seconds(run.planned, max(seen, 1))
    spans = [f"{value:.3f}" if value is not None else "-" for value in (s.p50_from_start, s.p95_from_start)]
    answered = f"{s.answered} of {s.queries}"
    return (run.name, seen, f"{run.seconds:.2f}", f"{ideal:.2f}", f"{s.throughput:.1f}", *spans, answered)


def _face(kind: str) -> str:
    return "none" if kind in HATCH else COLOURS[kind]


def _timeline(axis, run: Run, end: float) -> set[str]:
    """Draw one run's bars; returns the kinds that it has."""
    bars: dict[str, list] = {}
    order: dict = {}
    for span in run.trace.spans():
        place = span.query if isinstance(span.query, int) else order.setdefault(span.query, len(order))
        stop = run.seconds if span.end is None else span.end
        if span.step == "query":
            axis.plot([0, span.start], [place + 1, place + 1], color=GREY, alpha=0.35, linewidth=0.7)
            continue
        kind = span.state if span.state in ("failed", "cancelled") else span.step
        bars.setdefault(kind, []).append((place + 1, span.start, stop - span.start))
    for kind, items in bars.items():
        places, starts, widths = zip(*items)
        style = dict(color=COLOURS[kind]) if kind not in HATCH else dict(color="none", edgecolor=COLOURS[kind], hatch=HATCH[kind])
        axis.barh(places, widths, left=starts, height=0.82, linewidth=0, **style)
    _dress(axis, f"{_title(run)}: {run.seconds:.2f} s", end, len(run.questions))
    return set(bars)


def _dress(axis, title: str, end: float, queries: int) -> None:
    axis.set_title(title, loc="left", fontsize=10.5, color=GREY, fontweight="bold")
    axis.set_xlim(0, end * 1.01)
    axis.set_ylim(queries + 0.6, 0.4)
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    axis.set_ylabel("query", color=GREY, fontsize=9)
    axis.tick_params(colors=GREY, labelsize=8)
    axis.grid(axis="x", color=GREY, alpha=0.25)
    axis.set_axisbelow(True)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.set_facecolor("none")
