"""One strategy at many concurrencies: what the number in flight does to throughput and latency."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.runs import LLM, Run, start
from helpers.trace import percentile

# About twice the one before, so they are evenly apart on a logarithmic axis.
LIMITS = (1, 2, 5, 10, 20, 50, 100)

# A point asks ROUNDS questions for each in flight. With fewer, its start and its end, where the
# limit is not reached, would weigh too much; with more, a sweep would take too long. And it asks
# LEAST at least, because a median of fewer says little.
ROUNDS = 4
LEAST = 10

# The share of the best throughput that counts as the best: repeated runs differ by as much.
KNEE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one concurrency gave. Times in seconds.

    limit: the most in flight. queries: how many were asked. failed: how many of them failed.
    seconds: of the whole run. throughput, ideal: queries a second, measured and at most possible.
    p50, p95: of one agent's time from its first step. cpu: of this process, for each query.
    """

    limit: int
    queries: int
    seconds: float
    throughput: float
    ideal: float
    p50: float
    p95: float
    failed: int
    cpu: float


class Sweep:
    """A sweep, live or over: its points come one by one, and it goes on where it was stopped.

        sweep = Sweep(limited, (1, 2, 5, 10), llm=llm)
        sweep.resume().wait()
        sweep.points

    points: one for each limit done.
    outcome: "running", "done", "stopped" or "failed" (see `error`).
    """

    def __init__(
        self, strategy: Callable, limits: Sequence[int] = LIMITS, *, llm: LLM, **settings: Any
    ):
        """settings: as for helpers.runs.start. Raises ValueError for a limit below 1."""
        if not limits or any(not isinstance(limit, int) or limit < 1 for limit in limits):
            raise ValueError(
                f"limits is {limits!r}; it takes whole numbers from 1 up, such as (1, 2, 5, 10)"
            )
        self.name = getattr(strategy, "__name__", type(strategy).__name__)
        self.strategy = strategy
        self.limits = tuple(sorted(set(limits)))
        self.llm = llm
        self.settings = {"kind": "lookup"} | settings
        self.points: list[Point] = []
        self.outcome = "stopped"
        self.error: BaseException | None = None
        self._live: Run | None = None
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._over.set()

    def __repr__(self) -> str:
        done = f"{len(self.points)} of {len(self.limits)} limits"
        return f"Sweep({self.name}, {done}, {self.outcome})"

    @property
    def over(self) -> bool:
        """Whether nothing runs."""
        return self._over.is_set()

    @property
    def knee(self) -> Point | None:
        """The least concurrency that gives 95 % of the best throughput.

        None until a greater one has been tried: more might still help.
        """
        best = max((point.throughput for point in self.points), default=0.0)
        enough = [point for point in self.points if point.throughput >= KNEE * best]
        return enough[0] if enough and enough[0] is not self.points[-1] else None

    @property
    def machine_limit(self) -> float | None:
        """Queries a second that one process can send at most, by its CPU time for each."""
        if not self.points or self.points[-1].cpu <= 0:
            return None
        return 1 / self.points[-1].cpu

    def resume(self) -> "Sweep":
        """Go on with the limits that are left, in a thread; nothing happens while it runs."""
        if self.over:
            self._over.clear()
            self._stopping.clear()
            self.outcome = "running"
            self.error = None
            threading.Thread(target=self._work, name=f"sweep {self.name}", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop after the query under way; the points so far are kept."""
        self._stopping.set()
        if self._live is not None:
            self._live.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is over or `timeout` seconds have passed; returns whether it is over."""
        return self._over.wait(timeout)

    def _work(self) -> None:
        try:
            for limit in self.limits[len(self.points) :]:
                if self._stopping.is_set() or not self._measure(limit):
                    break
        except Exception as error:  # whatever it is, whoever waits has to be told
            self.error = error
        if self.error is not None:
            self.outcome = "failed"
        else:
            self.outcome = "done" if len(self.points) == len(self.limits) else "stopped"
        self._over.set()

    def _measure(self, limit: int) -> bool:
        """Add this limit's point; returns whether there is one, which a stopped run has not."""
        queries = max(LEAST, ROUNDS * limit)
        run = start(self.strategy, llm=self.llm, questions=queries, limit=limit, **self.settings)
        self._live = run
        if self._stopping.is_set():  # stop() may have come before there was a run to stop
            run.stop()
        run.wait()
        self.error = run.error
        if run.outcome != "done":
            return False
        self.points.append(point_of(run))
        return True


def point_of(run: Run) -> Point:
    """What a run that is done says of its concurrency."""
    summary = run.summary
    queries = len(run.questions)
    p50, p95 = summary.p50_from_start, summary.p95_from_start
    if p50 is None:
        # Nobody was answered; how long they took to fail is what there is.
        times = [span.end - span.start for span in run.spans() if span.step == "query"]
        p50, p95 = percentile(times, 50) or 0.0, percentile(times, 95) or 0.0
    return Point(
        limit=run.limit,
        queries=queries,
        seconds=run.seconds,
        throughput=queries / run.seconds,
        ideal=queries / run.ideal,
        p50=p50,
        p95=p95,
        failed=summary.failed,
        cpu=(run.cpu or 0.0) / queries,
    )
