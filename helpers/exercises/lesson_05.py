"""Exercises of lesson 05: one session for all, a limit, and answers as they come."""

from collections.abc import Callable
from typing import Any

from helpers.agents import Question, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, connections, describe, overlapped, peak, replies

FIVE, TEN = 5, 10


async def _fifteen_by_hand(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(15, kind="lookup")
    trial.kept["replies"] = trial.replies(trial.questions)
    return await function(trial.base_url, list(trial.questions))


async def _fifteen_through_five(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(15, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), FIVE)


async def _show_eight(function: Callable, trial: Trial) -> Any:
    """Keeps what was shown, each with the number of answers that had come by then."""
    trial.questions = questions(8, kind="lookup")
    shown, come = [], []

    def show(question: Question, answer: Any) -> None:
        shown.append((question, answer, len(come)))

    async with trial.ask_async() as plain:

        async def ask(question: Question) -> Any:
            answer = await plain(question)
            come.append(question)
            return answer

        trial.kept["shown"] = shown
        return await function(ask, list(trial.questions), show)


def _each_with_its_question(trial: Trial) -> Finding | None:
    shown = trial.kept["shown"]
    if len(shown) != len(trial.questions):
        look = "how often show(question, answer) is called: once for each answer."
        return Finding(f"{len(trial.questions)} answers shown", f"{len(shown)} were shown", look)
    for question, answer, _ in shown:
        if not trial.is_answer(question, answer):
            return Finding(
                "every answer shown with its own question",
                f"{describe(answer)} was shown with another question",
                "how you know which question an answer belongs to: as_completed does not hand back your tasks in order.",
            )
    return None


def _without_delay(trial: Trial) -> Finding | None:
    """A few answers may come in the same turn of the loop; all of them cannot."""
    waited = max(come - place for place, (_, _, come) in enumerate(trial.kept["shown"], 1))
    if waited <= 4:
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
        [_each_with_its_question, peak(8, 8), _without_delay],
        "8 answers, each shown with its question and as soon as it came.",
        llm={"latency": 0.15, "tail": 0.6, "search_latency": 0.005, "seed": 5},
    ),
]
