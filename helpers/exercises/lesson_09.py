"""Exercises of lesson 09: a database that blocks the loop, and an agent with four faults."""

import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, connections, describe, overlapped, peak, remedy

FIVE, FIFTEEN = 5, 15
STORE = 0.06


async def _fifteen_stored(function: Callable, trial: Trial) -> Any:
    """Kept: what was stored and where: [(question, answer, whether in the loop's own thread)]."""
    trial.questions = questions(FIFTEEN, kind="lookup")
    trial.kept["stored"] = stored = []
    loop_thread = threading.get_ident()

    def store(question: str, answer: Any) -> None:
        in_loop = threading.get_ident() == loop_thread
        time.sleep(STORE)
        stored.append((question, answer, in_loop))

    async with trial.ask_async() as ask:
        returned = await function(ask, list(trial.questions), FIVE, store)
        trial.kept["stored"] = list(stored)
        return returned


def _stored_all(trial: Trial) -> Finding | None:
    stored = trial.kept["stored"]
    right = {str(question) for question, answer, _ in stored if trial.is_answer(question, answer)}
    if len(stored) == len(right) == FIFTEEN:
        return None
    return Finding(
        f"each of {FIFTEEN} answers stored with its question, once, before the function returns",
        f"{len(right)} had been stored by then, in {len(stored)} calls of store",
        "what waits for store to end: whatever runs in a thread must be awaited.",
    )


def _loop_goes_on(trial: Trial) -> Finding | None:
    held = sum(in_loop for _, _, in_loop in trial.kept["stored"])
    if not held:
        return None
    return Finding(
        "an event loop that never stands still",
        f"it stood still {held} times for {1000 * STORE:.0f} ms, while store ran in its thread",
        "asyncio.to_thread: it runs a plain function elsewhere, and can be awaited.",
    )


FOUR, TWELVE = 4, 12
BROKEN = 2


async def _twelve_and_one_broken(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.kept["replies"] = trial.replies(trial.questions)
    trial.llm.behave(script=[None] * BROKEN + ["500"])
    return await function(trial.base_url, list(trial.questions), FOUR)


def _texts_and_one_exception(trial: Trial) -> Finding | None:
    returned, texts = trial.returned, trial.kept["replies"]
    if not isinstance(returned, (list, tuple)) or len(returned) != TWELVE:
        return Finding(
            f"a list of {TWELVE}", f"your function returned {describe(returned)}", remedy(returned)
        )
    missing = sum(item is None for item in returned)
    if missing > 1:
        look = "who waits for the tasks: create_task only starts them."
        return Finding(
            "a text for every question but one", f"{missing} of {TWELVE} places hold None", look
        )
    failed = [item for item in returned if isinstance(item, Exception)]
    if len(failed) != 1:
        return Finding(
            "the exception in the place of the question that failed",
            f"{len(failed)} exceptions; one reply was a 500",
            "raise_for_status, and what becomes of the exception: gather can return it.",
        )
    if all(isinstance(item, Exception) or item == text for item, text in zip(returned, texts)):
        return None
    return Finding(
        "the texts in the order of the questions",
        "a text in the wrong place",
        "how a text finds its place.",
    )


EXERCISES = [
    Exercise(
        "9.1",
        "a database in the loop",
        "ask_and_store(ask, questions, limit, store)",
        _fifteen_stored,
        [_loop_goes_on, _stored_all, answers, peak(FIVE, FIVE), overlapped(FIVE)],
        "15 answers in order, all of them stored, and the loop never stood still.",
        llm={"latency": 0.08, "search_latency": 0.005},
    ),
    Exercise(
        "9.2",
        "four faults in one agent",
        "answer_all(base_url, questions, limit)",
        _twelve_and_one_broken,
        [_texts_and_one_exception, connections(FOUR), peak(FOUR, FOUR), overlapped(FOUR)],
        "11 texts and one exception, each in its place, 4 in flight, over 4 connections.",
        llm={"latency": 0.08},
    ),
]
