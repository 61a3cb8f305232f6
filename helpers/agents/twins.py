"""The course's agent, written twice: synchronous with requests, asynchronous with aiohttp.

    retrieve -> model <-> tools -> process

The twins differ in `await` and in nothing else that matters; tests/agents/test_twins.py holds them
equal. They speak OpenAI's chat completions protocol and so work against any such server; search,
weather and notes come from `services`, by default the fake LLM's own.
"""

import json
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import aiohttp
import requests

from helpers.agents.protocol import checked, message_in, tool_result, tool_wanted
from helpers.agents.tools import TOOLS, local_tool
from helpers.process import spare_loopback
from helpers.trace import Recorder, step

SYSTEM = "You are a helpful assistant. Answer from the context; use a tool where one helps."
# A question with a tool takes a call in which the model asks for it, and one in which it answers.
_MODEL_CALLS = {"weather": 2, "arithmetic": 2}


@dataclass(frozen=True)
class Answer:
    """What an agent answered. steps: how many times it called the model for it."""

    text: str
    steps: int

    def __str__(self) -> str:
        return self.text


class StepLimit(RuntimeError):
    """The model still wanted tools after the last step that the agent allows."""


class AgentMaker(Protocol):
    """What makes an agent, such as Agent and AsyncAgent: a context manager with `ask`."""

    def __call__(self, base_url: str, *, record: Recorder) -> Any:
        """An agent for this server, which tells `record` of each step."""


class _Common:
    """What both twins share: everything that does not wait."""

    def __init__(
        self,
        base_url: str,
        *,
        record: Recorder | None = None,
        model: str = "gpt-4o-mini",
        api_key: str | None = None,
        services: str | None = None,
        services_key: str | None = None,
        max_steps: int = 5,
        timeout: float = 30.0,
    ) -> None:
        """base_url: where the model is; ends in /v1. services: where search, weather and notes are.

        api_key: for the model, and for the services where these are on its server (`services` not
        given). services_key: for services elsewhere. record: told of each step, see helpers.trace.
        max_steps: calls to the model for one question. timeout: of one HTTP call, in seconds.
        Raises ValueError that names the setting.
        """
        if not str(base_url).startswith(("http://", "https://")):
            raise ValueError(f"base_url is {base_url!r}; it takes an address such as llm.base_url")
        if max_steps < 1:
            raise ValueError(f"max_steps is {max_steps}; it takes a whole number from 1 up")
        self.base_url = base_url.rstrip("/")
        self.services = (services or self.base_url.removesuffix("/v1")).rstrip("/")
        self.record = record
        self.model = model
        self.max_steps = max_steps
        self.timeout = timeout
        self.headers = _authorization(api_key)
        # Never a provider's key for another server.
        shared = services is None and services_key is None
        self.services_headers = self.headers if shared else _authorization(services_key)
        spare_loopback()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_steps={self.max_steps})"

    def _opening(self, question: str, found: dict) -> list[dict]:
        results = enumerate(found["results"], 1)
        context = "\n".join(f"[{i}] {result['title']}: {result['text']}" for i, result in results)
        return [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"Context:\n{context}\n\nQuestion: {question}"},
        ]

    def _body(self, messages: list[dict]) -> dict:
        return {"model": self.model, "messages": messages, "tools": TOOLS}

    def _too_long(self) -> StepLimit:
        return StepLimit(
            f"no answer after {self.max_steps} model calls; raise max_steps or look at the tools"
        )


