"""The course's figures, each with its table: runs one above the other, latencies, statuses, memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.charts.bars import MOST_ROWS, bars_by_query
from helpers.charts.drawn import Drawn
from helpers.charts.figures import DASHES, FAINT, INK, SERIES, Chart, bars, grid, key, sheet, title
from helpers.charts.flow import flow_of
from helpers.charts.palette import ACCENT, SCALE, WARN, kind_of
from helpers.charts.sweep import said
from helpers.charts.words import describe
from helpers.trace import percentile

HEAD = ("strategy", "in flight", "seconds", "ideal seconds", "a second", "p50", "p95", "answered")
BINS = 40
STATUS = {
    "2xx": ("#0072B2", ""),
    "429": ("#E69F00", "----"),
    "4xx": ("#CC79A7", "...."),
    "5xx": (WARN, "////"),
}
LEFT_EARLY = ("#7A7A7A", "\\\\\\\\")


def compare(*runs: Drawn, show: str = "timeline") -> Chart:
    """Several runs on one chart, with one time axis.

    show: "timeline" (a row for each query), "latency" (how long one query takes, p50, p95, p99) or "status" (the
    requests that the server saw, by status, over time). Raises ValueError on another, or without a run.
    """
    if not runs:
        raise ValueError("compare takes at least one run, such as compare(run(serial, llm=llm))")
    if show not in _PICTURES:
        raise ValueError(f"show is {show!r}; it takes one of {', '.join(_PICTURES)}")
    return _PICTURES[show](runs)


def timelines(runs: Sequence[Drawn]) -> Chart:
    """Runs one above the other: a row for each query, a colour for each step; from 200 queries on, counts."""
    tall = [max(0.55, min(1.9, len(run.questions) * 0.062)) for run in runs]
    height = sum(tall) + 0.42 * len(runs) + 0.95
    figure, axes = sheet(height, nrows=len(runs), sharex=True, height_ratios=tall)
    end = max(run.seconds for run in runs)
    slowest = max(runs, key=lambda run: run.seconds)
    kinds = set()
    for axis, run in zip(axes, runs):
        kinds |= (_flow if len(run.questions) > MOST_ROWS else _rows)(axis, run)
        title(axis, run.name.replace("_", " "), _in_flight(run))
        _ended(axis, run, end, slowest)
        axis.set_xlim(0, end * (1.0 if len(runs) > 1 else 1.12))
        grid(axis, "x")
    axes[-1].set_xlabel(f"seconds.  {SCALE}", color=FAINT, fontsize=9)
    key(figure, kinds)
    alt = "Timelines. " + ". ".join(describe(run.name, run.summary) for run in runs) + "."
    return Chart(figure, alt, HEAD, [_row(run) for run in runs])


def _in_flight(run: Drawn) -> str:
    seen = _peak(run)
    return f"{seen} in flight" if seen > 1 else "one at a time"


def _peak(run: Drawn) -> int:
    return run.server["peak"] if run.server else run.summary.peak


def _row(run: Drawn) -> tuple:
    s, seen = run.summary, _peak(run)
    spans = [
        f"{value:.3f}" if value is not None else "-"
        for value in (s.p50_from_start, s.p95_from_start)
    ]
    answered = f"{s.answered} of {s.queries}"
    return (
        run.name,
        seen,
        f"{run.seconds:.2f}",
        f"{run.ideal:.2f}",
        f"{s.throughput:.1f}",
        *spans,
        answered,
    )


def _rows(axis, run: Drawn) -> set[str]:
    """One run's bars; returns their kinds."""
    rows = bars_by_query(run.spans(), run.seconds, len(run.questions))
    for kind, items in rows.by_kind.items():
        bars(axis, kind, items)
    axis.set_ylim(rows.count + 0.7, 0.3)
    axis.set_yticks(
        sorted(
            {
                1,
                *(
                    n
                    for n in MaxNLocator(4, integer=True).tick_values(1, rows.count)
                    if 1 < n <= rows.count
                ),
            }
        )
    )
    axis.set_ylabel("query", color=FAINT, fontsize=9)
    return {kind for kind, items in rows.by_kind.items() if any(b > a for _, a, b in items)}


def _flow(axis, run: Drawn) -> set[str]:
    """One run of many queries: how many are in each state, over time."""
    count = len(run.questions)
    flow = flow_of(run.spans(), run.seconds, count)
    for name, low, high in flow.layers:
        look = kind_of(name)
        colour = {"answered": "#D6E6F2", "waiting": "#E2E2E2"}.get(name, look.colour)
        hatched = look.hatch if name != "waiting" else ""
        axis.fill_between(
            flow.times,
            low,
            high,
            facecolor="white" if hatched else colour,
            edgecolor=colour,
            hatch=hatched,
            linewidth=0,
        )
    axis.set_ylim(0, count)
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.set_ylabel("queries", color=FAINT, fontsize=9)
    axis.text(run.seconds * 0.97, count * 0.08, "answered", color=INK, fontsize=9, ha="right")
    return flow.kinds


