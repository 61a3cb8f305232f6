"""Exercises of lesson 13: how many in flight a job needs, and the simplest model that is enough."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import describe
from helpers.strategies import limited, serial, threads
from helpers.trace import percentile


class Load(NamedTuple):
    """Requests a second, seconds of each, and the number of requests that show it."""

    rate: float
    latency: float
    count: int

    @property
    def busy(self) -> float:
        """How many are in flight on average, by Little's law."""
        return self.rate * self.latency


LOADS = (Load(40, 0.5, 60), Load(100, 0.1, 100), Load(8, 0.4, 16))
MOST = 3  # times as many as Little's law says
ROOM = 0.5  # of the latency: the wait for a permit that one in twenty may have


def _three_loads(function: Callable, trial: Trial) -> list[tuple[Any, float]]:
    """(in flight that the function allows, p95 of the wait for a permit) for each load."""
    found = []
    for load in LOADS:
        allowed = function(load.rate, load.latency)
        if isinstance(allowed, bool) or not isinstance(allowed, int) or allowed < 1:
            return [(allowed, 0.0)]
        if allowed < load.busy:  # its queue never ends, so there is nothing to wait for
            return [*found, (allowed, 0.0)]
        trial.llm.behave(latency=load.latency)
        found.append((allowed, asyncio.run(_waits(trial, load, allowed))))
    return found


async def _waits(trial: Trial, load: Load, allowed: int) -> float:
    gate, waits, draw = asyncio.Semaphore(allowed), [], random.Random(13)
    due = time.perf_counter()
    async with trial.ask_async() as ask, asyncio.TaskGroup() as group:

        async def one(question: str) -> None:
            came = time.perf_counter()
            async with gate:
                waits.append(time.perf_counter() - came)
                await ask(question)

        for question in questions(load.count, kind="lookup"):
            due += draw.expovariate(load.rate)
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(one(question))
    return percentile(waits, 95)


def _fits_each_load(trial: Trial) -> Finding | None:
    for load, (allowed, waited) in zip(LOADS, trial.returned):
        job = f"{load.rate:g} a second of {load.latency:g} s each"
        if isinstance(allowed, bool) or not isinstance(allowed, int) or allowed < 1:
            return Finding(
                "a whole number from 1 up",
                describe(allowed),
                "what you return: math.ceil rounds up.",
            )
        if allowed < load.busy:
            return Finding(
                f"enough permits for {job}",
                f"{allowed}, but {load.busy:g} are in flight on average, so the queue never ends",
                "Little's law: in flight = rate x latency.",
            )
        if waited > ROOM * load.latency:
            return Finding(
                f"permits with some room for {job}",
                f"with {allowed} one in twenty waited {waited:.2f} s before it even started",
                "the mean is not enough: arrivals come in bunches, so leave some room above it.",
            )
        if allowed > MOST * load.busy + 4:
            return Finding(
                f"no more permits than {job} can use",
                f"{allowed}, where {load.busy:g} are in flight on average",
                "what does not depend on the rate and on the latency: a fixed number fits one load only.",
            )
    return None


class Case(NamedTuple):
    """What is needed (queries a second), the provider's slots, and the simplest model that is enough, if any."""

    needed: float
    capacity: int | None
    right: str | None


CASES = (Case(2.5, None, "serial"), Case(30, None, "threads"), Case(30, 3, None))
WAYS = {"serial": serial, "threads": threads, "async": limited}
MOST_TRIES = 8
LEAST_IN_FLIGHT, MOST_IN_FLIGHT = 6, 20


async def _three_cases(function: Callable, trial: Trial) -> list[tuple[Any, int]]:
    """(what the function chose, how many measurements it took) for each case."""
    chosen = []
    for case in CASES:
        trial.llm.behave(capacity=case.capacity)
        tries = 0

        async def measure(model: str, in_flight: int) -> float:
            nonlocal tries
            tries += 1
            if model not in WAYS or not 1 <= in_flight <= 100:
                raise ValueError(
                    f"measure takes one of {', '.join(WAYS)}, and 1 to 100; it got {model!r}, {in_flight!r}"
                )
            if tries > 3 * MOST_TRIES:
                raise RuntimeError(f"{tries} measurements; a few are enough")
            return await _measured(trial, model, in_flight)

        chosen.append((await function(measure, case.needed), tries))
    return chosen


async def _measured(trial: Trial, model: str, in_flight: int) -> float:
    """Queries a second: of one after the other three, else two rounds."""
    asked = questions(3 if model == "serial" else 2 * in_flight, kind="lookup")
    began = time.perf_counter()
    if model == "async":
        async with trial.ask_async() as ask:
            await limited(ask, asked, in_flight)
    else:
        with trial.ask() as ask:
            await asyncio.to_thread(WAYS[model], ask, asked, in_flight)
    return len(asked) / (time.perf_counter() - began)


def _simplest(trial: Trial) -> Finding | None:
    for case, (choice, tries) in zip(CASES, trial.returned):
        job = f"{case.needed:g} a second" + (
            f" from a provider with {case.capacity} slots" if case.capacity else ""
        )
        if case.right is None:
            if choice is None:
                continue
            return Finding(
                f"None, for {job}: no model can do it",
                describe(choice),
                "the end of the search: more in flight does not help where the provider is full.",
            )
        if not isinstance(choice, tuple) or len(choice) != 2:
            return Finding(
                f"a pair (model, in flight) for {job}", describe(choice), "what you return."
            )
        if choice[0] != case.right:
            return Finding(
                f"the simplest model for {job}: {case.right}",
                str(choice[0]),
                "the order in which you try: serial, then threads, then async.",
            )
        if case.right != "serial" and not LEAST_IN_FLIGHT <= choice[1] <= MOST_IN_FLIGHT:
            return Finding(
                f"for {job} about as many in flight as it needs",
                f"{choice[1]} in flight",
                "how you find the number: in flight = rate x latency, and a serial measurement tells the latency.",
            )
        if tries > MOST_TRIES:
            return Finding(
                f"at most {MOST_TRIES} measurements for a decision",
                f"{tries} for {job}",
                "the steps of your search: double the number, or compute it.",
            )
    return None


EXERCISES = [
    Exercise(
        "13.1",
        "how many permits",
        "permits(rate, latency)",
        _three_loads,
        [_fits_each_load],
        "three loads: nobody waits long for a permit, and there are no more permits than the load can use.",
        llm={"search_latency": 0.005},
        seconds=20.0,
    ),
    Exercise(
        "13.2",
        "the simplest that is enough",
        "choose(measure, needed)",
        _three_cases,
        [_simplest],
        "serial where it is enough, a few threads where it is not, and None where the provider is the wall.",
        llm={"latency": 0.2, "search_latency": 0.005},
        seconds=30.0,
    ),
]
