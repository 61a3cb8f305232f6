"""HTTP/1.1 for the fake LLM: connections that turn bytes into requests and note when the bytes arrived.

A protocol of our own over httptools (the parser that uvicorn uses): a web framework costs more per request than
the punctuality of a thousand replies at one instant leaves room for; helpers/fake_llm/README.md has the figures.
"""

import asyncio
import os
import socket
import struct
from collections import deque
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

import httptools

HEAD_LIMIT = 64 * 1024
URL_LIMIT = 16 * 1024
BODY_LIMIT = 1024 * 1024
HEADERS_LIMIT = 200
PIPELINE_LIMIT = 8
READ_TIME = 30.0
IDLE_TIME = 600.0
LINGER = 2.0
LINGER_OFF = "hh" if os.name == "nt" else "ii"
JSON = b"application/json"
_REASONS = {
    status.value: b"%d %b" % (status.value, status.phrase.encode()) for status in HTTPStatus
}


class App(Protocol):
    """What a connection needs of its server."""

    connections: set["Connection"]

    def now(self) -> float: ...
    def arrived(self) -> float: ...
    def connected(self, connection: "Connection") -> int: ...
    def receive(self, request: "Request") -> None: ...
    def left(self, request: "Request") -> None: ...


class Request:
    """One request, whole. `broken` is the status of a reply to make instead, with the reason."""

    __slots__ = (
        "arrival",
        "body",
        "broken",
        "connection",
        "headers",
        "job",
        "keep_alive",
        "method",
        "old",
        "url",
    )

    def __init__(self, connection: "Connection"):
        self.connection = connection
        self.method, self.url, self.headers = b"", b"", {}
        self.body: Any = b""
        self.arrival, self.keep_alive, self.old = 0.0, True, False
        self.broken: tuple[int, str] | None = None
        self.job: Any = None

    def split(self) -> tuple[str, dict[str, str]]:
        """The path, and the last value of each query parameter."""
        url = self.url
        if not url.startswith(b"/") and b"://" in url:
            url = b"/" + url.partition(b"://")[2].partition(b"/")[2]
        path, mark, query = url.partition(b"?")
        if not mark:
            return unquote(path.decode("latin-1")), {}
        values = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
        return unquote(path.decode("latin-1")), {name: all[-1] for name, all in values.items()}


