"""The requests that the server saw, by how it answered them, over time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.charts.drawn import Drawn
from helpers.charts.figures import Chart, figure_with_axes, grid, label, legend, title
from helpers.charts.palette import SCALE, WARN

HEAD = ("strategy", "status", "requests")
# Bars across the picture: a storm of retries shows its waves, and each bar still has a number.
_BINS = 40

# By the first digit of the status, except for "too many requests", which is a story of its own.
_REFUSED = {"facecolor": "white", "edgecolor": "#E69F00", "hatch": "----"}
_LOOKS: dict[str, dict[str, str]] = {
    "2xx": {"facecolor": "#0072B2"},
    "429": _REFUSED,
    "4xx": {"facecolor": "white", "edgecolor": "#CC79A7", "hatch": "...."},
    "5xx": {"facecolor": "white", "edgecolor": WARN, "hatch": "////"},
    "no answer": {"facecolor": "white", "edgecolor": "#7A7A7A", "hatch": "\\\\\\\\"},
}


def statuses(runs: Sequence[Drawn]) -> Chart:
    """A stack of bars for each run: how many requests ended, by status, since its first one."""
    figure, axes = figure_with_axes(1.9 * len(runs) + 0.5, nrows=len(runs), sharex=True)
    ended = [_ends(run.requests()) for run in runs]
    last = max([0.1, *(second for ends in ended for _, second in ends)])
    edges = np.linspace(0, last, _BINS + 1)
    rows = []
    for axis, run, ends in zip(axes, runs, ended):
        counted = _stack(axis, ends, edges)
        rows += [(run.name, status, count) for status, count in counted.items()]
        title(axis, run.name.replace("_", " "), f"{len(ends)} requests ended")
        axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        grid(axis, "y")
        if ends:
            legend(axis, "upper right")
    label(axes[-1], f"seconds.  {SCALE}")
    said = [f"{name}: {count} of {status}" for name, status, count in rows]
    return Chart(figure, f"Requests by status. {'. '.join(said)}.", HEAD, rows)


def _ends(journal: Sequence[dict[str, Any]]) -> list[tuple[str, float]]:
    """(class of status, seconds since the first request) of every request that has ended."""
    first = min((request["arrival"] for request in journal), default=0.0)
    return [
        (_class_of(request["status"]), request["end"] - first)
        for request in journal
        if request["end"] is not None
    ]


def _class_of(status: int | None) -> str:
    """None is the status of a request whose client left before it was answered."""
    if status is None:
        return "no answer"
    return "429" if status == 429 else f"{status // 100}xx"


def _stack(axis: Axes, ends: Sequence[tuple[str, float]], edges: np.ndarray) -> dict[str, int]:
    """Bars on top of each other; returns how many requests ended with each status."""
    counted = {}
    floor = np.zeros(_BINS)
    for status in sorted({status for status, _ in ends}):
        counts, _ = np.histogram([second for one, second in ends if one == status], edges)
        counted[status] = int(counts.sum())
        axis.bar(
            edges[:-1],
            counts,
            np.diff(edges) * 0.9,
            floor,
            align="edge",
            linewidth=0,
            label=f"{status}: {counted[status]}",
            **_LOOKS.get(status, _LOOKS["no answer"]),
        )
        floor += counts
    return counted
