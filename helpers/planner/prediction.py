"""What an execution model would give for a job, or for a batch, on a machine that was calibrated.

The model: a request takes a slot (a thread, or a permit), passes the client's CPU, waits for the
provider, and passes the CPU again. It knows nothing of memory pressure, of garbage collection, or
of other programs on this machine.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from helpers.benchmark import Row
from helpers.planner.calibration import FEW, Calibration, ClientCost
from helpers.planner.job import Job
from helpers.planner.simulation import arrivals, latencies, simulate
from helpers.tables import figure
from helpers.trace import peak, percentile

# The most threads that one process may have here. It is an assumption, and was not measured.
MOST_THREADS = 500

# Tasks have no such limit; this is more than any job here has in flight.
MOST_TASKS = 100_000

# Queries that are simulated: p95 then rests on the 75 slowest, and a plan takes some 20 ms.
SAMPLE = 1_500

# The share of its highest rate up to which a model is said to hold a peak. Beyond, the queue is so
# long, and takes so long to settle, that a sample of this size says little about it.
HELD = 0.95

# The share of the rented cores that the peak may use. The rest is for what nobody has planned.
BUSY_AT_PEAK = 0.7

# The smallest part of a core that can be rented, and the step to the next size.
CORE_STEP = 0.25

# Dollars an hour for a core and for a GB of memory, rounded from what AWS lists for Fargate (on x86
# with Linux in us-east-1, 2025: 0.04048 and 0.004445).
CORE_HOUR = 0.04
GB_HOUR = 0.005

# The share of one core's time up to which a batch hardly queues for the CPU: up to there what is
# predicted has to be within ten per cent of what `make bench ARGS=planner` measures.
IDLE_ENOUGH = 0.2


class Wall(NamedTuple):
    """Where a model ends: the queries a second that it holds at most, and what stops it there."""

    rate: float
    name: str


class BatchPrediction(NamedTuple):
    """What a batch should give: seconds, p95 from submission, and memory in MB.

    spare: whether the CPU has time to spare; where it has none, the times are too short.
    """

    seconds: float
    p95: float
    memory: float
    spare: bool


@dataclass(frozen=True)
class Prediction:
    """What a model would give for a job.

    in_flight: at most. highest: queries a second that it can hold; wall: what stops it there.
    throughput: queries a second at the peak. p95: seconds from arrival, infinite where the model
    cannot hold the peak. memory: MB. cores: to rent. cost: dollars a day. enough, why: the verdict.
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

    @property
    def p95_in_words(self) -> str:
        """With two digits, since the model knows no more; a dash where the queue never ends."""
        return "–" if math.isinf(self.p95) else f"{figure(float(f'{self.p95:.2g}'))} s"


def highest_rate(job: Job, model: str, machine: Calibration) -> Wall:
    """The nearest of the walls that a model meets in this job.

    Raises ValueError on a model that does not exist.
    """
    client = machine.client(model)
    cpu = _cpu(job, client)
    alone = job.latency + client.extra + cpu
    busy_cores = "the cores" if model == "processes" else "one core (the GIL)"
    walls = [
        Wall(_cores(model, machine) / cpu, busy_cores),
        Wall(job.rate or math.inf, "the provider's rate"),
        Wall(job.capacity / job.latency if job.capacity else math.inf, "the provider's capacity"),
    ]
    if model == "serial":
        walls.append(Wall(1 / alone, "one at a time"))
    if model == "threads":
        walls.append(Wall(MOST_THREADS / alone, f"{MOST_THREADS} threads"))
    return min(walls, key=lambda wall: wall.rate)


