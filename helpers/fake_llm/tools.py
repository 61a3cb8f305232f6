"""Which of the offered tools a question asks for, and with what arguments. Pure.

Arguments are built from the tools' JSON schemas, and filled from the question.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

WEATHER = re.compile(
    r"\b(weather|temperature|degrees|celsius|warm\w*|cold\w*|hot\w*|cool\w*|rain\w*|snow\w*"
    r"|wind\w*|cloud\w*|sun|sunny|shining|sky|umbrella|coat|jacket)\b",
    re.IGNORECASE,
)
PLACE = ("city", "location", "place", "town")
FORMULA = ("expression", "formula", "equation", "calculation")
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_SPOKEN = (
    (r"\b(?:multiplied by|times)\b", "*"),
    (r"\bdivided by\b", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"(?<=\d) ?[x×] ?(?=\d)", "*"),
    (r"÷", "/"),
)
PERCENT = re.compile(rf"({NUMBER})\s*(?:%|percent) of ({NUMBER})", re.IGNORECASE)
HOW_MANY = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
EACH = re.compile(r"\b(?:an?|each|every|one)\b", re.IGNORECASE)
COMMON = {"get", "the", "for", "and"}
ARITHMETIC = re.compile(rf"[-(]*{NUMBER}\)*(?:\s*[-+*/]\s*[-(]*{NUMBER}\)*)+")


@cache
def cities() -> dict[str, dict]:
    """The cities whose weather is known."""
    return json.loads(Path(__file__).with_name("cities.json").read_text(encoding="utf-8"))


@cache
def _city_pattern() -> re.Pattern:
    names = sorted(cities(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)


def cities_in(text: str) -> list[str]:
    """The cities that a text names: those known, else capitalised words after "in" or "for"."""
    known = {name.lower(): name for name in cities()}
    found = [known[name.lower()] for name in _city_pattern().findall(text)]
    if not found:
        found = re.findall(r"\b(?:in|for|at) ((?:[A-Z][\w'-]+ ?)+)", text)
    return list(dict.fromkeys(name.strip() for name in found))


def expression_in(text: str) -> str | None:
    """The arithmetic that a text asks for, as an expression; None if it asks for none.

    It knows percentages, "a crate holds 24 bottles; how many are in 17 crates", and expressions,
    words such as "times" included.
    """
    if found := PERCENT.search(text):
        return f"{_plain(found[1])} * {_plain(found[2])} / 100"
    numbers = re.findall(NUMBER, text)
    if len(numbers) == 2 and EACH.search(text) and HOW_MANY.search(text):
        return f"{_plain(numbers[0])} * {_plain(numbers[1])}"
    for words, sign in _SPOKEN:
        text = re.sub(words, sign, text, flags=re.IGNORECASE)
    return max(map(_plain, ARITHMETIC.findall(text)), key=len, default=None)


def _plain(number: str) -> str:
    return number.replace(",", "")


def wants(question: str, tools: list[dict]) -> list[tuple[str, dict]]:
    """(name, arguments) for each tool call that the question asks for."""
    calls = []
    for function in tools:
        schema = function.get("parameters")
        for value in _asked_of(question, function, schema):
            calls.append((function["name"], call_arguments(schema, question) | value))
    return calls


def _asked_of(question: str, function: dict, schema: Any) -> list[dict[str, str]]:
    """The arguments that matter, for each time that the question asks for this tool."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    names = properties if isinstance(properties, dict) else {}
    place = next((name for name in PLACE if name in names), None)
    formula = next((name for name in FORMULA if name in names), None)
    if place and WEATHER.search(question):
        return [{place: city} for city in cities_in(question)]
    if formula:
        expression = expression_in(question)
        return [{formula: expression}] if expression else []
    return [{}] if not place and _named(question, function["name"]) else []


def _named(question: str, name: str) -> bool:
    """Whether the question uses the words of the tool's name, or half of them at least."""
    asked = set(re.findall(r"[a-z]{3,}", question.lower()))
    said = set(re.findall(r"[a-z]{3,}", name.lower().replace("_", " "))) - COMMON
    shared = said & asked
    return bool(shared) and len(shared) * 2 >= len(said)


def call_arguments(schema: Any, text: str, answer: str | None = None) -> dict[str, Any]:
    """An object that follows a JSON schema, filled from a text.

    answer: what a string is filled with, where none that the text gives fits.
    """
    value = _Filling(schema, text, answer).value(schema if isinstance(schema, dict) else {}, "", 0)
    return value if isinstance(value, dict) else {}


class _Filling:
    """Values for the parts of one schema.

    Bounded in depth and in number of parts, since a schema may contain itself.
    """

    DEPTH = 8
    PARTS = 500

    def __init__(self, root: Any, text: str, answer: str | None):
        self.root = root
        self.text = text
        self.answer = answer
        self.parts = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """A value for this part of the schema, which is called so; None beyond the bounds."""
        self.parts += 1
        if depth > self.DEPTH or self.parts > self.PARTS or not isinstance(schema, dict):
            return None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            text = self.text.lower()
            return next((e for e in schema["enum"] if str(e).lower() in text), schema["enum"][0])
        for union in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(union), list) and schema[union]:
                return self.value(schema[union][0], name, depth + 1)
        return self._of_kind(schema, name, depth)

    def _of_kind(self, schema: dict, name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), None)
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
        target = self.root
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part) if isinstance(target, dict) else None
        return target if isinstance(target, dict) else {}

    def _object(self, schema: dict, depth: int) -> dict:
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict):
            return {} if self.answer is None else {"answer": self.answer}
        names = [n for n in properties if not isinstance(required, list) or n in required]
        # Where nothing is required, or only what is not described, all is given.
        return {n: self.value(properties[n], n, depth + 1) for n in names or properties}

    def _number(self, schema: dict, kind: str) -> int | float:
        found = re.search(NUMBER, self.text)
        value = float(_plain(found[0])) if found else 1.0
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, (int, float)):
            value = max(value, low)
        if isinstance(high, (int, float)):
            value = min(value, high)
        # Beyond 2**53 not every integer is a float, and infinity is none.
        return int(value) if kind == "integer" and abs(value) < 2**53 else value

    def _string(self, name: str) -> str:
        if name in PLACE and (found := cities_in(self.text)):
            return found[0]
        if name in FORMULA and (expression := expression_in(self.text)):
            return expression
        if self.answer is not None:
            return self.answer
        quoted = re.search(r"[\"“']([^\"”']+)[\"”']", self.text)
        return quoted[1] if quoted else self.text
