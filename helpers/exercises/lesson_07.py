"""Exercises of lesson 07: a polite retry, the first of two answers, and a bad day survived."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp

from helpers.agents import ModelError, questions
from helpers.exercises.calls import REFUSED, ask_model, errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, peak, requests
from helpers.exercises.trial import Evidence, Trial

ATTEMPTS = 3
DAYS = (
    {"script": ["429"]},  # refused once
    {"script": ["500"] * 30},  # failing for good: longer than anybody's patience here
    {"script": [], "models": ["another"]},  # without our model
)


class Day(NamedTuple):
    """What came of a question, the chat requests for it, and how many of them came too early."""

    result: Any
    requests: int
    too_early: int

    def __str__(self) -> str:
        return f"{result_in_words(self.result)} after {self.requests} requests"


async def _three_days(function: Callable, trial: Trial) -> list[Day]:
    trial.questions = questions(1, kind="lookup")
    days = []
    async with trial.ask_async() as ask:
        for behaviour in DAYS:
            trial.llm.behave(**behaviour)
            mark = trial.llm.mark()
            with errors_are_results() as came:
                came.value = await function(ask, trial.questions[0], ATTEMPTS)
            stats = trial.llm.stats(since=mark, kind="chat")
            days.append(Day(came.value, stats["requests"], stats["too_early"]))
            if stats["requests"] > ATTEMPTS:
                break  # that is its finding, and the next day would only take time
    return days


def _came_back_in_time(evidence: Evidence) -> Finding | None:
    refused = evidence.returned[0]
    if refused.too_early:
        seen = f"{refused.too_early} of {refused.requests} requests come back too early"
        return Finding(
            "nobody back before Retry-After is over",
            f"the server saw {seen}",
            "error.retry_after: the server says how long.",
        )
    if evidence.is_answer(evidence.questions[0], refused.result) and refused.requests == 2:
        return None
    return Finding(
        "an answer at the second attempt, after a 429",
        str(refused),
        "which errors are worth another attempt.",
    )


def _gave_up(evidence: Evidence) -> Finding | None:
    failing = evidence.returned[1]
    if isinstance(failing.result, Exception) and failing.requests == ATTEMPTS:
        return None
    return Finding(
        f"the exception after {ATTEMPTS} attempts, when the server always fails",
        str(failing),
        "the last attempt, and what becomes of its failure.",
    )


def _did_not_insist(evidence: Evidence) -> Finding | None:
    unknown = evidence.returned[2]
    if isinstance(unknown.result, Exception) and unknown.requests == 1:
        return None
    return Finding(
        "the exception at once, when the server does not know the model (404)",
        str(unknown),
        "error.status: 429 and 5xx may pass by themselves, the other 4xx will not.",
    )


# Tokens of a reply; at 40 a second the slow one takes 0.75 s more than the quick one.
TOKENS = {"quick": 2, "slow": 30, "broken": REFUSED}
RACES = (
    ("slow", "quick"),
    ("broken", "quick", "slow"),
    ("broken", "broken"),
)


@dataclass
class Quick:
    """The quick model's latest answer, None until there is one."""

    answer: str | None = None


class Race(NamedTuple):
    """What came of a race, and how many of its requests were cancelled."""

    result: Any
    cancelled: int


async def _three_races(function: Callable, trial: Trial[Quick]) -> list[Race]:
    trial.observed = Quick()
    races = []
    for kinds in RACES:
        mark = trial.llm.mark()
        async with aiohttp.ClientSession() as session:
            asks = [_model(trial, session, kind) for kind in kinds]
            with errors_are_results() as came:
                came.value = await function(asks, "What is a race?")
            await trial.let_go(mark)
        races.append(Race(came.value, trial.llm.stats(since=mark)["disconnected"]))
    return races


