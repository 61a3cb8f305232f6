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

from helpers.fake_llm.crowd import Crowd, Group
from helpers.fake_llm.errors import SORRY, ApiError
from helpers.fake_llm.visible import print_error

# In bytes: as much as servers usually take of a head and an address; a chat of 250,000 tokens.
HEAD_LIMIT = 64 * 1024
URL_LIMIT = 16 * 1024
BODY_LIMIT = 1024 * 1024
HEADERS_LIMIT = 200
FIELDS_LIMIT = 100
# Requests that a client may send ahead of its replies before we stop reading from it.
PIPELINE_LIMIT = 8
# Bytes that are parsed before that is looked at: one read can hold thousands of requests.
PIECE = 8_192
# Seconds in which a request has to be complete; in which what is ready has to be read; after which
# a silent connection is closed (longer than any client keeps one), and one that has never shown a
# key; in which a client may read the last reply before we close.
READ_TIME = 30.0
READER_TIME = 30.0
IDLE_TIME = 600.0
STRANGER_TIME = 30.0
LINGER = 2.0
# Bytes that a connection may have kept for it before the crowd is told: ordinary requests and
# replies have no more, and most need not be weighed.
LIGHT = 4_096
# Headers that say who asks, for what, and where a request ends: of two that differ, one party may
# believe the first and another the second.
SINGLE = frozenset(
    (b"authorization", b"content-length", b"content-type", b"host", b"origin", b"transfer-encoding")
)
# SO_LINGER's struct is two ints, and on Windows two shorts.
LINGER_FORMAT = "hh" if os.name == "nt" else "ii"


class App(Protocol):
    """What a connection needs of its server. (What it does with a request is its door's matter.)"""

    crowd: Crowd["Connection"]

    def now(self) -> float: ...
    def arrived(self) -> float: ...
    def connected(self, connection: "Connection") -> int: ...
    def receive(self, request: "Request") -> None: ...
    def left(self, request: "Request") -> None: ...
    def writable(self, request: "Request") -> None: ...


class Door(Protocol):
    """Where a connection has come in: which addresses there are, and who may use them."""

    def let_in(self, request: "Request") -> None:
        """Note who sends this, when its head is there; ApiError keeps it out."""


@dataclass(slots=True, eq=False)
class Request:
    """One request, whole.

    path, query: of its address, with the last value of each parameter. arrival: seconds on the
    server's clock. old: it is HTTP/1.0. refusal: the error to reply with instead, and its body is
    not kept. participant: who has sent it, None while that is not known (a
    `participants.Participant`). route: what its door has behind this address. job: what the server
    has made of it, until that has ended (a `jobs.Job`). Nothing here looks into these.
    """

    connection: "Connection"
    method: bytes = b""
    url: bytes = b""
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes | bytearray = b""
    arrival: float = 0.0
    keep_alive: bool = True
    old: bool = False
    refusal: ApiError | None = None
    participant: object | None = None
    route: object | None = None
    job: object | None = None

    def read_address(self) -> None:
        """Take path and query out of the URL; ValueError where it makes no sense."""
        url = self.url
        if not url.startswith(b"/") and b"://" in url:  # as a client writes it to a proxy
            url = b"/" + url.partition(b"://")[2].partition(b"/")[2]
        path, mark, query = url.partition(b"?")
        self.path = unquote(path.decode("latin-1"))
        if mark:
            text = query.decode("latin-1")
            values = parse_qs(text, keep_blank_values=True, max_num_fields=FIELDS_LIMIT)
            self.query = {key: all[-1] for key, all in values.items()}


