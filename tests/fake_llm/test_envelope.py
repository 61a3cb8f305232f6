"""How a reply is framed: whole, in pieces, to HEAD, and for HTTP/1.0."""

import io
from http.client import HTTPResponse

import pytest

from helpers.fake_llm.envelope import JSON, Envelope
from helpers.fake_llm.wire import Request


class _Sent(io.BytesIO):
    """Bytes that the standard library's client reads as if they came from a socket."""

    def makefile(self, *_args):
        return self


def read(data, method="GET"):
    """(response, body), as the standard library reads these bytes."""
    response = HTTPResponse(_Sent(data), method=method)
    response.begin()
    return response, response.read()


@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_whole_reply_is_read_back(keep_alive):
    """Status, kind and body arrive, with the job's own lines, and whether the connection stays."""
    request = Request(None, method=b"POST", keep_alive=keep_alive)
    data = Envelope(request, b"x-request-id: req_1\r\n").whole(429, JSON, b'{"a": 1}')
    response, body = read(data)
    assert (response.status, body) == (429, b'{"a": 1}')
    assert response.headers["x-request-id"] == "req_1"
    assert response.will_close != keep_alive


def test_head_gets_the_head_alone():
    """Its length is that of the body that GET would have."""
    response, body = read(
        Envelope(Request(None, method=b"HEAD")).whole(200, JSON, b"12345"), "HEAD"
    )
    assert (response.headers["content-length"], body) == ("5", b"")


@pytest.mark.parametrize("old", [True, False])
def test_pieces_are_read_back(old):
    """In chunks, or to a client of HTTP/1.0, which knows none, until the connection ends."""
    envelope = Envelope(Request(None, method=b"POST", old=old))
    data = envelope.opening(JSON) + envelope.piece(b"one") + envelope.piece(b"two")
    response, body = read(data + envelope.closing)
    assert body == b"onetwo"
    assert response.will_close == old
