"""Exercises of lesson 05: one session for all, a limit, and answers as they come."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.agents import Question, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, connections, describe, overlapped, peak, replies
from helpers.exercises.trial import Evidence, Trial

FIVE, EIGHT = 5, 8
TEN, FIFTEEN = 10, 15


async def _fifteen_by_hand(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(FIFTEEN, kind="lookup")
    trial.expected = trial.replies(trial.questions)
    return await function(trial.base_url, list(trial.questions))


async def _fifteen_through_five(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(FIFTEEN, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), FIVE)


class Shown(NamedTuple):
    """One call of show. come: how many answers had come by then."""

    question: Question
    answer: Any
    come: int


@dataclass
class Screen:
    """What was shown, in its order."""

    shown: list[Shown] = field(default_factory=list)


async def _show_eight(function: Callable, trial: Trial[Screen]) -> Any:
    trial.questions = questions(EIGHT, kind="lookup")
    trial.observed = screen = Screen()
    come = 0

    def show(question: Question, answer: Any) -> None:
        screen.shown.append(Shown(question, answer, come))

    async with trial.ask_async() as plain:

        async def ask(question: Question) -> Any:
            nonlocal come
            answer = await plain(question)
            come += 1
            return answer

        return await function(ask, list(trial.questions), show)


def _each_with_its_question(evidence: Evidence[Screen]) -> Finding | None:
    shown = evidence.observed.shown
    if len(shown) != EIGHT:
        return Finding(
            f"{EIGHT} answers shown",
            f"{len(shown)} were shown",
            "how often show(question, answer) is called: once for each answer.",
        )
    for question, answer, _ in shown:
        if not evidence.is_answer(question, answer):
            return Finding(
                "every answer shown with its own question",
                f"{describe(answer)} was shown with another question",
                "how you know which question an answer belongs to: as_completed does not hand back"
                " your tasks in order.",
            )
    return None


# Answers that may come in the same turn of the loop, before any of them can be shown. Half of the
# eight, so that a busy machine is forgiven, and whoever waits for all of them is not.
TOGETHER = 4


def _without_delay(evidence: Evidence[Screen]) -> Finding | None:
    shown = evidence.observed.shown
    waited = max(entry.come - place for place, entry in enumerate(shown, 1))
    if waited <= TOGETHER:
        return None
    return Finding(
        "each answer shown as soon as it comes",
        f"{waited + 1} answers had come before one of them was shown",
        "what waits for all answers, or for the answers in order.",
    )


EXERCISES = [
    Exercise(
        "5.1",
        "one session for all",
        "ask_all(base_url, questions)",
        _fifteen_by_hand,
        # Only the server sees these requests, and on a busy machine it sees fewer than ten at once.
        [replies, connections(TEN), peak(6, TEN), overlapped(TEN)],
        "15 replies in order, over 10 connections.",
        llm={"latency": 0.1},
    ),
    Exercise(
        "5.2",
        "at most five in flight",
        "ask_some(ask, questions, limit)",
        _fifteen_through_five,
        [answers, peak(FIVE, FIVE), overlapped(FIVE)],
        "never more than 5 in flight, 15 answers, in order.",
        llm={"latency": 0.08, "tail": 0.4, "search_latency": 0.005, "seed": 5},
    ),
    Exercise(
        "5.3",
        "answers as they come",
        "show_all(ask, questions, show)",
        _show_eight,
        [_each_with_its_question, peak(EIGHT, EIGHT), _without_delay],
        "8 answers, each shown with its question and as soon as it came.",
        llm={"latency": 0.15, "tail": 0.6, "search_latency": 0.005, "seed": 5},
    ),
]
