"""How the agents read what a server says, in OpenAI's chat completions protocol.

Both agents share it, because nothing in it waits. The protocol's reference is
platform.openai.com/docs/api-reference/chat.
"""

import json
from collections.abc import Mapping
from typing import Any


class ModelError(RuntimeError):
    """The server refused or failed.

    status: HTTP's. retry_after: seconds, where the server named a time, else None. code: the
    protocol's name for what went wrong, such as "insufficient_quota", where the server gave one.
    """

    def __init__(
        self,
        status: int,
        message: str,
        retry_after: float | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.retry_after = retry_after
        self.code = code


def checked(status: int, headers: Mapping[str, str], content: bytes) -> Any:
    """The JSON of a reply. Raises ModelError for a status from 400 up, and where it is no JSON."""
    try:
        reply = json.loads(content)
    except ValueError:
        raise ModelError(status, f"the reply is not JSON: {content[:80]!r}") from None
    if status < 400:
        return reply
    error = reply.get("error") if isinstance(reply, dict) else None
    if not isinstance(error, dict):
        raise ModelError(status, str(reply)[:200], retry_after(headers))
    raise ModelError(status, error.get("message", ""), retry_after(headers), error.get("code"))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait, None where it names no number.

    OpenAI's servers say it in milliseconds too, and more exactly, so that header goes first.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        if text.replace(".", "", 1).isdecimal():
            return float(text) * unit
    return None


def message_in(reply: Any) -> dict:
    """The message in a model's reply: a text, or tool calls that can be used.

    Raises ModelError where it holds neither.
    """
    try:
        message = reply["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        whole = all(call["id"] and call["function"]["name"] for call in calls)
        if whole and (calls or isinstance(message["content"], str)):
            return message
    except (KeyError, IndexError, TypeError, AttributeError):
        pass  # some other JSON: said below, and not as a KeyError of ours
    raise ModelError(200, f"this is no reply of a model: {str(reply)[:80]}")


def tool_wanted(call: dict) -> tuple[str, dict | None]:
    """(the tool's name, its arguments); None for arguments that are not a JSON object.

    A model writes the arguments as text, so anything may stand there.
    """
    try:
        arguments = json.loads(call["function"].get("arguments") or "{}")
    except ValueError:
        arguments = None
    return call["function"]["name"], arguments if isinstance(arguments, dict) else None


def tool_result(call: dict, content: str) -> dict:
    """The message that answers a tool call."""
    return {"role": "tool", "tool_call_id": call["id"], "content": content}
