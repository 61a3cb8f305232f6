"""Who is served now and who waits: slots, with a queue that is fair between participants. Pure."""

import heapq
from collections.abc import Hashable
from typing import Generic, Literal, TypeVar

from helpers.fake_llm.turns import Turns

Job = TypeVar("Job", bound=Hashable)

MOST_WAITING = 50_000
"""Jobs that may wait where no setting bounds them. Only work that goes on for clients who have left
can come to so many: each of the others has a connection, and these are bounded."""


class InService:
    """The numbers of the requests that are in service at a moment, by their planned times.

    Where the machine is too slow for what comes, requests are read late and replies go out late.
    The load that a request meets must not depend on that: it is the one at its own moment.
    """

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self._ends: list[tuple[float, int]] = []  # a heap; who has left early may be in it still

    def at(self, moment: float) -> int:
        """How many there are; moments come in order."""
        while self._ends and self._ends[0][0] <= moment:
            self._numbers.discard(heapq.heappop(self._ends)[1])
        return len(self._numbers)

    def add(self, number: int, end: float) -> None:
        """This one is in service, until then if it does not leave before."""
        self._numbers.add(number)
        heapq.heappush(self._ends, (end, number))

    def discard(self, number: int) -> None:
        """This one has left before its end."""
        self._numbers.discard(number)


class Slots(Generic[Job]):
    """Parallel slots, and a queue in which participants take turns.

    Where the queue is full, who has most in it gives a place up to who has less.
    """

    def __init__(self) -> None:
        self.serving: set[Job] = set()
        self._waiting: Turns[Job] = Turns()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting.count

    def enter(
        self, job: Job, whose: Hashable, capacity: int | None, queue: int | None
    ) -> Literal["start", "wait"] | Job:
        """What a new job does: it starts, it waits, or there is no room for one.

        Then the job that has to go is returned: this one, which is not in, or another that waited,
        which is not in any more.
        """
        if not self._waiting.count and (capacity is None or len(self.serving) < capacity):
            self.serving.add(job)
            return "start"
        if self._waiting.count < (MOST_WAITING if queue is None else queue):
            self._waiting.add(job, whose)
            return "wait"
        displaced = self._displaced_by(job, whose)
        if displaced is not job:
            self._waiting.add(job, whose)
        return displaced

    def _displaced_by(self, job: Job, whose: Hashable) -> Job:
        """The newest of the longest queue, taken out of it; this one where that is no longer."""
        if not self._waiting.count:
            return job
        longest = self._waiting.longest()
        if self._waiting.of(longest) <= self._waiting.of(whose) + 1:
            return job
        newest = self._waiting.newest(longest)
        self._waiting.discard(newest, longest)
        return newest

    def leave(self, job: Job, whose: Hashable) -> None:
        """A job has ended, in service or waiting; call `admit` after it."""
        if job in self.serving:
            self.serving.remove(job)
        else:
            self._waiting.discard(job, whose)

    def admit(self, capacity: int | None) -> list[Job]:
        """The waiting jobs that start now, in the order of their turns."""
        started = []
        while self._waiting.count and (capacity is None or len(self.serving) < capacity):
            job = self._waiting.take()
            self.serving.add(job)
            started.append(job)
        return started
