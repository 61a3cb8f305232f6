"""A server in this process, where its clock and its patience can be changed."""

import asyncio
import time
from types import SimpleNamespace

from helpers.fake_llm import schedule
from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.server import Server

SECRET = "secret-of-the-tests"


def served(scenario, key=None, files=None, **behaviour):
    """What `await scenario(port, server)` returns, with a server on the same loop.

    key: the first participant's; files: how many the server believes it may open.
    """

    async def main():
        server = Server(Behaviour(**behaviour), secret=SECRET, key=key, files=files)
        return await scenario(await server.start("127.0.0.1", 0), server)

    return asyncio.run(main())


class Line:
    """A client's connection to a server on the same loop."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port):
        """A new connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, data):
        """(status, headers, body) of the reply to these bytes; header names in small letters."""
        self.writer.write(data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, body


class Clock:
    """The clock of servers in this process, which `pass_by` moves on."""

    def __init__(self, monkeypatch):
        self.ahead = 0.0
        monkeypatch.setattr(schedule, "time", SimpleNamespace(monotonic=self.monotonic))

    def monotonic(self):
        """The time, in seconds."""
        return time.monotonic() + self.ahead

    def pass_by(self, seconds):
        """So much time is over."""
        self.ahead += seconds
