"""What a timed run of one step left: the server's journal as spans, and the numbers of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.agents import Question
from helpers.migration.research.common import headers
from helpers.tables import Table, Varying
from helpers.trace import Span, Summary, ideal_seconds, peak_of, summarise

# What became of a request, in a trace's words. The rest of the journal's outcomes count as failed.
_STATES = {"answered": "ok", "disconnected": "cancelled"}
_HEAD = ("program", "seconds", "requests", "connections", "in flight", "answered", "loop late, ms")


@dataclass(repr=False, eq=False)
class Timed:
    """A run of one step, seen by the server. Charts draw it: it fits helpers.charts.drawn.Drawn.

    limit: the program's own limit, or where it has none, all questions.
    seconds: of the call of `research`. error: what it raised, or None.
    stored: how many answers the database holds at the end.
    lag: (seconds since the start, seconds late) of its loop; empty for steps 0 and 1.
    server: the journal's stats. journal: its records. handshake: seconds that a connection cost.
    """

    name: str
    questions: Sequence[Question]
    limit: int
    behaviour: dict[str, Any]
    handshake: float
    seconds: float
    error: Exception | None
    stored: int
    lag: list[tuple[float, float]]
    server: dict[str, Any]
    journal: list[dict[str, Any]]

    def __repr__(self) -> str:
        return f"Timed({self.name}, {len(self.questions)} questions)"

    @property
    def outcome(self) -> str:
        """ "done", or "failed" where it raised an error."""
        return "failed" if self.error else "done"

    @property
    def over(self) -> bool:
        """It always is: there is no Timed before."""
        return True

    @property
    def late(self) -> float:
        """The longest time in seconds for which its loop kept everybody waiting."""
        return max((late for _, late in self.lag), default=0.0)

    @property
    def planned(self) -> list[float]:
        """The seconds that the server's two replies to each question take."""
        both = self.behaviour["search_latency"] + self.behaviour["latency"]
        return [both] * len(self.questions)

    @property
    def ideal(self) -> float:
        """The least seconds with as many questions in flight as the journal shows."""
        in_flight = max(1, peak_of(self.spans()))
        return ideal_seconds(self.planned, in_flight, self.behaviour.get("capacity"))

    @property
    def summary(self) -> Summary:
        """The numbers of the run."""
        return summarise(self.spans(), self.seconds, len(self.questions))

    def now(self) -> float:
        """The seconds it took."""
        return self.seconds

    def requests(self) -> list[dict[str, Any]]:
        """The server's journal of this run."""
        return self.journal

    def spans(self) -> list[Span]:
        """For each question a span "query", and in it "retrieve" and "model".

        Times are seconds since the start of the run: the first request arrives a handshake later.
        """
        numbers = {headers(question)["x-tag"]: i for i, question in enumerate(self.questions)}
        zero = min((record["arrival"] for record in self.journal), default=0.0) - self.handshake
        steps: dict[int, list[Span]] = {}
        for record in self.journal:
            number = numbers[record["tag"]]
            steps.setdefault(number, []).append(_span(number, record, zero))
        return [
            span
            for number, parts in sorted(steps.items())
            for span in (_whole(number, parts), *parts)
        ]


def _span(number: int, record: dict[str, Any], zero: float) -> Span:
    """What the journal says of one request, as a step of a question."""
    step = "retrieve" if record["kind"] == "search" else "model"
    end = record["arrival"] if record["end"] is None else record["end"]
    state = _STATES.get(record["outcome"], "failed")
    return Span(number, step, "", record["arrival"] - zero, end - zero, state)


def _whole(number: int, parts: Sequence[Span]) -> Span:
    """The question that these steps belong to."""
    last = parts[-1]
    # A search that went well is not yet an answer: whoever stops there was cancelled.
    state = "cancelled" if len(parts) == 1 and last.state == "ok" else last.state
    return Span(number, "query", "", parts[0].start, last.end, state)


def table(*runs: Timed) -> Table:
    """The runs side by side: seconds, requests, connections, the most requests in flight, stored
    answers, and how late the loop was at worst (ms)."""
    rows = [_row(run) for run in runs]
    return Table("The migration, step by step", _HEAD, rows, about=f"Table of {len(runs)} runs")


def _row(run: Timed) -> tuple[str, ...]:
    seen = run.server
    measured = (
        f"{run.seconds:.2f}",
        str(seen["requests"]),
        str(seen["connections"]),
        str(seen["peak"]),
        f"{run.stored} of {len(run.questions)}",
        f"{1000 * run.late:.0f}" if run.lag else "–",
    )
    return (run.name, *map(Varying, measured))
