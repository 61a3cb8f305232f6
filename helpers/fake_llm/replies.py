"""What the fake LLM says: a small rule-based brain, a pure function of the conversation and the seed.

It calls the offered tools where the question asks for them, answers from tool results and from the context
that the user message carries, and otherwise writes plausible text.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate, chain
from typing import Any

import orjson

from helpers.fake_llm.chat import Chat, text_of
from helpers.fake_llm.tools import call_arguments, wants

TOKEN = re.compile(r"\s*\w{1,8}|\s*[^\w\s]|\s+")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“])")
WORD = re.compile(r"[a-z0-9]+")
DOCUMENT = re.compile(r"^\[\d+\] ([^:\n]+): (.*)$", re.MULTILINE)
LENGTH = re.compile(r"\b(\d{1,4}) (?:words|tokens)\b")
QUESTION_LIMIT, CONTEXT_LIMIT, DOCUMENTS_LIMIT = 2_000, 50_000, 50
_STOP = """a an and are as at be by can do does did for from has have how i in is it its me my of on or that the
their many much them there they this to was were what when where which who whom whose why will with would you your
about please tell give say"""
STOP_WORDS = frozenset(_STOP.split())
_PROSE = """
An agent spends most of its time waiting for an answer from somewhere else.
While one request waits, the program is free to send another.
A limit protects the server, and so it protects everyone who shares it.
The slowest step decides how long the whole takes.
Throughput is the number of requests in flight divided by the time of one.
A queue turns a short burst into a longer but calmer stream of work.
Measure first, then change one thing, and measure again.
Threads are a good choice when the library at hand only knows how to block.
Coroutines are cheap, which makes it easy to start too many of them.
Every retry is another request, and the server has to carry it too.
A timeout says how long an answer is worth waiting for.
Good programs say plainly what they could not do.
The mean hides the few requests that take far longer than the rest.
Reusing a connection saves the cost of opening one.
What cannot be seen on a chart is easily believed and hard to repair.
Work that nobody waits for any more should be given up.
Some waits overlap by themselves and some only when they are told to.
A small example that runs is worth more than a long explanation.
"""
_SENTENCES = [TOKEN.findall(" " + line) for line in _PROSE.strip().splitlines()]
_LONGEST = 2000


def _ring(step: int) -> tuple[list[str], list[int]]:
    """All sentences again and again, every step-th in turn, long enough to cut any text from; where each starts."""
    count = len(_SENTENCES)
    order = [_SENTENCES[i * step % count] for i in range(count)]
    once = list(chain.from_iterable(order))
    starts = list(accumulate(map(len, order[:-1]), initial=0))
    return once * (_LONGEST // len(once) + 2), starts


_RINGS = [_ring(step) for step in (1, 5, 7, 11)]


@dataclass(slots=True)
class Choice:
    """One choice of a reply: text, or tool calls as (id, name, arguments in JSON)."""

    tokens: list[str]
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    finish: str = "stop"

    @property
    def text(self) -> str | None:
        return None if self.calls else "".join(self.tokens)


class Reply:
    """All choices, and what they cost. A stream of it has as many moments as its longest choice has tokens."""

    __slots__ = ("choices", "completion_tokens", "moments", "prompt_tokens")

    def __init__(self, choices: list[Choice], prompt_tokens: int):
        counts = [len(choice.tokens) for choice in choices]
        self.choices, self.prompt_tokens = choices, prompt_tokens
        self.completion_tokens, self.moments = sum(counts), max(1, *counts)

    @property
    def usage(self) -> dict[str, Any]:
        prompt, completion = self.prompt_tokens, self.completion_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def prompt_tokens(chat: Chat) -> int:
    """A rough count, as everybody's: four characters to a token, four tokens around each message."""
    return 3 + sum(4 + len(text_of(m.get("content"))) // 4 for m in chat.messages)


def reply_to(chat: Chat, seed: int) -> Reply:
    """The reply to a conversation."""
    talk = Talk(chat)
    return Reply([_choice(talk, seed, index) for index in range(chat.n)], prompt_tokens(chat))


def _choice(talk: "Talk", seed: int, index: int) -> Choice:
    chat = talk.chat
    draw = int.from_bytes(
        blake2b(f"{seed}|{chat.digest}|{index}".encode(), digest_size=8).digest(), "big"
    )
    if talk.calls:
        named = [
            (f"call_{draw:016x}{i}", name, json.dumps(given))
            for i, (name, given) in enumerate(talk.calls)
        ]
        tokens = [t for _, name, arguments in named for t in (name, *TOKEN.findall(arguments))]
        return Choice(tokens, named, "stop" if chat.tool_choice.startswith("=") else "tool_calls")
    answer = talk.answer
    if chat.schema is not None:
        filling = answer or "".join(_prose(draw, 20))
        tokens = TOKEN.findall(
            json.dumps(call_arguments(chat.schema, talk.question, filling), ensure_ascii=False)
        )
    else:
        tokens = (
            TOKEN.findall(answer)
            if answer is not None
            else _prose(draw, _length(talk.question, draw))
        )
    return _cut(tokens, chat)


def _length(question: str, draw: int) -> int:
    asked = LENGTH.search(question)
    return min(max(1, int(asked[1])), _LONGEST) if asked else 100 + draw // 3 % 101


def _prose(draw: int, length: int) -> list[str]:
    ring, starts = _RINGS[draw % len(_RINGS)]
    start = starts[draw // 7 % len(starts)]
    tokens = ring[start : start + length]
    tokens[0] = tokens[0].lstrip()
    return tokens


def _cut(tokens: list[str], chat: Chat) -> Choice:
    finish = "stop"
    if chat.stop:
        text = "".join(tokens)
        ends = [at for s in chat.stop if (at := text.find(s)) >= 0]
        if ends:
            tokens = TOKEN.findall(text[: min(ends)])
    if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
        tokens, finish = tokens[: chat.max_tokens], "length"
    return Choice(tokens, [], finish)


class Talk:
    """What the brain makes of a conversation: the question, its context, and what tools have said since."""

    def __init__(self, chat: Chat):
        self.chat = chat
        users = [i for i, m in enumerate(chat.messages) if m["role"] == "user"]
        last = users[-1] if users else len(chat.messages) - 1
        prompt = text_of(chat.messages[last].get("content"))
        before, mark, after = prompt.rpartition("Question:")
        self.question = (after if mark else prompt).strip()[:QUESTION_LIMIT]
        self.documents = DOCUMENT.findall(before[:CONTEXT_LIMIT])[:DOCUMENTS_LIMIT]
        since = chat.messages[last + 1 :]
        called = chain.from_iterable(
            m.get("tool_calls") or () for m in since if m["role"] == "assistant"
        )
        self.called = {c["id"]: c["function"] for c in called}
        self.results = [
            (self.called[m["tool_call_id"]], text_of(m.get("content")))
            for m in since
            if m["role"] == "tool"
        ]

    @cached_property
    def calls(self) -> list[tuple[str, dict]]:
        """(name, arguments) of the tools to call now."""
        chat = self.chat
        if not chat.tools or chat.tool_choice == "none":
            return []
        if chat.tool_choice.startswith("="):
            return [self._call_of(f) for f in chat.tools if f["name"] == chat.tool_choice[1:]][:1]
        done = [(f["name"], _parsed(f["arguments"])) for f in self.called.values()]
        wanted = [w for w in wants(self.question, chat.tools) if w not in done]
        if chat.tool_choice == "required" and not wanted:
            wanted = [self._call_of(chat.tools[0])]
        return wanted if chat.parallel else wanted[:1]

    def _call_of(self, function: dict) -> tuple[str, dict]:
        return function["name"], call_arguments(function.get("parameters"), self.question)

    @cached_property
    def answer(self) -> str | None:
        """The answer that the tools or the context give; None if they give none."""
        if self.results:
            said = [_said(function, content) for function, content in self.results]
            return " ".join([*said, *self._compared()])
        if not self.documents:
            return None
        if re.search(r"\bsummar", self.question, re.IGNORECASE):
            return self._summary()
        return self._lookup()

    def _compared(self) -> list[str]:
        """The comparison that the question asks for, if it asks for one and the tools have said enough."""
        asked = re.search(
            r"\b(warmer|hotter|warmest|hottest|colder|cooler|coldest|coolest)\b",
            self.question,
            re.IGNORECASE,
        )
        known = [weather for _, content in self.results if (weather := _weather(content))]
        if not asked or len(known) < 2:
            return []
        pick = max if asked[1].lower()[0] in "wh" else min
        return [f"It is {asked[1].lower()} in {pick(known, key=lambda w: w['celsius'])['city']}."]

    def _summary(self) -> str:
        asked = words(self.question)
        _, text = max(
            self.documents, key=lambda d: (len(words(d[0]) & asked), len(words(d[1]) & asked))
        )
        return " ".join(SENTENCE.split(text)[:2])

    def _lookup(self) -> str:
        asked = words(self.question)
        sentences = [(title, s) for title, text in self.documents for s in SENTENCE.split(text)]
        spread = [words(title) | words(s) for title, s in sentences]
        weight = {w: 1 / (1 + sum(w in s for s in spread)) for w in asked}
        focus = next((w for w in _stems(self.question) if w in asked), None)
        if focus:
            weight[focus] *= 2
        scores = [
            sum(weight[w] for w in asked & words(s) - words(title))
            + 0.5 * sum(weight[w] for w in asked & words(title))
            for title, s in sentences
        ]
        return sentences[scores.index(max(scores))][1]


def words(text: str) -> set[str]:
    """The words that carry meaning, without their endings."""
    return set(_stems(text))


def _stems(text: str) -> list[str]:
    return [_stem(w) for w in WORD.findall(text.lower()) if w not in STOP_WORDS]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _said(function: dict, content: str) -> str:
    if weather := _weather(content):
        return f"In {weather['city']} it is {weather['celsius']} degrees Celsius with {weather['sky']}."
    value = _parsed(content)
    if isinstance(value, (int, float)):
        return f"The result is {content.strip()}."
    if (isinstance(value, dict) and "error" in value) or content.startswith("error"):
        return f"I could not find that out: {function['name']} says {content.strip()}"
    return f"According to {function['name']}: {content.strip()}"


def _weather(content: str) -> dict[str, Any] | None:
    value = _parsed(content)
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("celsius"), (int, float))
        or "sky" not in value
    ):
        return None
    return {"city": "that city", **value}


