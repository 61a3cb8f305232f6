"""Handles: what a program holds of a fake LLM. A participant's reads its own numbers."""

import json
import time
from typing import Any

CALL_TIMEOUT = 30.0
"""Seconds to wait for the server itself."""

SETTLE_PERIOD = 0.02
"""Seconds from one look to the next while settling: a look costs the server a millisecond."""


class FakeLLMGone(ConnectionError):
    """The fake LLM is not running."""

    def __init__(self) -> None:
        super().__init__(
            "the fake LLM is not running (any more); start it again: llm = FakeLLM(...)"
        )


class Numbers:
    """What a fake LLM tells of itself and of what it saw."""

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        raise NotImplementedError

    def behaviour(self) -> dict[str, Any]:
        """All settings as they are now."""
        return self._call("GET", "/behaviour")

    def mark(self) -> int:
        """A point in the journal, to read only what arrives after it."""
        return self._call("GET", "/mark")["mark"]

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The records of the requests that arrived since a mark."""
        records: list[dict[str, Any]] = []
        following: int | None = since
        while following is not None:
            page = self._call("GET", f"/journal?since={following:d}")
            records += page["records"]
            following = page["next"]
        return records

    def stats(self, since: int = 0, kind: str | None = None) -> dict[str, Any]:
        """Counts, peaks and percentiles of the requests since a mark, of one kind or of all.

        kind: "chat", "search", "weather", "notes", "models" or "other"; times are seconds.
        """
        return self._call("GET", f"/stats?since={since:d}" + (f"&kind={kind}" if kind else ""))

    def settle(self, since: int = 0, seconds: float = 2.0) -> bool:
        """Wait until nothing that arrived since a mark is in flight.

        A client may have its reply, or have left, a moment before the server has noted it: so
        settle before you count. False if after so many `seconds` something is in flight still.
        """
        end = time.monotonic() + seconds
        while self.stats(since)["in_flight"]:
            if time.monotonic() > end:
                return False
            time.sleep(SETTLE_PERIOD)
        return True


class Client(Numbers):
    """One participant of a fake LLM: where it is, the key, and this participant's own numbers.

    It is accepted wherever a fake LLM is. Behaviour is its owner's to change.
    owner: the handle on the server where that is in the same process; it ends no sooner than this.
    Whatever asks the server raises FakeLLMGone, a ConnectionError, once that has ended, and
    ValueError where the key is not let in (any more).
    """

    def __init__(self, base_url: str, api_key: str, name: str = "", owner: object = None):
        self.base_url = base_url
        self.url = base_url.removesuffix("/v1")
        self.api_key = api_key
        self.name = name
        self._owner = owner

    def __repr__(self) -> str:
        return f"Client(name={self.name!r})"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return ask(self.url, self.api_key, method, f"/me{path}", body)


def ask(url: str, key: str, method: str, path: str, body: Any = None) -> Any:
    """What a fake LLM answers at this address, which is never asked by way of a proxy.

    Raises FakeLLMGone where there is none, and ValueError with its message where it refuses.
    """
    # Not at the top: the server's own process has this module too, and starts sooner without.
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(url.removeprefix("http://"), timeout=CALL_TIMEOUT)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {key}",
        "Connection": "close",
    }
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        answer = json.loads(reply.read())
    except (OSError, HTTPException) as error:
        raise FakeLLMGone from error
    finally:
        connection.close()
    if reply.status >= 400:
        raise ValueError(answer["error"]["message"])
    return answer


def check_key(key: Any) -> None:
    """ValueError where this cannot be the first participant's key; None is no key."""
    right = isinstance(key, str) and key.isascii() and key.isprintable() and " " not in key and key
    if key is not None and not right:
        # Not what it is: it may be a real one, mistyped.
        got = f"text of {len(key)} characters" if isinstance(key, str) else type(key).__name__
        raise ValueError(f"api_key is {got}; it takes None (any key) or ASCII text without spaces")
