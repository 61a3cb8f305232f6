"""What an attacker needs: requests made by hand, and the control door."""

import json
import selectors
import socket
import time
from contextlib import ExitStack

from tests.fake_llm.clients import clean
from tests.fake_llm.raw import PATIENCE, ControlDoor, ask, bearer, chat, connect, post

# Lines of a head, each with its end.
CHAT = b"POST /v1/chat/completions HTTP/1.1\r\n"
JSON = b"content-type: application/json\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
BODY = json.dumps(chat()).encode()
LENGTH = b"content-length: %d\r\n" % len(BODY)
CHUNKS = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)  # and then trailers, or none


def head(first: bytes, *lines: bytes, host: bytes | None = b"localhost") -> bytes:
    """A request's head with these lines; None is no Host at all."""
    named = b"" if host is None else b"host: %b\r\n" % host
    return first + named + b"".join(lines) + b"\r\n"


def control_request(method: str, path: str, *lines: bytes, body: object = None) -> bytes:
    """A request at the control door; without its secret, if that is not in one of the lines."""
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    first = f"{method} {path} HTTP/1.1\r\n".encode()
    return head(first, *lines, JSON, b"content-length: %d\r\n" % len(raw)) + raw


def steer(llm, method: str, path: str, body: object = None):
    """(status, headers, body) of a request at the control door, with its secret."""
    door = ControlDoor(llm)
    return ask(door, control_request(method, path, door.key, body=body), method)


def asked_by(client, text: str = "Say something.", lines: bytes = b"", **body):
    """(status, headers, body) of the reply to a question of a client that has a key."""
    return ask(client, post(chat(text, **body), lines=bearer(client.api_key) + lines))


def status_of(where, data: bytes) -> int | None:
    """The status of a clean reply; None where the connection is closed without a word."""
    reply = ask(where, data, data.split()[0].decode())
    if reply is None:
        return None
    clean(reply)
    return reply[0]


def drained(sock: socket.socket) -> bytes:
    """What comes until the connection ends."""
    data = b""
    try:
        while part := sock.recv(65_536):
            data += part
    except ConnectionError:
        pass
    return data


def readable(sock: socket.socket) -> bool:
    """Whether something has come by now."""
    sock.setblocking(False)
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(PATIENCE)


def flood(llm, data: bytes, connections: int, seconds: float) -> None:
    """Send these bytes on so many connections at once, as fast as they go, and read all replies.

    A connection that the server closes is not opened again.
    """
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        left = {}
        for _ in range(connections):
            sock = stack.enter_context(connect(llm))
            sock.setblocking(False)
            left[sock] = memoryview(data)
            selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        end = time.monotonic() + seconds
        while left and (rest := end - time.monotonic()) > 0:
            for key, events in selector.select(rest):
                sock = key.fileobj
                try:
                    if events & selectors.EVENT_WRITE:
                        left[sock] = left[sock][sock.send(left[sock]) :]
                        if not left[sock]:
                            selector.modify(sock, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ and not sock.recv(65_536):
                        raise ConnectionError
                except ConnectionError:
                    selector.unregister(sock)
                    del left[sock]
