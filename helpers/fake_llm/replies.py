"""What the fake LLM says: a small rule-based brain, a pure function of conversation and seed.

It calls the offered tools where the question asks for them, answers from tool results and from the
context that the user message carries, and otherwise writes plausible text.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import Any

from helpers.fake_llm import json_bytes
from helpers.fake_llm.chat.messages import text_of
from helpers.fake_llm.chat.request import Chat
from helpers.fake_llm.prose import LONGEST, TOKEN, prose
from helpers.fake_llm.retrieval import look_up, summarise
from helpers.fake_llm.tools import call_arguments, wants

DOCUMENT = re.compile(r"^\[\d+\] ([^:\n]+): (.*)$", re.MULTILINE)
LENGTH = re.compile(r"\b(\d{1,4}) (?:words|tokens)\b")
COMPARED = re.compile(
    r"\b(warmer|hotter|warmest|hottest|colder|cooler|coldest|coolest)\b", re.IGNORECASE
)
SUMMARY = re.compile(r"\bsummar", re.IGNORECASE)
# How much of a prompt is read: others must not wait because one is a megabyte long.
QUESTION_LIMIT = 2_000
CONTEXT_LIMIT = 50_000
DOCUMENTS_LIMIT = 50
# The length of a text whose length nobody asked for: 100 to 200 tokens.
SHORTEST = 100
SPREAD = 101
# The tokens of a text that fills a form (a JSON schema) for want of an answer.
FILLING = 20


@dataclass(slots=True)
class Choice:
    """One choice of a reply: text, or tool calls as (id, name, arguments in JSON)."""

    tokens: list[str]
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    finish: str = "stop"

    @property
    def text(self) -> str | None:
        """The tokens put together; None where it calls tools instead."""
        return None if self.calls else "".join(self.tokens)


@dataclass(slots=True)
class Reply:
    """All choices, and what they cost.

    moments: as many as the longest choice has tokens, one at least; a stream takes so many.
    """

    choices: list[Choice]
    prompt_tokens: int
    completion_tokens: int = field(init=False)
    moments: int = field(init=False)

    def __post_init__(self) -> None:
        counts = [len(choice.tokens) for choice in self.choices]
        self.completion_tokens = sum(counts)
        self.moments = max(1, *counts)


def reply_to(chat: Chat, seed: int) -> Reply:
    """The reply to a conversation."""
    talk = Talk(chat)
    return Reply([_choice(talk, seed, index) for index in range(chat.n)], prompt_tokens(chat))


def prompt_tokens(chat: Chat) -> int:
    """An estimate: four characters to a token, four more around each message, three at the end."""
    return 3 + sum(4 + len(text_of(m.get("content"))) // 4 for m in chat.messages)


def _choice(talk: "Talk", seed: int, index: int) -> Choice:
    chat = talk.chat
    what = f"{seed}|{chat.digest}|{index}".encode()
    draw = int.from_bytes(blake2b(what, digest_size=8).digest(), "big")
    if talk.calls:
        return _calling(talk, draw)
    if chat.schema is not None:
        filling = talk.answer or "".join(prose(draw, FILLING))
        filled = call_arguments(chat.schema, talk.question, filling)
        return _cut(TOKEN.findall(json.dumps(filled, ensure_ascii=False)), chat)
    if talk.answer is not None:
        return _cut(TOKEN.findall(talk.answer), chat)
    return _cut(prose(draw, _length(talk.question, draw)), chat)


def _calling(talk: "Talk", draw: int) -> Choice:
    calls = [
        (f"call_{draw:016x}{i}", name, json.dumps(arguments))
        for i, (name, arguments) in enumerate(talk.calls)
    ]
    tokens = [token for _, name, arguments in calls for token in (name, *TOKEN.findall(arguments))]
    # As the API does it: a tool that was asked for by its name is no reason to stop of its own.
    named = talk.chat.tool_choice.startswith("=")
    return Choice(tokens, calls, "stop" if named else "tool_calls")


def _length(question: str, draw: int) -> int:
    """The tokens that the question asks for ("in 300 words"), else some."""
    asked = LENGTH.search(question)
    return min(max(1, int(asked[1])), LONGEST) if asked else SHORTEST + draw // 3 % SPREAD


def _cut(tokens: list[str], chat: Chat) -> Choice:
    finish = "stop"
    if chat.stop:
        text = "".join(tokens)
        ends = [at for s in chat.stop if (at := text.find(s)) >= 0]
        if ends:
            tokens = TOKEN.findall(text[: min(ends)])
    if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
        tokens = tokens[: chat.max_tokens]
        finish = "length"
    return Choice(tokens, [], finish)


class Talk:
    """What the brain makes of a conversation: the question, its context, what tools have said."""

    def __init__(self, chat: Chat):
        self.chat = chat
        users = [i for i, m in enumerate(chat.messages) if m["role"] == "user"]
        last = users[-1] if users else len(chat.messages) - 1
        prompt = text_of(chat.messages[last].get("content"))
        before, mark, after = prompt.rpartition("Question:")
        self.question = (after if mark else prompt).strip()[:QUESTION_LIMIT]
        self.documents = DOCUMENT.findall(before[:CONTEXT_LIMIT])[:DOCUMENTS_LIMIT]
        since = chat.messages[last + 1 :]
        by_assistant = [m.get("tool_calls") or () for m in since if m["role"] == "assistant"]
        self.called = {c["id"]: c["function"] for c in chain.from_iterable(by_assistant)}
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
        find = summarise if SUMMARY.search(self.question) else look_up
        return find(self.question, self.documents)

    def _compared(self) -> list[str]:
        """The comparison that the question asks for, if the tools have said enough for one."""
        asked = COMPARED.search(self.question)
        known = [weather for _, content in self.results if (weather := _weather(content))]
        if not asked or len(known) < 2:
            return []
        word = asked[1].lower()
        pick = max if word[0] in "wh" else min  # warmer and hotter, or colder and cooler
        return [f"It is {word} in {pick(known, key=lambda w: w['celsius'])['city']}."]


def _said(function: dict, content: str) -> str:
    """A tool's result as a sentence."""
    if weather := _weather(content):
        degrees = f"{weather['celsius']} degrees Celsius"
        return f"In {weather['city']} it is {degrees} with {weather['sky']}."
    value = _parsed(content)
    if isinstance(value, (int, float)):
        return f"The result is {content.strip()}."
    if (isinstance(value, dict) and "error" in value) or content.startswith("error"):
        return f"I could not find that out: {function['name']} says {content.strip()}"
    return f"According to {function['name']}: {content.strip()}"


def _weather(content: str) -> dict[str, Any] | None:
    """What a tool said, if it looks like the weather of a city."""
    value = _parsed(content)
    if not isinstance(value, dict) or "sky" not in value:
        return None
    if not isinstance(value.get("celsius"), (int, float)):
        return None
    return {"city": "that city", **value}


def _parsed(content: str) -> Any:
    """What a tool said: JSON where it is that, else the text itself."""
    try:
        return json_bytes.loads(content)
    except ValueError:
        return content
