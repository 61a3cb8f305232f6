"""The wire: whatever bytes arrive, a clean answer or a closed connection, and the others are served."""

import asyncio
import json
import random
import socket

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import FakeLLM
from helpers.fake_llm import server as server_module
from helpers.fake_llm import wire
from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.server import Server
from tests.fake_llm.raw import ask, chat, connect, post, read

SOAK = pytest.mark.soak
GOOD = post(chat("What is 6 * 7?", max_tokens=5))
FIELDS = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "response_format",
    "stream",
    "stream_options",
    "n",
    "stop",
]
FIELDS += [
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "seed",
    "parallel_tool_calls",
    "logprobs",
    "role",
]
FIELDS += [
    "content",
    "type",
    "function",
    "name",
    "parameters",
    "properties",
    "required",
    "enum",
    "items",
    "$ref",
]
FIELDS += [
    "tool_calls",
    "tool_call_id",
    "id",
    "arguments",
    "text",
    "json_schema",
    "schema",
    "include_usage",
]
WORDS = [
    "user",
    "assistant",
    "tool",
    "system",
    "function",
    "object",
    "string",
    "integer",
    "array",
    "auto",
    "required",
]
WORDS += [
    "get_weather",
    "city",
    "text",
    "json_schema",
    "json_object",
    "#",
    "#/properties",
    "weather in Paris?",
    "2 * 3",
]


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.0, search_latency=0.0, weather_latency=0.0, save_latency=0.0) as server:
        yield server


def clean(reply):
    """2xx, or a 4xx in OpenAI's shape."""
    assert reply is not None
    status, _, body = reply
    if 200 <= status < 300:
        return True
    assert 400 <= status < 500, body
    assert {"message", "type", "param", "code"} == json.loads(body)["error"].keys()
    return True


