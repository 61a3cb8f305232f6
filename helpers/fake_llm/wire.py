"""HTTP/1.1 for the fake LLM: connections that turn bytes into requests and note when they arrived.

It is written by hand, over httptools (the parser that uvicorn uses), for two reasons. A fault may
cut a reply in the middle or reset its connection, and only the transport can do that, which a
framework keeps to itself. And a framework's work is done once for each of a thousand requests at
one instant, before the last of them is answered: of a thousand replies due together, the latest
hundredth was 50 ms late on aiohttp.web and 22 ms on a bare protocol, all other tricks being equal
(README.md beside this file has what it is now).
"""

import asyncio
import os
import socket
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qs, unquote

import httptools

# In bytes: as much as servers usually take of a head and an address; a chat of 250,000 tokens.
HEAD_LIMIT = 64 * 1024
URL_LIMIT = 16 * 1024
BODY_LIMIT = 1024 * 1024
HEADERS_LIMIT = 200
FIELDS_LIMIT = 100
# Requests that a client may send ahead of its replies before we stop reading from it.
PIPELINE_LIMIT = 8
# Seconds in which a request has to be complete; after which a silent connection is closed (longer
# than any client keeps one); in which a client may read the last reply before we close.
READ_TIME = 30.0
IDLE_TIME = 600.0
LINGER = 2.0
# SO_LINGER's struct is two ints, and on Windows two shorts.
LINGER_FORMAT = "hh" if os.name == "nt" else "ii"


class App(Protocol):
    """What a connection needs of its server."""

    connections: set["Connection"]

    def now(self) -> float: ...
    def arrived(self) -> float: ...
    def connected(self, connection: "Connection") -> int: ...
    def receive(self, request: "Request") -> None: ...
    def left(self, request: "Request") -> None: ...


@dataclass(slots=True, eq=False)
class Request:
    """One request, whole.

    arrival: seconds on the server's clock; old: it is HTTP/1.0; broken: status and reason of the
    error to reply with instead; job: what the server has made of it, until that has ended (a
    `jobs.Job`; nothing here looks into it).
    """

    connection: "Connection"
    method: bytes = b""
    url: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes | bytearray = b""
    arrival: float = 0.0
    keep_alive: bool = True
    old: bool = False
    broken: tuple[int, str] | None = None
    job: object | None = None

    def split(self) -> tuple[str, dict[str, str]]:
        """The path, and the last value of each query parameter; ValueError if there is no sense."""
        url = self.url
        if not url.startswith(b"/") and b"://" in url:  # as a client writes it to a proxy
            url = b"/" + url.partition(b"://")[2].partition(b"/")[2]
        path, mark, query = url.partition(b"?")
        name = unquote(path.decode("latin-1"))
        if not mark:
            return name, {}
        text = query.decode("latin-1")
        values = parse_qs(text, keep_blank_values=True, max_num_fields=FIELDS_LIMIT)
        return name, {key: all[-1] for key, all in values.items()}


class Connection(asyncio.Protocol):
    """One keep-alive connection: requests are answered one at a time, in order."""

    transport: asyncio.Transport

    def __init__(self, app: App):
        # Of the connection.
        self.app = app
        self.number = 0
        self.parser: httptools.HttpRequestParser | None = None
        self.heard = 0.0  # when its last bytes were there
        self.full = False  # the client does not read: nothing new is begun
        self.done = False  # nothing more is read
        self.closed = False
        # Of the request that is being read.
        self.reading: Request | None = None
        self.began = 0.0
        self.head_size = 0
        self.header_count = 0
        # Of the requests that have been read: the one that is being answered, and those after it.
        self.current: Request | None = None
        self.waiting: deque[Request] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.number = self.app.connected(self)
        self.heard = self.app.arrived()
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
        self.heard = self.app.arrived()
        in_head = self.reading is None or not self.reading.method
        if in_head:
            self.head_size += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.done = True  # it has been refused, and what follows is in another protocol
        except httptools.HttpParserError as error:
            self._refuse(400, f"The request is not HTTP: {error}")
        if self.reading is not None and not self.reading.method and self.head_size > HEAD_LIMIT:
            self._refuse_head()
        if len(self.waiting) > PIPELINE_LIMIT and not self.done:
            self.transport.pause_reading()

    # What httptools calls while it parses.

    def on_message_begin(self) -> None:
        self.reading = Request(self)
        self.began = self.heard
        self.header_count = 0

    def on_url(self, url: bytes) -> None:
        if self.reading is not None:
            self.reading.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.reading is None:
            return
        self.reading.headers[name.lower()] = value
        self.header_count += 1
        if self.header_count > HEADERS_LIMIT or len(name) + len(value) > HEAD_LIMIT:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        request = self.reading
        if request is None:
            return
        request.method = self.parser.get_method()
        request.keep_alive = self.parser.should_keep_alive()
        request.old = self.parser.get_http_version() == "1.0"
        self.head_size = 0
        if len(request.url) > URL_LIMIT:
            return self._refuse(414, f"The request's address is longer than {URL_LIMIT:,} bytes.")
        if self.parser.should_upgrade():
            return self._refuse(400, "This server does not upgrade connections.")
        length = request.headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > BODY_LIMIT:
            return self._refuse_body()
        expects = request.headers.get(b"expect", b"").lower() == b"100-continue"
        # While another reply is on its way the client gets no word, and sends after a while anyway.
        if expects and self.current is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        request = self.reading
        if request is None or request.broken:
            return
        if not request.body:  # most bodies come in one piece, which need not be copied
            request.body = body
            return
        if not isinstance(request.body, bytearray):
            request.body = bytearray(request.body)
        request.body += body
        if len(request.body) > BODY_LIMIT:
            self._refuse_body()

    def on_message_complete(self) -> None:
        request, self.reading = self.reading, None
        if request is not None and not self.done:
            self._take(request)

    def _refuse_head(self) -> None:
        self._refuse(431, "The request's header is too large.")

    def _refuse_body(self) -> None:
        self._refuse(413, f"The request's body is larger than {BODY_LIMIT:,} bytes.")

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what came so far with an error, and end the connection after it."""
        if self.done:
            return
        self.done = True
        request = self.reading or Request(self)
        self.reading = None
        request.broken = (status, reason)
        request.keep_alive = False
        self._take(request)

    def _take(self, request: Request) -> None:
        """A request is whole, or refused: it is handled now, or after those before it."""
        # It arrives with its last bytes. What waits arrives once more in `_next`, when it is its
        # turn: on one connection a client without pipelining would not have sent it before.
        request.arrival = self.heard
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
        """Close in a way that lets the client read the reply first, though it may still send.

        Closed at once, its unread bytes would make the system send a reset, which overtakes the
        reply.
        """
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
            # Lingering for 0 seconds is how a socket is told to send a reset when it is closed.
            at_once = struct.pack(LINGER_FORMAT, 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.transport.abort()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._next()

    def check(self, now: float) -> None:
        """Called now and then: give up on clients that never finish a request, or fell silent."""
        if self.current is not None or self.done:
            return
        if self.reading is None:
            if now - self.heard > IDLE_TIME:
                self.drop()
        elif now - self.began > READ_TIME:
            self._refuse(408, f"The request was not complete after {READ_TIME:g} s.")
