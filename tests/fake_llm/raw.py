"""A client that sends just the bytes it is given, and reads with the standard library."""

import json
import socket
from http.client import HTTPResponse
from urllib.parse import urlsplit

PATIENCE = 20.0


def chat(text="Say something.", **body):
    """The body of a chat completion's request."""
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **body}


def post(body, path="/v1/chat/completions", lines=b""):
    """A POST request as bytes; `body` is an object or bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = b"POST %b HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    head %= path.encode()
    return head + lines + b"content-length: %d\r\n\r\n%b" % (len(raw), raw)


def get(path, lines=b""):
    """A GET request as bytes."""
    return b"GET %b HTTP/1.1\r\nhost: localhost\r\n%b\r\n" % (path.encode(), lines)


def bearer(key):
    """The header line that shows a key."""
    return b"authorization: Bearer %b\r\n" % key.encode()


def put(body, path, lines=b""):
    """A PUT request as bytes; `body` is an object or bytes."""
    return post(body, path, lines).replace(b"POST", b"PUT", 1)


class ControlDoor:
    """The control door of a fake LLM, for `connect` and `ask`; `key` is the line that opens it."""

    def __init__(self, llm):
        self.url = llm._control_url
        self.key = bearer(llm._secret)


def connect(llm):
    """A new connection to whatever has a `url`."""
    where = urlsplit(llm.url)
    sock = socket.create_connection((where.hostname, where.port), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read(sock, method="POST"):
    """(status, headers, body) of the next reply on a connection; None if the connection ends."""
    reply = HTTPResponse(sock, method=method)
    try:
        reply.begin()
        return reply.status, reply.headers, reply.read()
    except (ConnectionError, ValueError):
        return None


def ask(llm, data, method="POST"):
    """Send these bytes on a new connection and read one reply."""
    with connect(llm) as sock:
        sock.sendall(data)
        return read(sock, method)
