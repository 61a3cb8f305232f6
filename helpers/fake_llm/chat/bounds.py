"""How much a request may have of a kind, and how what is too much is told. Pure."""

from collections.abc import Sized
from typing import Any

from helpers.fake_llm.errors import ApiError, unsupported, wrong_type

MOST_MESSAGES = 2_048
MOST_CALLS = 128
"""Tool calls in one message, of a request or of a reply."""
MOST_TOOLS = 128
MOST_STOPS = 4
LONGEST_MODEL = 256
LONGEST_STOP = 1_000
# How much of a value an error repeats: enough to find it again.
SHOWN = 80


def check_count(param: str, items: Sized, most: int) -> None:
    """ApiError 400 where an array has more than so many items."""
    if len(items) > most:
        raise _too_long(param, "an array", most, len(items))


def check_length(param: str, text: str, most: int) -> None:
    """ApiError 400 where a text has more than so many characters."""
    if len(text) > most:
        raise _too_long(param, "a string", most, len(text))


def not_supported(value: Any, supported: str, param: str) -> ApiError:
    """A value that is not one of those there are; however large it is, little is looked at."""
    if isinstance(value, list | dict):
        return wrong_type(param, "a string", value)
    return unsupported(value[:SHOWN] if isinstance(value, str) else value, supported, param)


def too_much(param: str, what: str) -> ApiError:
    """A request whose reply would take more work, or more bytes, than one request may have."""
    return ApiError(400, f"Invalid '{param}': {what}", code="too_complex", param=param)


def _too_long(param: str, a_kind: str, most: int, got: int) -> ApiError:
    kind = a_kind.split()[1]
    message = (
        f"Invalid '{param}': {kind} too long. Expected {a_kind} with maximum length {most}, "
        f"but got {a_kind} with length {got} instead."
    )
    return ApiError(400, message, code=f"{kind}_above_max_length", param=param)
