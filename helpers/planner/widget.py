"""The planner with sliders: what each execution model would give for a job, and the simplest that is enough.

    Planner(machine)

It recomputes when a slider is let go; a plan takes a tenth of a second, so nothing runs in the background.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from helpers.charts.figures import FAINT, INK, Chart, sheet, title
from helpers.charts.palette import ACCENT, WARN
from helpers.panel.controls import Choice, Number, Slider
from helpers.planner.planner import (
    MODELS,
    TEAMS,
    Job,
    Machine,
    Prediction,
    advice,
    plan,
    simplest_by_rate,
)
from helpers.tables import figure, html_table, text_table

HEAD = ("Model", "Enough?", "In flight", "p95", "Memory", "A day", "Why")
WIDE, LOWEST, HIGHEST = 420, 0.1, 10_000
_LOOK = {
    "serial": "#CC79A7",
    "threads": "#0072B2",
    "async": "#009E73",
    "processes": "#E69F00",
    "none": "#999999",
}


class Planner(widgets.VBox):
    """Sliders for a job, and below them the advice, a table of the models, and how far each would go.

    job: the job as the sliders show it; setting it moves them. machine: what planner.calibrate measured.
    """

    def __init__(self, machine: Machine, job: Job | None = None):
        self.machine, start = machine, job or Job()
        self.controls = {
            "per_day": Number(label="Queries a day", value=start.per_day, min=1, max=1e9),
            "peak": Slider("At the peak", start.peak, 0.1, max(500, start.peak), 0.1, "a second"),
            "latency": Slider("Latency", start.latency, 0.05, max(10, start.latency), 0.05, "s"),
            "tail": Slider("Tail", start.tail, 0, 1.5, 0.1, "sigma"),
            "rate": Number(label="Provider rate", value=start.rate, min=0.1, max=1e6, unit="a second, or empty"),
            "capacity": Number(label="Provider slots", value=start.capacity, min=1, max=1e6, unit="at once, or empty"),
            "cpu_share": Slider("Your own CPU", start.cpu_share, 0, 0.9, 0.01, "share"),
            "deadline": Slider("Deadline", start.deadline, 0.1, max(60, start.deadline), 0.1, "s"),
            "team": Choice("Team", list(TEAMS)),
        }  # fmt: skip
        self.controls["team"].value = start.team
        self.page = widgets.HTML(layout={"width": "100%", "min_width": "0", "overflow": "hidden"})
        fields = widgets.Box(
            list(self.controls.values()),
            layout={"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 28px"},
        )
        super().__init__([fields, self.page])
        self.add_class("course-panel")
        for control in self.controls.values():
            control.observe(self._show, "value")
        self._show()

    def __repr__(self) -> str:
        return "Planner: run this cell to use it"

    @property
    def job(self) -> Job:
        """The job that the sliders describe."""
        values = {name: control.value for name, control in self.controls.items()}
        values["capacity"] = values["capacity"] and int(values["capacity"])
        values["per_day"] = values["per_day"] or 1
        return Job(**values)

    def _show(self, _change: Any = None) -> None:
        self.page.value = plan_html(self.job, self.machine)


class Plan:
    """The plan for one job: the advice, the table of the models, and how far each would go."""

    def __init__(self, job: Job, machine: Machine):
        self.job, self.machine = job, machine

    def __repr__(self) -> str:
        return f"Plan({self.job})"

    def __str__(self) -> str:
        return f"{advice(self.job, self.machine)}\n{text_table(HEAD, map(_row, plan(self.job, self.machine)))}"

    def _repr_html_(self) -> str:
        return plan_html(self.job, self.machine)


def plan_html(job: Job, machine: Machine) -> str:
    """The advice as a live sentence, the table, and a picture with its words."""
    choices = plan(job, machine)
    said = (
        f'<p role="status" aria-live="polite"><strong>{escape(advice(job, machine))}</strong></p>'
    )
    return (
        said
        + html_table("What each model would give", HEAD, map(_row, choices))
        + _reach(choices, job)
    )


def _row(p: Prediction) -> tuple:
    p95 = "–" if math.isinf(p.p95) else f"{p.p95:.2g} s"
    return (
        p.model,
        "yes" if p.enough else "no",
        p.in_flight,
        p95,
        f"{p.memory:.0f} MB",
        f"${p.cost:.2f}",
        p.why,
    )


def _reach(choices: Sequence[Prediction], job: Job) -> str:
    """A bar for each model to the rate that it can hold at most, on a scale of powers of ten; a line at the peak."""

    def x(rate: float) -> float:
        share = math.log10(min(max(rate, LOWEST), HIGHEST) / LOWEST) / math.log10(HIGHEST / LOWEST)
        return 90 + WIDE * share

    parts = []
    for i, p in enumerate(choices):
        y = 22 + 26 * i
        fill = ACCENT if p.enough else "#8C8C8C"
        parts.append(
            f'<text x="84" y="{y + 13}" text-anchor="end">{p.model}</text>'
            f'<rect x="90" y="{y}" width="{x(p.highest) - 90:.0f}" height="18" fill="{fill}" rx="2"/>'
            f'<text x="{x(p.highest) + 6:.0f}" y="{y + 13}">{figure(p.highest)} a second</text>'
        )
    low = 22 + 26 * len(choices)
    parts.append(
        f'<path d="M{x(job.peak):.0f} 16V{low}" stroke="{WARN}" stroke-width="2" stroke-dasharray="5 3"/>'
        f'<text x="{x(job.peak):.0f}" y="12" text-anchor="middle">your peak: {job.peak:g}</text>'
    )
    words = "At most: " + ", ".join(f"{p.model} {figure(p.highest)} a second" for p in choices)
    return (
        f'<div style="overflow-x:auto" tabindex="0" role="group" aria-label="how far each model goes">'
        f'<svg viewBox="0 0 {WIDE + 220} {low + 6}" width="{WIDE + 220}" role="img" aria-label="{escape(words)}" '
        f'style="max-width:100%;font:12px var(--jp-ui-font-family,sans-serif);fill:currentColor">{"".join(parts)}</svg></div>'
    )


def choice_map(job: Job, machine: Machine) -> Chart:
    """The simplest model that holds the peak, for many peaks and latencies, and the article's thresholds as lines."""
    peaks = [10 ** (k / 8 - 1) for k in range(33)]
    waits = [10 ** (k / 8 - 1.5) for k in range(21)]
    chosen = [[simplest_by_rate(job, machine, peak, wait) for peak in peaks] for wait in waits]
    figure, (axis,) = sheet(4.2)
    for model in (*MODELS, "none"):
        points = [(p, w) for w, row in zip(waits, chosen) for p, m in zip(peaks, row) if m == model]
        if points:
            axis.plot(
                *zip(*points), "s", color=_LOOK[model], markersize=9, markeredgewidth=0, label=model
            )
    for threshold in (50, 100):
        axis.axvline(threshold, color=INK, linestyle="--", linewidth=1.3)
        axis.annotate(f"the article: {threshold}", (threshold, waits[-1]), (4, 8), textcoords="offset points", color=INK, fontsize=8, rotation=30)  # fmt: skip
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("queries a second at the peak", color=FAINT, fontsize=9)
    title(axis, "The simplest model that holds the peak", "by latency in seconds")
    figure.legend(loc="outside lower left", ncols=5, frameon=False, fontsize=9, labelcolor=INK)
    head = ("latency, s", *(f"{peak:.3g}/s" for peak in peaks[::8]))
    rows = [(f"{wait:.3g}", *row[::8]) for wait, row in zip(waits[::4], chosen[::4])]
    alt = "The simplest model by latency and peak. " + " ".join(
        f"At {wait} s: " + ", ".join(f"{m} at {h}" for h, m in zip(head[1:], row)) + "."
        for wait, *row in rows
    )
    return Chart(figure, alt, head, rows)
