"""What a chart needs of a run, so that it draws every kind of run and not only the course's own."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from helpers.trace import Span, Summary


@runtime_checkable
class Drawn(Protocol):
    """A run, live or over, as charts see it. Times are in seconds.

    name: of the strategy or program. questions: all that were submitted.
    limit: how many of them may be in flight. seconds: how long it took, None until it is over.
    outcome: "running", "done", "failed", "stopped" or "abandoned".
    lag: (seconds since the start, seconds late) of its event loop, empty where it has none.
    behaviour: the fake LLM's settings in this run.
    server: what the server's journal says of it, None until it is over.
    """

    name: str
    questions: Sequence[Any]
    limit: int
    seconds: float | None
    outcome: str
    lag: Sequence[tuple[float, float]]
    behaviour: dict[str, Any]
    server: dict[str, Any] | None

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""

    @property
    def ideal(self) -> float:
        """The least seconds it can take with as many questions in flight as its trace shows."""

    @property
    def summary(self) -> Summary:
        """The numbers so far, or of the whole run when it is over."""

    def spans(self) -> list[Span]:
        """Every step so far, in the order of their starts."""

    def now(self) -> float:
        """Seconds so far, or `seconds` when it is over."""

    def requests(self) -> list[dict[str, Any]]:
        """The server's journal of this run."""
