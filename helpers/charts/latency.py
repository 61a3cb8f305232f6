"""How long one query took, as the share of queries answered within a time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from helpers.charts.drawn import Drawn
from helpers.charts.figures import SERIES, Chart, figure_with_axes, grid, label, legend, title
from helpers.charts.palette import SCALE
from helpers.charts.words import in_seconds
from helpers.trace import percentile

HEAD = ("strategy", "clock", "p50", "p95", "p99")
_PERCENTS = (50, 95, 99)


def latencies(runs: Sequence[Drawn]) -> Chart:
    """The share of queries answered within a time, on two clocks.

    One runs from each query's own start. The other, dotted, runs from submission, so that its times
    include the wait for a turn.
    """
    figure, (axis,) = figure_with_axes(3.6)
    rows = []
    for i, run in enumerate(runs):
        for clock, times in _times(run).items():
            marks = [percentile(times, percent) for percent in _PERCENTS]
            rows.append((run.name, clock, *map(in_seconds, marks)))
            if times:
                dotted = clock == "from submission"
                colour = SERIES[i % len(SERIES)]
                _draw(axis, times, marks, colour, f"{run.name}, {clock}", dotted=dotted)
    axis.set_ylim(0, 1.03)
    axis.set_xlim(left=0)
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    label(axis, f"seconds.  {SCALE}")
    title(axis, "Share of queries answered within a time", "marks: p50, p95, p99")
    grid(axis, "both")
    if axis.lines:  # nobody may have been answered
        legend(axis, "lower right")
    said = [
        f"{name} {clock}: p50 {p50} s, p95 {p95} s, p99 {p99} s"
        for name, clock, p50, p95, p99 in rows
    ]
    return Chart(figure, f"Latencies. {'. '.join(said)}.", HEAD, rows)


def _times(run: Drawn) -> dict[str, list[float]]:
    """The seconds that each answered query took, by the clock."""
    answered = [span for span in run.spans() if span.step == "query" and span.state == "ok"]
    return {
        "from its start": [span.end - span.start for span in answered],
        "from submission": [span.end for span in answered],
    }


def _draw(
    axis: Axes,
    times: Sequence[float],
    marks: Sequence[float],
    colour: str,
    name: str,
    *,
    dotted: bool,
) -> None:
    """The empirical distribution of these times: a step up at each of them."""
    shares = np.arange(len(times) + 1) / len(times)
    style = ":" if dotted else "-"
    ranked = [0, *sorted(times)]
    axis.step(ranked, shares, style, where="post", color=colour, linewidth=1.8, label=name)
    inside = "white" if dotted else colour
    at = [percent / 100 for percent in _PERCENTS]
    axis.plot(marks, at, "o", color=colour, markersize=4.5, markerfacecolor=inside)
