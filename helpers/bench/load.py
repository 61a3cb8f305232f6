"""A lean load generator: raw HTTP/1.1 over asyncio, so that one process times a thousand replies.

The usual clients cost 0.2 to 2 ms a request, and would measure themselves.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self, TypeVar
from urllib.parse import urlsplit

from helpers.process import raise_file_limit

# What a streamed chat completion has once for each token, and not in its first or last event.
TOKEN = b'"delta":{"content"'
LENGTH = b"content-length: "
HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
# How many connections are opened at one time: few enough for any server's queue of new ones.
OPENED_AT_ONCE = 50

Result = TypeVar("Result")


@dataclass(slots=True)
class TimedReply:
    """One reply. Times are those of time.perf_counter().

    asked, ended: when it was asked for, and when it was whole or its connection was lost.
    status: HTTP's, 0 where none came. events: when each token of a stream arrived.
    """

    asked: float = 0.0
    ended: float = 0.0
    status: int = 0
    events: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the request to the whole reply."""
        return self.ended - self.asked


class Connection(asyncio.Protocol):
    """A connection that is kept, with one request at a time."""

    def __init__(self) -> None:
        self.closed = False
        self._waiter: asyncio.Future[TimedReply] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self._end()

    def ask(self, request: bytes) -> asyncio.Future[TimedReply]:
        """Send a request; the future has the reply when it is whole, or when no more can come."""
        self._data = b""
        self._length: int | None = None  # of head and body, None until the head is there
        self._streamed = False
        self._reply = TimedReply()
        self._waiter = asyncio.get_running_loop().create_future()
        self._reply.asked = time.perf_counter()
        if self.closed:
            self._end()
        else:
            self.transport.write(request)
        return self._waiter

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._data += data
        if self._length is None and not self._streamed:
            self._read_head()
        if self._streamed:
            new = self._data.count(TOKEN) - len(self._reply.events)
            self._reply.events += [now] * new
            if self._data.endswith(LAST_CHUNK):
                self._end()
        elif self._length is not None and len(self._data) >= self._length:
            self._end()

    def _read_head(self) -> None:
        end = self._data.find(HEAD_END)
        if end < 0:
            return
        head = self._data[:end].lower()
        self._reply.status = int(head.split(maxsplit=2)[1])
        length = head.partition(LENGTH)[2]
        if length:
            self._length = end + len(HEAD_END) + int(length.split(b"\r\n")[0])
        else:
            self._streamed = True

    def _end(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._reply.ended = time.perf_counter()
            self._waiter.set_result(self._reply)


class LoadGenerator:
    """Connections to one server, and ways to load it.

    async with LoadGenerator(llm.base_url) as load:
        await load.open(100)
        replies = await load.steady(100, load.request(), seconds=2.0, spread=0.2)
    """

    def __init__(self, base_url: str):
        where = urlsplit(base_url)
        self.host = where.hostname
        self.port = where.port
        self.path = f"{where.path}/chat/completions"
        self.connections: list[Connection] = []

    async def __aenter__(self) -> Self:
        raise_file_limit()  # each connection is an open file
        return self

    async def __aexit__(self, *exc: object) -> None:
        for connection in self.connections:
            connection.transport.close()

    async def open(self, count: int) -> None:
        """Have at least this many connections."""
        loop = asyncio.get_running_loop()
        while len(self.connections) < count:
            some = min(OPENED_AT_ONCE, count - len(self.connections))
            made = await asyncio.gather(
                *(loop.create_connection(Connection, self.host, self.port) for _ in range(some))
            )
            self.connections += [connection for _, connection in made]

    def request(self, text: str = "Say something about concurrency.", **more: object) -> bytes:
        """A chat completion's request, as bytes. more: what else its body has."""
        body = {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 100,
        }
        raw = json.dumps({**body, **more}).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\n"
            f"Host: {self.host}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw

    async def burst(self, count: int, request: bytes) -> list[TimedReply]:
        """The replies to so many requests at one instant, as gather sends them."""
        self._check(count)
        asked = [connection.ask(request) for connection in self.connections[:count]]
        return await asyncio.gather(*asked)

    async def steady(
        self, count: int, request: bytes, seconds: float, spread: float = 0.0
    ) -> list[TimedReply]:
        """The replies to requests of which so many are in flight all the time.

        The first start over `spread` seconds, so that they do not all end at one instant; it goes
        on for so many seconds more.
        """
        self._check(count)
        replies: list[TimedReply] = []
        over = time.perf_counter() + spread + seconds

        async def user(number: int) -> None:
            connection = self.connections[number]
            await asyncio.sleep(spread * number / count)
            while time.perf_counter() < over and not connection.closed:
                replies.append(await connection.ask(request))

        await asyncio.gather(*(user(number) for number in range(count)))
        return replies

    def _check(self, count: int) -> None:
        if count > len(self.connections):
            raise ValueError(
                f"count is {count}; it takes a number up to the {len(self.connections)} connections"
                " that are open"
            )


def under_load(base_url: str, scenario: Callable[[LoadGenerator], Awaitable[Result]]) -> Result:
    """What a scenario gives, run with connections of its own on a loop of its own.

    The loop is uvloop's where that is installed: the less the client takes, the truer the figures.
    """

    async def main() -> Result:
        async with LoadGenerator(base_url) as load:
            return await scenario(load)

    try:
        from uvloop import new_event_loop
    except ImportError:
        new_event_loop = None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main())
