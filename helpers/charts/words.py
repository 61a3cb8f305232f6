"""A run in numbers, as text: what the panel shows beside the chart, and when those numbers are not to be trusted."""

import time
from html import escape

import psutil

from helpers.charts.drawn import Drawn
from helpers.trace import Summary, ideal_seconds

BUSY, FULL = 0.85, 0.93
LATE = 0.02


def least_seconds(run: Drawn, in_flight: int) -> float:
    """The least time this run could have taken with so many in flight, or with as many as the server has slots."""
    slots = run.behaviour.get("capacity") or in_flight
    return ideal_seconds(run.planned, max(1, min(in_flight, slots)))


def over_ideal(run: Drawn, s: Summary) -> float | None:
    """By what share it took longer than the least time; None unless every query was answered."""
    if run.outcome != "done" or s.answered < s.queries:
        return None
    return s.seconds / least_seconds(run, s.peak) - 1


def numbers_html(run: Drawn, s: Summary) -> str:
    """Progress bar and numbers. In seconds; percentiles of one agent's time from its first step."""
    done = s.answered + s.failed + s.cancelled
    ideal, over = least_seconds(run, s.peak), over_ideal(run, s)
    percentiles = (
        "–" if s.p50_from_start is None else f"{s.p50_from_start:.2f} / {s.p95_from_start:.2f} s"
    )
    numbers = {
        "elapsed": f"{s.seconds:.2f} s",
        f"least possible with {s.peak} in flight": f"{ideal:.2f} s",
        "over the least": "–" if over is None else f"{over:.0%}",
        "done": f"{done} of {s.queries}",
        "in flight": f"{s.in_flight}" if not run.over else f"at most {s.peak}",
        "throughput": f"{s.throughput:.1f} a second",
        "p50 / p95 of one agent": percentiles,
        "errors": f"{s.failed}" + (f", {s.cancelled} cancelled" if s.cancelled else ""),
    }
    items = "".join(
        f"<div><span>{escape(name)}</span><b>{escape(value)}</b></div>"
        for name, value in numbers.items()
    )
    bar = f'<progress class="course-progress" aria-label="queries done" max="{s.queries}" value="{done}"></progress>'
    return f'{bar}<div class="course-numbers">{items}</div>'


class Machine:
    """How busy this computer and this process have been since it was made."""

    def __init__(self) -> None:
        self._start, self._cpu, self._idle = (
            time.perf_counter(),
            time.process_time(),
            psutil.cpu_times().idle,
        )

    def busy(self) -> tuple[float, float]:
        """(share of one processor that this process used, share of all processors that anyone used)."""
        seconds = max(1e-6, time.perf_counter() - self._start)
        idle = (psutil.cpu_times().idle - self._idle) / (psutil.cpu_count() or 1)
        return (time.process_time() - self._cpu) / seconds, 1 - idle / seconds


def doubts(run: Drawn, seconds: float, own: float, whole: float) -> list[str]:
    """Why the times may be this computer's rather than the model's. own, whole: as Machine.busy tells them."""
    found = []
    if seconds > 0.3 and own > BUSY:
        found.append(
            f"Python used {own:.0%} of a processor: the times are partly its own, not only the model's."
        )
    elif seconds > 0.3 and whole > FULL:
        found.append(
            f"This computer was {whole:.0%} busy, with other work too: the times are too long."
        )
    worst = max((late for _, late in run.lag), default=0.0)
    if worst > max(LATE * 2.5, run.behaviour.get("latency", 0.0) / 4):
        found.append(
            f"The event loop was up to {worst:.2f} s late: something kept it from its other tasks."
        )
    late = ((run.server or {}).get("late") or {}).get("p99")
    if late is not None and late > max(LATE, run.behaviour.get("latency", 0.0) / 5):
        found.append(
            f"The fake LLM answered up to {late * 1000:.0f} ms late: this computer could not keep up."
        )
    return found
