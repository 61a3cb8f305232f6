"""Exercises of lesson 08: the latency that users feel, and a hedged request."""

from collections.abc import Callable
from typing import Any

import aiohttp

from helpers.agents import questions
from helpers.exercises.calls import REFUSED, ask_model, errors_are_results
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_number, peak, requests
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import Trace, percentile

THREE, THIRTY = 3, 30


async def _thirty_through_three(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(THIRTY, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), THREE)


def _is_what_users_feel(evidence: Evidence) -> Finding | None:
    """By the agents' own trace, whose clock starts just before the function does."""
    value = evidence.returned
    expected = "the 95th percentile of the times from submission, in seconds"
    if not is_number(value):
        seen = f"your function returned {describe(value)}"
        return Finding(expected, seen, "the return statement.")
    felt, own = _times(evidence.trace)
    right = percentile(felt, 95)
    # The function's clock and the trace's see the same ends, so a tenth is generous; the 20 ms are
    # for the moment between their starts.
    if 0.9 * right <= value <= 1.1 * right + 0.02:
        return None
    # A little wider, because a mistake may be made in several ways.
    for wrong, look in _likely_mistakes(felt, own):
        if 0.85 * wrong <= value <= 1.15 * wrong:
            return Finding(expected, "another figure", look)
    return Finding(
        expected,
        f"{value:.2f}, which the answers' own times do not confirm",
        "the clock, and the rank.",
    )


def _times(trace: Trace) -> tuple[list[float], list[float]]:
    """Seconds that each question took: from submission, and from its own first step."""
    starts: dict[Any, float] = {}
    ends: dict[Any, float | None] = {}
    for span in trace.spans():
        starts.setdefault(span.query, span.start)
        ends[span.query] = span.end
    submitted = min(starts.values())
    felt = [end - submitted for end in ends.values()]
    own = [end - starts[query] for query, end in ends.items()]
    return felt, own


def _likely_mistakes(felt: list[float], own: list[float]) -> list[tuple[float, str]]:
    """What wrong answers come to, and where to look then."""
    return [
        (percentile(own, 95), "when the clock starts: who waits for a turn is waiting, too."),
        (
            sum(own) / len(own),
            "two things: when the clock starts, and what a mean says of the slowest.",
        ),
        (sum(felt) / len(felt), "the last line: a mean says nothing of the slowest."),
        (percentile(felt, 50), "which percentile it is."),
        (1000 * percentile(felt, 95), "the unit: this is in milliseconds."),
    ]


AFTER = 0.15  # seconds
# Tokens, at 50 a second: 0.09 s and 0.5 s with the latency, on either side of AFTER.
QUICK, SLOW = 2, 24
# How long the replies to the first and to the second request of each question are.
CASES = {
    "quick": (QUICK, QUICK),
    "slow, then quick": (SLOW, QUICK),
    "slow, then slower": (SLOW, 4 * SLOW),
    "slow, then an error": (SLOW, REFUSED),
    "an error, then quick": (REFUSED, QUICK),
    "two errors": (REFUSED, REFUSED),
}


async def _six_questions(function: Callable, trial: Trial) -> dict[str, Any]:
    """What came of each case, one after the other."""
    results = {}
    async with aiohttp.ClientSession() as session:
        for name, lengths in CASES.items():
            ask = _model(trial, session, name, lengths)
            with errors_are_results() as came:
                came.value = await function(ask, name, AFTER)
            results[name] = came.value
            await trial.let_go()
    return results


def _model(
    trial: Trial, session: aiohttp.ClientSession, name: str, lengths: tuple[int, int]
) -> Callable:
    """A coroutine function `ask`, the reply to whose n-th call is so long; quick after that."""
    remaining = iter(lengths)

    async def ask(question: str) -> str:
        tokens = next(remaining, QUICK)
        return await ask_model(trial, session, question, tokens=tokens, tag=name)

    return ask


def _requests_for(evidence: Evidence, name: str) -> list[dict]:
    """The requests of one case, by their arrival."""
    own = [entry for entry in evidence.seen() if entry["tag"] == name]
    return sorted(own, key=lambda entry: entry["arrival"])


def _asked_twice_where_it_helps(evidence: Evidence) -> Finding | None:
    sent = len(_requests_for(evidence, "quick"))
    if sent != 1:
        return Finding(
            "one request where the first is quick",
            f"the server saw {sent} of them",
            f"`after`: the second request is sent only when {AFTER} s have passed without an"
            " answer.",
        )
    sent = len(_requests_for(evidence, "slow, then quick"))
    if sent != 2:
        return Finding(
            "two requests where the first is slow",
            f"the server saw {sent} of them",
            "what happens when `after` seconds have passed.",
        )
    return None


def _first_keeps_its_chance(evidence: Evidence) -> Finding | None:
    result = evidence.returned["slow, then slower"]
    first = _requests_for(evidence, "slow, then slower")[0]
    if isinstance(result, str) and first["outcome"] == "answered":
        return None
    return Finding(
        "the first request goes on beside the second, and wins if it is the first to answer",
        "the server saw it given up",
        "what the time limit does: wait_for and timeout cancel, asyncio.wait with a timeout only"
        " looks.",
    )


def _nobody_works_for_nothing(evidence: Evidence) -> Finding | None:
    first = _requests_for(evidence, "slow, then quick")[0]
    if first["outcome"] == "disconnected":
        return None
    return Finding(
        "the loser cancelled as soon as there is an answer",
        "the server answered both requests",
        "the task that lost: who cancels it?",
    )


def _errors_are_no_answers(evidence: Evidence) -> Finding | None:
    for name in ("slow, then an error", "an error, then quick"):
        result = evidence.returned[name]
        if not isinstance(result, str):
            return Finding(
                f"an answer, where one of two requests fails ({name})",
                type(result).__name__,
                "what counts as the first answer: an exception is none.",
            )
    result = evidence.returned["two errors"]
    if isinstance(result, Exception):
        return None
    return Finding(
        "the exception, when both fail",
        f"your function returned {describe(result)}",
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
        "a second request only where the first was slow, the first answer won, and every loser was"
        " cancelled.",
        llm={"latency": 0.05, "tokens_per_second": 50},
    ),
]
