"""What one client may send, and that it changes nothing for the others.

A row each for what froze, filled or ended the first edition, and for what might have.
"""

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from types import SimpleNamespace

import psutil
import pytest

from helpers import FakeLLM
from helpers.fake_llm import server as server_module
from helpers.fake_llm.crowd import MOST_BYTES
from helpers.process import own_environment
from tests.fake_llm.attack import (
    BODY,
    CHAT,
    CHUNKED,
    CHUNKS,
    JSON,
    LENGTH,
    drained,
    head,
)
from tests.fake_llm.bombs import BOMBS, SIZE, body, raw, tool
from tests.fake_llm.clients import clean, until
from tests.fake_llm.conftest import QUICK
from tests.fake_llm.inside import Clock, Line, served
from tests.fake_llm.neighbour import MOST_MEMORY, neighbour
from tests.fake_llm.raw import ask, chat, connect, get, post, read

SOAK = pytest.mark.soak
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits of open files are POSIX's")


@pytest.fixture(scope="module")
def beside(shared):
    """A neighbour of whoever attacks the module's server."""
    with neighbour(shared) as client:
        yield client


# One request.


def requests_with(bomb):
    """A bomb as it is; and streamed with as many choices as there can be, where that has room."""
    yield post(bomb)
    more = b'{"stream":true,"n":128,' + bomb[1:]
    if bomb.startswith(b"{") and len(more) <= SIZE:
        yield post(more)


# What is read once for a question is read again for each tool, and each part of its schema.
PARTS = {f"p{i}": {"properties": {"city": {}, "expression": {}}} for i in range(160)}
OFFERS = {
    "sums": [tool(f"sum{i}", {"properties": {"expression": {}}}) for i in range(128)],
    "places": [tool(f"place{i}", {"properties": {"city": {}}}) for i in range(128)],
    "parts": [tool("f", {"properties": PARTS})],
    "texts": [tool(f"get_{i}", {"properties": dict.fromkeys(PARTS, {})}) for i in range(128)],
}
BAITS = {
    "digits": "1" * 1_990,
    "thousands": "1" + ",111" * 490,
    "spaces": "1" + " " * 1_980 + "!",
    "parentheses": "(" * 1_990,
    "signs": "1-" * 990 + "!",
    "percents": "1 % o " * 330,
    "capitals": "weather in " + "Aa" * 980,
    "words": "weather " + "in Aa " * 330,
    "different words": "weather in " + " in ".join(f"A{i:b}" for i in range(140)),
    "quotes": "get f " + "“" * 1_980,
    "names": "get sum place f " * 120,
}
BAITED = {
    f"{bait} for {offer}": partial(raw, body(BAITS[bait], tools=OFFERS[offer], tool_choice=choice))
    for bait in BAITS
    for offer, choice in zip(OFFERS, ["auto", "auto", "required", "auto"])
}


@pytest.mark.parametrize("name", [*BOMBS, *BAITED])
def test_no_body_makes_a_neighbour_wait(llm, beside, name):
    """Each is within the limit of the wire, and gets a clean answer at once."""
    bombs = list(requests_with((BOMBS | BAITED)[name]()))

    def attack():
        for bomb in bombs:
            clean(ask(llm, bomb))

    beside.bears(attack)


def numbered(field, digits):
    """A body with a number that no JSON writer would write."""
    return post(json.dumps(chat())[:-1].encode() + b',"%b":%b}' % (field, digits))


