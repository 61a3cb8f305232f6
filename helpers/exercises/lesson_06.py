"""Exercises of lesson 06: backpressure, a steady rate, and the best number in flight."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from helpers.agents import ModelError, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import (
    answers,
    mean_in_flight,
    most_in_flight,
    overlapped,
    peak,
    requests,
)

FOUR = 4


async def _from_a_stream(function: Callable, trial: Trial) -> Any:
    """The questions come from an asynchronous iterator; kept is how far it ever ran ahead of the answers."""
    trial.questions = questions(16, kind="lookup")
    taken = answered = 0
    trial.kept["ahead"] = 0

    async def stream() -> AsyncIterator:
        nonlocal taken
        for question in trial.questions:
            taken += 1
            trial.kept["ahead"] = max(trial.kept["ahead"], taken - answered)
            yield question

    async with trial.ask_async() as plain:

        async def ask(question: str) -> Any:
            nonlocal answered
            try:
                return await plain(question)
            finally:
                answered += 1

        return await function(ask, stream(), FOUR)


def _not_ahead(trial: Trial) -> Finding | None:
    """One more than the limit may be in somebody's hand, one in a queue's, one in the loop's."""
    if trial.kept["ahead"] <= 2 * FOUR:
        return None
    return Finding(
        f"questions taken only when one of {FOUR} is free, or nearly so",
        f"up to {trial.kept['ahead']} questions had been taken and not answered",
        "who takes the next question, and when: with 10 million of them, all would be in memory.",
    )


def _one_iterator_for_two(error: BaseException, trial: Trial) -> Finding | None:
    if "asynchronous generator is already running" not in str(error):
        return None
    look = "the stream: only one worker at a time may ask it for the next question; a lock or a queue sees to it."
    return Finding("all questions taken from one stream", f"it raised RuntimeError: {error}", look)


RATE = 20.0
PACED = 10


async def _paced(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(PACED, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, list(trial.questions), RATE)


def _too_fast(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, ModelError) or error.status != 429:
        return None
    refused = sum(entry["status"] == 429 for entry in trial.seen())
    return Finding(
        f"no more than {RATE:g} questions begun in a second",
        f"the server refused {refused} requests with 429",
        "what is bounded: the number in flight says nothing about the number in a second.",
    )


def _none_refused(trial: Trial) -> Finding | None:
    refused = sum(entry["status"] == 429 for entry in trial.seen())
    if not refused:
        return None
    look = "when each question begins: a refused request is wasted, also when it is sent again."
    return Finding("no request refused", f"the server refused {refused} with 429", look)


def _not_one_by_one(trial: Trial) -> Finding | None:
    """At 20 a second and a quarter of a second each, five are in flight."""
    if most_in_flight(trial.seen()) >= 3 and mean_in_flight(trial.seen()) >= 2:
        return None
    return Finding(
        f"about {RATE:g} questions begun in a second, whether or not the ones before are answered",
        "the server saw far fewer",
        "what a question waits for before it begins: its turn, not the answer of another.",
    )


KNEE = 12
HIGHEST = 64
BUDGET = 450
ROUNDS = 3


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
        trial.record("measure", "model", "start")
        return asyncio.run(_throughput(trial, limit))

    return function(measure, HIGHEST)


async def _throughput(trial: Trial, limit: int) -> float:
    """By the server's clock, from the first arrival to the last end of some requests for each slot."""
    mark, body = (
        trial.llm.mark(),
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]},
    )

    async def worker() -> None:
        for _ in range(ROUNDS):
            async with session.post(f"{trial.base_url}/chat/completions", json=body) as reply:
                await reply.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(worker() for _ in range(limit)))
    return ROUNDS * limit / trial.llm.stats(since=mark)["seconds"]


def _near_the_knee(trial: Trial) -> Finding | None:
    """Where the rate is above nine tenths of the best: from two thirds of the knee to one and a half of it."""
    found = trial.returned
    if isinstance(found, int) and 0.6 * KNEE <= found <= 1.7 * KNEE:
        return None
    look = "the rates that you measured: where is the largest, and what is it on both sides of it?"
    if not isinstance(found, int):
        return Finding("a whole number", f"your function returned a {type(found).__name__}", look)
    side = (
        "low: more in flight would be faster"
        if found < KNEE
        else "high: fewer in flight would be faster"
    )
    return Finding(
        "the number in flight at which this server answers most in a second",
        f"{found} is too {side}",
        look,
    )


def _too_many(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, OverBudget):
        return None
    look = "which limits are worth measuring: 1, 2, 4, 8 ... tells nearly as much as all of them."
    return Finding(
        f"at most {BUDGET} requests for all measurements", f"they would have cost {error}", look
    )


def _measured(trial: Trial) -> Finding | None:
    if len(trial.seen()) >= 2 * ROUNDS:
        return None
    return Finding(
        "a number found by measuring",
        f"the server saw {len(trial.seen())} requests",
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
            "requests_per_minute": 60 * 1.3 * RATE,
            "burst": 0.25,
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
