"""The wire: statuses, framing, and patience; a clean answer whatever is asked."""

import json
import socket

import pytest

from helpers.fake_llm import server as server_module
from helpers.fake_llm import wire
from tests.fake_llm.clients import clean
from tests.fake_llm.inside import Line, served
from tests.fake_llm.raw import ask, chat, connect, get, post, read


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
        (b"GET /me/stats?since=yesterday HTTP/1.1\r\n\r\n", 400),
        (b"GET /me/journal?limit=0 HTTP/1.1\r\n\r\n", 400),
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
        (post(chat()).replace(b"content-type", b"x-type"), 415),
        (post(chat()).replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
        (post(chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
        (post(chat(), lines=b"content-length: 3\r\n"), 400),
        (post(chat(), lines=b"content-type: application/json\r\n"), 400),
        (get("/", lines=b"host: localhost\r\n"), 400),
    ],
)
def test_each_request_has_its_status(llm, data, status):
    """Paths, methods, sizes, types and nonsense."""
    reply = ask(llm, data, data.split()[0].decode())
    assert reply[0] == status
    clean(reply)


def test_a_stream_in_http_1_0_ends_with_its_connection(llm):
    """No chunks, all events."""
    _, headers, body = ask(llm, post(chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert "transfer-encoding" not in headers
    assert body.endswith(b"data: [DONE]\n\n")


def test_chunked_requests_and_expect_continue(llm):
    """A body in chunks; a client that asks before it sends."""
    body = json.dumps(chat()).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n"
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert ask(llm, head + b"transfer-encoding: chunked\r\n\r\n" + chunks)[0] == 200
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
        sock.sendall(post(chat()))
        assert read(sock)[0] == 200


def test_a_half_closed_client_is_answered_where_that_needs_no_waiting(llm):
    """The end of a client's bytes comes after them: by then the reply is on its way."""
    with connect(llm) as sock:
        sock.sendall(post({}))
        sock.shutdown(socket.SHUT_WR)
        assert read(sock)[0] == 400


def test_a_half_closed_client_counts_as_gone(llm):
    """Where its answer has to wait, the end of its bytes means that it left."""
    llm.behave(latency=60)
    with connect(llm) as sock:
        sock.sendall(post(chat()))
        sock.shutdown(socket.SHUT_WR)
        assert llm.settle(seconds=20)
        assert llm.stats()["disconnected"] == 1


# In this process, where the clock's patience can be shortened.


@pytest.fixture
def impatient(monkeypatch):
    """Servers that look often, and give up on clients soon."""
    monkeypatch.setattr(wire, "READ_TIME", 0.05)
    monkeypatch.setattr(wire, "IDLE_TIME", 0.3)
    monkeypatch.setattr(server_module, "SWEEP", 0.01)


def test_a_slow_request_is_given_up(impatient):
    """A client that never finishes its request is told so, and its connection closed."""

    async def scenario(port, server):
        line = await Line.to(port)
        line.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost")
        reply = await line.reader.read()
        line.writer.close()
        return reply

    assert served(scenario).startswith(b"HTTP/1.1 408")


def test_an_idle_connection_is_closed(impatient):
    """Silence for long enough ends it; nothing is left behind."""

    async def scenario(port, server):
        line = await Line.to(port)
        assert await line.reader.read() == b""
        line.writer.close()
        return server.crowd.count

    assert served(scenario) == 0


def test_a_request_that_waits_for_another_arrives_when_it_is_its_turn():
    """Of two sent together on one connection, the second has no latency before the first ends."""

    async def scenario(port, server):
        line = await Line.to(port)
        await line.ask(post(chat()) * 2)
        await line.ask(b"")
        return server.participants.anybody.journal.since()

    first, second = served(scenario, latency=0.05)
    assert second.arrival >= first.end
    assert second.due == second.arrival + 0.05


def test_an_error_in_one_job_leaves_the_others_alone(capsys):
    """It is reported, answered with 500, and the next request is served."""

    async def scenario(port, server):
        line = await Line.to(port)
        library, server.public.services.library = server.public.services.library, None
        broken, *_ = await line.ask(get("/search?q=a"))
        server.public.services.library = library
        whole, *_ = await line.ask(get("/search?q=a"))
        line.writer.close()
        return broken, whole

    assert served(scenario) == (500, 200)
    assert "AttributeError" in capsys.readouterr().err