NINES = b"9" * 900_000
ZEROS = b"0" * 5_000
# Numbers of any length, wherever a number is read; and what else fits into one request.
REQUESTS = {
    "limit": get("/search?q=a&limit=" + "0" * 5_000 + "1999"),
    "limit within nine digits": get("/search?q=a&limit=000001999"),
    "limit in other digits": get("/search?q=a&limit=%D9%A3"),
    "since": get("/me/journal?since=" + "9" * 15_000),
    "since zeros": get("/me/stats?since=" + "0" * 15_000),
    "since with a sign": get("/me/journal?since=-1&limit=-1"),
    "journal limit": get("/me/journal?limit=" + "9" * 15_000),
    "seed": numbered(b"seed", NINES),
    "n": numbered(b"n", NINES),
    "n with a point": numbered(b"n", b"1." + NINES),
    "temperature": numbered(b"temperature", b"0." + NINES),
    "exponent": numbered(b"temperature", b"1e-" + NINES),
    "large exponent": numbered(b"temperature", b"1e" + NINES),
    "minus": numbered(b"max_tokens", b"-" + NINES),
    "infinite": numbered(b"top_p", b"1e999"),
    "a number as the body": post(NINES),
    "content-length": head(CHAT, JSON, b"content-length: " + ZEROS + LENGTH[16:]) + BODY,
    "huge content-length": head(CHAT, JSON, b"content-length: " + b"9" * 6_000 + b"\r\n") + BODY,
    "negative content-length": head(CHAT, JSON, b"content-length: -5\r\n") + BODY,
    "chunk's length": head(CHAT, JSON, CHUNKED) + ZEROS + CHUNKS + b"\r\n",
    "huge chunk": head(CHAT, JSON, CHUNKED) + b"f" * 200 + b"\r\n",
    "retry count": post(chat(), lines=b"x-stainless-retry-count: " + b"9" * 20_000 + b"\r\n"),
    "port": head(b"GET /v1/models HTTP/1.1\r\n", host=b"localhost:" + b"9" * 9_000),
    "version": b"GET / HTTP/" + b"1" * 9_000 + b"\r\nhost: localhost\r\n\r\n",
    # The rest.
    "one byte in each chunk": head(CHAT, JSON, CHUNKED)
    + b"".join(b"1\r\n%c\r\n" % byte for byte in json.dumps(chat("a" * 900_000)).encode())
    + b"0\r\n\r\n",
    "chunks with extensions": head(CHAT, JSON, CHUNKED)
    + b"".join(b"1;%b\r\n%c\r\n" % (b"x" * 500, byte) for byte in json.dumps(chat()).encode())
    + b"0\r\n\r\n",
    "a tag of markup": post(chat(), lines=b"x-tag: " + b"[/x]" * 15_000 + b"\r\n"),
    "a tag of controls": post(chat(), lines=b"x-tag: \x1b]0;\x07\x9b2J\xff\r\n"),
    "many headers": post(
        chat(), lines=b"".join(b"h%d: %b\r\n" % (i, b"v" * 300) for i in range(190))
    ),
    "too many headers": post(chat(), lines=b"a: b\r\n" * 9_000),
    "many words": get("/search?q=" + "ab+" * 5_000),
    "many fields": get("/search?" + "q=a&" * 4_000),
    "search in its own language": get("/search?q=%22*%00NEAR(OR)%FF" + "%22" * 4_000),
    "a model's address": get("/v1/models/" + "%F0" * 5_000),
    "a city": get("/weather?city=" + "%00" * 5_000),
    "a note": post(b'{"text":"' + b"\\u0000" * 170_000 + b'"}', "/notes"),
    "a deep note": post(b'{"text":' + b"[" * 1_000_000, "/notes"),
    "percents": get("/" + "%" * 16_000),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_makes_a_neighbour_wait(llm, beside, name):
    """Numbers of any length in body, head and address; odd framing; every service."""
    beside.bears(lambda: clean(ask(llm, REQUESTS[name])))


# How a request begins, and what of it never ends.
ENDLESS = {
    "a method": (b"", b"A"),
    "empty lines": (b"", b"\r\n"),
    "an address": (b"GET /", b"a"),
    "a header": (CHAT + b"x: ", b"a"),
    "a header's name": (CHAT, b"a"),
    "a chunk's length": (head(CHAT, JSON, CHUNKED), b"0"),
    "a chunk's extension": (head(CHAT, JSON, CHUNKED) + b"1;", b"a"),
    "chunks": (head(CHAT, JSON, CHUNKED), b"1\r\na\r\n"),
    "a trailer": (head(CHAT, JSON, CHUNKED) + CHUNKS + b"x: ", b"a"),
    "a trailer's name": (head(CHAT, JSON, CHUNKED) + CHUNKS, b"a"),
    "trailers": (head(CHAT, JSON, CHUNKED) + CHUNKS, b"a: b\r\n"),
    "what was refused": (head(CHAT, JSON, b"content-length: 9999999999\r\n"), b"a"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_request_without_an_end_takes_no_room(llm, beside, name):
    """Two hundred megabytes of it, or as much as the server reads."""
    start, piece = ENDLESS[name]
    million = piece * (1_000_000 // len(piece))

    def attack():
        with connect(llm) as sock:
            try:
                sock.sendall(start)
                for _ in range(200):
                    sock.sendall(million)
            except OSError:  # refused, or no longer read
                pass

    beside.bears(attack)


def test_megabytes_in_a_row_are_answered_in_turn(llm, beside):
    """Eight requests of a megabyte on one connection, before the first reply is read."""
    large = chat("a" * 1_000_000)
    data = post(large) * 7 + post(large, lines=b"connection: close\r\n")

    def attack():
        with connect(llm) as sock:
            sock.sendall(data)
            assert drained(sock).count(b"HTTP/1.1 200 OK\r\n") == 8

    beside.bears(attack)


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=SOAK)])
def test_bodies_that_never_end_have_a_bound_together(llm, beside, count):
    """Each is a byte short of a megabyte; what is kept of all is bounded, and others are served."""
    part = post(chat("a" * 1_000_000))[:-1]
    process = psutil.Process(llm.pid)
    before = process.memory_info().rss
    beside.seen()
    with ExitStack() as stack:
        for _ in range(count):
            try:
                stack.enter_context(connect(llm)).sendall(part)
            except ConnectionError:  # there is no room for it
                pass
        assert beside.seen().grown < 2 * MOST_BYTES
    until(lambda: process.memory_info().rss - before < MOST_MEMORY)


ENDED = {
    "a good one": post(chat(max_tokens=1)),
    "no such address": get("/nothing"),
    "a wrong method": get("/notes"),
    "a wrong type": head(CHAT, b"content-type: text/plain\r\n", LENGTH) + BODY,
    "another host": head(CHAT, JSON, LENGTH, host=b"evil.example") + BODY,
    "a wrong body": post({}),
    "a wrong query": get("/search?limit=0"),
    "no JSON": post(b"{"),
    "own numbers": get("/me/journal?limit=1"),
    "wrong numbers": get("/me/journal?limit=0"),
}


@pytest.mark.parametrize("name", ENDED)
def test_what_has_ended_is_freed_at_once(name):
    """It is in no circle of references: to find those, the server would have to stand still."""

    async def scenario(port, server):
        line = await Line.to(port)
        await line.ask(ENDED[name])
        gc.collect()
        gc.disable()
        for _ in range(50):
            await line.ask(ENDED[name])
        line.writer.close()
        return gc.collect()

    try:
        assert served(scenario, latency=0.0) < 50
    finally:
        gc.enable()


# Clients that do not read, or never finish.


@pytest.fixture
def patient(monkeypatch):
    """A clock that can be moved, and servers that look at their connections often."""
    monkeypatch.setattr(server_module, "SWEEP", 0.01)
    return Clock(monkeypatch)


async def gone(line):
    """Wait until the server has closed this connection."""
    try:
        while await line.reader.read(65_536):
            pass
    except ConnectionError:
        pass
    line.writer.close()


async def small_line(port):
    """A client's connection whose system keeps next to nothing for it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    # With a limit of one byte the stream stops reading at once: nobody takes what comes.
    return Line(*await asyncio.open_connection(sock=sock, limit=1))


# Each is answered with more than the system keeps of what a client does not read: 4 MB on Linux.
MUCH = {
    "a stream": post(chat("In 1000 words.", stream=True, n=32)),
    "plain replies": post(chat("In 1000 words.", n=32)) * 60,
    "models": get("/v1/models") * 12_000,
    "errors": get("/nothing") * 20_000,
    "own numbers": get("/me/behaviour") * 8_000,
}


@pytest.mark.parametrize("name", MUCH)
def test_a_reader_that_does_not_read_is_dropped(patient, name):
    """Whatever it has asked for; until then little is kept for it, and others are served."""

    async def scenario(port, server):
        line, beside = await small_line(port), await Line.to(port)
        line.writer.write(MUCH[name])
        kept = []
        while not is_stuck(server):
            assert (await beside.ask(post(chat(max_tokens=1))))[0] == 200
            kept.append(server.crowd.weight)
        patient.pass_by(120)
        while len(connections(server)) > 1:
            await asyncio.sleep(0.001)
            kept.append(server.crowd.weight)
        assert (await beside.ask(post(chat(max_tokens=1))))[0] == 200
        beside.writer.close()
        line.writer.transport.abort()
        return max(kept), server.crowd.weight

    most, left = served(lambda *server: asyncio.wait_for(scenario(*server), 20), latency=0.0)
    assert most < MOST_KEPT
    assert left == 0


MOST_KEPT = 2 * 2**20
"""Bytes for one client: the largest request, and what it has not read of replies."""


def is_stuck(server):
    """Whether a client of this server has been seen not to read."""
    return any(c.unread_since is not None for c in connections(server))


def connections(server):
    """The connections that a server in this process has."""
    return list(server.crowd)


async def drip(line, data):
    """Read one reply a few bytes at a time."""
    line.writer.write(data)
    got = b""
    while not got.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"):
        part = await line.reader.read(512)
        assert part
        got += part
        await asyncio.sleep(0)
    return got


def test_a_slow_reader_gets_all(patient):
    """As long as it reads, a stream goes on to its end, and a neighbour is served meanwhile."""

    async def scenario(port, server):
        line, beside = await small_line(port), await Line.to(port)
        reading = asyncio.ensure_future(drip(line, post(chat("In 300 words.", stream=True, n=4))))
        served_beside = 0
        while not reading.done():
            assert (await beside.ask(post(chat(max_tokens=1))))[0] == 200
            served_beside += 1
        beside.writer.close()
        line.writer.close()
        return await reading, served_beside

    got, beside = served(scenario, latency=0.0)
    assert got.count(b'"finish_reason":"stop"') == 4
    assert beside > 10


UNFINISHED = {
    "nothing": b"",
    "half a line": b"POST /v1/ch",
    "half a head": CHAT + b"host: localh",
    "half a body": head(CHAT, JSON, LENGTH) + BODY[:9],
    "half a chunk": head(CHAT, JSON, CHUNKED) + b"ff\r\n{",
    "half a chunk of all there can be": head(CHAT, JSON, CHUNKED) + b"fffffffffffffff\r\n" + BODY,
    "no last chunk": head(CHAT, JSON, CHUNKED) + CHUNKS[:-3],
    "half a trailer": head(CHAT, JSON, CHUNKED) + CHUNKS + b"x-tr",
    "a refused one": head(CHAT, b"content-type: text/plain\r\n", LENGTH) + BODY[:9],
    "no body for a continue": head(CHAT, JSON, LENGTH, b"expect: 100-continue\r\n"),
    "half a request after a whole one": post(chat()) + CHAT,
}


@pytest.mark.parametrize("name", UNFINISHED)
def test_a_client_that_never_finishes_is_dropped(patient, name):
    """Wherever it stops; nothing of it is left behind."""

    async def scenario(port, server):
        line = await Line.to(port)
        line.writer.write(UNFINISHED[name])
        await line.writer.drain()
        while not connections(server):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        patient.pass_by(1_000)
        await asyncio.wait_for(gone(line), 10)
        for _ in range(200):
            if not connections(server):
                break
            await asyncio.sleep(0.01)
        return connections(server)

    assert not served(scenario, latency=0.0)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_closes_its_half_leaves_nothing(llm, stream):
    """It gets its reply or counts as gone; its connection ends either way."""
    before = len(psutil.Process(llm.pid).net_connections())
    for _ in range(50):
        with connect(llm) as sock:
            sock.sendall(post(chat(stream=stream)))
            sock.shutdown(socket.SHUT_WR)
            drained(sock)
    assert llm.settle(seconds=20)
    until(lambda: len(psutil.Process(llm.pid).net_connections()) <= before)


# Crowds.


FEW = 128
"""Files that the server may open, of which it needs some itself."""


@contextmanager
def cramped():
    """A server that may open few files, and its process."""
    script = (
        "import resource, runpy, sys\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({FEW}, {FEW}))\n"
        "sys.argv = ['fake_llm', '--latency', '0']\n"
        "runpy.run_module('helpers.fake_llm', run_name='__main__', alter_sys=True)\n"
    )
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, **pipes, env=own_environment()) as process:
        hello = json.loads(process.stdout.readline())
        try:
            yield (
                SimpleNamespace(url=hello["base_url"].removesuffix("/v1"), pid=process.pid),
                process,
            )
        finally:
            process.terminate()


def serves_on(llm, count):
    """Assert that beside so many idle connections a client is served, and the server has rest."""
    process = psutil.Process(llm.pid)
    with connect(llm) as client, ExitStack() as stack:
        for i in range(count):
            stack.enter_context(connect(llm))
            if i % 10 == 0:
                assert again(client) == 200
        start, used = time.monotonic(), sum(process.cpu_times()[:2])
        while time.monotonic() < start + 1.0:
            assert again(client) == 200
            time.sleep(0.05)
        assert sum(process.cpu_times()[:2]) - used < 0.5
    with neighbour(llm):  # there is room again
        pass


def again(sock):
    """The status of one more reply on this connection."""
    sock.sendall(post(chat(max_tokens=1)))
    return read(sock)[0]


@POSIX
def test_more_connections_than_files_are_borne():
    """A server that knows how few files it may open closes what has been silent longest."""
    with cramped() as (llm, process):
        serves_on(llm, 300)
        process.terminate()
        _, said = process.communicate()
    assert said.count(b"\n") <= 2, said.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limit is set on Linux")
def test_files_that_are_used_up_are_borne(capfd):
    """One that can suddenly open no more does not accept, says so once, and goes on later."""
    import resource

    with FakeLLM(**QUICK) as llm:
        few = psutil.Process(llm.pid).num_fds() + 20
        resource.prlimit(llm.pid, resource.RLIMIT_NOFILE, (few, few))
        serves_on(llm, 300)
    said = capfd.readouterr().err
    assert said.count("\n") == 1, said
