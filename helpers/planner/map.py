"""The decision as a map: the simplest model for many peaks and latencies at once."""

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from helpers.charts.figures import INK, Chart, figure_with_axes, label, legend, title
from helpers.planner.calibration import MODELS, Calibration
from helpers.planner.job import Job
from helpers.planner.prediction import simplest_by_rate

# Points for each power of ten. With eight, points of this size lie side by side.
FINENESS = 8

# Powers of ten: from a tenth of a query a second to a thousand, and from 0.03 to 10 seconds.
PEAKS = [10 ** (step / FINENESS - 1) for step in range(4 * FINENESS + 1)]
LATENCIES = [10 ** (step / FINENESS - 1.5) for step in range(5 * FINENESS // 2 + 1)]

# Every so many points have a row or a column in the table, and so are in the words.
PEAKS_IN_TABLE = 8
LATENCIES_IN_TABLE = 4

# Queries a second: below the first the article says synchronous, above the second asynchronous.
ARTICLES_THRESHOLDS = (50, 100)

# Okabe and Ito's colours, which all common kinds of colour blindness keep apart.
COLOURS = {
    "serial": "#CC79A7",
    "threads": "#0072B2",
    "async": "#009E73",
    "processes": "#E69F00",
    "none": "#999999",
}


def choice_map(job: Job, machine: Calibration) -> Chart:
    """The simplest model that holds the peak, for many peaks and latencies.

    The rest is as in `job`. The article's thresholds are lines.
    """
    chosen = [[_simplest(job, peak, latency, machine) for peak in PEAKS] for latency in LATENCIES]
    picture, (axis,) = figure_with_axes(height=4.2)
    _draw(axis, chosen)
    _mark_thresholds(axis)
    axis.set_xscale("log")
    axis.set_yscale("log")
    label(axis, across="queries a second at the peak")
    title(axis, "The simplest model that holds the peak", "by latency in seconds")
    legend(picture, "outside lower left", ncols=5)
    head = ("latency, s", *(f"{peak:.3g}/s" for peak in PEAKS[::PEAKS_IN_TABLE]))
    rows = [
        (f"{latency:.3g}", *row[::PEAKS_IN_TABLE])
        for latency, row in zip(LATENCIES[::LATENCIES_IN_TABLE], chosen[::LATENCIES_IN_TABLE])
    ]
    return Chart(picture, _in_words(head, rows), head, rows)


def _simplest(job: Job, peak: float, latency: float, machine: Calibration) -> str:
    there = replace(job, peak=peak, latency=latency)
    return simplest_by_rate(there, MODELS, machine) or "none"


def _draw(axis: Axes, chosen: Sequence[Sequence[str]]) -> None:
    """A square in its model's colour at each point; a model that is nowhere is not in the key."""
    for model, colour in COLOURS.items():
        points = [
            (peak, latency)
            for latency, row in zip(LATENCIES, chosen)
            for peak, simplest in zip(PEAKS, row)
            if simplest == model
        ]
        if points:
            peaks, latencies = zip(*points)
            look = {"color": colour, "markersize": 9, "markeredgewidth": 0}
            axis.plot(peaks, latencies, "s", label=model, **look)


def _mark_thresholds(axis: Axes) -> None:
    for threshold in ARTICLES_THRESHOLDS:
        axis.axvline(threshold, color=INK, linestyle="--", linewidth=1.3)
        axis.annotate(
            f"the article: {threshold}",
            xy=(threshold, LATENCIES[-1]),
            xytext=(4, 8),
            textcoords="offset points",
            color=INK,
            fontsize=8,
            rotation=30,  # the two lines are too near to each other for words side by side
        )


def _in_words(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    sentences = []
    for latency, *models in rows:
        each = ", ".join(f"{model} at {peak}" for peak, model in zip(head[1:], models))
        sentences.append(f"At {latency} s: {each}.")
    return " ".join(["The simplest model by latency and peak.", *sentences])
