"""Lesson 13: what each execution model would give for a job, from what this machine's clients cost.

machine = calibrate(llm)                  # what a request costs here, in threads and in tasks
plan(Job(peak=20, latency=2), machine)    # a Prediction for serial, threads, async and processes
simplest(Job(peak=20), machine)           # the first of them that is enough
"""

from helpers.planner.calibration import MODELS, Calibration, ClientCost, calibrate
from helpers.planner.choice import advice, plan, simplest
from helpers.planner.job import Job
from helpers.planner.map import choice_map
from helpers.planner.page import Plan
from helpers.planner.prediction import Prediction, batch, highest_rate
from helpers.planner.widget import Planner

__all__ = [
    "MODELS",
    "Calibration",
    "ClientCost",
    "Job",
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
