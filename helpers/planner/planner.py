"""The planner of lesson 13: what each execution model would give for a job, from what this machine's clients cost.

    machine = calibrate(llm)                  # seconds; what a request costs in threads and in asyncio, here
    plan(Job(peak=20, latency=2), machine)    # a Prediction for serial, threads, async, processes
    simplest(Job(peak=20), machine)           # the first of them that is enough

The model: a request takes a slot (a thread, or a permit), passes the client's CPU, waits for the provider, and passes
the CPU again. Every station serves first come, first served, in virtual time, so a prediction takes milliseconds. It
knows nothing of memory pressure, of garbage collection, or of other programs on this machine.
"""

import heapq
import math
import os
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from helpers.benchmark import Row, measure
from helpers.tables import figure
from helpers.trace import peak, percentile

MODELS = ("serial", "threads", "async", "processes")
TEAMS = ("new to async", "knows async")
MOST_THREADS = 500
SAMPLE = 1_500
FULL = 0.95
SPARE = 0.7
CORE_HOUR, GB_HOUR = 0.04, 0.005


@dataclass(frozen=True)
class Job:
    """What is asked for. Seconds; a share is of 1; None is no limit.

    per_day: queries a day. peak: queries a second at the busiest time. latency: mean seconds of a query's waiting;
    tail: sigma of its lognormal spread. rate: requests a second that the provider allows; capacity: how many it
    serves at one time. cpu_share: the part of a query in which your own code computes. deadline: seconds, for p95.
    """

    per_day: float = 10_000
    peak: float = 2.0
    latency: float = 2.0
    tail: float = 0.3
    rate: float | None = None
    capacity: int | None = None
    cpu_share: float = 0.0
    deadline: float = 10.0
    team: str = TEAMS[0]

    def __post_init__(self) -> None:
        for name in ("per_day", "peak", "latency", "deadline"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it takes a number above 0")
        if not 0 <= self.cpu_share < 1:
            raise ValueError(f"cpu_share is {self.cpu_share!r}; it takes a share from 0 to below 1")
        if not 0 <= self.tail <= 3:
            raise ValueError(f"tail is {self.tail!r}; it takes a number from 0 to 3")
        for name in ("rate", "capacity"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it takes a number above 0, or None"
                )
        if self.team not in TEAMS:
            raise ValueError(f"team is {self.team!r}; it takes one of {', '.join(TEAMS)}")

    @property
    def own_cpu(self) -> float:
        """Seconds of your own code's CPU for each query."""
        return self.latency * self.cpu_share / (1 - self.cpu_share)


@dataclass(frozen=True)
class Client:
    """What a client costs on one machine: CPU seconds a request, seconds besides, MB at rest and for each in flight."""

    cpu: float
    extra: float
    base: float
    each: float


@dataclass(frozen=True)
class Machine:
    """The two clients of one machine, and its cores."""

    threads: Client
    tasks: Client
    cores: int

    def client(self, model: str) -> Client:
        """The client of an execution model."""
        return self.threads if model in ("serial", "threads") else self.tasks


class Passage(NamedTuple):
    """One query on its way: when it arrived, got a slot, and was answered (seconds)."""

    arrived: float
    began: float
    ended: float


@dataclass(frozen=True)
class Prediction:
    """What a model would give. highest: queries a second that it can hold; wall: what stops it there.

    p95 (seconds, from arrival) is infinite where it cannot hold the peak. memory: MB. cost: dollars a day.
    """

    model: str
    in_flight: int
    highest: float
    wall: str
    throughput: float
    p95: float
    memory: float
    cores: float
    cost: float
    enough: bool
    why: str


def calibrate(llm: Any) -> Machine:
    """Measure what a request costs with each client, in four fresh processes; about four seconds.

    The CPU figure comes from a saturated run, the memory for each in flight from the difference of two runs.
    """
    threads = _client(llm, "threads", 60, 600, 0.03)
    tasks = _client(llm, "async", 200, 1_500, 0.03)
    return Machine(threads, tasks, os.cpu_count() or 1)


def _client(llm: Any, how: str, many: int, requests: int, latency: float) -> Client:
    light = measure(Row("light", how, 2, 20, 0.03), llm)
    heavy = measure(Row("heavy", how, many, requests, latency), llm)
    cpu = max(heavy.seconds / requests, heavy.cpu / requests)
    each = max(0.0, heavy.memory - light.memory) / (many - 2)
    extra = max(0.0, light.p50_from_start - 0.03 - cpu)
    return Client(cpu, extra, light.memory, each)


def latencies(count: int, mean: float, tail: float, seed: int = 0) -> list[float]:
    """This many draws of a lognormal of this mean; `tail` is its sigma."""
    draw = random.Random(seed)
    mu = math.log(mean) - tail * tail / 2
    return [draw.lognormvariate(mu, tail) if tail else mean for _ in range(count)]


def arrivals(count: int, rate: float, seed: int = 0) -> list[float]:
    """Independent arrivals of this many a second, in seconds: a Poisson process."""
    draw, now, times = random.Random(seed + 1), 0.0, []
    for _ in range(count):
        now += draw.expovariate(rate)
        times.append(now)
    return times


def simulate(
    arrived: Sequence[float],
    waits: Sequence[float],
    *,
    slots: int,
    cpu: float = 0.0,
    cores: int = 1,
    capacity: int | None = None,
    rate: float | None = None,
) -> list[Passage]:
    """Queries through slots, CPU and provider, in virtual time; one Passage for each, in order of arrival.

    arrived: times in ascending order. waits: the provider's seconds for each. cpu: seconds of the client's CPU, half
    before the request and half after the reply, on `cores` cores. capacity, rate: the provider's, see Job.
    Events are taken in order of time, so every station needs to know only when it is free next.
    """
    if slots < 1 or len(arrived) != len(waits):
        raise ValueError(f"slots is {slots}, with {len(arrived)} arrivals and {len(waits)} waits")
    free_cpu, free_provider = [0.0] * cores, [0.0] * (capacity or 0)
    turn, free_slots, queue = 0.0, slots, deque()
    began, ended = [0.0] * len(waits), [0.0] * len(waits)
    events = [(at, 0, i) for i, at in enumerate(arrived)]
    heapq.heapify(events)
    while events:
        now, stage, i = heapq.heappop(events)
        if stage == 0:
            queue.append(i)
        elif stage == 1:
            if rate:
                now = turn = max(now, turn)
                turn += 1 / rate
            done = _pass(free_provider, now, waits[i]) if capacity else now + waits[i]
            heapq.heappush(events, (done, 2, i))
        elif stage == 2:
            heapq.heappush(events, (_pass(free_cpu, now, cpu / 2), 3, i))
        else:
            ended[i] = now
            free_slots += 1
        while queue and free_slots and stage in (0, 3):
            free_slots -= 1
            first = queue.popleft()
            began[first] = now
            heapq.heappush(events, (_pass(free_cpu, now, cpu / 2), 1, first))
    return [Passage(*times) for times in zip(arrived, began, ended)]


def _pass(free: list[float], now: float, seconds: float) -> float:
    """When work that comes now is done on whichever of these is free first; they are a heap."""
    done = max(now, free[0]) + seconds
    heapq.heapreplace(free, done)
    return done


def batch(row: Row, machine: Machine) -> tuple[float, float, float, bool]:
    """What a row of the benchmark should give: (seconds, p95 from submission, MB, whether the CPU has time to spare)."""
    client = machine.client("threads" if row.how in ("serial", "threads") else "async")
    waits = [w + client.extra for w in latencies(row.requests, row.latency, row.tail)]
    ended = [
        p.ended for p in simulate([0.0] * row.requests, waits, slots=row.in_flight, cpu=client.cpu)
    ]
    seconds = max(ended)
    spare = row.in_flight * client.cpu / (row.latency + client.extra) <= 0.2
    return (
        seconds,
        percentile(sorted(ended), 95),
        client.base + client.each * (row.in_flight - 2),
        spare,
    )


def highest_rate(job: Job, model: str, machine: Machine) -> tuple[float, str]:
    """(queries a second that a model can hold at most, what stops it there)."""
    client = machine.client(model)
    each = job.latency + client.extra + client.cpu + job.own_cpu
    busy = client.cpu + job.own_cpu
    walls = {
        "one core (the GIL)" if model != "processes" else "the cores": (machine.cores if model == "processes" else 1) / busy,
        "the provider's rate": job.rate or math.inf,
        "the provider's capacity": job.capacity / job.latency if job.capacity else math.inf,
    }  # fmt: skip
    if model == "serial":
        walls["one at a time"] = 1 / each
    if model == "threads":
        walls[f"{MOST_THREADS} threads"] = MOST_THREADS / each
    wall = min(walls, key=walls.get)
    return walls[wall], wall


def predict(job: Job, model: str, machine: Machine) -> Prediction:
    """What one model would give for this job. Raises ValueError on a model that does not exist."""
    if model not in MODELS:
        raise ValueError(f"model is {model!r}; it takes one of {', '.join(MODELS)}")
    client, (highest, wall) = machine.client(model), highest_rate(job, model, machine)
    slots = {"serial": 1, "threads": MOST_THREADS}.get(model, 100_000)
    cores = machine.cores if model == "processes" else 1
    throughput, p95, in_flight = min(job.peak, highest), math.inf, slots
    if job.peak <= FULL * highest:
        passages = simulate(
            arrivals(SAMPLE, job.peak),
            [w + client.extra for w in latencies(SAMPLE, job.latency, job.tail)],
            slots=slots,
            cpu=client.cpu + job.own_cpu,
            cores=cores,
            capacity=job.capacity,
            rate=job.rate,
        )
        p95 = percentile(sorted(p.ended - p.arrived for p in passages), 95)
        in_flight = peak((p.began, p.ended) for p in passages)
    else:
        in_flight = min(slots, math.ceil(throughput * (job.latency + client.extra)))
    memory = client.base * cores + client.each * in_flight
    needed = math.ceil(4 * throughput * (client.cpu + job.own_cpu) / SPARE) / 4 or 0.25
    cost = 24 * (needed * CORE_HOUR + memory / 1024 * GB_HOUR)
    enough, why = _enough(job, highest, wall, p95)
    return Prediction(
        model, in_flight, highest, wall, throughput, p95, memory, needed, cost, enough, why
    )


def _enough(job: Job, highest: float, wall: str, p95: float) -> tuple[bool, str]:
    if job.peak > FULL * highest:
        return False, f"holds {figure(highest)} a second; the wall is {wall}"
    if p95 > job.deadline:
        return False, f"p95 of {p95:.3g} s is past the deadline"
    return True, f"holds up to {figure(highest)} a second; the wall there is {wall}"


def plan(job: Job, machine: Machine) -> list[Prediction]:
    """A prediction for each model, from the simplest on."""
    return [predict(job, model, machine) for model in MODELS]


def simplest(job: Job, machine: Machine) -> Prediction | None:
    """The first model that is enough; None where none is."""
    return next((p for p in plan(job, machine) if p.enough), None)


def advice(job: Job, machine: Machine) -> str:
    """The choice in words, with what it costs this team, and what would change it."""
    choices = plan(job, machine)
    best = next((p for p in choices if p.enough), None)
    if best is None:
        return (
            f"No model is enough. The best of them {max(choices, key=lambda p: p.highest).why}. "
            "Change the job: a lower peak, a later deadline, or another provider."
        )
    words = (
        f"{best.model.capitalize()} is enough, and the simplest that is: p95 {best.p95:.2g} s, "
        f"{best.in_flight} in flight, {best.memory:.0f} MB. It {best.why}."
    )
    if best.model in ("async", "processes") and job.team == TEAMS[0]:
        held = next(p for p in choices if p.model == "threads").highest
        words += f" Your team is new to async: threads would do up to {figure(held)} a second."
    return words


def simplest_by_rate(job: Job, machine: Machine, peak: float, latency: float) -> str:
    """The simplest model by its highest rate alone, for a map of many jobs; "none" where none holds the peak."""
    there = replace(job, peak=peak, latency=latency)
    return next((m for m in MODELS if peak <= FULL * highest_rate(there, m, machine)[0]), "none")
