"""A plan as a page: the advice in a sentence, a table of the models, and how far each would go."""

import math
from collections.abc import Sequence
from html import escape

from helpers.charts.palette import ACCENT, WARN
from helpers.charts.svg import element, line, picture, text
from helpers.planner.calibration import Calibration
from helpers.planner.choice import in_words, plan
from helpers.planner.job import Job
from helpers.planner.prediction import Prediction
from helpers.tables import figure, html_table, text_table

HEAD = ("Model", "Enough?", "In flight", "p95", "Memory", "A day", "Why")

# Queries a second at both ends of the bars: one in ten seconds, and more than one machine can do.
LOWEST = 0.1
HIGHEST = 10_000

# Pixels. Names stand to the left of the bars, rates to their right ("10,000 a second" is about the
# longest), and the peak above them.
NAMES = 90
BARS = 420
RATES = 130
PEAK = 22
BAR = 18
BAR_AND_GAP = 26
GAP = 6  # between a bar and its words

NOT_ENOUGH = "#8C8C8C"


class Plan:
    """The plan for one job, as the result of a cell; printed, it is the advice and the table."""

    def __init__(self, job: Job, machine: Calibration):
        self.job = job
        self.machine = machine

    def __repr__(self) -> str:
        return f"Plan({self.job})"

    def __str__(self) -> str:
        choices = plan(self.job, self.machine)
        return f"{in_words(self.job, choices)}\n{text_table(HEAD, map(_row, choices))}"

    def _repr_html_(self) -> str:
        return plan_html(self.job, self.machine)


def plan_html(job: Job, machine: Calibration) -> str:
    """The advice as a live sentence, the table, and a picture with its words."""
    choices = plan(job, machine)
    advice = element("strong", escape(in_words(job, choices)))
    said = element("p", advice, role="status", aria_live="polite")
    table = html_table("What each model would give", HEAD, map(_row, choices))
    return said + table + reach(choices, job.peak)


def reach(choices: Sequence[Prediction], peak: float) -> str:
    """A bar for each model to the rate that it can hold at most, and a line at the peak.

    Rates are queries a second, on a scale of powers of ten.
    """
    low = PEAK + BAR_AND_GAP * len(choices)
    parts = [_bar(choice, PEAK + BAR_AND_GAP * i) for i, choice in enumerate(choices)]
    parts += [
        line(f"M{_x(peak):.0f} 16V{low}", stroke=WARN, stroke_width=2, stroke_dasharray="5 3"),
        text(_x(peak), 12, f"your peak: {peak:g}"),
    ]
    each = ", ".join(f"{choice.model} {_a_second(choice)}" for choice in choices)
    wide = NAMES + BARS + RATES
    return picture(wide, low + GAP, f"At most: {each}", *parts, style=f"max-width:{wide}px")


def _row(choice: Prediction) -> tuple:
    return (
        choice.model,
        "yes" if choice.enough else "no",
        choice.in_flight,
        choice.p95_in_words,
        f"{choice.memory:.0f} MB",
        f"${choice.cost:.2f}",
        choice.why,
    )


def _bar(choice: Prediction, top: float) -> str:
    end = _x(choice.highest)
    base_line = top + 13
    fill = ACCENT if choice.enough else NOT_ENOUGH
    return (
        text(NAMES - GAP, base_line, choice.model, "end")
        + element("rect", x=NAMES, y=top, width=end - NAMES, height=BAR, fill=fill, rx=2)
        + text(end + GAP, base_line, _a_second(choice), "start")
    )


def _x(rate: float) -> float:
    """The place of a rate, in pixels; a rate beyond an end of the scale stands at that end."""
    within = min(max(rate, LOWEST), HIGHEST)
    return NAMES + BARS * math.log(within / LOWEST) / math.log(HIGHEST / LOWEST)


def _a_second(choice: Prediction) -> str:
    return f"{figure(choice.highest)} a second"
