"""One request, whatever is in it: a reply or a clear refusal, at once and in little memory."""

import gc
import time
import tracemalloc
from itertools import islice

import pytest

from helpers.fake_llm import json_bytes
from helpers.fake_llm.chat import reply
from helpers.fake_llm.chat.reply import completion, events
from helpers.fake_llm.chat.request import read_chat, read_json
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.replies import reply_to
from tests.fake_llm.bombs import BOMBS, SIZE

SECONDS = 0.25
"""What a neighbour may have to wait; less than 40 ms on a machine that is quiet."""
MEMORY = 100e6
"""Bytes."""


@pytest.fixture(params=["orjson", "plain"])
def _json(request, monkeypatch):
    """JSON with orjson, and without it."""
    if request.param == "plain":
        monkeypatch.setattr(json_bytes, "_loads", json_bytes.plain_loads)
        for module in (json_bytes, reply):
            monkeypatch.setattr(module, "dumps", json_bytes.plain_dumps)
    elif json_bytes.orjson is None:
        pytest.skip("orjson has no wheel here")


def answered(raw):
    """What becomes of a request: each step in turn, the last one the ApiError that refuses it."""
    try:
        chat = read_chat(read_json(raw))
        made = reply_to(chat, 0)
        yield completion(made, chat.model, "id", 1)
        yield from islice(events(made, chat, "id", 1), 20)
    except ApiError as error:
        yield error


def longest(raw):
    """Seconds of work of the longest step. Not what others do at the same time, and not what the
    collector takes to look at all that the tests keep, which the server has not.
    """
    gc.disable()
    try:
        seconds, start = [], time.thread_time()
        for _ in answered(raw):
            end = time.thread_time()
            seconds.append(end - start)
            start = time.thread_time()
        return max(seconds)
    finally:
        gc.enable()


@pytest.mark.usefixtures("_json")
@pytest.mark.parametrize("name", BOMBS)
def test_no_request_takes_long_or_much(name):
    """Each step of it: reading, answering, writing, and each moment of a stream."""
    raw = BOMBS[name]()
    assert len(raw) <= SIZE
    assert longest(raw) < SECONDS
    tracemalloc.start()
    try:
        for step in answered(raw):
            if isinstance(step, ApiError):
                assert step.status == 400
                assert len(str(step)) < 1_000
                # Where the body is no JSON, or too much of it, there is no parameter to name.
                assert step.error["param"] or "body" in str(step)
            else:
                assert len(step) < 2 * SIZE
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("a model's name in a stream", "model"),
        ("many messages", "messages"),
        ("many calls in one message", "messages[1].tool_calls"),
        ("many tools", "tools"),
        ("stops", "stop"),
        ("the longest stream", "n"),
        ("many large calls in a stream", "tools"),
        ("many forms", "n"),
        ("many tools of many parts", "tools"),
        ("a reference to a huge constant", "tools"),
        ("a huge name of a property", "tools"),
        ("required properties, again and again", "tools"),
        ("an enumeration that nearly fits", "tools"),
        ("a form of a huge constant", "response_format"),
        ("required properties in a form", "response_format"),
        ("integers", None),
        ("as deep as it may be", "answered"),
        ("a large result", "answered"),
        ("a large result in a form", "answered"),
        ("a reference to itself", "answered"),
        ("a city in old letters", "answered"),
        ("documents of long titles", "answered"),
        ("as many messages as there may be", "answered"),
    ],
)
def test_what_is_too_much_is_named(name, param):
    """The parameter that is to blame; what is merely large is answered."""
    first = next(answered(BOMBS[name]()))
    assert (first.error["param"] if isinstance(first, ApiError) else "answered") == param
