"""Exercises of lesson 11: an honest stopwatch, and as many in flight as a deadline needs."""

from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, describe, most_in_flight, overlapped, peak
from helpers.trace import percentile

COUNT, LIMIT = 24, 4
NAMES = ("throughput", "p95_from_start", "p95_from_submission")


async def _timed(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(COUNT, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), LIMIT)


def _three_numbers(trial: Trial) -> Finding | None:
    found = trial.returned
    if isinstance(found, dict) and all(isinstance(found.get(name), (int, float)) for name in NAMES):
        return None
    names = ", ".join(f'"{name}"' for name in NAMES)
    return Finding(f"a dict with the numbers {names}", describe(found), "what you return.")


def _as_the_server_saw(trial: Trial) -> Finding | None:
    """The client may see a reply later than the server sent it, so the bounds are wide; wrong clocks are wider off."""
    first = min(r["arrival"] for r in trial.journal)
    ends = [r["end"] - first for r in trial.seen("notes")]
    whole, own = max(ends), percentile([r["end"] - r["arrival"] for r in trial.seen()], 95)
    mine = trial.returned
    look = {
        "throughput": "all answers, divided by the time of the whole: times that overlap do not add up.",
        "p95_from_submission": "when this clock starts: all questions are submitted at the same moment.",
        "p95_from_start": "when this clock starts: after the question has its permit.",
    }
    truth = {
        "throughput": COUNT / whole,
        "p95_from_submission": percentile(ends, 95),
        "p95_from_start": own,
    }
    for name, right in truth.items():
        if not 0.7 * right <= mine[name] <= 1.35 * right + (0.1 if name != "throughput" else 0):
            seen = f"by the server's clock it is {right:.3g}, you return {mine[name]:.3g}"
            return Finding(f'the right "{name}"', seen, look[name])
    return None


MANY, DEADLINE = 33, 2.0
NEEDED, GENEROUS = 4, 14


async def _in_time(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(MANY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), DEADLINE)


def _as_many_as_needed(trial: Trial) -> Finding | None:
    most = max(most_in_flight(trial.seen()), trial.most_asked)
    if most > GENEROUS:
        return Finding(
            f"no more in flight than {MANY} answers in {DEADLINE:g} s need, and some to spare",
            f"{most} were in flight at once",
            "Little's law: in flight = requests a second x seconds each. How long does one take?",
        )
    if most < NEEDED:
        return Finding(
            f"{MANY} answers within {DEADLINE:g} s",
            f"never more than {most} in flight: too few for that, however fast the machine",
            "Little's law: in flight = requests a second x seconds each.",
        )
    return None


EXERCISES = [
    Exercise(
        "11.1",
        "an honest stopwatch",
        "stopwatch(ask, questions, limit)",
        _timed,
        [peak(3, LIMIT), overlapped(LIMIT), _three_numbers, _as_the_server_saw],
        "throughput and both p95 agree with the server's own clock.",
        llm={"latency": 0.15, "tail": 0.3, "search_latency": 0.005, "seed": 11},
    ),
    Exercise(
        "11.2",
        "as many as the deadline needs",
        "ask_within(ask, questions, deadline)",
        _in_time,
        [_as_many_as_needed, overlapped(NEEDED, 0.5), answers],
        f"{MANY} answers, with enough in flight for the deadline and not many more.",
        llm={"latency": 0.2, "search_latency": 0.005},
        seconds=20.0,
    ),
]
