"""Exercises of lesson 03: a pool in order, a pool that survives a failure, a sliding window."""

from collections.abc import Callable
from typing import Any

from helpers.agents import ModelError, Question, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, describe, is_list_of, peak, remedy, requests
from helpers.exercises.trial import Evidence, Trial

TEN, TWENTY = 10, 20


def _ask_all(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWENTY, kind="lookup")
    with trial.ask() as ask:
        return function(ask, list(trial.questions), TEN)


LOST = "Atlantis"  # a city of which the weather service has never heard
UNANSWERABLE = (3, 11)  # one in each batch of ten


def _ask_with_failures(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWENTY, kind="lookup")
    for number in UNANSWERABLE:
        trial.questions[number] = _unanswerable(number)
    with trial.ask() as ask:
        return function(ask, list(trial.questions), TEN)


def _unanswerable(number: int) -> Question:
    question = Question(f"What is the weather in {LOST}?")
    question.number = number
    question.kind = "weather"
    question.answer = LOST
    return question


def _lost_the_others(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, ModelError):
        return None
    asked = len(evidence.seen("search"))
    return Finding(
        "18 answers, and the exception in the place of each of the other 2",
        f"the first exception ended everything, though the server saw {asked} questions",
        "where the exception is caught: once around all questions, or around each.",
    )


def _answers_or_errors(evidence: Evidence) -> Finding | None:
    asked = evidence.questions
    returned = evidence.returned
    if not is_list_of(len(asked), returned):
        return Finding(
            f"a list of {len(asked)}: an answer or an exception each",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    for number, (question, got) in enumerate(zip(asked, returned)):
        fails = number in UNANSWERABLE
        right = isinstance(got, ModelError) if fails else evidence.is_answer(question, got)
        if not right:
            wanted = "the exception that was raised" if fails else "the answer"
            return Finding(
                f"{wanted} in place {number}",
                f"your list has {describe(got)} there",
                "what stands in the list for each question.",
            )
    return None


FIVE = 5
SLOW = 0.6  # seconds: in this time the other four slots can take twenty more questions
BEGUN_MEANWHILE = 10  # more than the slow one's own batch of five, with room for a slow machine


def _ask_with_a_straggler(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(1, kind="weather") + questions(TWENTY, kind="lookup")[1:]
    with trial.ask() as ask:
        return function(ask, list(trial.questions), FIVE)


def _no_barrier(evidence: Evidence) -> Finding | None:
    """While the slow question was under way, others than its own batch were begun."""
    slow = evidence.seen("weather")
    if not slow:
        return answers(evidence)
    begun = sum(entry["arrival"] < slow[0]["end"] for entry in evidence.seen("search"))
    if begun >= BEGUN_MEANWHILE:
        return None
    return Finding(
        "new questions whenever a slot is free",
        f"until the slow question had its answer, the server saw only {begun} of {TWENTY} begun",
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
        [_answers_or_errors, requests(TWENTY, kind="search"), peak(TEN, TEN)],
        "20 questions, 18 answers, and 2 exceptions in their places.",
        llm={"latency": 0.1, "search_latency": 0.005},
        on_error=_lost_the_others,
    ),
    Exercise(
        "3.3",
        "from batches to a sliding window",
        "sliding(ask, questions, limit)",
        _ask_with_a_straggler,
        [answers, peak(FIVE, FIVE), _no_barrier],
        "the slow question held up nobody: free slots were used at once.",
        llm={"latency": 0.06, "search_latency": 0.005, "weather_latency": SLOW},
    ),
]
