"""A reply on the wire: in one piece and as a stream it says the same."""

import json
import tracemalloc

import pytest

from helpers.fake_llm.chat.reply import completion, events
from helpers.fake_llm.replies import reply_to
from tests.fake_llm.asked import TOOLS, request


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"n": 3},
        {"max_tokens": 1},
        {"tools": TOOLS},
        {"stream_options": {"include_usage": True}},
    ],
)
def test_a_stream_carries_the_same_as_a_plain_reply(body):
    """Deltas joined, tool calls put together, usage and the end."""
    chat = request("What is the weather in Paris?", stream=True, **body)
    reply = reply_to(chat, 0)
    stream = list(events(reply, chat, "id", 1))
    assert len(stream) == reply.moments
    lines = b"".join(stream).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    plain = json.loads(completion(reply, "m", "id", 1))
    assert joined([json.loads(line[6:]) for line in lines[:-2]]) == [
        (
            c["message"]["content"],
            [t["function"] for t in c["message"].get("tool_calls", [])],
            c["finish_reason"],
        )
        for c in plain["choices"]
    ]


def test_a_stream_is_built_as_it_is_sent():
    """However long it is, nothing of it is there before its turn."""
    chat = request("In 2000 words.", stream=True, n=20)
    stream = events(reply_to(chat, 0), chat, "id", 1)
    tracemalloc.start()
    try:
        first = [next(stream) for _ in range(3)]
        assert len(first[1].split(b"\n\n")) == 20 + 1
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def joined(chunks):
    """(content, functions, finish reason) of each choice, from a stream's chunks."""
    choices = {}
    for choice in (c for chunk in chunks for c in chunk["choices"]):
        content, functions, finish = choices.setdefault(choice["index"], [None, [], [None]])
        choices[choice["index"]][2][0] = choice["finish_reason"] or finish[0]
        if choice["delta"].get("content") is not None:
            choices[choice["index"]][0] = (content or "") + choice["delta"]["content"]
        for call in choice["delta"].get("tool_calls", []):
            if "id" in call:
                functions.append(dict(call["function"]))
            else:
                functions[call["index"]]["arguments"] += call["function"]["arguments"]
    return [(content, functions, finish[0]) for content, functions, finish in choices.values()]


def usages(**options):
    """What the chunks of a stream of three tokens say about its cost; "absent" if nothing."""
    chat = request(stream=True, stream_options=options, max_tokens=3)
    *chunks, done = b"".join(events(reply_to(chat, 0), chat, "id", 1)).split(b"\n\n")[:-1]
    assert done == b"data: [DONE]"
    return [json.loads(chunk[6:]).get("usage", "absent") for chunk in chunks]


def test_a_stream_tells_its_usage_in_the_last_chunk():
    """Where it is asked for; it is null until then."""
    *before, last = usages(include_usage=True)
    assert set(before) == {None}
    assert last["completion_tokens"] == 3


def test_a_stream_does_not_tell_its_usage_unasked():
    """Older clients know no chunk without choices."""
    assert set(usages()) == {"absent"}
