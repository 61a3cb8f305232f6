"""What makes measured times the computer's own: busy processors, and an event loop held up."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

# Ten looks in a model's reply of 200 ms; more often, and the meter would cost what it measures.
LAG_PERIOD = 0.02
# Where Linux shows a container its own limits, in the layout of control groups 2 or 1.
CGROUP = Path("/sys/fs/cgroup")

if sys.platform == "win32":
    psutil.getloadavg()  # Windows keeps no such average; psutil does, from the first call on


def processors() -> int:
    """How many processors this computer has, whether or not this process may use them all."""
    return psutil.cpu_count() or 1


def last_minute() -> str:
    """How busy this computer has been in the last minute, in words."""
    wanting, _, _ = psutil.getloadavg()
    return f"{wanting:.1f} programs at a time wanted its {processors()} processors"


class Load:
    """How busy this computer and this process have been since it was made.

    Processors count in ticks of 10 ms, so look again after a few tenths of a second at the least.
    """

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._own = time.process_time()
        self._idle, self._stolen = _idle_and_stolen()

    def shares(self) -> tuple[float, float]:
        """(share of one processor that this process used, share of all that anybody used)."""
        seconds = max(1e-6, time.perf_counter() - self._start)
        idle, _ = _idle_and_stolen()
        unused = (idle - self._idle) / (seconds * processors())
        # The ticks may run ahead of our clock, by one.
        return (time.process_time() - self._own) / seconds, max(0.0, 1 - unused)

    def stolen(self) -> float:
        """The share of all processors that a virtual machine's host gave to somebody else.

        Only Linux tells; 0.0 elsewhere.
        """
        seconds = max(1e-6, time.perf_counter() - self._start)
        _, stolen = _idle_and_stolen()
        return (stolen - self._stolen) / (seconds * processors())


def _idle_and_stolen() -> tuple[float, float]:
    """(seconds without work, seconds stolen by the host) of all processors since it was started."""
    times = psutil.cpu_times()
    # A processor that waits for a disk is free for others; Linux counts that apart.
    return times.idle + getattr(times, "iowait", 0.0), getattr(times, "steal", 0.0)


@dataclass(frozen=True)
class Quota:
    """What a container may use of the processors, as Linux enforces it.

    processors: how many at most, such as 1.5. periods: how many of the kernel's periods (mostly
    of 100 ms) it was at work in; throttled: in how many of them it was held back until the next.
    """

    processors: float
    periods: int
    throttled: int


def quota(cgroup: Path = CGROUP) -> Quota | None:
    """The processor quota of the container that this runs in; None where there is none."""
    second = (cgroup / "cpu.max").exists()
    folder = cgroup if second else cgroup / "cpu"
    limits = ("cpu.max",) if second else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    try:
        allowed, period = _words(folder, *limits)
        if allowed in ("max", "-1"):  # what either version says where there is no limit
            return None
        stat = _words(folder, "cpu.stat")
        counts = dict(zip(stat[::2], stat[1::2]))
        periods, throttled = int(counts["nr_periods"]), int(counts["nr_throttled"])
        return Quota(int(allowed) / int(period), periods, throttled)
    except (OSError, ValueError, KeyError):
        return None  # another system, or a kernel that shows less


def _words(folder: Path, *names: str) -> list[str]:
    return [word for name in names for word in (folder / name).read_text().split()]


class LoopLag:
    """How late the running event loop wakes a task up that asks for 20 ms.

    lag = LoopLag()
    async with lag.watched():
        await work()
    lag.worst                # seconds

    seen: (seconds since the watch began, seconds late) of each wake-up that was late. It grows
    while the watch lasts, and may be read from another thread.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self._began = self._due = 0.0

    @property
    def worst(self) -> float:
        """The longest time in seconds for which the loop kept everybody waiting, 0.0 so far."""
        return max((late for _, late in self.seen), default=0.0)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch the running loop during this block."""
        self._began = time.perf_counter()
        # Due from the start, though the meter has not run yet: what holds the loop may come first.
        self._due = self._began + LAG_PERIOD
        meter = asyncio.create_task(self._measure(), name="loop-lag meter")
        try:
            yield
        finally:
            # A loop that was held until the end never woke the meter up, so that is noted here.
            self._note()
            meter.cancel()

    async def _measure(self) -> None:
        while True:
            self._note()
            self._due = time.perf_counter() + LAG_PERIOD
            await asyncio.sleep(LAG_PERIOD)

    def _note(self) -> None:
        now = time.perf_counter()
        if now > self._due:
            self.seen.append((now - self._began, now - self._due))
