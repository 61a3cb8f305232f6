"""A conversation's messages, checked: roles, contents, an answer to each tool call. Pure."""

from typing import Any

from helpers.fake_llm.chat.bounds import (
    MOST_CALLS,
    MOST_MESSAGES,
    SHOWN,
    check_count,
    not_supported,
)
from helpers.fake_llm.errors import ApiError, empty_array, missing, wrong_type

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# Calls without an answer that are named.
NAMED = 10
_ROLES_IN_WORDS = ", ".join(f"'{role}'" for role in ROLES[:-1]) + f" and '{ROLES[-1]}'"


def check_messages(messages: Any) -> None:
    """ApiError 400 that names the first thing that is wrong with a request's messages."""
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise empty_array("messages")
    check_count("messages", messages, MOST_MESSAGES)
    pending: set[str] = set()
    for i, message in enumerate(messages):
        _check_message(i, message, pending)
    if pending:
        raise _unanswered(pending, len(messages) - 1)


def text_of(content: Any) -> str:
    """A checked message's content as text: parts that are not text are left out."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _check_message(i: int, message: Any, pending: set[str]) -> None:
    """Check one message; `pending`, the tool calls not answered yet, is kept up to date."""
    where = f"messages[{i}]"
    if not isinstance(message, dict):
        raise wrong_type(where, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{where}.role")
    if role not in ROLES:
        raise not_supported(role, _ROLES_IN_WORDS, f"{where}.role")
    calls = message.get("tool_calls") if role == "assistant" else None
    if not isinstance(message.get("content"), str):
        _check_content(f"{where}.content", message, says_otherwise=role == "assistant")
    if role == "tool":
        return _check_tool_result(i, where, message, pending)
    if pending:
        raise _unanswered(pending, i)
    if calls is not None:
        pending |= _call_ids(f"{where}.tool_calls", calls)


def _check_content(param: str, message: dict, says_otherwise: bool) -> None:
    """Check content that is not simply text.

    says_otherwise: the message need have none where it calls a tool, or refuses to answer.
    """
    content = message.get("content")
    if content is None:
        others = (message.get(name) for name in ("tool_calls", "function_call", "refusal"))
        if says_otherwise and any(others):
            return
        reason = f"Invalid value for 'content': expected a string, got null. ({param})"
        raise ApiError(400, reason, param=param)
    if not isinstance(content, list):
        raise wrong_type(param, "one of a string or array of objects", content)
    for j, part in enumerate(content):
        if not isinstance(part, dict):
            raise wrong_type(f"{param}[{j}]", "an object", part)
        if not isinstance(part.get("type"), str):
            raise missing(f"{param}[{j}].type")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise wrong_type(f"{param}[{j}].text", "a string", part.get("text"))


def _check_tool_result(i: int, where: str, message: dict, pending: set[str]) -> None:
    id = message.get("tool_call_id")
    if not isinstance(id, str):
        raise missing(f"{where}.tool_call_id")
    if id in pending:
        return pending.remove(id)
    # "preceeding" is how OpenAI's API spells it.
    reason = (
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
        "with 'tool_calls'."
    )
    raise ApiError(400, reason, param=f"messages.[{i}].role")


def _unanswered(pending: set[str], i: int) -> ApiError:
    ids = ", ".join(id[:SHOWN] for id in sorted(pending)[:NAMED])
    more = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
    return ApiError(
        400,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        f"{ids}{more}",
        param=f"messages.[{i}].role",
    )


def _call_ids(where: str, calls: Any) -> set[str]:
    """The ids of an assistant's tool calls, each of which has to be answered."""
    if not isinstance(calls, list):
        raise wrong_type(where, "an array of objects", calls)
    check_count(where, calls, MOST_CALLS)
    for j, call in enumerate(calls):
        if not isinstance(call, dict):
            raise wrong_type(f"{where}[{j}]", "an object", call)
        if not isinstance(call.get("id"), str):
            raise wrong_type(f"{where}[{j}].id", "a string", call.get("id"))
        function = call.get("function")
        if not isinstance(function, dict):
            raise wrong_type(f"{where}[{j}].function", "an object", function)
        for name in ("name", "arguments"):
            if not isinstance(function.get(name), str):
                param = f"{where}[{j}].function.{name}"
                raise wrong_type(param, "a string", function.get(name))
    return {call["id"] for call in calls}
