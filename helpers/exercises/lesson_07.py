"""Exercises of lesson 07: a polite retry, the first of two answers, and a bad day survived."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from helpers.agents import ModelError, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, describe, peak, requests
from helpers.trace import step

ATTEMPTS = 3
_DAYS = (
    {"script": ["429"]},
    {"script": ["500"] * 30},
    {"script": [], "models": ["another"]},
)


async def _three_days(function: Callable, trial: Trial) -> Any:
    """Refused once; failing for good; without our model. (What came, chat requests, those that came too early) of each."""
    trial.questions = questions(1, kind="lookup")
    seen = []
    async with trial.ask_async() as ask:
        for behaviour in _DAYS:
            trial.llm.behave(**behaviour)
            mark = trial.llm.mark()
            try:
                came = await function(ask, trial.questions[0], ATTEMPTS)
            except NotImplementedError:
                raise
            except Exception as error:
                came = error
            stats = trial.llm.stats(since=mark, kind="chat")
            seen.append((came, stats["requests"], stats["too_early"]))
            if stats["requests"] > ATTEMPTS:
                break
    return seen


def _came_back_in_time(trial: Trial) -> Finding | None:
    came, sent, early = trial.returned[0]
    if early:
        seen = f"the server saw {early} of {sent} requests come back too early"
        return Finding(
            "nobody back before Retry-After is over",
            seen,
            "error.retry_after: the server says how long.",
        )
    if trial.is_answer(trial.questions[0], came) and sent == 2:
        return None
    seen = f"{_came(came)} after {sent} requests"
    return Finding(
        "an answer at the second attempt, after a 429",
        seen,
        "which errors are worth another attempt.",
    )


def _gave_up(trial: Trial) -> Finding | None:
    came, sent, _ = trial.returned[1]
    if isinstance(came, Exception) and sent == ATTEMPTS:
        return None
    expected = f"the exception after {ATTEMPTS} attempts, when the server always fails"
    return Finding(
        expected,
        f"{_came(came)} after {sent} requests",
        "the last attempt, and what becomes of its failure.",
    )


def _did_not_insist(trial: Trial) -> Finding | None:
    came, sent, _ = trial.returned[2]
    if isinstance(came, Exception) and sent == 1:
        return None
    expected = "the exception at once, when the server does not know the model (404)"
    look = "error.status: 429 and 5xx may pass by themselves, the other 4xx will not."
    return Finding(expected, f"{_came(came)} after {sent} requests", look)


def _came(came: Any) -> str:
    return f"the exception {type(came).__name__}" if isinstance(came, Exception) else describe(came)


_URL = "/chat/completions"
_TOKENS = {"quick": 2, "slow": 30, "broken": -1}


def _model(trial: Trial, session: aiohttp.ClientSession, kind: str) -> Callable:
    """A coroutine function `ask`: "quick", "slow" (a long reply), or "broken" (refused at once)."""

    async def ask(question: str) -> str:
        messages = [{"role": "user", "content": question}]
        body = {"model": "gpt-4o-mini", "messages": messages, "max_tokens": _TOKENS[kind]}
        with step(trial.record, kind, "model"):
            async with session.post(trial.base_url + _URL, json=body) as reply:
                data = await reply.json()
                if reply.status != 200:
                    raise ModelError(reply.status, data["error"]["message"])
        trial.kept[kind] = data["choices"][0]["message"]["content"]
        return trial.kept[kind]

    return ask


async def _races(function: Callable, trial: Trial) -> Any:
    """What came of each race, and how many of its requests were cancelled."""
    seen = []
    for kinds in (["slow", "quick"], ["broken", "quick", "slow"], ["broken", "broken"]):
        mark = trial.llm.mark()
        async with aiohttp.ClientSession() as session:
            try:
                came = await function(
                    [_model(trial, session, kind) for kind in kinds], "What is a race?"
                )
            except NotImplementedError:
                raise
            except Exception as error:
                came = error
            await _settled(trial, mark)
        seen.append((came, trial.llm.stats(since=mark)["disconnected"]))
    return seen


async def _settled(trial: Trial, mark: int) -> None:
    """The server hears of a cancelled request when its connection closes: a moment later."""
    for _ in range(20):
        if not trial.llm.stats(since=mark)["in_flight"]:
            return
        await asyncio.sleep(0.02)


def _first_came(trial: Trial) -> Finding | None:
    came, cancelled = trial.returned[0]
    if came != trial.kept.get("quick"):
        look = (
            "which task is ready first: asyncio.wait with FIRST_COMPLETED, or as_completed, tells."
        )
        return Finding("the answer of the quick model", f"{_came(came)} came", look)
    if cancelled == 1:
        return None
    look = "the loser: who cancels its task?"
    return Finding(
        "the slow request cancelled", f"the server saw {cancelled} requests cancelled", look
    )


def _first_success_came(trial: Trial) -> Finding | None:
    came, cancelled = trial.returned[1]
    if came == trial.kept.get("quick") and cancelled == 1:
        return None
    seen = f"{_came(came)} came, and the server saw {cancelled} requests cancelled"
    look = "who is first: the first to end may have failed, and then the others still count."
    return Finding("the quick answer, when another model fails before it", seen, look)


def _all_failed(trial: Trial) -> Finding | None:
    came = trial.returned[2][0]
    if isinstance(came, Exception):
        return None
    look = "what is left when everybody has failed: an exception, not a result."
    return Finding("an exception when every model fails", f"{_came(came)} came", look)


BAD_DAY = 30
MOST = 45
_FAULTS = {5: "500", 11: "cut", 17: "garbage", 23: "cut", 29: "500"}


async def _survive(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(BAD_DAY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions))


def _one_ended_all(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, (ModelError, aiohttp.ClientError)):
        return None
    look = "where an error of one question is caught, and which errors: ModelError and aiohttp.ClientError."
    return Finding(
        f"{BAD_DAY} answers on a bad day", f"one {type(error).__name__} ended everything", look
    )


def _polite(trial: Trial) -> Finding | None:
    sent = len(trial.seen())
    if sent <= MOST:
        return None
    refused = sum(entry["outcome"] == "rejected" for entry in trial.seen())
    seen = f"the server saw {sent} of them, and refused {refused}"
    look = "how many questions begin in a second: do not send what will be refused."
    return Finding(f"at most {MOST} chat requests for {BAD_DAY} answers", seen, look)


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
        _races,
        [_first_came, _first_success_came, _all_failed],
        "the quick answer won twice, and the slow requests were cancelled.",
        llm={"latency": 0.05, "tokens_per_second": 40},
    ),
    Exercise(
        "7.3",
        "survive a bad day",
        "survive(ask, questions)",
        _survive,
        [answers, _polite, requests(BAD_DAY, kind="notes"), peak(2, BAD_DAY)],
        f"{BAD_DAY} answers, none lost, none twice, and at most {MOST} requests for them.",
        llm={
            "latency": 0.06,
            "search_latency": 0.005,
            "requests_per_minute": 60 * 40,
            "burst": 0.2,
            "script": [_FAULTS.get(number) for number in range(BAD_DAY)],
        },
        seconds=8.0,
        on_error=_one_ended_all,
    ),
]