def predict(job: Job, model: str, machine: Calibration) -> Prediction:
    """What one model would give for this job. Raises ValueError on a model that does not exist."""
    client = machine.client(model)
    wall = highest_rate(job, model, machine)
    throughput = min(job.peak, wall.rate)
    if _holds(job, wall):
        p95, in_flight = _at_the_peak(job, model, machine)
    else:
        # The queue grows for as long as the peak lasts, so whatever has a slot is in flight:
        # Little's law.
        p95 = math.inf
        in_flight = min(_slots(model), math.ceil(throughput * (job.latency + client.extra)))
    memory = client.base * _cores(model, machine) + client.each * in_flight
    rented = _cores_to_rent(throughput * _cpu(job, client))
    enough, why = _verdict(job, wall, p95)
    return Prediction(
        model=model,
        in_flight=in_flight,
        highest=wall.rate,
        wall=wall.name,
        throughput=throughput,
        p95=p95,
        memory=memory,
        cores=rented,
        cost=24 * (rented * CORE_HOUR + memory / 1024 * GB_HOUR),
        enough=enough,
        why=why,
    )


def simplest_by_rate(job: Job, models: tuple[str, ...], machine: Calibration) -> str | None:
    """The first model that holds the peak, by its highest rate alone; None where none does.

    It simulates nothing, so it is quick enough for a map of hundreds of jobs.
    """
    return next((m for m in models if _holds(job, highest_rate(job, m, machine))), None)


def batch(row: Row, machine: Calibration) -> BatchPrediction:
    """What a row of the benchmark should give, all of whose requests are there at once."""
    client = machine.client("threads" if row.how in ("serial", "threads") else "async")
    waits = [wait + client.extra for wait in latencies(row.requests, row.latency, row.tail)]
    together = [0.0] * row.requests
    passages = simulate(together, waits, slots=row.in_flight, cpu=client.cpu)
    ended = [passage.ended for passage in passages]
    return BatchPrediction(
        seconds=max(ended),
        p95=percentile(ended, 95),
        # A few requests were in flight when the memory at rest was measured.
        memory=client.base + client.each * (row.in_flight - FEW),
        spare=row.in_flight * client.cpu / (row.latency + client.extra) <= IDLE_ENOUGH,
    )


def _at_the_peak(job: Job, model: str, machine: Calibration) -> tuple[float, int]:
    """(p95 in seconds from arrival, the most in flight) in a simulation of the peak."""
    client = machine.client(model)
    waits = [wait + client.extra for wait in latencies(SAMPLE, job.latency, job.tail)]
    passages = simulate(
        arrivals(SAMPLE, job.peak),
        waits,
        slots=_slots(model),
        cpu=_cpu(job, client),
        cores=_cores(model, machine),
        capacity=job.capacity,
        rate=job.rate,
    )
    p95 = percentile([passage.ended - passage.arrived for passage in passages], 95)
    return p95, peak((passage.began, passage.ended) for passage in passages)


def _holds(job: Job, wall: Wall) -> bool:
    return job.peak <= HELD * wall.rate


def _slots(model: str) -> int:
    return {"serial": 1, "threads": MOST_THREADS}.get(model, MOST_TASKS)


def _cores(model: str, machine: Calibration) -> int:
    """Only processes use more than one: threads share the GIL, and tasks share a thread."""
    return machine.cores if model == "processes" else 1


def _cpu(job: Job, client: ClientCost) -> float:
    """CPU seconds of a query: the client's, and your own code's."""
    return client.cpu + job.own_cpu


def _cores_to_rent(busy: float) -> float:
    """Cores to rent where so many are busy at the peak: some to spare, in steps of a quarter."""
    steps = math.ceil(busy / BUSY_AT_PEAK / CORE_STEP)
    return max(1, steps) * CORE_STEP


def _verdict(job: Job, wall: Wall, p95: float) -> tuple[bool, str]:
    """(whether the model is enough, why)."""
    if not _holds(job, wall):
        return False, f"holds {figure(wall.rate)} a second; the wall is {wall.name}"
    if p95 > job.deadline:
        return False, f"p95 of {figure(p95)} s is past the deadline"
    return True, f"holds up to {figure(wall.rate)} a second; the wall there is {wall.name}"
