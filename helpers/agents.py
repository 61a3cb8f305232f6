"""The course's agent, written twice: synchronous with requests, asynchronous with aiohttp.

    retrieve -> model <-> tools -> process

The twins differ in `await` and in nothing else that matters; tests/test_agents.py holds them equal.
They speak OpenAI's chat completions protocol (platform.openai.com/docs/api-reference/chat) and so work
against any such server; search, weather and notes come from `services`, by default the fake LLM's own.
"""

import ast
import json
import operator
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import requests

from helpers.trace import Recorder, step

SYSTEM = "You are a helpful assistant. Answer from the context; use a tool where one helps."
KINDS = ("weather", "arithmetic", "lookup", "summary")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {argument: {"type": "string"}},
                "required": [argument],
            },
        },
    }
    for name, description, argument in (
        ("get_weather", "The weather in a city now.", "city"),
        ("calculate", "The value of an arithmetic expression.", "expression"),
    )
]


class Question(str):
    """A question: a string that also knows its number, its kind, and a phrase that every right answer contains."""

    number: int
    kind: str
    answer: str

    def accepts(self, answer: Any) -> bool:
        """Whether an answer (an Answer or text) is right."""
        return self.answer.lower() in str(getattr(answer, "text", answer)).lower()


def questions(count: int = 20, kind: str | None = None) -> list[Question]:
    """`count` questions, of one kind ("weather", "arithmetic", "lookup", "summary") or of all in turn.

    There are 80; after the last the first comes again, under a new number. Raises ValueError on a bad argument.
    """
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"count is {count!r}; it takes a whole number from 1 up")
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it takes one of {', '.join(KINDS)}, or None for all")
    shipped = json.loads(Path(__file__).with_name("questions.json").read_text(encoding="utf-8"))
    pool = [entry for entry in shipped if kind in (None, entry["kind"])]
    chosen = []
    for number in range(count):
        entry = pool[number % len(pool)]
        question = Question(entry["text"])
        question.number, question.kind, question.answer = number, entry["kind"], entry["answer"]
        chosen.append(question)
    return chosen


@dataclass(frozen=True)
class Answer:
    """What an agent answered, and how many times it called the model for it."""

    text: str
    steps: int

    def __str__(self) -> str:
        return self.text


class ModelError(RuntimeError):
    """The server refused or failed: `status` is HTTP's, `retry_after` in seconds where the server named a time."""

    def __init__(self, status: int, message: str, retry_after: float | None = None):
        super().__init__(f"HTTP {status}: {message}")
        self.status, self.retry_after = status, retry_after


class StepLimit(RuntimeError):
    """The model still wanted tools after the last step that the agent allows."""


class _Common:
    """What both twins share: everything that does not wait."""

    def __init__(
        self,
        base_url: str,
        *,
        record: Recorder | None = None,
        model: str = "gpt-4o-mini",
        api_key: str = "none",
        services: str | None = None,
        max_steps: int = 5,
        timeout: float = 30.0,
    ):
        """`base_url` ends in /v1; `timeout` (seconds) is for one HTTP call; `services` is where search,
        weather and notes live (default: the same server)."""
        if not str(base_url).startswith(("http://", "https://")):
            raise ValueError(f"base_url is {base_url!r}; it takes an address such as llm.base_url")
        if max_steps < 1:
            raise ValueError(f"max_steps is {max_steps}; it takes a whole number from 1 up")
        self.base_url = base_url.rstrip("/")
        self.services = (services or self.base_url.removesuffix("/v1")).rstrip("/")
        self.record, self.model, self.max_steps, self.timeout = record, model, max_steps, timeout
        self.headers = {"Authorization": f"Bearer {api_key}"}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_steps={self.max_steps})"

    def _opening(self, question: str, found: dict) -> list[dict]:
        context = "\n".join(
            f"[{i}] {d['title']}: {d['text']}" for i, d in enumerate(found["results"], 1)
        )
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
    """The synchronous agent. Safe to share between threads: each thread gets a session of its own.

    with Agent(llm.base_url) as agent:
        print(agent.ask("What is the weather in Oslo?"))
    """

    def __init__(self, base_url: str, **settings: Any):
        super().__init__(base_url, **settings)
        self._local, self._sessions = threading.local(), []

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        while self._sessions:
            self._sessions.pop().close()

    def ask(self, question: str) -> Answer:
        """Answer one question. Raises ModelError, StepLimit, or requests' own errors."""
        with step(self.record, question, "retrieve"):
            found = self._call("GET", f"{self.services}/search", params={"q": question})
        messages = self._opening(question, found)
        for turn in range(1, self.max_steps + 1):
            with step(self.record, question, "model"):
                message = self._chat(messages, tag=_tag(question, turn))
            if not message.get("tool_calls"):
                break
            messages.append(message)
            for call in message["tool_calls"]:
                with step(self.record, question, "tool"):
                    messages.append(_result(call, self._use(call)))
        else:
            raise self._too_long()
        with step(self.record, question, "process"):
            answer = Answer(message["content"].strip(), turn)
            self._call("POST", f"{self.services}/notes", json={"text": answer.text})
        return answer

    def _chat(self, messages: list[dict], tag: str) -> dict:
        reply = self._call(
            "POST",
            f"{self.base_url}/chat/completions",
            json=self._body(messages),
            headers={"x-tag": tag},
        )
        return _message(reply)

    def _use(self, call: dict) -> str:
        name, arguments = _parse(call)
        if name == "get_weather" and arguments:
            return json.dumps(self._call("GET", f"{self.services}/weather", params=arguments))
        return _local_tool(name, arguments)

    def _call(self, method: str, url: str, *, headers: dict | None = None, **options: Any) -> dict:
        headers = {**self.headers, **(headers or {})}
        with self._session().request(
            method, url, headers=headers, timeout=self.timeout, **options
        ) as reply:
            return _checked(reply.status_code, reply.headers, reply.content)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._sessions.append(self._local.session)
        return self._local.session


