"""The fake LLM: a server in a process of its own, and the handle on it.

    llm = FakeLLM(latency=0.5, capacity=8)
    client = openai.OpenAI(base_url=llm.base_url, api_key="any")

`python -m helpers.fake_llm --help` lists the settings; README.md beside this file says more.
"""

import json
import os
from typing import Any, Self
from urllib.parse import quote

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.client import Client, FakeLLMGone, Numbers, ask, check_key
from helpers.process import Child, spare_loopback

__all__ = ["Client", "FakeLLM", "FakeLLMGone"]

SECRET_BYTES = 24  # random ones: nobody guesses 192 bits


class FakeLLM(Numbers):
    """A running fake LLM, with or without `with`: it ends with this process, however that ends,
    and when no name holds it any more.

        FakeLLM()                                     200 ms a reply
        FakeLLM(latency=2, tail=0.5, seed=7)          a long tail, the same in each run
        FakeLLM(capacity=8, queue=100)                eight at a time, a hundred may wait
        FakeLLM(requests_per_minute=600)              beyond: 429 with Retry-After
        FakeLLM(script=["503", "503"])                the next two requests fail

    port: where it listens, 0 for any free one; host: its address, others than this machine's own
    need an api_key. api_key: the only one that is let in, None for any.
    `add` lets others in, each with a key, a journal, limits and scripts of their own.
    Raises ValueError that names setting, value and range, and RuntimeError if the server cannot
    start. Whatever asks the server raises FakeLLMGone, a ConnectionError, once it has ended.
    """

    def __init__(
        self,
        /,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        **settings: Any,
    ):
        Behaviour().changed(**settings)  # so a wrong one is told before anything has started
        check_key(api_key)
        spare_loopback()
        self._given = dict(settings)
        self.api_key = api_key
        self._secret = os.urandom(SECRET_BYTES).hex()
        secrets = {"secret": self._secret, "api_key": api_key, "behaviour": settings}
        place = ("--host", host, "--port", str(port))
        how = ("--until-stdin-closes", "--secrets-from-stdin")
        self._child = Child("helpers.fake_llm", *how, *place, first_line=json.dumps(secrets))
        hello = self._child.hello
        if "base_url" not in hello:
            self.close()
            reason = hello.get("error", "it ended at once")
            raise RuntimeError(f"the fake LLM did not start: {reason}")
        self.base_url: str = hello["base_url"]
        self.url = self.base_url.removesuffix("/v1")
        self.pid: int = hello["pid"]
        self._control_url: str = hello["control_url"]

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

    def behave(self, participant: str | None = None, /, **settings: Any) -> None:
        """Change settings, all at once or none, of all or of one participant.

        `behaviour()` reads those of all. ValueError names setting, value and range.
        """
        Behaviour().changed(**settings)  # so a wrong one is told without asking the server
        if participant is None:
            self._call("PUT", "/behaviour", settings)
            self._given |= settings
        else:
            self._call("PUT", f"/participants/{quote(participant, safe='')}/behaviour", settings)

    def reset(self) -> None:
        """Forget the journal."""
        self._call("DELETE", "/journal")

    def add(self, name: str) -> Client:
        """Let another participant in, and return what it needs to know.

        From now on nobody is let in without a key. ValueError where the name is taken or is none.
        """
        key = self._call("POST", "/participants", {"name": name})["key"]
        return Client(self.base_url, key, name, owner=self)

    def remove(self, name: str) -> None:
        """End the participant with this name: what is in flight is cut, the key is nobody's."""
        self._call("DELETE", f"/participants/{quote(name, safe='')}")

    def participants(self) -> list[str]:
        """The names of those who were added."""
        return self._call("GET", "/participants")

    def close(self) -> None:
        """End the server. Harmless when it has ended, and in a forked child."""
        self._child.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if not self.alive:
            raise FakeLLMGone
        return ask(self._control_url, self._secret, method, path, body)
