"""One strategy at many concurrencies: throughput and latency against the number in flight.

    sweep(limited, (1, 2, 5, 10, 20, 50), llm=llm)

A sweep is live (its points come one by one), can be stopped, and goes on where it stopped with `resume`.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from IPython import get_ipython
from IPython.display import HTML, display

from helpers.charts.comparison import throughput
from helpers.charts.figures import Chart
from helpers.charts.sweep import sweep_svg
from helpers.runs import Run, start
from helpers.trace import percentile

LIMITS = (1, 2, 5, 10, 20, 50, 100)
LEAST, ROUNDS = 10, 4
KNEE = 0.95
FRAME = 0.25


@dataclass(frozen=True)
class Point:
    """What one concurrency gave. Times in seconds; p50 and p95 of one agent's time, from its first step.

    ideal: queries a second by Little's law. cpu: seconds of this process's CPU for each query.
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
    """A sweep, live or over. Made by `sweep` and by a panel.

    points: one for each limit done. outcome: "running", "done", "stopped" or "failed" (see `error`).
    """

    def __init__(
        self, strategy: Callable, limits: Sequence[int] = LIMITS, *, llm: Any, **settings: Any
    ):
        """settings: as for helpers.runs.start. Raises ValueError for a limit below 1."""
        if not limits or any(not isinstance(limit, int) or limit < 1 for limit in limits):
            raise ValueError(
                f"limits is {limits!r}; it takes whole numbers from 1 up, such as (1, 2, 5, 10)"
            )
        self.name = getattr(strategy, "__name__", type(strategy).__name__)
        self.strategy, self.limits, self.llm = strategy, tuple(sorted(set(limits))), llm
        self.settings = {"kind": "lookup"} | settings
        self.points: list[Point] = []
        self.outcome, self.error = "stopped", None
        self._live: Run | None = None
        self._stopping, self._over = threading.Event(), threading.Event()
        self._over.set()

    def __repr__(self) -> str:
        return (
            f"Sweep({self.name}, {len(self.points)} of {len(self.limits)} limits, {self.outcome})"
        )

    def _repr_html_(self) -> str | None:
        return self.chart()._repr_html_() if self.points else None

    @property
    def over(self) -> bool:
        """Whether nothing runs."""
        return self._over.is_set()

    @property
    def knee(self) -> Point | None:
        """The least concurrency that gives 95 % of the best throughput, once a greater one has been tried."""
        best = max((p.throughput for p in self.points), default=0.0)
        found = next((p for p in self.points if p.throughput >= KNEE * best), None)
        return found if found is not None and found is not self.points[-1] else None

    @property
    def machine_limit(self) -> float | None:
        """Queries a second that this process could at most send: one by its CPU time for each."""
        return 1 / self.points[-1].cpu if self.points and self.points[-1].cpu > 0 else None

    def resume(self) -> "Sweep":
        """Go on with the limits that are left, in a thread of its own; nothing happens while it runs."""
        if self._over.is_set():
            self._over.clear()
            self._stopping.clear()
            self.outcome, self.error = "running", None
            threading.Thread(target=self._work, name=f"sweep {self.name}", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop after the query under way; the points so far are kept."""
        self._stopping.set()
        if self._live is not None:
            self._live.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is over or `timeout` seconds have passed; whether it is over."""
        return self._over.wait(timeout)

    def chart(self) -> Chart:
        """The figure and its table. Raises ValueError before the first point."""
        return throughput(self)

    def svg(self, width: int) -> str:
        """The live chart, so many pixels wide."""
        return sweep_svg(self, width)

    def _work(self) -> None:
        try:
            for limit in self.limits[len(self.points) :]:
                if self._stopping.is_set() or not self._one(limit):
                    break
        except Exception as error:  # whatever it is, whoever waits has to be told
            self.error = error
        done = len(self.points) == len(self.limits)
        self.outcome = "failed" if self.error is not None else "done" if done else "stopped"
        self._over.set()

    def _one(self, limit: int) -> bool:
        queries = max(LEAST, ROUNDS * limit)
        run = self._live = start(
            self.strategy, llm=self.llm, questions=queries, limit=limit, **self.settings
        )
        if self._stopping.is_set():
            run.stop()
        run.wait()
        self.error = run.error
        if run.outcome == "done":
            self.points.append(_point(run))
        return run.outcome == "done"


def _point(run: Run) -> Point:
    s, slots = run.summary, run.behaviour.get("capacity") or math.inf
    one = sum(run.planned) / len(run.planned)
    times = [span.end - span.start for span in run.trace.spans() if span.step == "query"]
    return Point(
        run.limit,
        len(run.questions),
        run.seconds,
        len(run.questions) / run.seconds,
        min(run.limit, slots) / one,
        s.p50_from_start or percentile(times, 50) or 0.0,
        s.p95_from_start or percentile(times, 95) or 0.0,
        s.failed,
        (run.cpu or 0.0) / len(run.questions),
    )


def sweep(
    strategy: Callable, limits: Sequence[int] = LIMITS, *, llm: Any, **settings: Any
) -> Sweep:
    """Run a strategy at each of these concurrencies and return the Sweep; in a notebook the chart grows meanwhile.

    Each point asks four times as many questions as are in flight, ten at least. An interrupt stops it and returns
    what there is; `resume()` goes on. settings: as for helpers.runs.start. A failure is raised.
    """
    found = Sweep(strategy, limits, llm=llm, **settings)
    picture = display(HTML(""), display_id=True) if hasattr(get_ipython(), "kernel") else None
    found.resume()
    try:
        while not found.wait(FRAME):
            if picture is not None:
                picture.update(HTML(found.svg(760)))
    except KeyboardInterrupt:
        found.stop()
        found.wait()
    if picture is not None:
        picture.update(HTML(""))
    if found.error is not None:
        raise found.error
    return found
