"""Several runs on one chart: one above the other on one time axis, or as latencies or statuses."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.charts.bars import MOST_ROWS, bars_by_query
from helpers.charts.drawn import Drawn
from helpers.charts.figures import (
    INK,
    Chart,
    draw_bars,
    figure_with_axes,
    grid,
    label,
    legend_of_kinds,
    look_of,
    title,
)
from helpers.charts.flow import flow_of
from helpers.charts.latency import latencies
from helpers.charts.palette import SCALE
from helpers.charts.status import statuses
from helpers.charts.words import describe, in_seconds

HEAD = ("strategy", "in flight", "seconds", "ideal seconds", "a second", "p50", "p95", "answered")

# Inches: of a row, of a run's rows together at least and at most, of a run's title, and of the
# legend above and the seconds below.
_ROW = 0.062
_LEAST_ROWS = 0.55
_MOST_ROWS = 1.9
_TITLE = 0.42
_MARGINS = 0.95

# A pale ACCENT: they are done, and nothing happens to them.
_ANSWERED = "#D6E6F2"


def compare(*runs: Drawn, show: str = "timeline") -> Chart:
    """Several runs on one chart, with one time axis.

    show: "timeline" (a row for each query), "latency" (how long one query takes: p50, p95, p99) or
    "status" (the requests that the server saw, by status, over time).
    Raises ValueError on another, or without a run.
    """
    if not runs:
        raise ValueError("compare takes at least one run, such as compare(run(serial, llm=llm))")
    if show not in _PICTURES:
        raise ValueError(f"show is {show!r}; it takes one of {', '.join(_PICTURES)}")
    return _PICTURES[show](runs)


def timelines(runs: Sequence[Drawn]) -> Chart:
    """Runs one above the other: a row for each query, or beyond 200 queries, how many do what."""
    heights = [max(_LEAST_ROWS, min(_MOST_ROWS, len(run.questions) * _ROW)) for run in runs]
    height = sum(heights) + _TITLE * len(runs) + _MARGINS
    figure, axes = figure_with_axes(height, nrows=len(runs), sharex=True, height_ratios=heights)
    end = max(run.seconds for run in runs)
    kinds = set()
    for axis, run in zip(axes, runs):
        many = len(run.questions) > MOST_ROWS
        kinds |= _draw_flow(axis, run) if many else _draw_rows(axis, run)
        title(axis, run.name.replace("_", " "), _in_flight(run))
        _mark_end(axis, run, runs)
        # One run fills its picture; what it took is written to the right of its end.
        axis.set_xlim(0, end if len(runs) > 1 else end * 1.12)
        grid(axis, "x")
    label(axes[-1], f"seconds.  {SCALE}")
    legend_of_kinds(figure, kinds)
    alt = "Timelines. " + ". ".join(describe(run.name, run.summary) for run in runs) + "."
    return Chart(figure, alt, HEAD, [_row(run) for run in runs])


def _in_flight(run: Drawn) -> str:
    seen = _peak(run)
    return f"{seen} in flight" if seen > 1 else "one at a time"


def _peak(run: Drawn) -> int:
    """The most in flight: requests where the server has counted them, otherwise queries."""
    return run.server["peak"] if run.server else run.summary.peak


def _row(run: Drawn) -> tuple[object, ...]:
    summary = run.summary
    return (
        run.name,
        _peak(run),
        f"{run.seconds:.2f}",
        f"{run.ideal:.2f}",
        f"{summary.throughput:.1f}",
        in_seconds(summary.p50_from_start),
        in_seconds(summary.p95_from_start),
        f"{summary.answered} of {summary.queries}",
    )


def _draw_rows(axis: Axes, run: Drawn) -> set[str]:
    """A run's bars; returns the kinds of those that one can see."""
    bars = bars_by_query(run.spans(), run.seconds, len(run.questions))
    seen = set()
    for kind, items in bars.by_kind.items():
        draw_bars(axis, kind, items)
        if any(end > start for _, start, end in items):
            seen.add(kind)
    axis.set_ylim(bars.count + 0.7, 0.3)  # the first query is at the top
    numbers = MaxNLocator(4, integer=True).tick_values(1, bars.count)
    axis.set_yticks([1, *(number for number in numbers if 1 < number <= bars.count)])
    label(axis, up="query")
    return seen


def _draw_flow(axis: Axes, run: Drawn) -> set[str]:
    """How many queries of a run do what, over time; returns the kinds of what they do."""
    count = len(run.questions)
    flow = flow_of(run.spans(), run.seconds, count)
    for layer in flow.layers:
        look = look_of(layer.name)
        if layer.name == "answered":
            look["facecolor"] = _ANSWERED
        axis.fill_between(flow.times, layer.low, layer.high, linewidth=0, **look)
    axis.set_ylim(0, count)
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    label(axis, up="queries")
    axis.text(run.seconds * 0.97, count * 0.08, "answered", color=INK, fontsize=9, ha="right")
    return flow.kinds


def _mark_end(axis: Axes, run: Drawn, runs: Sequence[Drawn]) -> None:
    """What the run took, beside a line where it ended, and how much faster than the slowest."""
    slowest = max(runs, key=lambda one: one.seconds)
    words = f"{run.seconds:.2f} s"
    # Less than 5 % is chance, and nothing to boast of.
    if run.seconds and slowest.seconds / run.seconds >= 1.05:
        words += f", {slowest.seconds / run.seconds:.1f} times as fast"
    low, high = sorted(axis.get_ylim())
    axis.plot([run.seconds] * 2, [low, high], color=INK, linewidth=1, zorder=3)
    axis.annotate(
        words,
        (run.seconds, (low + high) / 2),
        # The slowest ends at the picture's edge, so its words stand before that.
        (-6 if run is slowest else 6, 0),
        textcoords="offset points",
        fontsize=10,
        ha="right" if run is slowest else "left",
        va="center",
        color=INK,
        fontweight="bold",
        zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 2, "alpha": 0.85},
    )


_PICTURES = {"timeline": timelines, "latency": latencies, "status": statuses}
