"""Clients by the dozen: requests sent at one instant, held in flight, or looked at one by one."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import aiohttp
import psutil

from tests.fake_llm.raw import chat, connect, post, read

PATIENCE = 30.0
LOOK_EVERY = 0.01


def until(true: Callable[[], object]) -> None:
    """Wait for something that is about to be true; an AssertionError if it never comes true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(LOOK_EVERY)


def ended(process: psutil.Process) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit status yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def together(llm, bodies):
    """Statuses of requests sent at one instant, in order; None where there was no reply."""

    async def one(session, body):
        try:
            async with session.post(f"{llm.base_url}/chat/completions", json=body) as reply:
                await reply.read()
                return reply.status
        except (aiohttp.ClientError, ConnectionError):
            return None

    async def main():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return await asyncio.gather(*(one(session, body) for body in bodies))

    return asyncio.run(main())


@contextmanager
def held(llm, bodies, more=0) -> Iterator[list]:
    """Connections, each with one of these requests in flight; closed at the end.

    more: how many are in flight besides.
    """
    with ExitStack() as stack:
        lines = [stack.enter_context(connect(llm)) for _ in bodies]
        for line, body in zip(lines, bodies, strict=True):
            line.sendall(post(body))
        until(lambda: llm.stats()["in_flight"] == len(lines) + more)
        yield lines


def good(llm, stream=False):
    """Whether a request gets a whole and sensible reply."""
    with connect(llm) as sock:
        sock.sendall(post(chat(stream=stream)))
        try:
            reply = read(sock)
            if reply is None or reply[0] != 200:
                return False
            if not stream:
                return bool(json.loads(reply[2])["choices"])
            *events, last = [line[6:] for line in reply[2].split(b"\n\n")[:-1]]
            return last == b"[DONE]" and all(json.loads(event)["choices"] for event in events)
        except Exception:  # noqa: BLE001 - a reply that is broken in any way is not good
            return False


def clean(reply):
    """Assert that a reply is a 2xx, or a 4xx in OpenAI's shape."""
    assert reply is not None
    status, _, body = reply
    if not 200 <= status < 300:
        assert 400 <= status < 500, body
        assert {"message", "type", "param", "code"} == json.loads(body)["error"].keys()
