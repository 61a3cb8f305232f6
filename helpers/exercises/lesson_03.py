"""Exercises of lesson 03: a pool that keeps the order, a pool that survives a failure, and a sliding window."""

from collections.abc import Callable
from typing import Any

from helpers.agents import ModelError, Question, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, describe, peak, remedy, requests

TEN = 10
LOST = "Atlantis"


def _ask_all(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(20, kind="lookup")
    with trial.ask() as ask:
        return function(ask, list(trial.questions), TEN)


def _ask_with_failures(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(20, kind="lookup")
    for number in (3, 11):
        trial.questions[number] = _unanswerable(number)
    with trial.ask() as ask:
        return function(ask, list(trial.questions), TEN)


def _unanswerable(number: int) -> Question:
    question = Question(f"What is the weather in {LOST}?")
    question.number, question.kind, question.answer = number, "weather", LOST
    return question


def _lost_the_others(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, ModelError):
        return None
    return Finding(
        "18 answers, and the exception in the place of each of the other 2",
        f"the first exception ended everything, though the server saw {len(trial.seen('search'))} questions",
        "where the exception is caught: once around all questions, or around each.",
    )


def _answers_or_errors(trial: Trial) -> Finding | None:
    asked, returned = trial.questions, trial.returned
    if not isinstance(returned, (list, tuple)) or len(returned) != len(asked):
        seen = f"your function returned {describe(returned)}"
        return Finding(
            f"a list of {len(asked)}: an answer or an exception each", seen, remedy(returned)
        )
    for number, (question, got) in enumerate(zip(asked, returned)):
        good = isinstance(got, ModelError) if LOST in question else trial.is_answer(question, got)
        if not good:
            wanted = "the exception that was raised" if LOST in question else "the answer"
            seen = f"your list has {describe(got)} there"
            return Finding(
                f"{wanted} in place {number}", seen, "what stands in the list for each question."
            )
    return None


SLOW = 0.6


def _ask_with_a_straggler(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(1, kind="weather") + questions(20, kind="lookup")[1:]
    with trial.ask() as ask:
        return function(ask, list(trial.questions), 5)


def _no_barrier(trial: Trial) -> Finding | None:
    """While the slow question was under way, others than its own batch were begun."""
    slow = trial.seen("weather")
    if not slow:
        return answers(trial)
    begun = sum(entry["arrival"] < slow[0]["end"] for entry in trial.seen("search"))
    if begun >= 10:
        return None
    return Finding(
        "new questions whenever a slot is free",
        f"until the slow question had its answer, the server saw only {begun} of 20 begun",
        "where everybody waits for the slowest: the end of each batch.",
    )


EXERCISES = [
    Exercise(
        "3.1",
        "ten at a time, in order",
        "ask_all(ask, questions, limit)",
        _ask_all,
        [answers, peak(TEN, TEN)],
        "10 threads, 20 answers, in order.",
        llm={"latency": 0.12, "tail": 0.5, "search_latency": 0.005, "seed": 3},
    ),
    Exercise(
        "3.2",
        "one failure must not lose the others",
        "ask_each(ask, questions, limit)",
        _ask_with_failures,
        [_answers_or_errors, requests(20, kind="search"), peak(TEN, TEN)],
        "20 questions, 18 answers, and 2 exceptions in their places.",
        llm={"latency": 0.1, "search_latency": 0.005},
        on_error=_lost_the_others,
    ),
    Exercise(
        "3.3",
        "from batches to a sliding window",
        "sliding(ask, questions, limit)",
        _ask_with_a_straggler,
        [answers, peak(5, 5), _no_barrier],
        "the slow question held up nobody: free slots were used at once.",
        llm={"latency": 0.06, "search_latency": 0.005, "weather_latency": SLOW},
    ),
]
