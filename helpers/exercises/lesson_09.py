"""Exercises of lesson 09: a database that blocks the loop, and an agent with four faults."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import (
    answers,
    connections,
    describe,
    is_list_of,
    overlapped,
    peak,
    remedy,
)
from helpers.exercises.trial import Evidence, Trial

FIVE, FIFTEEN = 5, 15
STORE = 0.06  # seconds that the database takes: fifteen in a row are longer than all the questions


class Stored(NamedTuple):
    """One call of store. in_loop: whether it ran in the loop's own thread."""

    question: str
    answer: Any
    in_loop: bool


@dataclass
class Database:
    """What was stored before the function returned."""

    stored: list[Stored] = field(default_factory=list)


async def _fifteen_stored(function: Callable, trial: Trial[Database]) -> Any:
    trial.questions = questions(FIFTEEN, kind="lookup")
    trial.observed = Database()
    stored: list[Stored] = []
    loop_thread = threading.get_ident()

    def store(question: str, answer: Any) -> None:
        in_loop = threading.get_ident() == loop_thread
        time.sleep(STORE)
        stored.append(Stored(question, answer, in_loop))

    async with trial.ask_async() as ask:
        returned = await function(ask, list(trial.questions), FIVE, store)
        trial.observed.stored += stored  # a copy: what threads store from now on comes too late
        return returned


def _loop_goes_on(evidence: Evidence[Database]) -> Finding | None:
    held = sum(call.in_loop for call in evidence.observed.stored)
    if not held:
        return None
    return Finding(
        "an event loop that never stands still",
        f"it stood still {held} times for {1000 * STORE:.0f} ms, while store ran in its thread",
        "asyncio.to_thread: it runs a plain function elsewhere, and can be awaited.",
    )


def _stored_all(evidence: Evidence[Database]) -> Finding | None:
    calls = evidence.observed.stored
    right = {str(question) for question, answer, _ in calls if evidence.is_answer(question, answer)}
    if len(calls) == len(right) == FIFTEEN:
        return None
    return Finding(
        f"each of {FIFTEEN} answers stored with its question, once, before the function returns",
        f"{len(right)} had been stored by then, in {len(calls)} calls of store",
        "what waits for store to end: whatever runs in a thread must be awaited.",
    )


FOUR, TWELVE = 4, 12
BROKEN = 2  # the request that fails, counted from 0


async def _twelve_and_one_broken(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.expected = trial.replies(trial.questions)
    trial.llm.behave(script=[None] * BROKEN + ["500"])
    return await function(trial.base_url, list(trial.questions), FOUR)


def _texts_and_one_exception(evidence: Evidence) -> Finding | None:
    returned = evidence.returned
    if not is_list_of(TWELVE, returned):
        seen = f"your function returned {describe(returned)}"
        return Finding(f"a list of {TWELVE}", seen, remedy(returned))
    missing = sum(item is None for item in returned)
    if missing > 1:
        return Finding(
            "a text for every question but one",
            f"{missing} of {TWELVE} places hold None",
            "who waits for the tasks: create_task only starts them.",
        )
    failed = sum(isinstance(item, Exception) for item in returned)
    if failed != 1:
        return Finding(
            "the exception in the place of the question that failed",
            f"{failed} exceptions; one reply was a 500",
            "raise_for_status, and what becomes of the exception: gather can return it.",
        )
    places = zip(returned, evidence.expected)
    if all(isinstance(item, Exception) or item == text for item, text in places):
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