class AsyncAgent(_Common):
    """The asynchronous agent: one aiohttp session, opened by `async with`, shared by all tasks of that loop.

        async with AsyncAgent(llm.base_url) as agent:
            print(await agent.ask("What is the weather in Oslo?"))

    `connections` bounds the open connections; 0 is no bound. (aiohttp's own default is 100.)
    """

    def __init__(self, base_url: str, *, connections: int = 0, **settings: Any):
        super().__init__(base_url, **settings)
        self.connections = connections

    async def __aenter__(self) -> "AsyncAgent":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections),
            timeout=aiohttp.ClientTimeout(total=self.timeout),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def ask(self, question: str) -> Answer:
        """Answer one question. Raises ModelError, StepLimit, TimeoutError or aiohttp's own errors."""
        with step(self.record, question, "retrieve"):
            found = await self._call("GET", f"{self.services}/search", params={"q": question})
        messages = self._opening(question, found)
        for turn in range(1, self.max_steps + 1):
            with step(self.record, question, "model"):
                message = await self._chat(messages, tag=_tag(question, turn))
            if not message.get("tool_calls"):
                break
            messages.append(message)
            for call in message["tool_calls"]:
                with step(self.record, question, "tool"):
                    messages.append(_result(call, await self._use(call)))
        else:
            raise self._too_long()
        with step(self.record, question, "process"):
            answer = Answer(message["content"].strip(), turn)
            await self._call("POST", f"{self.services}/notes", json={"text": answer.text})
        return answer

    async def _chat(self, messages: list[dict], tag: str) -> dict:
        reply = await self._call(
            "POST",
            f"{self.base_url}/chat/completions",
            json=self._body(messages),
            headers={"x-tag": tag},
        )
        return _message(reply)

    async def _use(self, call: dict) -> str:
        name, arguments = _parse(call)
        if name == "get_weather" and arguments:
            return json.dumps(await self._call("GET", f"{self.services}/weather", params=arguments))
        return _local_tool(name, arguments)

    async def _call(
        self, method: str, url: str, *, headers: dict | None = None, **options: Any
    ) -> dict:
        headers = {**self.headers, **(headers or {})}
        async with self._session.request(method, url, headers=headers, **options) as reply:
            return _checked(reply.status, reply.headers, await reply.read())


def _tag(question: str, turn: int) -> str:
    number = getattr(question, "number", None)
    return f"{zlib.crc32(question.encode()) if number is None else number}.{turn}"


def _checked(status: int, headers: Any, content: bytes) -> dict:
    try:
        reply = json.loads(content)
    except ValueError:
        raise ModelError(status, f"the reply is not JSON: {content[:80]!r}") from None
    if status < 400:
        return reply
    error = reply.get("error") if isinstance(reply, dict) else None
    message = error.get("message", "") if isinstance(error, dict) else str(reply)[:200]
    raise ModelError(status, message, _retry_after(headers))


def _retry_after(headers: Any) -> float | None:
    """Seconds that the server asks us to wait; in milliseconds where it says so, as OpenAI's does."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        if text.replace(".", "", 1).isdecimal():
            return float(text) * unit
    return None


def _message(reply: Any) -> dict:
    """The message in the model's reply: a text, or tool calls that can be used. ModelError if it has neither."""
    try:
        message = reply["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        whole = all(call["id"] and call["function"]["name"] for call in calls)
        if whole and (calls or isinstance(message["content"], str)):
            return message
    except (KeyError, IndexError, TypeError, AttributeError):
        pass
    raise ModelError(200, f"this is no reply of a model: {str(reply)[:80]}")


def _parse(call: dict) -> tuple[str, dict | None]:
    """The tool's name and its arguments, None where the model wrote something other than a JSON object."""
    try:
        arguments = json.loads(call["function"].get("arguments") or "{}")
    except ValueError:
        arguments = None
    return call["function"]["name"], arguments if isinstance(arguments, dict) else None


def _result(call: dict, content: str) -> dict:
    return {"role": "tool", "tool_call_id": call["id"], "content": content}


def _local_tool(name: str, arguments: dict | None) -> str:
    if not arguments:
        return "error: the arguments are not a JSON object with values"
    if name != "calculate":
        return f"error: there is no tool named {name}"
    try:
        return str(calculate(str(arguments["expression"])))
    except (ValueError, ArithmeticError, KeyError) as error:
        return f"error: {error}"


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def calculate(expression: str) -> int | float:
    """The value of an expression of numbers, + - * / and brackets; ValueError on anything else."""

    def value(node: ast.AST) -> int | float:
        match node:
            case ast.Constant(number) if type(number) in (int, float):
                return number
            case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op, operand) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(operand))
        raise ValueError

    try:
        result = value(ast.parse(expression, mode="eval").body)
        return int(result) if result == int(result) else round(result, 10)
    except (SyntaxError, RecursionError, MemoryError, OverflowError, ValueError):
        raise ValueError(f"cannot calculate {expression!r}") from None
