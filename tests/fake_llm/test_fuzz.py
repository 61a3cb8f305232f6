"""Hostile input: any JSON, any bytes, in any pieces, get a clean answer or none."""

import json
import random
import socket

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fake_llm.clients import clean, until
from tests.fake_llm.raw import ask, chat, connect, get, post, read

SOAK = pytest.mark.soak
GOOD = post(chat("What is 6 * 7?", max_tokens=5))
# The names and the words that a request is made of, so that what is tried nearly makes sense.
FIELDS = (
    "model messages tools tool_choice response_format stream stream_options n stop max_tokens "
    "max_completion_tokens temperature seed parallel_tool_calls logprobs role content type "
    "function name parameters properties required enum items $ref tool_calls tool_call_id id "
    "arguments text json_schema schema include_usage"
).split()
ROLES = ["user", "assistant", "tool", "system"]
WORDS = (
    ROLES
    + (
        "function object string integer array auto required get_weather city text json_schema "
        "json_object # #/properties"
    ).split()
)
WORDS += ["weather in Paris?", "2 * 3"]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(ROLES), "content": SCALARS | VALUES}),
    max_size=4,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5).map(
    lambda more: chat() | more
) | st.builds(
    lambda messages, more: {"model": "m", **more, "messages": messages},
    MESSAGES,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)
TOOLS = VALUES.map(
    lambda schema: chat(
        tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}]
    )
)


@pytest.mark.parametrize("examples", [500, pytest.param(12_000, marks=SOAK)])
def test_any_json_gets_a_clean_answer(llm, examples):
    """Bodies with the right names and any values."""
    with connect(llm) as sock:

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(BODIES | TOOLS)
        def each(body):
            sock.sendall(post(json.dumps(body).encode("utf-8", "replace")))
            clean(read(sock))

        each()


def mutated(draw):
    """A good request with some bytes changed, cut out, put in or repeated."""
    data = bytearray(draw.choice([GOOD, post(chat(stream=True)), get("/search?q=a")]))
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(4):
            case 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del data[at : at + draw.randrange(20)]
            case 2:
                data[at:at] = draw.choice(
                    [b"\r\n", b"\0", b": ", b"\r\n\r\n", b"%", b"\xff" * 10, b"9" * 30]
                )
            case 3:
                data[at:at] = data[at : at + 40]
    return bytes(data)


@pytest.mark.parametrize("count", [400, pytest.param(8_000, marks=SOAK)])
def test_any_bytes_get_a_clean_answer_or_none(llm, count):
    """Sent in random pieces, then closed; no 5xx, and good requests in between are served."""
    draw = random.Random(6)
    with connect(llm) as neighbour:
        for i in range(count):
            data = mutated(draw) if draw.random() < 0.9 else draw.randbytes(draw.randrange(200))
            with connect(llm) as sock:
                for piece in pieces(data, draw):
                    sock.send(piece)
                sock.shutdown(socket.SHUT_WR)
                assert b"HTTP/1.1 5" not in drained(sock)
            if i % 20 == 0:
                neighbour.sendall(GOOD)
                assert read(neighbour)[0] == 200


def pieces(data, draw):
    """The data, cut at random."""
    cuts = sorted(draw.randrange(len(data) + 1) for _ in range(draw.randrange(3)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def drained(sock):
    """What comes until the connection ends."""
    data = b""
    try:
        while part := sock.recv(65_536):
            data += part
    except ConnectionError:
        pass
    return data


def test_split_anywhere_a_request_is_the_same(llm):
    """At each byte of head and body."""
    expected = json.loads(ask(llm, GOOD)[2])["choices"]
    with connect(llm) as sock:
        for at in range(1, len(GOOD)):
            sock.send(GOOD[:at])
            sock.send(GOOD[at:])
            assert json.loads(read(sock)[2])["choices"] == expected


def test_memory_is_flat_and_no_connection_is_left(llm):
    """After hundreds of odd connections the server holds what it held before."""
    process, draw = psutil.Process(llm.pid), random.Random(8)
    odd = [mutated(draw) for _ in range(300)]
    before = len(process.net_connections())
    sizes = []
    for _ in range(3):
        for data in odd:
            with connect(llm) as sock:
                sock.sendall(data)
        llm.reset()
        sizes.append(process.memory_info().rss)
    assert sizes[-1] - sizes[0] < 5e6
    until(lambda: len(process.net_connections()) <= before)
