"""Lesson 13: what each execution model would give for a job, from what this machine's clients cost."""

from helpers.planner.planner import (
    MODELS,
    Client,
    Job,
    Machine,
    Prediction,
    advice,
    batch,
    calibrate,
    highest_rate,
    plan,
    simplest,
)
from helpers.planner.widget import Plan, Planner, choice_map

__all__ = [
    "MODELS",
    "Client",
    "Job",
    "Machine",
    "Plan",
    "Planner",
    "Prediction",
    "advice",
    "batch",
    "calibrate",
    "choice_map",
    "highest_rate",
    "plan",
    "simplest",
]