class Connection(asyncio.Protocol):
    """One keep-alive connection: requests are answered one at a time, in order."""

    def __init__(self, app: App):
        self.app = app
        self.number = 0
        self.transport: Any = None
        self.parser: Any = None
        self.reading: Request | None = None
        self.head = self.fields = 0
        self.waiting: deque[Request] = deque()
        self.current: Request | None = None
        self.since = 0.0
        self.full = self.done = self.closed = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.number = self.app.connected(self)
        self.since = self.app.arrived()
        self.parser = httptools.HttpRequestParser(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = self.done = True
        self.app.connections.discard(self)
        self.waiting.clear()
        self.parser = self.reading = None
        if self.current is not None:
            request, self.current = self.current, None
            self.app.left(request)

    def data_received(self, data: bytes) -> None:
        if self.done:
            return
        self.since = self.app.arrived()
        if self.reading is None or not self.reading.method:
            self.head += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.done = True
        except httptools.HttpParserError as error:
            self._refuse(400, f"The request is not HTTP: {error}")
        if self.reading is not None and not self.reading.method and self.head > HEAD_LIMIT:
            self._refuse(431, "The request's header is too large.")
        if len(self.waiting) > PIPELINE_LIMIT and not self.done:
            self.transport.pause_reading()

    # What httptools calls while it parses.

    def on_message_begin(self) -> None:
        self.reading = Request(self)
        self.reading.arrival = self.since
        self.fields = 0

    def on_url(self, url: bytes) -> None:
        if self.reading is not None:
            self.reading.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.reading is None:
            return
        self.reading.headers[name.lower()] = value
        self.fields += 1
        if self.fields > HEADERS_LIMIT or len(name) + len(value) > HEAD_LIMIT:
            self._refuse(431, "The request's header is too large.")

    def on_headers_complete(self) -> None:
        request = self.reading
        if request is None:
            return
        request.method = self.parser.get_method()
        request.keep_alive = self.parser.should_keep_alive()
        request.old = self.parser.get_http_version() == "1.0"
        self.head = 0
        if len(request.url) > URL_LIMIT:
            return self._refuse(414, f"The request's address is longer than {URL_LIMIT:,} bytes.")
        if self.parser.should_upgrade():
            return self._refuse(400, "This server does not upgrade connections.")
        length = request.headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > BODY_LIMIT:
            self._too_large()
        elif (
            request.headers.get(b"expect", b"").lower() == b"100-continue" and self.current is None
        ):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        request = self.reading
        if request is None or request.broken:
            return
        if not request.body:
            request.body = body
            return
        if not isinstance(request.body, bytearray):
            request.body = bytearray(request.body)
        request.body += body
        if len(request.body) > BODY_LIMIT:
            self._too_large()

    def on_message_complete(self) -> None:
        request, self.reading = self.reading, None
        if request is None or self.done:
            return
        request.arrival = self.since
        self._take(request)

    def _too_large(self) -> None:
        self._refuse(413, f"The request's body is larger than {BODY_LIMIT:,} bytes.")

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what came so far with an error, and end the connection after it."""
        if self.done:
            return
        self.done = True
        request = self.reading or Request(self)
        self.reading = None
        request.broken, request.keep_alive = (status, reason), False
        request.arrival = self.since
        self._take(request)

    def _take(self, request: Request) -> None:
        if self.current is None and not self.waiting and not self.full:
            self.current = request
            self.app.receive(request)
        else:
            self.waiting.append(request)

    # What the server calls.

    def send(self, data: bytes) -> None:
        """Write to the client, if it is still there."""
        if not self.closed:
            self.transport.write(data)

    def finish(self, keep_alive: bool) -> None:
        """The current request has been answered."""
        self.current = None
        if self.closed:
            return
        if not keep_alive:
            self.linger()
        elif self.waiting:
            self._next()

    def _next(self) -> None:
        if self.waiting and self.current is None and not self.full:
            request = self.current = self.waiting.popleft()
            self.app.arrived()
            request.arrival = self.app.now()
            self.app.receive(request)
            if len(self.waiting) <= PIPELINE_LIMIT:
                self.transport.resume_reading()

    def linger(self) -> None:
        """Close in a way that lets the client read the reply first, though it may still be sending."""
        self._stop()
        try:
            self.transport.write_eof()
        except OSError:
            return self.transport.close()
        self.transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER, self.transport.close)

    def _stop(self) -> None:
        self.done = True
        self.waiting.clear()

    def drop(self) -> None:
        """Close at once, without a word (FIN)."""
        self._stop()
        self.transport.close()

    def reset(self) -> None:
        """Close at once with a reset (RST)."""
        self._stop()
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER_OFF, 1, 0))
        self.transport.abort()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._next()

    def check(self, now: float) -> None:
        """Called now and then: give up on clients that never finish a request, or have long been silent."""
        if self.current is not None or self.done:
            return
        if self.reading is not None and now - self.reading.arrival > READ_TIME:
            self._refuse(408, f"The request was not complete after {READ_TIME:g} s.")
        elif self.reading is None and now - self.since > IDLE_TIME:
            self.drop()


class Envelope:
    """The head and the framing of one reply. `lines` are header lines, each with its CRLF."""

    __slots__ = ("bare", "keep_alive", "lines", "old")

    def __init__(self, request: Request, lines: bytes):
        self.lines, self.keep_alive, self.old = lines, request.keep_alive, request.old
        self.bare = request.method == b"HEAD"

    def whole(self, status: int, kind: bytes, body: bytes) -> bytes:
        """A reply in one piece."""
        close = b"" if self.keep_alive else b"connection: close\r\n"
        return b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n%b" % (
            _REASONS[status], kind, len(body), self.lines, close, b"" if self.bare else body,
        )  # fmt: skip

    def opening(self, kind: bytes) -> bytes:
        """The head of a reply in pieces. HTTP/1.0 has no chunks: there the connection's end ends the reply."""
        framing = b"connection: close" if self.old else b"transfer-encoding: chunked"
        close = b"" if self.keep_alive or self.old else b"connection: close\r\n"
        return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n%b\r\n%b%b\r\n" % (
            kind,
            framing,
            self.lines,
            close,
        )

    def piece(self, data: bytes) -> bytes:
        """One piece."""
        return data if self.old else b"%x\r\n%b\r\n" % (len(data), data)

    @property
    def closing(self) -> bytes:
        """What follows the last piece."""
        return b"" if self.old else b"0\r\n\r\n"
