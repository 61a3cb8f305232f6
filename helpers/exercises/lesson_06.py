"""Exercises of lesson 06: backpressure, a steady rate, and the best number in flight."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from helpers.agents import ModelError, Question, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import (
    answers,
    mean_in_flight,
    most_in_flight,
    overlapped,
    peak,
    requests,
)
from helpers.exercises.trial import Evidence, Trial

FOUR, SIXTEEN = 4, 16


@dataclass
class Stream:
    """Questions taken and answered so far; ahead: the most that were taken and not answered."""

    taken: int = 0
    answered: int = 0
    ahead: int = 0

    def take(self) -> None:
        """Note that a question was taken."""
        self.taken += 1
        self.ahead = max(self.ahead, self.taken - self.answered)


async def _from_a_stream(function: Callable, trial: Trial[Stream]) -> Any:
    """The questions come from an asynchronous iterator."""
    trial.questions = questions(SIXTEEN, kind="lookup")
    trial.observed = seen = Stream()

    async def stream() -> AsyncIterator[Question]:
        for question in trial.questions:
            seen.take()
            yield question

    async with trial.ask_async() as plain:

        async def ask(question: str) -> Any:
            try:
                return await plain(question)
            finally:
                seen.answered += 1

        return await function(ask, stream(), FOUR)


def _not_ahead(evidence: Evidence[Stream]) -> Finding | None:
    """Besides the four under way a few may be in somebody's hand; who loads all has sixteen."""
    ahead = evidence.observed.ahead
    if ahead <= 2 * FOUR:
        return None
    return Finding(
        f"questions taken only when one of {FOUR} is free, or nearly so",
        f"up to {ahead} questions had been taken and not answered",
        "who takes the next question, and when: with 10 million of them, all would be in memory.",
    )


def _one_iterator_for_two(error: BaseException, evidence: Evidence) -> Finding | None:
    if "asynchronous generator is already running" not in str(error):
        return None
    return Finding(
        "all questions taken from one stream",
        f"it raised RuntimeError: {error}",
        "the stream: only one worker at a time may ask it for the next question; a lock or a queue"
        " sees to it.",
    )


PACED = 10
RATE = 20.0  # questions a second
# The server allows a little more than what is asked for, so that a right pace is never refused; its
# burst of a quarter of a second is six requests, so ten at once always are.
SPARE = 1.3
BURST = 0.25  # seconds


async def _paced(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(PACED, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), RATE)


def _refused(evidence: Evidence) -> int:
    return sum(entry["status"] == 429 for entry in evidence.seen())


def _too_fast(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, ModelError) or error.status != 429:
        return None
    return Finding(
        f"no more than {RATE:g} questions begun in a second",
        f"the server refused {_refused(evidence)} requests with 429",
        "what is bounded: the number in flight says nothing about the number in a second.",
    )


def _none_refused(evidence: Evidence) -> Finding | None:
    refused = _refused(evidence)
    if not refused:
        return None
    return Finding(
        "no request refused",
        f"the server refused {refused} with 429",
        "when each question begins: a refused request is wasted, also when it is sent again.",
    )


def _not_one_by_one(evidence: Evidence) -> Finding | None:
    """At 20 a second and a quarter of a second each, five are in flight; one by one it is one."""
    seen = evidence.seen()
    if most_in_flight(seen) >= 3 and mean_in_flight(seen) >= 2:
        return None
    return Finding(
        f"about {RATE:g} questions begun in a second, whether or not the ones before are answered",
        "the server saw far fewer",
        "what a question waits for before it begins: its turn, not the answer of another.",
    )


KNEE = 12  # in flight: with more, this server gets slower
HIGHEST = 64  # in flight, the most that may be measured
ROUNDS = 3  # requests for each slot of a measurement
# Requests for all measurements: doubling from 1 to 64 costs 381, trying every number far more.
BUDGET = 450


class OverBudget(RuntimeError):
    """The measurements have cost too many requests."""


def _find_the_knee(function: Callable, trial: Trial) -> Any:
    spent = 0

    def measure(limit: int) -> float:
        """Answers a second with this many in flight; costs three requests for each of them."""
        nonlocal spent
        if not 1 <= limit <= HIGHEST:
            raise ValueError(f"limit is {limit!r}; it takes a whole number from 1 to {HIGHEST}")
        spent += ROUNDS * limit
        if spent > BUDGET:
            raise OverBudget(f"{spent} requests")
        trial.record_or_stop("measure", "model", "start")
        return asyncio.run(_throughput(trial, limit))

    return function(measure, HIGHEST)


async def _throughput(trial: Trial, limit: int) -> float:
    """Answers a second by the server's clock, from the first arrival to the last end."""
    mark = trial.llm.mark()
    address = f"{trial.base_url}/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}

    async def worker() -> None:
        for _ in range(ROUNDS):
            async with session.post(address, json=body) as reply:
                await reply.read()

    unlimited = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=unlimited) as session:
        await asyncio.gather(*(worker() for _ in range(limit)))
    return ROUNDS * limit / trial.llm.stats(since=mark)["seconds"]


def _near_the_knee(evidence: Evidence) -> Finding | None:
    """From two thirds of the knee to one and a half of it the rate is nine tenths of the best.

    The bounds lie a little beyond, because what one measures varies.
    """
    found = evidence.returned
    if isinstance(found, int) and 0.6 * KNEE <= found <= 1.7 * KNEE:
        return None
    look = "the rates that you measured: where is the largest, and what is it on both sides of it?"
    if not isinstance(found, int):
        seen = f"your function returned a {type(found).__name__}"
        return Finding("a whole number", seen, look)
    if found < KNEE:
        side = "low: more in flight would be faster"
    else:
        side = "high: fewer in flight would be faster"
    return Finding(
        "the number in flight at which this server answers most in a second",
        f"{found} is too {side}",
        look,
    )


def _too_many(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, OverBudget):
        return None
    return Finding(
        f"at most {BUDGET} requests for all measurements",
        f"they would have cost {error}",
        "which limits are worth measuring: 1, 2, 4, 8 ... tells nearly as much as all of them.",
    )


def _measured(evidence: Evidence) -> Finding | None:
    """Two measurements at least, because one tells no difference."""
    seen = len(evidence.seen())
    if seen >= 2 * ROUNDS:
        return None
    return Finding(
        "a number found by measuring",
        f"the server saw {seen} requests",
        "measure(limit).",
    )


EXERCISES = [
    Exercise(
        "6.1",
        "questions from a stream",
        "ask_stream(ask, stream, limit)",
        _from_a_stream,
        [answers, peak(FOUR, FOUR), _not_ahead, overlapped(FOUR)],
        "16 answers in order, never more than 4 in flight, and the stream never ran ahead.",
        llm={"latency": 0.06, "tail": 0.4, "search_latency": 0.005, "seed": 6},
        on_error=_one_iterator_for_two,
    ),
    Exercise(
        "6.2",
        "a steady rate",
        "ask_paced(ask, questions, per_second)",
        _paced,
        [_none_refused, answers, requests(PACED), _not_one_by_one],
        f"{PACED} answers, and not one request refused.",
        llm={
            "latency": 0.25,
            "search_latency": 0.005,
            "requests_per_minute": 60 * SPARE * RATE,
            "burst": BURST,
        },
        on_error=_too_fast,
    ),
    Exercise(
        "6.3",
        "find the best number in flight",
        "find_best(measure, highest)",
        _find_the_knee,
        [_measured, _near_the_knee],
        "the number is close to the server's knee, and few requests were spent on finding it.",
        llm={"latency": 0.04, "knee": KNEE},
        on_error=_too_many,
    ),
]
