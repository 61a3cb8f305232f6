"""What a request costs on this machine with each of the two clients, as measured here."""

import os
from dataclasses import dataclass

from helpers.benchmark import Result, Row, measure
from helpers.runs import Steerable

# The execution models, from the simplest on.
MODELS = ("serial", "threads", "async", "processes")

# Seconds of a reply while it is measured: so short that a client with many in flight is never done
# with its own work before the next reply is there, and so long that one with few mostly waits.
LATENCY = 0.03

# With few requests in flight, a run shows the memory at rest, and the time that a request takes
# besides its reply.
FEW = 2
FEW_REQUESTS = 20

# With so many, the client's CPU is the limit: at 0.03 s each, 60 in flight would be 2,000 requests
# a second, more than threads can send, and 200 would be 6,600, more than tasks can. Each run has as
# many requests as take about a second.
THREADS, THREAD_REQUESTS = 60, 600
TASKS, TASK_REQUESTS = 200, 1_500


@dataclass(frozen=True)
class ClientCost:
    """What a client costs on one machine.

    cpu: CPU seconds of a request. extra: seconds that it takes besides the reply and the CPU.
    base: MB at rest. each: MB for each request in flight.
    """

    cpu: float
    extra: float
    base: float
    each: float


@dataclass(frozen=True)
class Calibration:
    """The two clients of one machine, requests in threads and aiohttp in tasks, and its cores."""

    threads: ClientCost
    tasks: ClientCost
    cores: int

    def client(self, model: str) -> ClientCost:
        """The client of an execution model. Raises ValueError on a model that does not exist."""
        if model not in MODELS:
            raise ValueError(f"model is {model!r}; it takes one of {', '.join(MODELS)}")
        return self.threads if model in ("serial", "threads") else self.tasks


def calibrate(llm: Steerable) -> Calibration:
    """Measure what a request costs with each client, in fresh processes; it takes about 4 s."""
    return Calibration(
        threads=_cost(llm, "threads", THREADS, THREAD_REQUESTS),
        tasks=_cost(llm, "async", TASKS, TASK_REQUESTS),
        cores=os.cpu_count() or 1,
    )


def _cost(llm: Steerable, how: str, many: int, requests: int) -> ClientCost:
    light = measure(Row("light", how, FEW, FEW_REQUESTS, LATENCY), llm)
    heavy = measure(Row("heavy", how, many, requests, LATENCY), llm)
    return cost_from(light, heavy)


def cost_from(light: Result, heavy: Result) -> ClientCost:
    """What a client costs, from a run with few requests in flight and one that is all CPU."""
    # A saturated client never waits, so its time is CPU time, with what threads lose to each other.
    # Its CPU clock says more where a library works in threads of its own.
    cpu = max(heavy.seconds, heavy.cpu) / heavy.row.requests
    more_in_flight = heavy.row.in_flight - light.row.in_flight
    return ClientCost(
        cpu=cpu,
        extra=max(0.0, light.p50_from_start - light.row.latency - cpu),
        base=light.memory,
        each=max(0.0, heavy.memory - light.memory) / more_in_flight,
    )
