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
EACH = re.compile(
    rf"\b(?:an?|each|every|one)\b.*?({NUMBER}).*\bhow (?:many|much)\b.*?({NUMBER})", re.IGNORECASE | re.DOTALL
)
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
    if found := EACH.search(text):
        return f"{_plain(found[1])} * {_plain(found[2])}"
    for words, sign in _SPOKEN:
        text = re.sub(words, sign, text, flags=re.IGNORECASE)
    return max(map(_plain, ARITHMETIC.findall(text)), key=len, default=None)


def _plain(number: str) -> str:
    return number.replace(",", "")


def wants(question: str, tools: list[dict]) -> list[tuple[str, str]]:
    """(name, arguments in JSON) for each tool call that the question asks for."""
    calls = []
    for function in tools:
        properties = (function.get("parameters") or {}).get("properties")
        properties = properties if isinstance(properties, dict) else {}
        place = next((p for p in PLACE if p in properties), None)
        formula = next((p for p in FORMULA if p in properties), None)
        if place and WEATHER.search(question):
            for city in cities_in(question):
                arguments = call_arguments(function["parameters"], question) | {place: city}
                calls.append((function["name"], json.dumps(arguments)))
        elif formula and (expression := expression_in(question)):
            arguments = call_arguments(function["parameters"], question) | {formula: expression}
            calls.append((function["name"], json.dumps(arguments)))
        elif not place and not formula and _named(question, function):
            calls.append((function["name"], json.dumps(call_arguments(function.get("parameters"), question))))
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


def call_arguments(schema: Any, text: str, answer: str | None = None) -> Any:
    """A value that follows a JSON schema, filled from a text (from `answer` where a string is wanted)."""
    value = _value(schema if isinstance(schema, dict) else {}, "", text, answer, schema, 0)
    return value if isinstance(value, dict) else {}


def _value(schema: dict, name: str, text: str, answer: str | None, root: Any, depth: int) -> Any:
    if depth > 8:
        return None
    schema = _resolve(schema, root)
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        low = text.lower()
        return next((e for e in schema["enum"] if str(e).lower() in low), schema["enum"][0])
    for union in ("anyOf", "oneOf", "allOf"):
        options = (
            [o for o in schema.get(union) or () if isinstance(o, dict)]
            if isinstance(schema.get(union), list)
            else []
        )
        if options:
            return _value(options[0], name, text, answer, root, depth + 1)
    kind = schema.get("type")
    kind = next((k for k in kind if k != "null"), None) if isinstance(kind, list) else kind
    properties = schema.get("properties")
    if kind == "object" or (kind is None and isinstance(properties, dict)):
        return _object(schema, text, answer, root, depth)
    if kind == "array":
        items = schema.get("items")
        return [
            _value(
                items if isinstance(items, dict) else {"type": "string"}, name, text, answer, root, depth + 1
            )
        ]
    if kind in ("integer", "number"):
        return _number(schema, kind, text)
    if kind in ("boolean", "null"):
        return True if kind == "boolean" else None
    return _string(name, text, answer)


def _resolve(schema: dict, root: Any) -> dict:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not isinstance(root, dict):
        return schema
    target = root
    for part in reference.removeprefix("#/").split("/"):
        target = target.get(part) if isinstance(target, dict) else None
    return target if isinstance(target, dict) else {}


def _object(schema: dict, text: str, answer: str | None, root: Any, depth: int) -> dict:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {"answer": answer} if answer is not None else {}
    required = schema.get("required")
    names = [n for n in properties if not isinstance(required, list) or n in required] or list(properties)
    return {
        n: _value(properties[n], n, text, answer, root, depth + 1)
        for n in names
        if isinstance(properties[n], dict)
    }


def _number(schema: dict, kind: str, text: str) -> int | float:
    found = re.search(NUMBER, text)
    value = float(found[0].replace(",", "")) if found else 1.0
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, (int, float)):
        value = max(value, low)
    if isinstance(high, (int, float)):
        value = min(value, high)
    return int(value) if kind == "integer" else value


def _string(name: str, text: str, answer: str | None) -> str:
    if name in PLACE and (found := cities_in(text)):
        return found[0]
    if name in FORMULA and (expression := expression_in(text)):
        return expression
    if answer is not None:
        return answer
    quoted = re.search(r"[\"“']([^\"”']+)[\"”']", text)
    return quoted[1] if quoted else text
