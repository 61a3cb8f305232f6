"""A lean load generator: raw HTTP/1.1 over asyncio, so that a thousand replies at once can be timed by one process.

The usual clients cost 0.2 to 2 ms a request and would measure themselves.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

TOKEN = b'"delta":{"content"'


class Reply:
    """One reply: when it was asked for and when it was whole, its status, and the time of each event."""

    __slots__ = ("asked", "ended", "events", "status")

    def __init__(self) -> None:
        self.asked = self.ended = 0.0
        self.status = 0
        self.events: list[float] = []

    @property
    def seconds(self) -> float:
        return self.ended - self.asked


class _Line(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiter, self.closed = transport, None, False

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self._end()

    def ask(self, request: bytes) -> asyncio.Future:
        self.data, self.whole, self.reply = b"", -1, Reply()
        self.waiter = asyncio.get_running_loop().create_future()
        self.reply.asked = time.perf_counter()
        self.transport.write(request)
        return self.waiter

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.data += data
        if self.whole < 0 and (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            self.reply.status = int(head[9:12])
            size = head.partition(b"content-length: ")[2]
            self.whole = end + 4 + int(size.split(b"\r\n")[0]) if size else 0
        if self.whole == 0:
            self.reply.events += [now] * (self.data.count(TOKEN) - len(self.reply.events))
        if len(self.data) >= self.whole > 0 or (
            self.whole == 0 and self.data.endswith(b"\r\n0\r\n\r\n")
        ):
            self._end()

    def _end(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.reply.ended = time.perf_counter()
            self.waiter.set_result(self.reply)


class Load:
    """Connections to one server, and ways to load it.

    async with Load(llm.base_url) as load:
        await load.open(100)
        replies = await load.steady(100, seconds=2.0, spread=0.2)
    """

    def __init__(self, base_url: str):
        where = urlsplit(base_url)
        self.host, self.port, self.path = (
            where.hostname,
            where.port,
            f"{where.path}/chat/completions",
        )
        self.lines: list[_Line] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for line in self.lines:
            line.transport.close()

    async def open(self, count: int) -> None:
        """Have this many connections."""
        loop = asyncio.get_running_loop()
        while len(self.lines) < count:
            some = min(50, count - len(self.lines))
            made = await asyncio.gather(
                *(loop.create_connection(_Line, self.host, self.port) for _ in range(some))
            )
            self.lines += [line for _, line in made]

    def request(self, text: str = "Say something about concurrency.", **more: object) -> bytes:
        """A chat completion's request, as bytes."""
        body = {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 100,
        }
        raw = json.dumps({**body, **more}).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
        )
        return head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw)

    async def burst(self, count: int, request: bytes | Callable[[int], bytes]) -> list[Reply]:
        """This many requests at one instant, as gather sends them."""
        make = request if callable(request) else lambda i: request
        return await asyncio.gather(
            *(line.ask(make(i)) for i, line in enumerate(self.lines[:count]))
        )

    async def steady(
        self, count: int, request: bytes, seconds: float, spread: float = 0.0
    ) -> list[Reply]:
        """This many requests in flight for so many seconds, their starts spread over `spread` seconds."""
        replies: list[Reply] = []
        over = time.perf_counter() + seconds + spread

        async def worker(i: int) -> None:
            await asyncio.sleep(spread * i / count)
            while time.perf_counter() < over:
                replies.append(await self.lines[i].ask(request))

        await asyncio.gather(*(worker(i) for i in range(count)))
        return replies
