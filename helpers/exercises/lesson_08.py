"""Exercises of lesson 08: the latency that users feel, and a hedged request."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from helpers.agents import ModelError, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import describe, peak, requests
from helpers.trace import percentile, step

THREE, THIRTY = 3, 30


async def _thirty_through_three(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(THIRTY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), THREE)


def _is_what_users_feel(trial: Trial) -> Finding | None:
    """By the agents' own trace, whose clock starts just before the function does."""
    value, expected = trial.returned, "the 95th percentile of the times from submission, in seconds"
    if not isinstance(value, (int, float)):
        return Finding(
            expected, f"your function returned {describe(value)}", "the return statement."
        )
    starts, ends = {}, {}
    for span in trial.trace.spans():
        starts.setdefault(span.query, span.start)
        ends[span.query] = span.end
    begin = min(starts.values())
    felt, own = [end - begin for end in ends.values()], [end - starts[q] for q, end in ends.items()]
    right = percentile(felt, 95)
    if 0.9 * right <= value <= 1.1 * right + 0.02:
        return None
    for wrong, look in (
        (percentile(own, 95), "when the clock starts: who waits for a turn is waiting, too."),
        (
            sum(own) / len(own),
            "two things: when the clock starts, and what a mean says of the slowest.",
        ),
        (sum(felt) / len(felt), "the last line: a mean says nothing of the slowest."),
        (percentile(felt, 50), "which percentile it is."),
        (1000 * right, "the unit: this is in milliseconds."),
    ):
        if 0.85 * wrong <= value <= 1.15 * wrong:
            return Finding(expected, "another figure", look)
    return Finding(
        expected,
        f"{value:.2f}, which the answers' own times do not confirm",
        "the clock, and the rank.",
    )


AFTER = 0.15
QUICK, SLOW = 2, 24  # tokens: 0.09 s and 0.5 s
# How many tokens the first and the second request of each question get; below zero it is refused.
CASES = {
    "quick": (QUICK, QUICK),
    "slow, then quick": (SLOW, QUICK),
    "slow, then slower": (SLOW, 4 * SLOW),
    "slow, then an error": (SLOW, -1),
    "an error, then quick": (-1, QUICK),
    "two errors": (-1, -1),
}


async def _six_questions(function: Callable, trial: Trial) -> Any:
    """What came of each question, one after the other."""
    came = {}
    async with aiohttp.ClientSession() as session:
        for name, lengths in CASES.items():
            try:
                came[name] = await function(_model(trial, session, name, lengths), name, AFTER)
            except NotImplementedError:
                raise
            except Exception as error:
                came[name] = error
            await _settled(trial)
    return came


def _model(
    trial: Trial, session: aiohttp.ClientSession, name: str, lengths: tuple[int, int]
) -> Callable:
    """A coroutine function `ask` whose n-th call sends a request for so many tokens."""
    calls = iter((*lengths, QUICK, QUICK))

    async def ask(question: str) -> str:
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": str(question)}]}
        body["max_tokens"] = next(calls, QUICK)
        with step(trial.record, name, "model"):
            headers = {"x-tag": name}
            async with session.post(
                f"{trial.base_url}/chat/completions", json=body, headers=headers
            ) as reply:
                data = await reply.json()
                if reply.status != 200:
                    raise ModelError(reply.status, data["error"]["message"])
        text = data["choices"][0]["message"]["content"]
        trial.kept.setdefault(name, []).append(text)
        return text

    return ask


async def _settled(trial: Trial) -> None:
    """The server hears of a cancelled request when its connection closes: a moment later."""
    for _ in range(20):
        if not trial.llm.stats()["in_flight"]:
            return
        await asyncio.sleep(0.02)


def _of(trial: Trial, name: str) -> list[dict]:
    return sorted((r for r in trial.seen() if r["tag"] == name), key=lambda r: r["arrival"])


def _asked_twice_where_it_helps(trial: Trial) -> Finding | None:
    if len(_of(trial, "quick")) != 1:
        return Finding(
            "one request where the first is quick",
            f"the server saw {len(_of(trial, 'quick'))} of them",
            f"`after`: the second request is sent only when {AFTER} s have passed without an answer.",
        )
    sent = len(_of(trial, "slow, then quick"))
    if sent != 2:
        return Finding(
            "two requests where the first is slow",
            f"the server saw {sent} of them",
            "what happens when `after` seconds have passed.",
        )
    return None


def _first_keeps_its_chance(trial: Trial) -> Finding | None:
    came, (first, *_) = trial.returned["slow, then slower"], _of(trial, "slow, then slower")
    if isinstance(came, str) and first["outcome"] == "answered":
        return None
    return Finding(
        "the first request goes on beside the second, and wins if it is the first to answer",
        "the server saw it given up",
        "what the time limit does: wait_for and timeout cancel, asyncio.wait with a timeout only looks.",
    )


def _nobody_works_for_nothing(trial: Trial) -> Finding | None:
    first, *_ = _of(trial, "slow, then quick")
    if first["outcome"] == "disconnected":
        return None
    return Finding(
        "the loser cancelled as soon as there is an answer",
        "the server answered both requests",
        "the task that lost: who cancels it?",
    )


def _errors_are_no_answers(trial: Trial) -> Finding | None:
    for name in ("slow, then an error", "an error, then quick"):
        if not isinstance(trial.returned[name], str):
            return Finding(
                f"an answer, where one of two requests fails ({name})",
                f"{type(trial.returned[name]).__name__}",
                "what counts as the first answer: an exception is none.",
            )
    if isinstance(trial.returned["two errors"], Exception):
        return None
    return Finding(
        "the exception, when both fail",
        f"your function returned {describe(trial.returned['two errors'])}",
        "the end of the function: what if nobody answered?",
    )


EXERCISES = [
    Exercise(
        "8.1",
        "the p95 that users feel",
        "felt_p95(ask, questions, limit)",
        _thirty_through_three,
        [requests(THIRTY), peak(THREE, THREE), _is_what_users_feel],
        "30 questions, 3 at a time, and your figure is the one that their users felt.",
        llm={"latency": 0.06, "tail": 0.5, "search_latency": 0.005, "seed": 8},
    ),
    Exercise(
        "8.2",
        "a hedged request",
        "hedge(ask, question, after)",
        _six_questions,
        [
            _asked_twice_where_it_helps,
            _first_keeps_its_chance,
            _nobody_works_for_nothing,
            _errors_are_no_answers,
        ],
        "a second request only where the first was slow, the first answer won, and every loser was cancelled.",
        llm={"latency": 0.05, "tokens_per_second": 50},
    ),
]
