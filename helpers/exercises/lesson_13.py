"""Exercises of lesson 13: how many in flight a job needs, and the simplest model that is enough."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe
from helpers.exercises.trial import Evidence, Trial
from helpers.strategies import limited, serial, threads
from helpers.trace import percentile


class OfferedLoad(NamedTuple):
    """Requests a second, seconds of each, and the number of requests that show it."""

    rate: float
    latency: float
    count: int

    @property
    def busy(self) -> float:
        """How many are in flight on average, by Little's law."""
        return self.rate * self.latency

    def __str__(self) -> str:
        return f"{self.rate:g} a second of {self.latency:g} s each"


# Twenty, ten and three in flight, for one to two seconds each. More requests a second would measure
# how busy the machine is.
LOADS = (OfferedLoad(40, 0.5, 60), OfferedLoad(50, 0.2, 60), OfferedLoad(8, 0.4, 16))
# Permits: so many times what Little's law says, and a few that small loads need for their bunches.
MOST_TIMES, MOST_MORE = 3, 4
ROOM = 0.5  # of the latency: the wait for a permit that one in twenty may have
SEED = 13  # the same arrivals in each check


class Allowed(NamedTuple):
    """The permits that the function gives, and the seconds that one in twenty waited for one."""

    permits: Any
    waited: float = 0.0


def _three_loads(function: Callable, trial: Trial) -> list[Allowed]:
    found = []
    for load in LOADS:
        allowed = Allowed(function(load.rate, load.latency))
        if _misfit(load, allowed) is None:  # else there may be no end to the wait
            trial.llm.behave(latency=load.latency)
            waited = asyncio.run(_wait_for_permits(trial, load, allowed.permits))
            allowed = allowed._replace(waited=waited)
        found.append(allowed)
        if _misfit(load, allowed):
            break  # what is wrong is known, and the next load would only take time
    return found


def _is_a_count(value: Any) -> bool:
    """Whether this is a whole number from 1 up; True is no number here."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


async def _wait_for_permits(trial: Trial, load: OfferedLoad, permits: int) -> float:
    """The 95th percentile of the wait, in seconds, where arrivals are random (Poisson)."""
    gate = asyncio.Semaphore(permits)
    draw = random.Random(SEED)
    waits: list[float] = []
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


def _fits_each_load(evidence: Evidence) -> Finding | None:
    findings = (_misfit(load, allowed) for load, allowed in zip(LOADS, evidence.returned))
    return next((finding for finding in findings if finding), None)


def _misfit(load: OfferedLoad, allowed: Allowed) -> Finding | None:
    permits, waited = allowed
    if not _is_a_count(permits):
        return Finding(
            "a whole number from 1 up",
            describe(permits),
            "what you return: math.ceil rounds up.",
        )
    if permits < load.busy:
        return Finding(
            f"enough permits for {load}",
            f"{permits}, but {load.busy:g} are in flight on average, so the queue never ends",
            "Little's law: in flight = rate x latency.",
        )
    if waited > ROOM * load.latency:
        return Finding(
            f"permits with some room for {load}",
            f"with {permits} one in twenty waited {waited:.2f} s before it even started",
            "the mean is not enough: arrivals come in bunches, so leave some room above it.",
        )
    if permits > MOST_TIMES * load.busy + MOST_MORE:
        return Finding(
            f"no more permits than {load} can use",
            f"{permits}, where {load.busy:g} are in flight on average",
            "what does not depend on the rate and on the latency: a fixed number fits one load"
            " only.",
        )
    return None


class Provider(NamedTuple):
    """What is needed of it (queries a second), its slots, and the simplest model that is enough."""

    needed: float
    capacity: int | None
    simplest: str | None

    def __str__(self) -> str:
        slots = f" from a provider with {self.capacity} slots" if self.capacity else ""
        return f"{self.needed:g} a second{slots}"


LATENCY = 0.2  # seconds: serial makes about four a second, three slots make fifteen
PROVIDERS = (
    Provider(2.5, None, "serial"),
    Provider(30, None, "threads"),
    Provider(30, 3, None),
)
MODELS = {"serial": serial, "threads": threads, "async": limited}
HIGHEST = 100  # in flight

# Measurements. One serial and five doublings are six; whoever cannot stop is stopped at 24.
MOST_TRIES = 8
TOO_MANY_TRIES = 3 * MOST_TRIES

# In flight: 30 a second of 0.2 s each are six; a search by doubling may end at sixteen.
LEAST_IN_FLIGHT, MOST_IN_FLIGHT = 6, 20


class Chosen(NamedTuple):
    """What the function chose for a provider, and how many measurements it took."""

    choice: Any
    tries: int


async def _three_providers(function: Callable, trial: Trial) -> list[Chosen]:
    chosen = []
    for provider in PROVIDERS:
        trial.llm.behave(capacity=provider.capacity)
        measure = _Measurements(trial)
        choice = await function(measure, provider.needed)
        chosen.append(Chosen(choice, measure.tries))
        if _wrong_choice(provider, chosen[-1]):
            break  # what is wrong is known, and the next provider would only take time
    return chosen


class _Measurements:
    """The function `measure` that the learner's function is given; it counts its calls."""

    def __init__(self, trial: Trial):
        self.tries = 0
        self._trial = trial

    async def __call__(self, model: str, in_flight: int) -> float:
        """Queries a second of a model with so many in flight."""
        self.tries += 1
        if model not in MODELS or not 1 <= in_flight <= HIGHEST:
            raise ValueError(
                f"measure takes one of {', '.join(MODELS)}, and 1 to {HIGHEST};"
                f" it got {model!r}, {in_flight!r}"
            )
        if self.tries > TOO_MANY_TRIES:
            raise RuntimeError(f"{self.tries} measurements; a few are enough")
        return await _throughput(self._trial, model, in_flight)


