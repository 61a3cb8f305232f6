"""Which of the offered tools a question asks for, and with what arguments. Pure.

Arguments are built from the tools' JSON schemas, and filled from the question.
"""

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any

from helpers.fake_llm.chat.bounds import MOST_CALLS, too_much
from helpers.fake_llm.question import Question, words_of

PLACE = ("city", "location", "place", "town")
FORMULA = ("expression", "formula", "equation", "calculation")
COMMON = {"get", "the", "for", "and"}
# The work that filling schemas may take for one request. A unit is what a character of the reply
# costs on its way to the wire, a tenth of a microsecond: together less than 40 ms on a slow laptop.
WORK = 100_000
PART = 20
CHOICE = 10
# A text, a question say, that fills a part of a schema: longer ones are cut.
LONGEST_STRING = 500
# No schema needs a longer reference, and each part of it is a step.
LONGEST_REFERENCE = 200
# The types of JSON, of which a schema may list some.
KINDS = 7


@dataclass
class Work:
    """What is left of the work that filling schemas may take for one request."""

    param: str
    left: int = WORK

    def spend(self, amount: int) -> None:
        """Take this much of it; ApiError 400 that names `param` if there is not as much left."""
        self.left -= amount
        if self.left < 0:
            raise too_much(self.param, "filling these schemas takes too much work.")


def wants(question: Question, tools: list[dict], work: Work) -> list[tuple[str, dict]]:
    """(name, arguments) for each tool call that the question asks for, `MOST_CALLS` at most."""
    calls = (
        (function["name"], call_arguments(function.get("parameters"), question, work) | value)
        for function in tools
        for value in _asked_of(question, function)
    )
    return list(islice(calls, MOST_CALLS))


def _asked_of(question: Question, function: dict) -> list[dict[str, str]]:
    """The arguments that matter, for each time that the question asks for this tool."""
    properties = (function.get("parameters") or {}).get("properties")
    names = properties if isinstance(properties, dict) else {}
    place = next((name for name in PLACE if name in names), None)
    formula = next((name for name in FORMULA if name in names), None)
    if place and question.asks_for_weather:
        return [{place: city} for city in question.cities]
    if formula:
        return [{formula: question.expression}] if question.expression else []
    return [{}] if not place and _named(question, function["name"]) else []


def _named(question: Question, name: str) -> bool:
    """Whether the question uses the words of the tool's name, or half of them at least."""
    said = words_of(name.replace("_", " ")) - COMMON
    shared = said & question.words
    return bool(shared) and len(shared) * 2 >= len(said)


def call_arguments(
    schema: Any, question: Question, work: Work, answer: str | None = None
) -> dict[str, Any]:
    """An object that follows a JSON schema, filled from a question.

    answer: what a string is filled with, where none that the question gives fits. ApiError 400 if
    it takes too much work.
    """
    root = schema if isinstance(schema, dict) else {}
    value = _Filling(root, question, work, answer).value(root, "", 0)
    return value if isinstance(value, dict) else {}


class _Filling:
    """Values for the parts of one schema.

    Bounded in depth and in number of parts, since a schema may contain itself.
    """

    DEPTH = 8
    PARTS = 500

    def __init__(self, root: dict, question: Question, work: Work, answer: str | None):
        self.root = root
        self.question = question
        self.work = work
        self.answer = answer
        self.parts = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """A value for this part of the schema, which is called so; None beyond the bounds."""
        self.parts += 1
        if depth > self.DEPTH or self.parts > self.PARTS or not isinstance(schema, dict):
            return None
        self.work.spend(PART)
        schema = self._resolved(schema)
        if "const" in schema:
            return self._given(schema["const"])
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._given(self._chosen(schema["enum"]))
        for union in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(union), list) and schema[union]:
                return self.value(schema[union][0], name, depth + 1)
        return self._of_kind(schema, name, depth)

    def _given(self, value: Any) -> Any:
        """A value that the schema gives, of any size."""
        self.work.spend(len(json.dumps(value)))
        return value

    def _chosen(self, choices: list) -> Any:
        """The first of them that the question names, else the first."""
        self.work.spend(CHOICE * len(choices))
        # Nobody asks for lists and objects by what is in them.
        fitting = (
            choice
            for choice in choices
            if not isinstance(choice, list | dict) and self.question.says(str(choice))
        )
        return next(fitting, choices[0])

    def _of_kind(self, schema: dict, name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind[:KINDS] if k != "null"), None)
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return [self.value(schema.get("items", {"type": "string"}), name, depth + 1)]
            case "integer" | "number":
                return self._number(schema, kind)
            case "boolean":
                return True
            case "null":
                return None
        if isinstance(schema.get("properties"), dict):
            return self._object(schema, depth)
        return self._string(name)

    def _resolved(self, schema: dict) -> dict:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target: Any = self.root if len(reference) <= LONGEST_REFERENCE else None
        for part in reference[:LONGEST_REFERENCE].removeprefix("#/").split("/"):
            target = target.get(part) if isinstance(target, dict) else None
        return target if isinstance(target, dict) else {}

    def _object(self, schema: dict, depth: int) -> dict:
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict):
            return {} if self.answer is None else {"answer": self._cut(self.answer)}
        names = list(properties)
        self.work.spend(len(names))
        if isinstance(required, list):
            self.work.spend(len(required))
            asked = {name for name in required if isinstance(name, str)}
            # Where nothing is required, or only what is not described, all is given.
            names = [name for name in names if name in asked] or names
        self.work.spend(sum(map(len, names)))
        return {name: self.value(properties[name], name, depth + 1) for name in names}

    def _number(self, schema: dict, kind: str) -> int | float:
        value = self.question.number
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, (int, float)):
            value = max(value, low)
        if isinstance(high, (int, float)):
            value = min(value, high)
        # Beyond 2**53 not every integer is a float.
        return int(value) if kind == "integer" and abs(value) < 2**53 else value

    def _string(self, name: str) -> str:
        question = self.question
        if name in PLACE and question.cities:
            return self._cut(question.cities[0])
        if name in FORMULA and question.expression:
            return self._cut(question.expression)
        return self._cut(question.quoted if self.answer is None else self.answer)

    def _cut(self, text: str) -> str:
        text = text[:LONGEST_STRING]
        self.work.spend(len(text))
        return text