def _ended(axis, run: Drawn, end: float, slowest: Drawn) -> None:
    """The time it took, said where it ended."""
    words = f"{run.seconds:.2f} s"
    if run is not slowest and run.seconds and slowest.seconds / run.seconds >= 1.05:
        words += f", {slowest.seconds / run.seconds:.1f} times as fast"
    right = run.seconds > 0.7 * end and slowest is run and end == run.seconds
    low, high = sorted(axis.get_ylim())
    axis.plot([run.seconds] * 2, [low, high], color=INK, linewidth=1, zorder=3)
    axis.annotate(words, (run.seconds, (low + high) / 2), (-6 if right else 6, 0), textcoords="offset points", fontsize=10,
                  ha="right" if right else "left", va="center", color=INK, fontweight="bold", zorder=4,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 2, "alpha": 0.85})  # fmt: skip


def latencies(runs: Sequence[Drawn]) -> Chart:
    """The share of queries answered within a time: from each one's own start, and (dotted) from submission."""
    figure, (axis,) = sheet(3.6)
    rows = []
    for i, run in enumerate(runs):
        colour, whole = (
            SERIES[i % len(SERIES)],
            [s for s in run.spans() if s.step == "query" and s.state == "ok"],
        )
        for clock, times in (
            ("from its start", [s.end - s.start for s in whole]),
            ("from submission", [s.end for s in whole]),
        ):
            marks = [percentile(times, p) for p in (50, 95, 99)]
            rows.append((run.name, clock, *("-" if m is None else f"{m:.3f}" for m in marks)))
            _ecdf(
                axis,
                sorted(times),
                marks,
                colour,
                f"{run.name}, {clock}",
                dotted=clock == "from submission",
            )
    axis.set_ylim(0, 1.03)
    axis.set_xlim(left=0)
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.set_xlabel(f"seconds.  {SCALE}", color=FAINT, fontsize=9)
    title(axis, "Share of queries answered within a time", "marks: p50, p95, p99")
    grid(axis, "both")
    axis.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right")
    alt = (
        "Latencies. "
        + ". ".join(f"{n} {clock}: p50 {a} s, p95 {b} s, p99 {c} s" for n, clock, a, b, c in rows)
        + "."
    )
    return Chart(figure, alt, ("strategy", "clock", "p50", "p95", "p99"), rows)


def _ecdf(axis, times: list[float], marks: list, colour: str, label: str, *, dotted: bool) -> None:
    if not times:
        return
    shares = np.arange(1, len(times) + 1) / len(times)
    axis.step(
        [0, *times],
        [0, *shares],
        where="post",
        color=colour,
        linestyle=":" if dotted else "-",
        linewidth=1.8,
        label=label,
    )
    axis.plot(
        marks,
        [0.5, 0.95, 0.99],
        "o",
        color=colour,
        markersize=4.5,
        markerfacecolor="white" if dotted else colour,
    )


def statuses(runs: Sequence[Drawn]) -> Chart:
    """The requests that the server saw, by how it answered, over time."""
    figure, axes = sheet(1.9 * len(runs) + 0.5, nrows=len(runs), sharex=True)
    ended = [_ends(run) for run in runs]
    edges = np.linspace(0, max([0.1, *(at for ends in ended for _, at in ends)]), BINS + 1)
    rows = []
    for axis, run, ends in zip(axes, runs, ended):
        floor = np.zeros(BINS)
        for status in sorted({status for status, _ in ends}):
            counts, _ = np.histogram([at for s, at in ends if s == status], edges)
            colour, hatch = STATUS.get(status, LEFT_EARLY)
            face = (
                {"facecolor": "white", "edgecolor": colour, "hatch": hatch}
                if hatch
                else {"facecolor": colour}
            )
            axis.bar(
                edges[:-1],
                counts,
                np.diff(edges) * 0.9,
                floor,
                align="edge",
                linewidth=0,
                label=f"{status}: {counts.sum()}",
                **face,
            )
            floor += counts
            rows.append((run.name, status, int(counts.sum())))
        title(axis, run.name.replace("_", " "), f"{len(ends)} requests ended")
        axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        grid(axis, "y")
        axis.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper right")
    axes[-1].set_xlabel(f"seconds.  {SCALE}", color=FAINT, fontsize=9)
    alt = (
        "Requests by status. "
        + ". ".join(f"{name}: {count} of {status}" for name, status, count in rows)
        + "."
    )
    return Chart(figure, alt, ("strategy", "status", "requests"), rows)


def _ends(run: Drawn) -> list[tuple[str, float]]:
    """(status, seconds since the run's first request) of every request that has ended."""
    journal = run.requests()
    zero = min((r["arrival"] for r in journal), default=0.0)
    return [(_class(r["status"]), r["end"] - zero) for r in journal if r["end"] is not None]


def _class(status: int | None) -> str:
    if status is None:
        return "no answer"
    return "429" if status == 429 else f"{status // 100}xx"


