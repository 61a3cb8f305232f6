"""What the fake LLM says: a small rule-based brain, a pure function of conversation and seed.

It calls the offered tools where the question asks for them, answers from tool results and from the
context that the user message carries, and otherwise writes plausible text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import Any

from helpers.fake_llm import json_bytes
from helpers.fake_llm.chat.bounds import too_much
from helpers.fake_llm.chat.messages import text_of
from helpers.fake_llm.chat.offers import LONGEST_NAME
from helpers.fake_llm.chat.request import Chat
from helpers.fake_llm.prose import LONGEST, TOKEN, prose
from helpers.fake_llm.question import Question
from helpers.fake_llm.retrieval import look_up, summarise
from helpers.fake_llm.tools import Work, call_arguments, wants

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
# How much is said: a text is cut into tokens as a whole, a thousand characters in 0.1 ms. What is
# made from documents and results is cut to this length; JSON would be none, so it is refused.
LONGEST_ANSWER = 20_000
LONGEST_JSON = 65_536
# And by all choices together: 128 choices of ordinary length, or 25 of the longest.
MOST_TOKENS = 25 * LONGEST
MOST_TEXT = 2**18
# What a tool call has on the wire besides its name and arguments.
CALL = 64
# The length of a text whose length nobody asked for: 100 to 200 tokens.
SHORTEST = 100
SPREAD = 101
# The tokens of a text that fills a form (a JSON schema) for want of an answer.
FILLING = 20
# What a form holds in place of that text, which differs from choice to choice.
BLANK = "\0blank\0"
BLANK_IN_JSON = json.dumps(BLANK)


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
    """The reply to a conversation; ApiError 400 where it would be too long, or too much work."""
    talk = Talk(chat)
    choices = [_choice(talk, seed, 0)]  # which is short enough, or refused by its own bounds
    if chat.n > 1:
        choices += _further(talk, seed, choices[0])
    return Reply(choices, prompt_tokens(chat))


def _further(talk: "Talk", seed: int, choice: Choice) -> Iterator[Choice]:
    """The choices after the first one; ApiError 400 where they are too long together."""
    tokens, text = MOST_TOKENS, MOST_TEXT
    for index in range(1, talk.chat.n):
        tokens -= len(choice.tokens)
        text -= sum(map(len, choice.tokens)) + CALL * len(choice.calls)
        if tokens < 0 or text < 0:
            bound = f"{MOST_TOKENS} tokens and {MOST_TEXT} characters"
            raise too_much("n", f"together the choices would have more than {bound}.")
        choice = _choice(talk, seed, index)
        yield choice


def prompt_tokens(chat: Chat) -> int:
    """An estimate: four characters to a token, four more around each message, three at the end."""
    return 3 + sum(4 + len(text_of(m.get("content"))) // 4 for m in chat.messages)


def _choice(talk: "Talk", seed: int, index: int) -> Choice:
    chat = talk.chat
    what = f"{seed}|{chat.digest}|{index}".encode()
    draw = int.from_bytes(blake2b(what, digest_size=8).digest(), "big")
    if chat.tools and talk.calls:
        return _calling(talk, draw)
    if talk.has_something_to_say and talk.same is not None:
        return talk.same
    if chat.schema is not None:
        return _cut(_tokens(talk.filled("".join(prose(draw, FILLING)))), chat)
    return _cut(prose(draw, _length(talk.question.text, draw)), chat)


def _calling(talk: "Talk", draw: int) -> Choice:
    calls = [
        (f"call_{draw:016x}{i}", name, arguments) for i, (name, arguments) in enumerate(talk.calls)
    ]
    # As the API does it: a tool that was asked for by its name is no reason to stop of its own.
    named = talk.chat.tool_choice.startswith("=")
    return Choice(talk.call_tokens, calls, "stop" if named else "tool_calls")


def _length(question: str, draw: int) -> int:
    """The tokens that the question asks for ("in 300 words"), else some."""
    asked = LENGTH.search(question)
    return min(max(1, int(asked[1])), LONGEST) if asked else SHORTEST + draw // 3 % SPREAD


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def _cut(tokens: list[str], chat: Chat) -> Choice:
    finish = "stop"
    if chat.stop:
        text = "".join(tokens)
        # Not `find`, which takes fifty times as long for a text that nearly fits everywhere.
        found = [match.start() for s in chat.stop if (match := re.search(re.escape(s), text))]
        if found:
            tokens = _tokens(text[: min(found)])
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
        self.question = Question((after if mark else prompt).strip()[:QUESTION_LIMIT])
        self.documents = DOCUMENT.findall(before[:CONTEXT_LIMIT])[:DOCUMENTS_LIMIT]
        since = chat.messages[last + 1 :]
        by_assistant = [m.get("tool_calls") or () for m in since if m["role"] == "assistant"]
        self.called = {c["id"]: c["function"] for c in chain.from_iterable(by_assistant)}
        self.results = [
            (self.called[m["tool_call_id"]]["name"], text_of(m.get("content")))
            for m in since
            if m["role"] == "tool"
        ]

    @property
    def has_something_to_say(self) -> bool:
        """Whether it is worth a look for an answer, or for the form of one."""
        return bool(self.results or self.documents) or self.chat.schema is not None

    @cached_property
    def calls(self) -> list[tuple[str, str]]:
        """(name, arguments in JSON) of the tools to call now."""
        chat = self.chat
        if not chat.tools or chat.tool_choice == "none":
            return []
        work = Work("tools")
        if chat.tool_choice.startswith("="):
            named = next(f for f in chat.tools if f["name"] == chat.tool_choice[1:])
            return self._in_json([self._call_of(named, work)])
        wanted = self._in_json(wants(self.question, chat.tools, work))
        if wanted and self.called:
            wanted = self._not_done(wanted)
        if chat.tool_choice == "required" and not wanted:
            wanted = self._in_json([self._call_of(chat.tools[0], work)])
        return wanted if chat.parallel else wanted[:1]

    @cached_property
    def call_tokens(self) -> list[str]:
        """The tokens of these calls."""
        return [token for name, arguments in self.calls for token in (name, *_tokens(arguments))]

    def _call_of(self, function: dict, work: Work) -> tuple[str, dict]:
        return function["name"], call_arguments(function.get("parameters"), self.question, work)

    def _in_json(self, calls: list[tuple[str, dict]]) -> list[tuple[str, str]]:
        written = [(name, json.dumps(arguments)) for name, arguments in calls]
        if sum(len(arguments) for _, arguments in written) > LONGEST_JSON:
            raise too_much("tools", f"arguments would be longer than {LONGEST_JSON} characters.")
        return written

    def _not_done(self, wanted: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of these calls that have not been made already."""
        # Most agents send our words back as they are.
        done = {(f["name"], f["arguments"]) for f in self.called.values()}
        wanted = [call for call in wanted if call not in done]
        if not wanted:
            return []
        done = self._done_evenly()
        return [(name, said) for name, said in wanted if (name, _even(said)) not in done]

    def _done_evenly(self) -> set[tuple[str, str]]:
        """What has been called already, the last calls at least: all that one reply can hold."""
        done = set()
        left = LONGEST_JSON
        for function in reversed(self.called.values()):
            left -= len(function["arguments"])
            if left < 0:
                break
            done.add((function["name"], _even(function["arguments"])))
        return done

    @cached_property
    def answer(self) -> str | None:
        """The answer that the tools or the context give; None if they give none."""
        if self.results:
            return self._answer_of_results()[:LONGEST_ANSWER]
        if not self.documents:
            return None
        find = summarise if SUMMARY.search(self.question.text) else look_up
        return find(self.question.text, self.documents)[:LONGEST_ANSWER]

    def _answer_of_results(self) -> str:
        """What the tools have said, and the comparison that the question asks for."""
        said, known = [], []
        left = LONGEST_ANSWER
        for name, content in self.results:
            content = content[:left]
            value = _parsed(content)
            said.append(_said(name, content.strip(), value))
            if weather := _weather(value):
                known.append(weather)
            left -= max(len(content), len(said[-1]))
            if left <= 0:
                break
        asked = COMPARED.search(self.question.text)
        if asked and len(known) >= 2:
            word = asked[1].lower()
            pick = max if word[0] in "wh" else min  # warmer and hotter, or colder and cooler
            said.append(f"It is {word} in {pick(known, key=lambda w: w['celsius'])['city']}.")
        return " ".join(said)

    @cached_property
    def same(self) -> Choice | None:
        """The reply where it is the same for all choices: an answer, also in a form."""
        if self.chat.schema is None:
            return None if self.answer is None else _cut(_tokens(self.answer), self.chat)
        if self.answer is None and BLANK_IN_JSON in self._form:
            return None
        return _cut(_tokens(self.filled(self.answer or "")), self.chat)

    def filled(self, text: str) -> str:
        """The form that is asked for, in JSON, with this text in its blanks; ApiError 400."""
        # However many blanks there are, a long text is cut rather than refused.
        room = LONGEST_ANSWER // max(1, self._form.count(BLANK_IN_JSON))
        filled = self._form.replace(BLANK_IN_JSON, json.dumps(text[:room], ensure_ascii=False))
        if len(filled) > LONGEST_JSON:
            reason = f"the reply would be longer than {LONGEST_JSON} characters."
            raise too_much("response_format", reason)
        return filled

    @cached_property
    def _form(self) -> str:
        work = Work("response_format")
        form = call_arguments(self.chat.schema, self.question, work, BLANK)
        return json.dumps(form, ensure_ascii=False)


def _said(name: str, content: str, value: Any) -> str:
    """A tool's result, text and what was read in it, as a sentence."""
    name = name[:LONGEST_NAME]
    if weather := _weather(value):
        degrees = f"{weather['celsius']} degrees Celsius"
        return f"In {weather['city']} it is {degrees} with {weather['sky']}."
    if isinstance(value, (int, float)):
        return f"The result is {content}."
    if (isinstance(value, dict) and "error" in value) or content.startswith("error"):
        return f"I could not find that out: {name} says {content}"
    return f"According to {name}: {content}"


def _weather(value: Any) -> dict[str, Any] | None:
    """What a tool said, if it looks like the weather of a city."""
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


_read_evenly = json.JSONDecoder(parse_int=float).decode
_write_evenly = json.JSONEncoder(sort_keys=True).encode


def _even(arguments: str) -> str:
    """Arguments in JSON, written so that the same are the same text; others as they are."""
    try:
        return _write_evenly(_read_evenly(arguments))
    except (ValueError, RecursionError):
        return arguments
