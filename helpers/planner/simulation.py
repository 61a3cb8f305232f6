"""Queries on their way through slots, CPU and provider, in virtual time.

Every station serves first come, first served. Events are taken in the order of time, so a station
needs to know only when each of its places is free next: 1,500 queries take ten milliseconds.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple


class Passage(NamedTuple):
    """One query on its way: when it arrived, got a slot, and was answered (seconds)."""

    arrived: float
    began: float
    ended: float


class Stage(IntEnum):
    """What has happened to a query. At one instant they are taken in this order."""

    ARRIVED = 0  # it waits for a slot
    SENT = 1  # the client's CPU has made its request
    REPLIED = 2  # the provider has answered
    ANSWERED = 3  # the client's CPU has read the reply


class Station:
    """Places that serve whoever came first; a heap of the times at which each is free."""

    def __init__(self, places: int):
        self._free = [0.0] * places

    def done(self, now: float, seconds: float) -> float:
        """When work of so many seconds is done that comes now."""
        end = max(now, self._free[0]) + seconds
        heapq.heapreplace(self._free, end)
        return end


class Provider:
    """Answers `capacity` requests at one time, and takes `rate` a second; None is no limit."""

    def __init__(self, capacity: int | None, rate: float | None):
        self._places = Station(capacity) if capacity else None
        self._interval = 1 / rate if rate else 0.0
        self._next_turn = 0.0

    def done(self, now: float, seconds: float) -> float:
        """When a request is answered that comes now."""
        turn = max(now, self._next_turn)
        self._next_turn = turn + self._interval
        return self._places.done(turn, seconds) if self._places else turn + seconds


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
    """Send queries through all stations; one Passage for each, in the order of arrival.

    arrived: times in ascending order. waits: the provider's seconds for each. slots: threads, or
    permits of a semaphore; a query holds one from its start to its end. cpu: seconds of the
    client's CPU, half before the request and half after the reply, on `cores` cores.
    Raises ValueError where there is no slot, or not one wait for each arrival.
    """
    if slots < 1:
        raise ValueError(f"slots is {slots}; it takes a whole number from 1 up")
    if len(arrived) != len(waits):
        raise ValueError(f"waits has {len(waits)} values; it takes {len(arrived)}, as arrived has")
    return _sent_through(arrived, waits, slots, cpu / 2, Station(cores), Provider(capacity, rate))


def _sent_through(
    arrived: Sequence[float],
    waits: Sequence[float],
    slots: int,
    half: float,
    processor: Station,
    provider: Provider,
) -> list[Passage]:
    """Take one event after the other until all queries are answered. half: of the CPU seconds."""
    began = [0.0] * len(waits)
    ended = [0.0] * len(waits)
    queue: deque[int] = deque()
    events = [(at, Stage.ARRIVED, query) for query, at in enumerate(arrived)]
    heapq.heapify(events)
    while events:
        now, stage, query = heapq.heappop(events)
        if stage is Stage.ARRIVED:
            queue.append(query)
        elif stage is Stage.SENT:
            replied = provider.done(now, waits[query])
            heapq.heappush(events, (replied, Stage.REPLIED, query))
        elif stage is Stage.REPLIED:
            answered = processor.done(now, half)
            heapq.heappush(events, (answered, Stage.ANSWERED, query))
        else:
            ended[query] = now
            slots += 1
        while queue and slots:
            slots -= 1
            first = queue.popleft()
            began[first] = now
            heapq.heappush(events, (processor.done(now, half), Stage.SENT, first))
    return [Passage(*times) for times in zip(arrived, began, ended)]


def latencies(count: int, mean: float, tail: float, seed: int = 0) -> list[float]:
    """So many draws, in seconds, of a lognormal with this mean; `tail` is its sigma."""
    if not tail:
        return [mean] * count
    draw = random.Random(seed)
    # The mean of a lognormal is exp(mu + sigma²/2).
    mu = math.log(mean) - tail * tail / 2
    return [draw.lognormvariate(mu, tail) for _ in range(count)]


def arrivals(count: int, rate: float, seed: int = 0) -> list[float]:
    """Times in seconds of independent arrivals, so many a second on average: a Poisson process."""
    draw = random.Random(seed + 1)  # not the seed of `latencies`, whose draws these would repeat
    now = 0.0
    times = []
    for _ in range(count):
        now += draw.expovariate(rate)
        times.append(now)
    return times
