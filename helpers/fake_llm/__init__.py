"""The fake LLM: a server in a process of its own, and the handle on it.

    llm = FakeLLM(latency=0.5, capacity=8)
    client = openai.OpenAI(base_url=llm.base_url, api_key="any")

`python -m helpers.fake_llm --help` lists the settings; README.md beside this file says more.
"""

import json
import time
from typing import Any, Self

from helpers.fake_llm.behaviour import Behaviour
from helpers.process import Child

__all__ = ["FakeLLM", "FakeLLMGone"]

CALL_TIMEOUT = 30.0
"""Seconds to wait for the server itself: reading a journal of 100,000 records takes a few."""

SETTLE_PERIOD = 0.02
"""Seconds from one look to the next while settling: a look costs the server a millisecond."""


class FakeLLMGone(ConnectionError):
    """The fake LLM is not running."""

    def __init__(self) -> None:
        super().__init__(
            "the fake LLM is not running (any more); start it again: llm = FakeLLM(...)"
        )


class FakeLLM:
    """A running fake LLM, with or without `with`: it ends with this process, however that ends.

        FakeLLM()                                     200 ms a reply
        FakeLLM(latency=2, tail=0.5, seed=7)          a long tail, the same in each run
        FakeLLM(capacity=8, queue=100)                eight at a time, a hundred may wait
        FakeLLM(requests_per_minute=600)              beyond: 429 with Retry-After
        FakeLLM(script=["503", "503"])                the next two requests fail

    port: where it listens, 0 for any free one; host: its address, others need an `api_key`.
    Raises ValueError that names setting, value and range, and RuntimeError if the server cannot
    start. Whatever asks the server raises FakeLLMGone, a ConnectionError, once it has ended.
    """

    def __init__(self, /, *, port: int = 0, host: str = "127.0.0.1", **settings: Any):
        self._given = dict(settings)
        self._key = Behaviour().changed(**settings).api_key
        place = ("--host", host, "--port", str(port), "--behaviour", json.dumps(settings))
        self._child = Child("helpers.fake_llm", "--until-stdin-closes", *place)
        hello = self._child.hello
        if "base_url" not in hello:
            self.close()
            reason = hello.get("error", "it ended at once")
            raise RuntimeError(f"the fake LLM did not start: {reason}")
        self.base_url: str = hello["base_url"]
        self.url = self.base_url.removesuffix("/v1")
        self.pid: int = hello["pid"]
        self._address = self.url.removeprefix("http://")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FakeLLM({', '.join(f'{name}={value!r}' for name, value in self._given.items())})"

    @property
    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._child.alive

    def behaviour(self) -> dict[str, Any]:
        """All settings as they are now."""
        return self._call("GET", "/behaviour")

    def behave(self, /, **settings: Any) -> None:
        """Change settings, all at once or none; `behaviour()` reads them.

        ValueError names setting, value and range.
        """
        Behaviour().changed(**settings)  # so a wrong one is told without asking the server
        self._call("PUT", "/behaviour", settings)
        if "api_key" in settings:
            self._key = settings["api_key"]
        self._given |= settings

    def mark(self) -> int:
        """A point in the journal, to read only what arrives after it."""
        return self._call("GET", "/mark")["mark"]

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The records of the requests that arrived since a mark."""
        return self._call("GET", f"/journal?since={since:d}")

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

    def reset(self) -> None:
        """Forget the journal."""
        self._call("DELETE", "/journal")

    def close(self) -> None:
        """End the server. Harmless when it has ended, and in a forked child."""
        self._child.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if not self.alive:
            raise FakeLLMGone
        # Not at the top: the server's own process has this module too, and starts sooner without.
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection(self._address, timeout=CALL_TIMEOUT)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._key}",
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