def _model(trial: Trial[Quick], session: aiohttp.ClientSession, kind: str) -> Callable:
    """A coroutine function `ask` of a model that is "quick", "slow" or "broken"."""

    async def ask(question: str) -> str:
        answer = await ask_model(trial, session, question, tokens=TOKENS[kind], tag=kind)
        if kind == "quick":
            trial.observed.answer = answer
        return answer

    return ask


def _first_came(evidence: Evidence[Quick]) -> Finding | None:
    result, cancelled = evidence.returned[0]
    if result != evidence.observed.answer:
        return Finding(
            "the answer of the quick model",
            f"{result_in_words(result)} came",
            "which task is ready first: asyncio.wait with FIRST_COMPLETED, or as_completed, tells.",
        )
    if cancelled == 1:
        return None
    return Finding(
        "the slow request cancelled",
        f"the server saw {cancelled} requests cancelled",
        "the loser: who cancels its task?",
    )


def _first_success_came(evidence: Evidence[Quick]) -> Finding | None:
    result, cancelled = evidence.returned[1]
    if result == evidence.observed.answer and cancelled == 1:
        return None
    seen = f"the server saw {cancelled} requests cancelled"
    return Finding(
        "the quick answer, when another model fails before it",
        f"{result_in_words(result)} came, and {seen}",
        "who is first: the first to end may have failed, and then the others still count.",
    )


def _all_failed(evidence: Evidence[Quick]) -> Finding | None:
    result, _ = evidence.returned[2]
    if isinstance(result, Exception):
        return None
    return Finding(
        "an exception when every model fails",
        f"{result_in_words(result)} came",
        "what is left when everybody has failed: an exception, not a result.",
    )


THIRTY = 30
FAULTS = {5: "500", 11: "cut", 17: "garbage", 23: "cut", 29: "500"}  # of which requests
ALLOWED = 40  # requests a second, and a burst of a fifth of that: thirty at once are refused
# Chat requests: thirty, one more for each of the five faults, and ten that may be refused.
MOST = 45


async def _survive(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(THIRTY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions))


def _one_ended_all(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, (ModelError, aiohttp.ClientError)):
        return None
    return Finding(
        f"{THIRTY} answers on a bad day",
        f"one {type(error).__name__} ended everything",
        "where an error of one question is caught, and which errors: ModelError and"
        " aiohttp.ClientError.",
    )


def _polite(evidence: Evidence) -> Finding | None:
    sent = len(evidence.seen())
    if sent <= MOST:
        return None
    refused = sum(entry["outcome"] == "rejected" for entry in evidence.seen())
    return Finding(
        f"at most {MOST} chat requests for {THIRTY} answers",
        f"the server saw {sent} of them, and refused {refused}",
        "how many questions begin in a second: do not send what will be refused.",
    )


EXERCISES = [
    Exercise(
        "7.1",
        "a polite retry",
        "ask_patiently(ask, question, attempts)",
        _three_days,
        [_came_back_in_time, _gave_up, _did_not_insist],
        "nobody came back too early, and nobody asked more often than it could help.",
        llm={"latency": 0.01, "search_latency": 0.0},
    ),
    Exercise(
        "7.2",
        "the first answer wins",
        "first_answer(asks, question)",
        _three_races,
        [_first_came, _first_success_came, _all_failed],
        "the quick answer won twice, and the slow requests were cancelled.",
        llm={"latency": 0.05, "tokens_per_second": 40},
    ),
    Exercise(
        "7.3",
        "survive a bad day",
        "survive(ask, questions)",
        _survive,
        # How many at once is the learner's choice, as long as it is not one after the other.
        [answers, _polite, requests(THIRTY, kind="notes"), peak(2, THIRTY)],
        f"{THIRTY} answers, none lost, none twice, and at most {MOST} requests for them.",
        llm={
            "latency": 0.06,
            "search_latency": 0.005,
            "requests_per_minute": 60 * ALLOWED,
            "burst": 0.2,
            "script": [FAULTS.get(number) for number in range(THIRTY)],
        },
        seconds=8.0,
        on_error=_one_ended_all,
    ),
]