class Agent(_Common):
    """The synchronous agent. Safe to share between threads: each has a session of its own.

    with Agent(llm.base_url) as agent:
        print(agent.ask("What is the weather in Oslo?"))
    """

    def __init__(self, base_url: str, **settings: Any) -> None:
        super().__init__(base_url, **settings)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def ask(self, question: str) -> Answer:
        """Answer one question. Raises ModelError, StepLimit, or requests' own errors."""
        with step(self.record, question, "retrieve"):
            found = self._service("GET", "/search", params={"q": question})
        messages = self._opening(question, found)
        for turn in range(1, self.max_steps + 1):
            with step(self.record, question, "model"):
                message = self._chat(messages, tag=_tag(question, turn))
            if not message.get("tool_calls"):
                break
            messages.append(message)
            for call in message["tool_calls"]:
                with step(self.record, question, "tool"):
                    messages.append(tool_result(call, self._use(call)))
        else:
            raise self._too_long()
        with step(self.record, question, "process"):
            answer = Answer(message["content"].strip(), turn)
            self._service("POST", "/notes", json={"text": answer.text})
        return answer

    def _chat(self, messages: list[dict], tag: str) -> dict:
        url, body = f"{self.base_url}/chat/completions", self._body(messages)
        headers = {**self.headers, "x-tag": tag}
        return message_in(self._call("POST", url, headers, json=body))

    def _service(self, method: str, path: str, **options: Any) -> dict:
        return self._call(method, self.services + path, self.services_headers, **options)

    def _use(self, call: dict) -> str:
        name, arguments = tool_wanted(call)
        if name == "get_weather" and arguments:
            return json.dumps(self._service("GET", "/weather", params=arguments))
        return local_tool(name, arguments)

    def _call(self, method: str, url: str, headers: dict, **options: Any) -> dict:
        with self._session().request(
            method, url, headers=headers, timeout=self.timeout, **options
        ) as reply:
            return checked(reply.status_code, reply.headers, reply.content)

    # A session for each thread, because requests does not promise that threads may share one.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection, in whichever thread it was opened."""
        while self._sessions:
            self._sessions.pop().close()

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._sessions.append(self._local.session)
        return self._local.session


class AsyncAgent(_Common):
    """The asynchronous agent: one session, opened by `async with`, for all tasks of that loop.

        async with AsyncAgent(llm.base_url) as agent:
            print(await agent.ask("What is the weather in Oslo?"))

    connections: how many may be open at one time; 0 is no bound. (aiohttp's own default is 100.)
    """

    def __init__(self, base_url: str, *, connections: int = 0, **settings: Any) -> None:
        super().__init__(base_url, **settings)
        self.connections = connections

    async def ask(self, question: str) -> Answer:
        """Answer one question. Raises ModelError, StepLimit, TimeoutError or aiohttp's errors."""
        with step(self.record, question, "retrieve"):
            found = await self._service("GET", "/search", params={"q": question})
        messages = self._opening(question, found)
        for turn in range(1, self.max_steps + 1):
            with step(self.record, question, "model"):
                message = await self._chat(messages, tag=_tag(question, turn))
            if not message.get("tool_calls"):
                break
            messages.append(message)
            for call in message["tool_calls"]:
                with step(self.record, question, "tool"):
                    messages.append(tool_result(call, await self._use(call)))
        else:
            raise self._too_long()
        with step(self.record, question, "process"):
            answer = Answer(message["content"].strip(), turn)
            await self._service("POST", "/notes", json={"text": answer.text})
        return answer

    async def _chat(self, messages: list[dict], tag: str) -> dict:
        url, body = f"{self.base_url}/chat/completions", self._body(messages)
        headers = {**self.headers, "x-tag": tag}
        return message_in(await self._call("POST", url, headers, json=body))

    async def _service(self, method: str, path: str, **options: Any) -> dict:
        return await self._call(method, self.services + path, self.services_headers, **options)

    async def _use(self, call: dict) -> str:
        name, arguments = tool_wanted(call)
        if name == "get_weather" and arguments:
            return json.dumps(await self._service("GET", "/weather", params=arguments))
        return local_tool(name, arguments)

    async def _call(self, method: str, url: str, headers: dict, **options: Any) -> dict:
        async with self._session.request(method, url, headers=headers, **options) as reply:
            return checked(reply.status, reply.headers, await reply.read())

    # One session for all tasks, which take turns on one thread; it belongs to the loop it opens in.

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections),
            timeout=aiohttp.ClientTimeout(total=self.timeout),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()


def planned_seconds(questions: Sequence[str], behaviour: dict[str, Any]) -> list[float]:
    """How long the agent takes for each question on an idle server with these settings.

    In seconds. A question of your own has no kind, and counts as one that needs no tool.
    """
    around = behaviour["search_latency"] + behaviour["save_latency"]
    planned = []
    for question in questions:
        kind = getattr(question, "kind", "")
        model = _MODEL_CALLS.get(kind, 1) * behaviour["latency"]
        tool = behaviour["weather_latency"] if kind == "weather" else 0.0
        planned.append(around + model + tool)
    return planned


def _authorization(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _tag(question: str, turn: int) -> str:
    """A name for one call to the model, the same in every run, for the server's journal.

    A question of your own has no number; its checksum stands for it (hash() differs by process).
    """
    number = getattr(question, "number", None)
    return f"{zlib.crc32(question.encode()) if number is None else number}.{turn}"
