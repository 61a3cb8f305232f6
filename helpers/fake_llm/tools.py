"""Which of the offered tools a question asks for, and with what arguments, built from their JSON schemas. Pure."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

WEATHER = re.compile(
    r"\b(weather|temperature|warm\w*|cold\w*|hot\w*|cool\w*|rain\w*|sun|sunny|shining|sky|degrees|celsius|umbrella|coat"
    r"|jacket|snow\w*|wind\w*|cloud\w*)\b",
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

    It knows percentages, "a crate holds 24 bottles; how many are in 17 crates", and expressions, words such as
    "times" included.
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
        properties = schema.get("properties") if isinstance(schema, dict) else None
        properties = properties if isinstance(properties, dict) else {}
        place = next((p for p in PLACE if p in properties), None)
        formula = next((p for p in FORMULA if p in properties), None)
        if place and WEATHER.search(question):
            values = [{place: city} for city in cities_in(question)]
        elif formula:
            expression = expression_in(question)
            values = [{formula: expression}] if expression else []
        else:
            values = [{}] if not place and _named(question, function) else []
        calls += [(function["name"], call_arguments(schema, question) | value) for value in values]
    return calls


def _named(question: str, function: dict) -> bool:
    """Whether the question uses a word of the tool's name."""
    asked = set(re.findall(r"[a-z]{3,}", question.lower()))
    name = set(re.findall(r"[a-z]{3,}", function["name"].lower().replace("_", " "))) - {
        "get",
        "the",
        "for",
        "and",
    }
    return bool(name & asked) and len(name & asked) * 2 >= len(name)


def call_arguments(schema: Any, text: str, answer: str | None = None) -> dict[str, Any]:
    """An object that follows a JSON schema, filled from a text (from `answer` where a string is wanted)."""
    value = _Filling(schema, text, answer).value(schema if isinstance(schema, dict) else {}, "", 0)
    return value if isinstance(value, dict) else {}


class _Filling:
    """Values for the parts of one schema. Bounded in depth and in number, since a schema may contain itself."""

    DEPTH, PARTS = 8, 500

    def __init__(self, root: Any, text: str, answer: str | None):
        self.root, self.text, self.answer = root, text, answer
        self.parts = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        self.parts += 1
        if depth > self.DEPTH or self.parts > self.PARTS or not isinstance(schema, dict):
            return None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            low = self.text.lower()
            return next((e for e in schema["enum"] if str(e).lower() in low), schema["enum"][0])
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
        return (
            self._object(schema, depth)
            if isinstance(schema.get("properties"), dict)
            else self._string(name)
        )

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
        names = [n for n in properties if not isinstance(required, list) or n in required] or list(
            properties
        )
        return {n: self.value(properties[n], n, depth + 1) for n in names}

    def _number(self, schema: dict, kind: str) -> int | float:
        found = re.search(NUMBER, self.text)
        value = float(_plain(found[0])) if found else 1.0
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, (int, float)):
            value = max(value, low)
        if isinstance(high, (int, float)):
            value = min(value, high)
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
