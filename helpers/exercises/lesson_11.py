"""Exercises of lesson 11: an honest stopwatch, and as many in flight as a deadline needs."""

from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, describe, is_number, most_at_once, overlapped, peak
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import percentile

FOUR, TWENTY_FOUR = 4, 24
LOOK = {
    "throughput": "all answers, divided by the time of the whole: times that overlap do not add"
    " up.",
    "p95_from_submission": "when this clock starts: all questions are submitted at the same"
    " moment.",
    "p95_from_start": "when this clock starts: after the question has its permit.",
}
NAMES = ("throughput", "p95_from_start", "p95_from_submission")


async def _timed(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWENTY_FOUR, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), FOUR)


def _three_numbers(evidence: Evidence) -> Finding | None:
    found = evidence.returned
    if isinstance(found, dict) and all(is_number(found.get(name)) for name in NAMES):
        return None
    names = ", ".join(f'"{name}"' for name in NAMES)
    return Finding(f"a dict with the numbers {names}", describe(found), "what you return.")


def _as_the_server_saw(evidence: Evidence) -> Finding | None:
    """The bounds are wide, because a busy client sees a reply later than the server sent it.

    A clock that starts at the wrong moment is off by far more.
    """
    for name, right in _by_the_server(evidence).items():
        mine = evidence.returned[name]
        # Seconds that the agent's other steps add to the model's; a rate has none to add.
        around = 0.0 if name == "throughput" else 0.1
        if not 0.7 * right <= mine <= 1.35 * right + around:
            return Finding(
                f'the right "{name}"',
                f"by the server's clock it is {right:.3g}, you return {mine:.3g}",
                LOOK[name],
            )
    return None


def _by_the_server(evidence: Evidence) -> dict[str, float]:
    """The three numbers from the journal; keeping its notes is the last step of each question."""
    submitted = min(entry["arrival"] for entry in evidence.journal)
    whole = [entry["end"] - submitted for entry in evidence.seen("notes")]
    own = [entry["end"] - entry["arrival"] for entry in evidence.seen()]
    return {
        "throughput": TWENTY_FOUR / max(whole),
        "p95_from_submission": percentile(whole, 95),
        "p95_from_start": percentile(own, 95),
    }


MANY = 33  # answers
DEADLINE = 2.0  # seconds
# In flight. Replies of 0.2 s make nine rounds before the deadline, so four are enough for the 33 in
# theory, and somewhat more in practice; fourteen are more than three times that.
NEEDED, GENEROUS = 4, 14


async def _in_time(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(MANY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), DEADLINE)


def _as_many_as_needed(evidence: Evidence) -> Finding | None:
    most = most_at_once(evidence)
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
        # Three at least, so that whoever is one short hears of the clocks all the same.
        [peak(3, FOUR), overlapped(FOUR), _three_numbers, _as_the_server_saw],
        "throughput and both p95 agree with the server's own clock.",
        llm={"latency": 0.15, "tail": 0.3, "search_latency": 0.005, "seed": 11},
    ),
    Exercise(
        "11.2",
        "as many as the deadline needs",
        "ask_within(ask, questions, deadline)",
        _in_time,
        # Half of the needed, because the first question may go alone, to see how long one takes.
        [_as_many_as_needed, overlapped(NEEDED, 0.5), answers],
        f"{MANY} answers, with enough in flight for the deadline and not many more.",
        llm={"latency": 0.2, "search_latency": 0.005},
        # One after the other takes 7 s on an idle machine, and is told so rather than cut off.
        seconds=20.0,
    ),
]
