"""JSON as bytes, read and written the same with orjson and without it.

orjson is several times as fast as the standard library, so it is used where it can be imported;
free-threaded Pythons have no wheel of it. A reply is drawn from a digest of the request's JSON, and
learners compare what they see: so the wire must not tell which of the two is there.
"""

import json
import math
import re
from typing import Any

try:
    import orjson
except ImportError:
    orjson = None

DEPTH = 254
"""How deep arrays and objects may be nested: orjson can write no more, though it reads more."""

# A string; one that is not closed goes to the end, or each quote in it would be tried as another.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
_STRINGS_AND_BRACKETS = re.compile((_STRING + r"|[\[\]{}]").encode(), re.DOTALL)
_STRINGS_AND_FLOATS = re.compile(_STRING + r"|(-?)([\d.]+)e-0(\d)|-?Infinity|NaN", re.DOTALL)
_TO_REWRITE = re.compile(r"e-0|Infinity|NaN")
# An escaped pair of surrogates, which is one character; half a pair, which is none; other escapes.
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|.)", re.DOTALL)


def loads(raw: bytes | bytearray | str) -> Any:
    """What this JSON says; ValueError if it is none, or is nested deeper than `DEPTH`.

    Integers that do not fit into 64 bits are read as floats. A number too large for a float, NaN,
    Infinity and half of a surrogate pair are refused.
    """
    text = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    # Few brackets cannot be nested deeply: most requests are not looked through any further.
    if text.count(b"[") + text.count(b"{") > DEPTH and _is_deep(text):
        raise ValueError(f"JSON nested deeper than {DEPTH} levels")
    return _loads(text)


def _is_deep(raw: bytes | bytearray) -> bool:
    """Whether this JSON is nested deeper than `DEPTH`; what is no JSON may be judged either way."""
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def plain_loads(raw: bytes | bytearray) -> Any:
    """The standard library's reading, with orjson's strictness."""
    text = raw.decode()  # json.loads would guess at UTF-16 and UTF-32 where it is given bytes
    value = json.loads(text, parse_int=_integer, parse_float=_finite, parse_constant=_finite)
    if r"\u" in text and any(escape[1] for escape in _ESCAPES.finditer(text)):
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


def plain_dumps(value: Any) -> bytes:
    """The standard library's writing, with orjson's way of writing floats."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if _TO_REWRITE.search(text):
        text = _STRINGS_AND_FLOATS.sub(_rewritten, text)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise TypeError(f"text that is not Unicode: {error}") from None


def _rewritten(token: re.Match[str]) -> str:
    """Where they differ: orjson (from 3.12) writes 0.00001, 1e-6, null for 1e-05, 1e-06, NaN."""
    if token[0].startswith('"'):
        return token[0]
    if token[3] is None:
        return "null"
    sign, digits, exponent = token.groups()
    if exponent == "5":
        return f"{sign}0.0000{digits.replace('.', '')}"
    return f"{sign}{digits}e-{exponent}"


if orjson is None:
    _loads, dumps = plain_loads, plain_dumps
else:
    _loads, dumps = orjson.loads, orjson.dumps
