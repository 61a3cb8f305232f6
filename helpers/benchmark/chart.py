"""The benchmark as a picture: what each way reaches, what the article says, what theory allows."""

from matplotlib.axes import Axes

from helpers.benchmark.benchmark import Benchmark
from helpers.benchmark.rows import REQUESTS, Result
from helpers.charts.figures import INK, Chart, figure_with_axes, grid, label, legend, title
from helpers.charts.palette import ACCENT, WARN
from helpers.tables import figure

# Inches: of a bar with its name, and of the axis, the title and the legend together.
BAR_HEIGHT = 0.36
REST_HEIGHT = 1.1

# Requests a second. One at a time gives 0.5, all at once 500; some room on both sides.
AXIS_RANGE = (0.3, 900)

HEAD = ("how", "measured", "theory allows", "the article says")


def rates(bench: Benchmark) -> Chart:
    """Requests a second: a bar for each row, a line where theory ends, a cross for the article.

    Theory is Little's law. Raises ValueError where the benchmark has no result yet.
    """
    results = bench.done
    if not results:
        raise ValueError("the benchmark has no result yet; bench.run() measures")
    picture, (axis,) = figure_with_axes(BAR_HEIGHT * len(results) + REST_HEIGHT)
    _draw(axis, results)
    axis.set_xscale("log")
    axis.set_xlim(*AXIS_RANGE)
    axis.set_yticks(range(len(results)), [result.row.name for result in results])
    axis.invert_yaxis()
    label(axis, across="requests a second, each ten times the one before")
    title(axis, "1,000 requests of 2 s", "requests a second")
    grid(axis, "x")
    legend(picture, "outside lower left", ncols=3)
    rows = [_in_numbers(result) for result in results]
    return Chart(picture, _in_words(rows), HEAD, rows)


def _draw(axis: Axes, results: list[Result]) -> None:
    places = range(len(results))
    measured = [result.rate for result in results]
    axis.barh(places, measured, height=0.62, color=ACCENT, label="measured")
    line = {"color": INK, "markersize": 16, "markeredgewidth": 2}
    axis.plot([_limit(result) for result in results], places, "|", label="theory allows", **line)
    said = [(place, result.row.article) for place, result in enumerate(results)]
    axis.plot(
        [article.rate for _, article in said if article],
        [place for place, article in said if article],
        "X",
        color=WARN,
        markersize=9,
        markeredgecolor="white",
        label="the article says",
    )


def _limit(result: Result) -> float:
    return REQUESTS / result.unscaled_ideal


def _in_numbers(result: Result) -> tuple[str, str, str, str]:
    said = result.row.article
    return (
        result.row.name,
        figure(result.rate),
        figure(_limit(result)),
        figure(said.rate) if said else "–",
    )


def _in_words(rows: list[tuple[str, str, str, str]]) -> str:
    each = (
        f"{name}: measured {measured}, theory {theory}, article {article}."
        for name, measured, theory, article in rows
    )
    return " ".join(["Requests a second.", *each])
