"""Who is served now and who waits: slots, with a queue that is fair between participants. Pure."""

from collections.abc import Hashable
from typing import Generic, Literal, TypeVar

Job = TypeVar("Job", bound=Hashable)

MOST_WAITING = 50_000
"""Jobs that may wait where no setting bounds them. Only work that goes on for clients who have left
can come to so many: each of the others has a connection, and these are bounded."""


class Slots(Generic[Job]):
    """Parallel slots, and for each participant a queue of its own, first in first out.

    A slot that comes free goes to the participant whose turn it is, and who has had one goes to the
    end: so one who sends a thousand does not starve one who sends one ("fair queueing", J. Nagle,
    "On Packet Switches with Infinite Storage", RFC 970, 1985). Where the queue is full, the longest
    one gives a place up, for the same reason.
    """

    def __init__(self) -> None:
        self.serving: set[Job] = set()
        self.waiting = 0
        # By participant, in the order of their turns; within each by arrival.
        self._queues: dict[Hashable, dict[Job, None]] = {}

    def enter(
        self, job: Job, whose: Hashable, capacity: int | None, queue: int | None
    ) -> Literal["start", "wait"] | Job:
        """What a new job does: it starts, it waits, or there is no room for one.

        Then the job that has to go is returned: this one, which is not in, or another that waited,
        which is not in any more.
        """
        if not self.waiting and (capacity is None or len(self.serving) < capacity):
            self.serving.add(job)
            return "start"
        bound = MOST_WAITING if queue is None else queue
        displaced = self._displaced_by(whose) if self.waiting >= bound else None
        if displaced is None and self.waiting >= bound:
            return job
        self._queues.setdefault(whose, {})[job] = None
        self.waiting += 1
        return "wait" if displaced is None else displaced

    def _displaced_by(self, whose: Hashable) -> Job | None:
        """The newest job of the longest queue, taken out of it; None where it is this one's own."""
        own = len(self._queues.get(whose, ()))
        longest = max(self._queues, key=lambda each: len(self._queues[each]), default=whose)
        if len(self._queues.get(longest, ())) <= own + 1:
            return None
        newest = next(reversed(self._queues[longest]))
        self._take(newest, longest)
        return newest

    def leave(self, job: Job, whose: Hashable) -> None:
        """A job has ended, in service or waiting; call `admit` after it."""
        if job in self.serving:
            self.serving.remove(job)
        elif job in self._queues.get(whose, ()):
            self._take(job, whose)

    def admit(self, capacity: int | None) -> list[Job]:
        """The waiting jobs that start now, in the order of their turns."""
        started = []
        while self.waiting and (capacity is None or len(self.serving) < capacity):
            whose, queue = next(iter(self._queues.items()))
            job = next(iter(queue))
            self._take(job, whose)
            if queue:  # the others of this participant wait for its next turn
                self._queues[whose] = self._queues.pop(whose)
            self.serving.add(job)
            started.append(job)
        return started

    def _take(self, job: Job, whose: Hashable) -> None:
        del self._queues[whose][job]
        self.waiting -= 1
        if not self._queues[whose]:
            del self._queues[whose]
