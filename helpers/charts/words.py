"""A run in words and numbers: what stands beside its chart, and why not to trust its times."""

from helpers.charts.drawn import Drawn
from helpers.charts.svg import element
from helpers.tables import as_html
from helpers.trace import Summary

# The share of a processor, and of all of them, from which on work has to wait for work. Where one
# is busy for 85 % of the time, about six jobs are there on average (rho / (1 - rho), the M/M/1
# queue). With several of them it takes a larger share, because one is more often free.
BUSY = 0.85
FULL = 0.93
# A share over less time than this, in seconds, is a matter of chance.
_LEAST_SECONDS = 0.3
# How late the fake LLM may answer, in seconds: a tenth of the usual reply's time.
LATE = 0.02
# How late the loop may be, in seconds: a burst of a hundred replies keeps it for about as long.
LOOP_LATE = 0.05


def describe(name: str, summary: Summary) -> str:
    """A run in one sentence, for people who hear the chart rather than see it."""
    ends = [f"{summary.answered} of {summary.queries} answered"]
    if summary.failed:
        ends.append(f"{summary.failed} failed")
    if summary.cancelled:
        ends.append(f"{summary.cancelled} cancelled")
    return f"{name}: {', '.join(ends)} in {summary.seconds:.2f} s, at most {summary.peak} in flight"


def in_seconds(value: float | None) -> str:
    """A measured time as tables show it; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def numbers_html(run: Drawn, summary: Summary) -> str:
    """A progress bar and the numbers of a run. summary: of this moment, so that all agree.

    Times are in seconds; the percentiles are of one agent's time from its first step.
    """
    done = summary.answered + summary.failed + summary.cancelled
    progress = element(
        "progress",
        class_="course-progress",
        aria_label="queries done",
        max=summary.queries,
        value=done,
    )
    numbers = [
        element("div", element("span", as_html(name)), element("b", as_html(value)))
        for name, value in _numbers(run, summary, done).items()
    ]
    return progress + element("div", *numbers, class_="course-numbers")


def _numbers(run: Drawn, summary: Summary, done: int) -> dict[str, str]:
    """The numbers by their names, as they are shown. done: queries that have ended somehow."""
    ideal = run.ideal
    over = over_ideal(run, summary, ideal)
    errors = f"{summary.failed}"
    if summary.cancelled:
        errors += f", {summary.cancelled} cancelled"
    percentiles = "–"
    if summary.p50_from_start is not None:
        percentiles = f"{summary.p50_from_start:.2f} / {summary.p95_from_start:.2f} s"
    return {
        "elapsed": f"{summary.seconds:.2f} s",
        f"least possible with {summary.peak} in flight": f"{ideal:.2f} s",
        "over the least": "–" if over is None else f"{over:.0%}",
        "done": f"{done} of {summary.queries}",
        "in flight": f"at most {summary.peak}" if run.over else f"{summary.in_flight}",
        "throughput": f"{summary.throughput:.1f} a second",
        "p50 / p95 of one agent": percentiles,
        "errors": errors,
    }


def over_ideal(run: Drawn, summary: Summary, ideal: float) -> float | None:
    """By what share the run took longer than `ideal` seconds; None unless all were answered."""
    if run.outcome != "done" or summary.answered < summary.queries:
        return None
    return summary.seconds / ideal - 1


def doubts(run: Drawn, own: float, whole: float) -> list[str]:
    """Why the run's times may be this computer's rather than the model's.

    own, whole: the shares of the processors since it began, as `Load.shares` tells them.
    """
    reasons = [_busy(own, whole)] if run.now() > _LEAST_SECONDS else []
    reasons += [_loop_late(run), _server_late(run)]
    return [reason for reason in reasons if reason]


def _busy(own: float, whole: float) -> str:
    if own > BUSY:
        return (
            f"Python used {own:.0%} of a processor: "
            "the times are partly its own, not only the model's."
        )
    if whole > FULL:
        return f"This computer was {whole:.0%} busy, with other work too: the times are too long."
    return ""


def _loop_late(run: Drawn) -> str:
    worst = max((late for _, late in run.lag), default=0.0)
    # Against replies that take long, a loop that is a little late does not show.
    if worst <= max(LOOP_LATE, run.behaviour.get("latency", 0.0) / 4):
        return ""
    return f"The event loop was up to {worst:.2f} s late: something kept it from its other tasks."


def _server_late(run: Drawn) -> str:
    late = ((run.server or {}).get("late") or {}).get("p99")
    if late is None or late <= max(LATE, run.behaviour.get("latency", 0.0) / 5):
        return ""
    return (
        f"The fake LLM answered up to {late * 1000:.0f} ms late: this computer could not keep up."
    )
