"""What is done when: requests that have arrived, in short turns, and jobs that are due, on time.

Most of a mock server's lateness under load comes from doing things in the order of their arrival.
Here the loop looks at its sockets every few milliseconds, a request counts as arrived when the loop
saw that its bytes were there, whatever work came before it, and a job that is due goes before a
request that is not. Participants take turns, so that a thousand requests of one do not keep another
waiting. What takes long, such as summing up a journal, is done in steps: a short slice in each
turn.
"""

import asyncio
import heapq
import select
import selectors
import time
from collections.abc import Callable, Generator, Hashable
from typing import Any, Generic, Protocol, TypeVar

from helpers.fake_llm.turns import Turns
from helpers.fake_llm.visible import print_error

SLICE = 0.002
"""Seconds of work of one sort between two looks at the sockets: some twenty requests."""

STALE = 1000
"""Cancelled deadlines that may lie in the heap before it is cleared of them."""


class Sent(Protocol):
    """What can arrive: `participant` is who has sent it, None while that is not known."""

    participant: Hashable


class Ticketed(Protocol):
    """What can be due: `ticket` is the schedule's own, and 0 while nothing of it is due."""

    ticket: int


Request = TypeVar("Request", bound=Sent)
Job = TypeVar("Job", bound=Ticketed)


class _Work:
    """Work in steps, and who waits for it."""

    def __init__(self, steps: Generator[None, None, None], whose: Hashable) -> None:
        self.steps = steps
        self.whose = whose


def punctual_loop() -> asyncio.AbstractEventLoop:
    """A new event loop whose timers are exact to a tenth of a millisecond, where the system can.

    Linux's epoll waits in whole milliseconds, rounded up, which makes each reply up to 1 ms late.
    select() does not, and an epoll object can itself be waited for by it.
    """
    if not hasattr(selectors, "EpollSelector"):
        return asyncio.new_event_loop()

    class Punctual(selectors.EpollSelector):
        def select(self, timeout: float | None = None) -> list:
            if timeout is not None and timeout > 0:
                select.select([self], [], [], timeout)
                timeout = 0
            return super().select(timeout)

    return asyncio.SelectorEventLoop(Punctual())


class Schedule(Generic[Request, Job]):
    """The clock (seconds from its start), the inbox and the deadlines of one server on one loop.

    `handle(request)` is called for each request; `progress(job)` for each job that is due.
    """

    def __init__(self, handle: Callable[[Request], None], progress: Callable[[Job], None]):
        self._handle = handle
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._origin = time.monotonic()
        self._inbox: Turns[Request] = Turns()
        self._tick: float | None = None  # when the loop last looked at its sockets
        self._fresh = False  # whether something has come since then
        # A heap of (when, ticket, job). A job's newest ticket counts; the others are stale.
        self._due: list[tuple[float, int, Job]] = []
        self._tickets = 0
        self._stale = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._long: Turns[_Work] = Turns()

    def now(self) -> float:
        """The time now."""
        return time.monotonic() - self._origin

    def arrived(self) -> float:
        """The arrival of bytes that are read now: when the loop last looked at its sockets."""
        self._fresh = True
        if self._tick is None:
            self._tick = self.now()
            self._loop.call_soon(self._turn)
        return self._tick

    def receive(self, request: Request) -> None:
        """Handle this request soon."""
        self._inbox.add(request, request.participant)
        self.arrived()

    def at(self, when: float, job: Job) -> None:
        """Call `progress(job)` at this time."""
        self._tickets += 1
        job.ticket = self._tickets
        heapq.heappush(self._due, (when, job.ticket, job))
        if self._timer is None or when < self._timer_at:
            self._set_timer(when)

    def cancel(self, job: Job) -> None:
        """Nothing of this job is due any more."""
        if not job.ticket:
            return
        job.ticket = 0
        self._stale += 1
        if self._stale > STALE and self._stale * 2 > len(self._due):
            # In place, since `_fire` may be going through the same list.
            self._due[:] = [entry for entry in self._due if entry[2].ticket == entry[1]]
            heapq.heapify(self._due)
            self._stale = 0

    def _turn(self) -> None:
        """Handle what has arrived, for one slice of time, right after a look at the sockets."""
        self._tick = now = self.now()
        if not self._inbox.count and not self._fresh:
            self._tick = None
            return
        self._fresh = False
        self._loop.call_soon(self._turn)
        end = now + SLICE
        while self._inbox.count and now < end:
            self._do(self._handle, self._inbox.take())
            now = self.now()
            if self._due and self._due[0][0] <= now:
                self._fire()

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_later(max(0.0, when - self.now()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._fire()

    def _fire(self) -> None:
        due = self._due
        now = self.now()
        end = now + SLICE
        while due and due[0][0] <= now < end:
            _, ticket, job = heapq.heappop(due)
            if job.ticket == ticket:
                job.ticket = 0
                self._do(self._progress, job)
            else:
                self._stale -= 1
            now = self.now()
        # Where more is due already, the timer goes off after the next look at the sockets.
        if due and (self._timer is None or due[0][0] < self._timer_at):
            self._set_timer(due[0][0])

    # Long work.

    def slowly(self, steps: Generator[None, None, None], whose: Hashable) -> None:
        """Run these to their end, for one slice of time in each turn.

        whose: who waits for it. They take turns, and each of them waits for their own first.
        """
        if not self._long.count:
            self._loop.call_soon(self._work)
        self._long.add(_Work(steps, whose), whose)

    def _work(self) -> None:
        end = self.now() + SLICE
        while self._long.count and self.now() < end:
            work = self._long.take()
            if self._step(work.steps):
                self._long.add(work, work.whose)
        if self._long.count:
            self._loop.call_soon(self._work)

    def _step(self, steps: Generator[None, None, None]) -> bool:
        """Do one step; False where it was the last."""
        try:
            next(steps)
            return True
        except StopIteration:
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the others are served
            print_error()
            return False

    def _do(self, what: Callable[[Any], None], argument: Any) -> None:
        """An error in one job is reported and does not stop the others."""
        try:
            what(argument)
        except Exception:  # noqa: BLE001 - whatever it is, the others are served
            print_error()
