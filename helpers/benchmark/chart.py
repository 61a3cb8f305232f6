"""The benchmark as a picture: requests a second for each way, beside what the article says and what theory allows."""

from helpers.benchmark.benchmark import REQUESTS, Benchmark, ideal_for_all
from helpers.charts.figures import FAINT, INK, Chart, grid, sheet, title
from helpers.charts.palette import ACCENT, WARN


def rates(bench: Benchmark) -> Chart:
    """A bar for each row; a line where theory ends (Little's law), a cross where the article stands."""
    results = [bench.results[row.name] for row in bench.rows if row.name in bench.results]
    if not results:
        raise ValueError("the benchmark has no result yet; bench.run() measures")
    figure, (axis,) = sheet(0.36 * len(results) + 1.1)
    places = range(len(results))
    axis.barh(places, [r.rate for r in results], height=0.62, color=ACCENT, label="measured")
    limits = [REQUESTS / ideal_for_all(r) for r in results]
    axis.plot(
        limits, places, "|", color=INK, markersize=16, markeredgewidth=2, label="theory allows"
    )
    said = [(r.row.article[1], place) for place, r in zip(places, results) if r.row.article]
    axis.plot(
        *zip(*said),
        "X",
        color=WARN,
        markersize=9,
        markeredgecolor="white",
        label="the article says",
    )
    axis.set_xscale("log")
    axis.set_xlim(0.3, 900)
    axis.set_yticks(list(places), [r.row.name for r in results])
    axis.invert_yaxis()
    axis.set_xlabel("requests a second, each ten times the one before", color=FAINT, fontsize=9)
    title(axis, "1,000 requests of 2 s", "requests a second")
    grid(axis, "x")
    figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=9, labelcolor=INK)
    head = ("how", "measured", "theory allows", "the article says")
    rows = [
        (
            r.row.name,
            f"{r.rate:.3g}",
            f"{limit:.3g}",
            f"{r.row.article[1]:g}" if r.row.article else "–",
        )
        for r, limit in zip(results, limits)
    ]
    alt = "Requests a second. " + ". ".join(f"{n}: measured {m}, theory {t}, article {a}" for n, m, t, a in rows) + "."  # fmt: skip
    return Chart(figure, alt, head, rows)
