"""A reply as OpenAI's API writes it: in one piece, or as a stream of server-sent events. Pure."""

from collections.abc import Iterator
from typing import Any

from helpers.fake_llm.chat.request import Chat
from helpers.fake_llm.json_bytes import dumps
from helpers.fake_llm.prose import TOKEN
from helpers.fake_llm.replies import Choice, Reply

COMMON = {"service_tier": "default", "system_fingerprint": "fp_fake"}
DONE = b"data: [DONE]\n\n"


def completion(reply: Reply, model: str, id: str, created: int) -> bytes:
    """The body of a plain reply; `created` is in seconds since 1970."""
    choices = []
    for index, choice in enumerate(reply.choices):
        message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None}
        if choice.calls:
            message["tool_calls"] = [_call(*call) for call in choice.calls]
        choices.append(
            {"index": index, "message": message, "logprobs": None, "finish_reason": choice.finish}
        )
    head = {"id": id, "object": "chat.completion", "created": created, "model": model}
    return dumps({**head, "choices": choices, "usage": usage(reply), **COMMON})


def usage(reply: Reply) -> dict[str, Any]:
    """What the reply cost, in tokens."""
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def events(reply: Reply, chat: Chat, id: str, created: int) -> Iterator[bytes]:
    """A stream: for each of `reply.moments` from the first token on, the events due then.

    The first moment opens every choice, the last ends the stream. `created` as for `completion`.
    """
    stream = _Stream(reply, chat, id, created)
    due = stream.opening()
    for moment in range(reply.moments - 1):
        yield due + stream.moment(moment)
        due = b""
    yield due + stream.moment(reply.moments - 1) + stream.closing()


class _Stream:
    """The events of one stream."""

    def __init__(self, reply: Reply, chat: Chat, id: str, created: int):
        self.reply = reply
        self.include_usage = chat.include_usage
        self.calls = [_calls(choice) for choice in reply.choices]
        self.head: dict[str, Any] = {
            "id": id,
            "object": "chat.completion.chunk",
            "created": created,
            "model": chat.model,
            **COMMON,
        }
        if chat.include_usage:  # then each chunk has it, and it is null in all but the last
            self.head["usage"] = None

    def event(self, index: int, delta: dict, finish: str | None = None) -> bytes:
        """One event of one choice."""
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + dumps({**self.head, "choices": [choice]}) + b"\n\n"

    def opening(self) -> bytes:
        """What comes before the first token."""
        due = []
        for index, choice in enumerate(self.reply.choices):
            content = None if choice.calls else ""
            delta = {"role": "assistant", "content": content, "refusal": None}
            due.append(self.event(index, delta))
        return b"".join(due)

    def moment(self, moment: int) -> bytes:
        """A token of each choice that has one left, and after its last one its end."""
        due = []
        for index, choice in enumerate(self.reply.choices):
            left = len(choice.tokens) - moment
            if left > 0:
                says = (
                    next(self.calls[index]) if choice.calls else {"content": choice.tokens[moment]}
                )
                due.append(self.event(index, says))
            if left == 1 or (left == 0 and moment == 0):
                due.append(self.event(index, {}, choice.finish))
        return b"".join(due)

    def closing(self) -> bytes:
        """What comes after the last token."""
        if not self.include_usage:
            return DONE
        return (
            b"data: %b\n\n" % dumps({**self.head, "choices": [], "usage": usage(self.reply)}) + DONE
        )


def _call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _calls(choice: Choice) -> Iterator[dict]:
    """What each token of a choice adds to its tool calls, built when its turn comes."""
    for index, (id, name, arguments) in enumerate(choice.calls):
        opening = {"index": index, **_call(id, name, "")}
        yield {"tool_calls": [opening]}
        for piece in TOKEN.finditer(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece[0]}}]}
