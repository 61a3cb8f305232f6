"""The planner with sliders: move one, and see what each execution model would give."""

from typing import Any

import ipywidgets as widgets

from helpers.panel.controls import Choice, Control, Number, Slider
from helpers.planner.calibration import Calibration
from helpers.planner.job import TEAMS, Job
from helpers.planner.page import plan_html

# What a field for a limit of the provider takes; nobody allows a million of anything.
MOST_OF_A_LIMIT = 1e6


class Planner(widgets.VBox):
    """Sliders for a job, and below them the plan for it.

        Planner(machine)

    It plans anew when a slider is let go. That takes some 20 ms, so nothing runs in the background.
    machine: what `calibrate` measured. job: where the sliders stand at first.
    """

    def __init__(self, machine: Calibration, job: Job | None = None):
        self.machine = machine
        self.controls = _controls(job or Job())
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
        if values["capacity"] is not None:
            values["capacity"] = int(values["capacity"])
        if values["per_day"] is None:
            values["per_day"] = 1  # no limit makes sense here, and nothing is computed from it
        return Job(**values)

    def _show(self, _change: Any = None) -> None:
        self.page.value = plan_html(self.job, self.machine)


def _controls(job: Job) -> dict[str, Control]:
    """A control for each setting of a job, by its name, standing where the job has it."""
    team = Choice("Team", list(TEAMS))
    team.value = job.team
    return {
        "per_day": Number(label="Queries a day", value=job.per_day, min=1, max=1e9),
        "peak": _slider("At the peak", job.peak, 0.1, 500, 0.1, "a second"),
        "latency": _slider("Latency", job.latency, 0.05, 10, 0.05, "s"),
        "tail": _slider("Tail", job.tail, 0, 1.5, 0.1, "sigma"),
        "rate": _limit("Provider rate", job.rate, 0.1, "a second, or empty"),
        "capacity": _limit("Provider slots", job.capacity, 1, "at once, or empty"),
        "cpu_share": _slider("Your own CPU", job.cpu_share, 0, 0.9, 0.01, "share"),
        "deadline": _slider("Deadline", job.deadline, 0.1, 60, 0.1, "s"),
        "team": team,
    }


def _slider(label: str, value: float, low: float, high: float, step: float, unit: str) -> Slider:
    """A slider from low to high, or to the value where that lies beyond."""
    return Slider(label, value, min(low, value), max(high, value), step, unit)


def _limit(label: str, value: float | None, least: float, unit: str) -> Number:
    return Number(label=label, value=value, min=least, max=MOST_OF_A_LIMIT, unit=unit)