class Connection(asyncio.Protocol):
    """One keep-alive connection: requests are answered one at a time, in order."""

    transport: asyncio.Transport

    def __init__(self, app: App, door: Door):
        # Of the connection.
        self.app = app
        self.door = door
        self.group = Group()  # whose it is, as far as that is known
        self.number = 0
        self.weight = 0  # bytes that are kept for it, as far as the crowd has been told
        self.reply_weight = 0  # of these, what the server keeps to be sent later
        self.unread_since: float | None = None  # when the client was last seen not to read
        self.parser: httptools.HttpRequestParser | None = None
        self.heard = 0.0  # when its last bytes were there
        self.full = False  # the client does not read: nothing new is begun
        self.done = False  # nothing more is read
        self.closed = False
        # Of the request that is being read.
        self.reading: Request | None = None
        self.began = 0.0
        self.in_body = False
        self.head_size = 0
        self.header_count = 0
        self.body_size = 0
        # Of the requests that have been read: the one that is being answered, and those after it.
        self.current: Request | None = None
        self.waiting: deque[Request] = deque()
        self.rest = b""  # bytes that have been read and not parsed, because too many wait

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.heard = self.app.arrived()
        self.number = self.app.connected(self)
        self.parser = httptools.HttpRequestParser(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = self.done = True
        self.app.crowd.discard(self)
        self.waiting.clear()
        self.parser = self.reading = None
        if self.current is not None:
            request, self.current = self.current, None
            self.app.left(request)

    def data_received(self, data: bytes) -> None:
        if self.done:
            return
        self.heard = self.app.arrived()
        if self.rest:  # reading was paused, and this was on its way
            self.rest += data
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        """Read requests, as long as there are not too many that wait; the rest is kept as it is."""
        at = 0
        while at < len(data) and not self.done:
            if len(self.waiting) > PIPELINE_LIMIT:
                self.rest = data[at:]
                self.transport.pause_reading()
                break
            piece = data[at : at + PIECE]
            at += PIECE
            self.head_size += len(piece)
            self._feed(piece)
        if self.body_size > LIGHT or self.rest:
            self.weigh()

    def _feed(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self.done = True  # it has been refused, and what follows is in another protocol
        except httptools.HttpParserCallbackError:
            print_error()  # ours: whatever it is, the others are served
            self._refuse(500, SORRY)
        except httptools.HttpParserError as error:
            self._refuse(400, f"The request is not HTTP: {error}")
        if self.reading is not None and self.head_size > HEAD_LIMIT:
            self._refuse_head()

    # What httptools calls while it parses.

    def on_message_begin(self) -> None:
        self.reading = Request(self)
        self.began = self.heard
        self.in_body = False
        self.header_count = 0
        self.body_size = 0

    def on_url(self, url: bytes) -> None:
        if self.reading is not None:
            self.reading.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.reading is None:
            return
        self.header_count += 1
        if self.header_count > HEADERS_LIMIT or len(name) + len(value) > HEAD_LIMIT:
            return self._refuse_head()
        if self.in_body:  # a trailer: what it says comes too late to be believed
            return
        name = name.lower()
        headers = self.reading.headers
        if name in SINGLE and name in headers:
            self._refuse(400, f"There is more than one {name.decode('latin-1')} header.")
        else:
            headers[name] = value

    def on_headers_complete(self) -> None:
        request = self.reading
        if request is None:
            return
        request.method = self.parser.get_method()
        request.keep_alive = self.parser.should_keep_alive()
        request.old = self.parser.get_http_version() == "1.0"
        self.head_size = 0
        self.in_body = True
        if len(request.url) > URL_LIMIT:
            return self._refuse(414, f"The request's address is longer than {URL_LIMIT:,} bytes.")
        if self.parser.should_upgrade():
            return self._refuse(400, "This server does not upgrade connections.")
        length = request.headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > BODY_LIMIT:
            return self._refuse_body()
        try:
            request.read_address()
            self.door.let_in(request)
        except ApiError as error:
            # Without the traceback, whose frames hold the request: what is in no circle of
            # references is freed at once, and the collector need not stop everybody to find it.
            request.refusal = error.with_traceback(None)
        except ValueError:
            request.refusal = ApiError(400, "The address makes no sense.")
        expects = request.headers.get(b"expect", b"").lower() == b"100-continue"
        # While another reply is on its way the client gets no word, and sends after a while anyway.
        if expects and self.current is None and request.refusal is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        request = self.reading
        if request is None:
            return
        self.body_size += len(body)
        self.head_size = 0  # of what follows: a chunk's length, or a trailer
        if self.body_size > BODY_LIMIT:
            return self._refuse_body()
        if request.refusal is not None:
            return
        if not request.body:  # most bodies come in one piece, which need not be copied
            request.body = body
        else:
            if not isinstance(request.body, bytearray):
                request.body = bytearray(request.body)
            request.body += body

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
        request.refusal = ApiError(status, reason)
        request.body = b""
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
        if self.closed or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > LIGHT:
            self.weigh()

    def keep(self, size: int) -> None:
        """The server keeps a reply of so many bytes, to be sent later."""
        if size > LIGHT or self.reply_weight:
            self.reply_weight = size
            self.weigh()

    def weigh(self) -> None:
        """Tell the crowd what is kept for this connection; who has too much kept has to go."""
        if self.closed:
            return
        kept = [self.reading, self.current, *self.waiting]
        weight = sum(len(request.body) for request in kept if request is not None)
        weight += len(self.rest) + self.reply_weight + self.transport.get_write_buffer_size()
        crowd = self.app.crowd
        crowd.weigh(self, weight if weight > LIGHT else 0)
        heaviest = crowd.too_heavy()
        if heaviest is not None:
            heaviest.give_up()

    def give_up(self) -> None:
        """There is no room for it any more."""
        if self.reading is not None and self.current is None and not self.done:
            self._refuse(503, "The server keeps too much already; please try again later.")
        else:
            self.reset()
        self.app.crowd.weigh(self, 0)

    def finish(self, keep_alive: bool) -> None:
        """The current request has been answered."""
        self.current = None
        if self.closed:
            return
        if self.weight or self.reply_weight:
            self.reply_weight = 0
            self.weigh()
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
                rest, self.rest = self.rest, b""
                self.transport.resume_reading()
                if rest:
                    self._parse(rest)

    def linger(self) -> None:
        """Close in a way that lets the client read the reply first, though it may still send.

        A client that does not is dropped by `check`. Closed at once, its unread bytes would make
        the system send a reset, which overtakes the reply.
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
        self.rest = b""
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
        if self.weight:
            self.weigh()
        if self.current is not None:
            self.app.writable(self.current)
        else:
            self._next()

    @property
    def busy(self) -> bool:
        """Whether a request of it is being read or answered."""
        return self.current is not None or self.reading is not None

    def check(self, now: float) -> None:
        """Called now and then: give up on clients that never finish a request, that do not read,
        or that fell silent.
        """
        if not self.transport.get_write_buffer_size():
            self.unread_since = None
        elif self.unread_since is None:
            self.unread_since = now
        elif now - self.unread_since > READER_TIME:
            return self.reset()
        if self.done:
            return
        if self.reading is not None:
            paused = len(self.waiting) > PIPELINE_LIMIT  # by us: it could not send the rest
            if now - self.began > READ_TIME and not paused:
                self._refuse(408, f"The request was not complete after {READ_TIME:g} s.")
        elif self.current is None:
            is_stranger = self.group.address is not None
            if now - self.heard > (STRANGER_TIME if is_stranger else IDLE_TIME):
                self.drop()