# Exact cases.


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /v1/nothing HTTP/1.1\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\n\r\n", 200),
        (b"GET http://elsewhere/v1/models HTTP/1.1\r\n\r\n", 200),
        (b"PUT /v1/chat/completions HTTP/1.1\r\n\r\n", 405),
        (b"GET /v1/chat/completions HTTP/1.1\r\n\r\n", 405),
        (b"GET /../../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"GET /search?q=semaphore&limit=0 HTTP/1.1\r\n\r\n", 400),
        (b"GET /search HTTP/1.1\r\n\r\n", 400),
        (b"GET /weather?city=Atlantis HTTP/1.1\r\n\r\n", 404),
        (b"GET /search?q=%00%ff%22*( HTTP/1.1\r\n\r\n", 200),
        (b"GET /stats?since=yesterday HTTP/1.1\r\n\r\n", 400),
        (b"GET /%zz?%= HTTP/1.1\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\na: " + b"b" * 100_000, 431),
        (b"GET /" + b"a" * 50_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", 400),
        (b"POST /notes HTTP/1.1\r\ncontent-length: 2000000\r\n\r\n", 413),
        (post(b"[" * 2_000_000), 413),
        (post(b"[" * 1_000_000), 400),
        (post({"text": "kept"}, "/notes"), 200),
        (post({"text": 7}, "/notes"), 400),
        (post(chat()).replace(b"application/json", b"text/plain"), 415),
        (post(chat()).replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
        (post(chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
        (post(chat(), lines=b"content-length: 3\r\n"), 400),
    ],
)
def test_each_request_has_its_status(llm, data, status):
    """Paths, methods, sizes, types and nonsense."""
    reply = ask(llm, data, data.split()[0].decode())
    assert reply[0] == status
    assert clean(reply)


def test_a_stream_in_http_1_0_ends_with_its_connection(llm):
    """No chunks, all events."""
    _, headers, body = ask(llm, post(chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert "transfer-encoding" not in headers
    assert body.endswith(b"data: [DONE]\n\n")


def test_chunked_requests_and_expect_continue(llm):
    """A body in chunks; a client that asks before it sends."""
    body = json.dumps(chat()).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n"
    assert (
        ask(
            llm,
            head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        )[0]
        == 200
    )
    with connect(llm) as sock:
        sock.sendall(head + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body))
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert read(sock)[0] == 200


def test_pipelined_requests_are_answered_in_order(llm):
    """A hundred at once on one connection."""
    with connect(llm) as sock:
        sock.sendall(b"".join(post(chat(max_tokens=i)) for i in range(1, 101)))
        replies = sock.makefile("rb")
        for i in range(1, 101):
            length = 0
            while (line := replies.readline()) != b"\r\n":
                length = int(line[15:]) if line.startswith(b"content-length") else length
            assert json.loads(replies.read(length))["usage"]["completion_tokens"] == i


def test_a_head_request_has_no_body(llm):
    """Or the next reply on the connection would be misread."""
    with connect(llm) as sock:
        sock.sendall(b"HEAD /v1/models HTTP/1.1\r\n\r\n")
        assert read(sock, "HEAD")[0] == 405
        sock.sendall(GOOD)
        assert read(sock)[0] == 200


def test_a_half_closed_client_is_answered_at_once_or_counted_as_gone(llm):
    """The end of a client's bytes means that it left; what needs no waiting is answered before."""
    with connect(llm) as sock:
        sock.sendall(post({}))
        sock.shutdown(socket.SHUT_WR)
        reply = read(sock)
        assert reply is None or reply[0] == 400


# Fuzz.

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
    st.fixed_dictionaries({"role": st.sampled_from(WORDS[:4]), "content": SCALARS | VALUES}),
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
            assert clean(read(sock))

        each()


def mutated(draw):
    """A good request with some bytes changed, cut out, put in or repeated."""
    data = bytearray(
        draw.choice([GOOD, post(chat(stream=True)), b"GET /search?q=a HTTP/1.1\r\nhost: x\r\n\r\n"])
    )
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


def test_memory_is_flat_and_no_descriptor_is_left(llm):
    """After thousands of odd connections the server holds what it held before."""
    process, draw = psutil.Process(llm.pid), random.Random(8)
    odd = [mutated(draw) for _ in range(300)]
    sizes = []
    for _ in range(3):
        for data in odd:
            with connect(llm) as sock:
                sock.sendall(data)
        llm.reset()
        sizes.append(process.memory_info().rss)
    assert sizes[-1] - sizes[0] < 5e6
    ask(llm, GOOD)
    with connect(llm):
        assert len(process.net_connections()) < 1_000


# In this process, where the clock's patience can be shortened.


def served(scenario, monkeypatch, **behaviour):
    """Run a server and a scenario(port, server) on one loop, with little patience."""
    monkeypatch.setattr(wire, "READ_TIME", 0.05)
    monkeypatch.setattr(wire, "IDLE_TIME", 0.3)
    monkeypatch.setattr(server_module, "SWEEP", 0.01)

    async def main():
        server = Server(Behaviour(**behaviour))
        return await scenario(await server.start("127.0.0.1", 0), server)

    return asyncio.run(main())


def test_a_slow_request_is_given_up(monkeypatch):
    """A client that never finishes its request is told so, and its connection closed."""

    async def scenario(port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost")
        reply = await reader.read()
        writer.close()
        return reply

    assert served(scenario, monkeypatch).startswith(b"HTTP/1.1 408")


def test_an_idle_connection_is_closed(monkeypatch):
    """Silence for long enough ends it; nothing is left behind."""

    async def scenario(port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        return server.connections

    assert not served(scenario, monkeypatch)


def test_an_error_in_one_job_leaves_the_others_alone(monkeypatch, capsys):
    """It is reported, answered with 500, and the next request is served."""

    async def scenario(port, server):
        good, server.services.library.search = server.services.library.search, None
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses = []
        for search in (None, good):
            server.services.library.search = search
            writer.write(b"GET /search?q=a HTTP/1.1\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            statuses.append(head[9:12])
        writer.close()
        return statuses

    assert served(scenario, monkeypatch) == [b"500", b"200"]
    assert "TypeError" in capsys.readouterr().err
