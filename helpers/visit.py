"""What a run needs of an LLM server, and its visit there: alone, with the behaviour it asked for.

Nothing here talks to a server while it holds the lock, which is one for all: a server that does not
answer must not hold up the runs on others.
"""

import threading
from typing import Any, Protocol, runtime_checkable


class LLM(Protocol):
    """A server that a run can use: where it is, and what it tells of itself.

    It may have an `api_key` besides, which agents are given then.
    """

    @property
    def base_url(self) -> str:
        """Where an agent finds it; ends in /v1."""

    @property
    def url(self) -> str:
        """The same server without /v1; two handles on one server have the same."""

    def behaviour(self) -> dict[str, Any]:
        """Its settings as they are now."""

    def mark(self) -> int:
        """A point in its journal."""

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The records of the requests that arrived since a mark."""

    def stats(self, since: int = 0, kind: str | None = None) -> dict[str, Any]:
        """Counts and peaks of the requests since a mark, of one kind or of all."""


@runtime_checkable
class Steerable(LLM, Protocol):
    """A server whose behaviour may be changed, too."""

    def behave(self, /, **settings: Any) -> None:
        """Change these settings, all at once or none."""


_visitors: dict[str, object] = {}
_lock = threading.Lock()


class Visit:
    """One visitor's time on a server. behaviour: the server's settings meanwhile.

    visitor: named by its repr to whoever comes in between. settings: what to change for this time.
    Raises RuntimeError while another visitor is there, TypeError for settings where the server is
    not Steerable, and what the server's own methods raise; it has not begun then.
    """

    def __init__(self, llm: LLM, visitor: object, settings: dict[str, Any]) -> None:
        if settings and not isinstance(llm, Steerable):
            raise TypeError(
                f"behaviour is {settings!r}; {llm!r} cannot be steered from here, so it takes none"
            )
        self._llm = llm
        self._until: int | None = None
        _take_place(llm.url, visitor)
        try:
            before = llm.behaviour()
            self._mark = llm.mark()
            if settings:  # last, so that nothing has to be undone where it fails
                llm.behave(**settings)
        except BaseException:
            _leave_place(llm.url)
            raise
        self._before = {name: before[name] for name in settings}
        self.behaviour: dict[str, Any] = before | settings

    def stats(self, kind: str | None = None) -> dict[str, Any]:
        """What the server has seen of this visit so far. Raises ConnectionError when it is gone."""
        return self._llm.stats(since=self._mark, kind=kind)

    def journal(self) -> list[dict[str, Any]]:
        """The server's records of this visit. Raises ConnectionError when it is gone."""
        records = self._llm.journal(since=self._mark)
        until = self._until
        return records if until is None else [r for r in records if _number(r) < until]

    def end(self) -> dict[str, Any] | None:
        """Set the behaviour back and let the next one in.

        The server's stats of the whole visit; None where the server is gone.
        """
        try:
            stats = self.stats()
            self._until = self._llm.mark()
            if self._before:
                self._llm.behave(**self._before)
            return stats
        except (OSError, RuntimeError):
            return None
        finally:
            _leave_place(self._llm.url)

    def explained(self, error: BaseException) -> BaseException:
        """The error itself, with a note where its true cause is that the server is gone."""
        try:
            self._llm.mark()  # its process may take a moment longer to end than its connections
        except (OSError, RuntimeError):
            error.add_note(
                "The fake LLM has ended. "
                "Start it again: run the cell that made it, or FakeLLM(...)."
            )
        return error


def _number(record: dict[str, Any]) -> int:
    """What a mark counts; others on the same server take some of the numbers."""
    return int(record["id"].removeprefix("req_"))


def _take_place(url: str, visitor: object) -> None:
    with _lock:
        there = _visitors.setdefault(url, visitor)
    if there is not visitor:
        raise RuntimeError(
            f"{there} still uses this fake LLM; wait for it, stop it, or give this run its own"
        )


def _leave_place(url: str) -> None:
    with _lock:
        _visitors.pop(url, None)