async def _throughput(trial: Trial, model: str, in_flight: int) -> float:
    """Queries a second: of three, one after the other, or else of two rounds."""
    asked = questions(3 if model == "serial" else 2 * in_flight, kind="lookup")
    began = time.perf_counter()
    if model == "async":
        async with trial.ask_async() as ask:
            await limited(ask, asked, in_flight)
    else:
        with trial.ask() as ask:
            await asyncio.to_thread(MODELS[model], ask, asked, in_flight)
    return len(asked) / (time.perf_counter() - began)


def _simplest(evidence: Evidence) -> Finding | None:
    findings = (_wrong_choice(*pair) for pair in zip(PROVIDERS, evidence.returned))
    return next((finding for finding in findings if finding), None)


def _wrong_choice(provider: Provider, chosen: Chosen) -> Finding | None:
    choice, tries = chosen
    if provider.simplest is None:
        return None if choice is None else _no_model_can(provider, choice)
    if not isinstance(choice, tuple) or len(choice) != 2:
        return Finding(
            f"a pair (model, in flight) for {provider}",
            describe(choice),
            "what you return.",
        )
    model, in_flight = choice
    if model != provider.simplest:
        return Finding(
            f"the simplest model for {provider}: {provider.simplest}",
            str(model),
            "the order in which you try: serial, then threads, then async.",
        )
    if model != "serial" and not LEAST_IN_FLIGHT <= in_flight <= MOST_IN_FLIGHT:
        return Finding(
            f"for {provider} about as many in flight as it needs",
            f"{in_flight} in flight",
            "how you find the number: in flight = rate x latency, and a serial measurement tells"
            " the latency.",
        )
    if tries > MOST_TRIES:
        return Finding(
            f"at most {MOST_TRIES} measurements for a decision",
            f"{tries} for {provider}",
            "the steps of your search: double the number, or compute it.",
        )
    return None


def _no_model_can(provider: Provider, choice: Any) -> Finding:
    return Finding(
        f"None, for {provider}: no model can do it",
        describe(choice),
        "the end of the search: more in flight does not help where the provider is full.",
    )


EXERCISES = [
    Exercise(
        "13.1",
        "how many permits",
        "permits(rate, latency)",
        _three_loads,
        [_fits_each_load],
        "three loads: nobody waits long for a permit, and there are no more permits than the load"
        " can use.",
        llm={"search_latency": 0.005},
        seconds=20.0,
    ),
    Exercise(
        "13.2",
        "the simplest that is enough",
        "choose(measure, needed)",
        _three_providers,
        [_simplest],
        "serial where it is enough, a few threads where it is not, and None where the provider is"
        " the wall.",
        llm={"latency": LATENCY, "search_latency": 0.005},
        # A search that takes all its measurements, and some doublings too far, is told so.
        seconds=30.0,
    ),
]