def _parsed(content: str) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return content


def completion(reply: Reply, model: str, id: str, created: int) -> bytes:
    """The body of a plain reply."""
    choices = []
    for index, c in enumerate(reply.choices):
        message: dict[str, Any] = {"role": "assistant", "content": c.text, "refusal": None}
        if c.calls:
            message["tool_calls"] = [_call(*call) for call in c.calls]
        choices.append(
            {"index": index, "message": message, "logprobs": None, "finish_reason": c.finish}
        )
    return orjson.dumps(
        {
            "id": id,
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": choices,
            "usage": reply.usage,
            "service_tier": "default",
            "system_fingerprint": "fp_fake",
        }
    )


def _call(id: str, name: str, arguments: str) -> dict:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def events(reply: Reply, chat: Chat, id: str, created: int) -> Iterator[bytes]:
    """A stream: for each moment from the first token on, the events that are due then; the last ends the stream.

    There are `reply.moments` of them.
    """
    head = {"id": id, "object": "chat.completion.chunk", "created": created, "model": chat.model}
    head |= {"service_tier": "default", "system_fingerprint": "fp_fake"}
    if chat.include_usage:
        head["usage"] = None

    def event(index: int, delta: dict, finish: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: %b\n\n" % orjson.dumps({**head, "choices": [choice]})

    deltas = [_deltas(c) for c in reply.choices]
    opening = [
        {"role": "assistant", "content": None if c.calls else "", "refusal": None}
        for c in reply.choices
    ]
    due = b"".join(event(i, delta) for i, delta in enumerate(opening))
    for moment in range(reply.moments - 1):
        yield due + _moment(deltas, moment, reply, event)
        due = b""
    due += _moment(deltas, reply.moments - 1, reply, event)
    if chat.include_usage:
        due += b"data: %b\n\n" % orjson.dumps({**head, "choices": [], "usage": reply.usage})
    yield due + b"data: [DONE]\n\n"


def _moment(deltas: list[list[dict]], moment: int, reply: Reply, event: Callable) -> bytes:
    """The events of one moment: a token of each choice that has one left, and its end after its last."""
    due = b""
    for index, of_choice in enumerate(deltas):
        if moment < len(of_choice):
            due += event(index, of_choice[moment])
        if moment == max(len(of_choice) - 1, 0):
            due += event(index, {}, reply.choices[index].finish)
    return due


def _deltas(choice: Choice) -> list[dict]:
    if not choice.calls:
        return [{"content": token} for token in choice.tokens]
    deltas = []
    for index, (id, name, arguments) in enumerate(choice.calls):
        opening = {"index": index, **_call(id, name, "")}
        deltas.append({"tool_calls": [opening]})
        for piece in TOKEN.findall(arguments):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    return deltas
