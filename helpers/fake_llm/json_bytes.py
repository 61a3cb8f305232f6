"""JSON as bytes, read and written the same with orjson and without it.

orjson is several times as fast as the standard library, so it is used where it can be imported;
free-threaded Pythons have no wheel of it. A reply is drawn from a digest of the request's JSON, and
learners compare what they see: so the wire must not tell which of the two is there.
"""

import json
import math
import re
from itertools import chain
from typing import Any

try:
    import orjson
except ImportError:
    orjson = None

DEPTH = 254
"""How deep arrays and objects may be nested: orjson can write no more, though it reads more."""

ELEMENTS = 20_000
"""How many values arrays and objects may hold in all, each of those being one more.

A talk of 2,048 messages in which half of them call a tool takes 15,000. Python makes an object of
each value, in up to a microsecond: a megabyte of empty lists would hold up everybody for a third of
a second.
"""

# As text: `re` compiles each when it is first needed, and keeps it; most servers need none.
# A string; one that is not closed goes to the end, or each quote in it would be tried as another.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
# Each value but the first follows a comma, and the first a bracket, outside of strings.
_TOO_MANY = rf'(?s)(?:(?:[^"\[{{,]++|{_STRING})*+[\[{{,]){{{ELEMENTS + 1}}}+'.encode()
# All up to the next float that is to be written in another way, or up to the end.
_TO_REWRITE = re.compile(r"e-0|Infinity|NaN")
_NUMBER = r"-?\d[\d.]*+(?!e-0)(?:e[-+]\d++)?+"
_UP_TO_A_FLOAT = (
    rf'(?s)((?:[^"\d.IN-]++|{_STRING}|{_NUMBER})*+)'
    r"(?:(-?[\d.]++)e-0(\d)|(-?Infinity|NaN)|\Z)"
)
# Half of an escaped pair of surrogates: the first without the second, the second without the first.
_HALF_A_PAIR = r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])"


class TooMuch(ValueError):
    """JSON that is nested too deeply, or holds too many values."""


def loads(raw: bytes | bytearray | str) -> Any:
    """What this JSON says; ValueError if it is none, or more than `DEPTH` and `ELEMENTS` allow.

    Integers that do not fit into 64 bits are read as floats. A number too large for a float, NaN,
    Infinity and half of a surrogate pair are refused.
    """
    text = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    brackets = text.count(b"[") + text.count(b"{")
    # Few commas and brackets cannot be too many: most requests are not looked through any further.
    if (
        len(text) > ELEMENTS
        and brackets + text.count(b",") > ELEMENTS
        and re.match(_TOO_MANY, text)
    ):
        raise TooMuch(f"more than {ELEMENTS} values")
    try:
        value = _loads(text)
        if brackets <= DEPTH or not _is_deep(value):
            return value
    except (ValueError, RecursionError):
        if brackets <= DEPTH:
            raise
    # Both parsers give up somewhere beyond `DEPTH`, and their reasons must not differ here.
    raise TooMuch(f"no JSON, or nested deeper than {DEPTH} levels")


def _is_deep(value: Any) -> bool:
    """Whether arrays and objects are nested deeper than `DEPTH` in it."""
    level = [value]
    for _ in range(DEPTH + 1):
        # An exact type, since JSON knows no subclasses, and this is the fastest test there is.
        lists = [v for v in level if type(v) is list]
        dicts = [v.values() for v in level if type(v) is dict]
        if not lists and not dicts:
            return False
        level = list(chain.from_iterable(chain(lists, dicts)))
    return True


def plain_loads(raw: bytes | bytearray) -> Any:
    """The standard library's reading, with orjson's strictness."""
    text = raw.decode()  # json.loads would guess at UTF-16 and UTF-32 where it is given bytes
    value = _decode(text)
    # An escaped backslash hides the letter u that comes after it.
    if r"\u" in text and re.search(_HALF_A_PAIR, text.replace("\\\\", "  ")):
        raise ValueError("half of a surrogate pair")
    return value


def _integer(digits: str) -> int | float:
    if len(digits) <= 20:  # as long as 64 bits can be; Python refuses to convert thousands
        value = int(digits)
        if -(2**63) <= value < 2**64:
            return value
    return _finite(digits)


def _finite(number: str) -> float:
    value = float(number)
    if math.isfinite(value):
        return value
    raise ValueError(f"{number:.20} is no number in JSON, or too large")


_decode = json.JSONDecoder(parse_int=_integer, parse_float=_finite, parse_constant=_finite).decode


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def plain_dumps(value: Any) -> bytes:
    """The standard library's writing, with orjson's way of writing floats."""
    text = _encode(value)
    if _TO_REWRITE.search(text):
        text = re.sub(_UP_TO_A_FLOAT, _rewritten, text)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TypeError(f"text that is not Unicode: {error}") from None


def _rewritten(token: re.Match[str]) -> str:
    """Where they differ: orjson (from 3.12) writes 0.00001, 1e-6, null for 1e-05, 1e-06, NaN."""
    before, digits, exponent, no_number = token.groups()
    if no_number:
        return f"{before}null"
    if digits is None:
        return before
    if exponent == "5":
        sign = "-" if digits[0] == "-" else ""
        return f"{before}{sign}0.0000{digits.lstrip('-').replace('.', '')}"
    return f"{before}{digits}e-{exponent}"


if orjson is None:
    _loads, dumps = plain_loads, plain_dumps
else:
    _loads, dumps = orjson.loads, orjson.dumps