def memory(megabytes: Mapping[str, float]) -> Chart:
    """Memory by strategy, as measured in a process of its own for each (see helpers.bench)."""
    figure, (axis,) = sheet(0.42 * len(megabytes) + 0.7)
    names, values = list(megabytes), list(megabytes.values())
    axis.barh(names, values, height=0.62, color=ACCENT)
    for i, value in enumerate(values):
        axis.annotate(
            f"{value:.0f} MB",
            (value, i),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=INK,
        )
    axis.invert_yaxis()
    axis.set_xlim(0, max(values) * 1.15)
    axis.set_xticks([])
    title(axis, "Memory", "at its peak, in megabytes")
    alt = (
        "Memory. " + ", ".join(f"{name} {value:.0f} MB" for name, value in megabytes.items()) + "."
    )
    return Chart(
        figure,
        alt,
        ("strategy", "MB"),
        [(name, f"{value:.0f}") for name, value in megabytes.items()],
    )


def throughput(sweep: Any) -> Chart:
    """A helpers.sweeps.Sweep: queries a second and p95 against the number in flight, with ideal, knee and machine limit."""
    if not sweep.points:
        raise ValueError("the sweep has no point yet")
    figure, (above, below) = sheet(4.6, nrows=2, sharex=True, height_ratios=[2, 1])
    limits = [p.limit for p in sweep.points]
    rates = [p.throughput for p in sweep.points]
    above.plot(
        limits,
        [p.ideal for p in sweep.points],
        color=FAINT,
        linestyle="--",
        linewidth=1.3,
        label="ideal",
    )
    above.plot(limits, rates, "o-", color=ACCENT, linewidth=2, markersize=5, label="measured")
    below.plot(limits, [p.p95 for p in sweep.points], "o-", color=ACCENT, linewidth=2, markersize=5)
    _mark_sweep(above, below, sweep, max(rates))
    above.set_xscale("log")
    below.set_xticks(limits, [str(limit) for limit in limits])
    below.minorticks_off()
    above.set_ylim(0, max(rates) * 1.25)
    below.set_ylim(0, max(p.p95 for p in sweep.points) * 1.2)
    title(above, "Queries a second", sweep.name.replace("_", " "))
    title(below, "p95 of one agent", "seconds")
    below.set_xlabel(f"in flight.  {SCALE}", color=FAINT, fontsize=9)
    for axis in (above, below):
        grid(axis, "both")
    above.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper left")
    head = ("in flight", "queries", "a second", "ideal", "p50", "p95", "failed", "CPU ms each")
    rows = [
        (
            p.limit,
            p.queries,
            f"{p.throughput:.1f}",
            f"{p.ideal:.1f}",
            f"{p.p50:.3f}",
            f"{p.p95:.3f}",
            p.failed,
            f"{p.cpu * 1000:.1f}",
        )
        for p in sweep.points
    ]
    return Chart(figure, said(sweep), head, rows)


def _mark_sweep(above, below, sweep: Any, best: float) -> None:
    if sweep.knee is not None:
        for axis in (above, below):
            axis.axvline(sweep.knee.limit, color=WARN, linestyle=":", linewidth=1.8)
        place = (sweep.knee.limit, best * 0.06)
        above.annotate(
            f"knee: {sweep.knee.limit}",
            place,
            (6, 0),
            textcoords="offset points",
            color=INK,
            fontweight="bold",
        )
    if sweep.machine_limit is not None and sweep.machine_limit < best * 1.25:
        above.axhline(sweep.machine_limit, color=WARN, linestyle="--", linewidth=1.3)
        words = f"this machine: {sweep.machine_limit:.0f}"
        above.annotate(
            words,
            (sweep.points[0].limit, sweep.machine_limit),
            (0, 4),
            textcoords="offset points",
            color=INK,
        )


def curves(
    series: Mapping[str, Mapping[float, float]], across: str, up: str, *, log: bool = True
) -> Chart:
    """A line for each name through its points (x: y); across and up say what the axes are. log: x and y by powers of ten.

    Raises ValueError where there is no point.
    """
    xs = sorted({x for points in series.values() for x in points})
    if not xs:
        raise ValueError("series has no point yet")
    figure, (axis,) = sheet(3.4)
    for i, (name, points) in enumerate(series.items()):
        look = {"color": SERIES[i % len(SERIES)], "linestyle": DASHES[i % len(DASHES)]}
        axis.plot(
            *zip(*sorted(points.items())), marker="o", markersize=5, linewidth=2, label=name, **look
        )
    if log:
        axis.set_xscale("log")
        axis.set_yscale("log")
    axis.set_xticks(xs, [f"{x:g}" for x in xs])
    axis.minorticks_off()
    axis.set_xlabel(across, color=FAINT, fontsize=9)
    title(axis, up)
    grid(axis, "both")
    axis.legend(frameon=False, fontsize=9, labelcolor=INK)
    rows = [(f"{x:g}", *(f"{p[x]:.3g}" if x in p else "–" for p in series.values())) for x in xs]
    alt = f"{up} against {across}. " + ". ".join(
        f"{name}: " + ", ".join(f"{y:.3g} at {x:g}" for x, y in sorted(points.items()))
        for name, points in series.items()
    )
    return Chart(figure, f"{alt}.", (across, *series), rows)


_PICTURES: dict[str, Callable] = {"timeline": timelines, "latency": latencies, "status": statuses}
