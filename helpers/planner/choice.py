"""Which execution model to choose for a job: the simplest that is enough, and why, in words."""

from collections.abc import Sequence

from helpers.planner.calibration import MODELS, Calibration
from helpers.planner.job import Job
from helpers.planner.prediction import Prediction, predict
from helpers.tables import figure


def plan(job: Job, machine: Calibration) -> list[Prediction]:
    """A prediction for each model, from the simplest on."""
    return [predict(job, model, machine) for model in MODELS]


def simplest(job: Job, machine: Calibration) -> Prediction | None:
    """The first model that is enough; None where none is."""
    return _first_enough(plan(job, machine))


def advice(job: Job, machine: Calibration) -> str:
    """The choice in words, with what it costs this team, and what would change it."""
    return in_words(job, plan(job, machine))


def in_words(job: Job, choices: Sequence[Prediction]) -> str:
    """The advice, from a plan that is there already."""
    best = _first_enough(choices)
    if best is None:
        nearest = max(choices, key=lambda choice: choice.highest)
        return (
            f"No model is enough. The best of them {nearest.why}. "
            "Change the job: a lower peak, a later deadline, or another provider."
        )
    words = (
        f"{best.model.capitalize()} is enough, and the simplest that is: "
        f"p95 {best.p95_in_words}, {best.in_flight} in flight, {best.memory:.0f} MB. It {best.why}."
    )
    if best.model in ("async", "processes") and job.team == "new to async":
        threads = next(choice for choice in choices if choice.model == "threads")
        held = figure(threads.highest)
        words += f" Your team is new to async: threads would do up to {held} a second."
    return words


def _first_enough(choices: Sequence[Prediction]) -> Prediction | None:
    return next((choice for choice in choices if choice.enough), None)
