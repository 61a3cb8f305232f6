"""What makes measured times the computer's own: a busy processor, and an event loop that is held up."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

# Ten looks in the time of a model's reply at a tenth of its scale; more would cost what they measure.
LAG_PERIOD = 0.02


class Load:
    """How busy this computer and this process have been since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._cpu = time.process_time()
        self._idle = psutil.cpu_times().idle

    def shares(self) -> tuple[float, float]:
        """(share of one processor that this process used, share of all that anybody used)."""
        seconds = max(1e-6, time.perf_counter() - self._start)
        own = (time.process_time() - self._cpu) / seconds
        idle = (psutil.cpu_times().idle - self._idle) / (psutil.cpu_count() or 1)
        return own, 1 - idle / seconds


class LoopLag:
    """How late the running event loop wakes a task up that asks for 20 ms.

    lag = LoopLag()
    async with lag.watched():
        await work()
    lag.worst                # seconds

    seen: (seconds since the watch began, seconds late) of each wake-up that was late.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self._due = math.inf

    @property
    def worst(self) -> float:
        """The longest time in seconds for which the loop kept everybody waiting, 0.0 so far."""
        return max((late for _, late in self.seen), default=0.0)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch the running loop during this block."""
        began = time.perf_counter()
        meter = asyncio.create_task(self._watch(began), name="loop-lag meter")
        try:
            yield
        finally:
            # A loop that was held until the end never woke the meter up, so that is noted here.
            self._note(began)
            meter.cancel()

    async def _watch(self, began: float) -> None:
        while True:
            self._due = time.perf_counter() + LAG_PERIOD
            await asyncio.sleep(LAG_PERIOD)
            self._note(began)

    def _note(self, began: float) -> None:
        now = time.perf_counter()
        if now > self._due:
            self.seen.append((now - began, now - self._due))
