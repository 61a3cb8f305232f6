"""A server that is further away: a relay in front of it, where each new connection takes longer.

The fake LLM is on this machine, and a new connection costs next to nothing here. On the way to a
provider, TCP and TLS each need a round trip before the first byte of a request may leave.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

# A tenth, as all times in the course, of two round trips of 100 ms: one for TCP and one for TLS.
HANDSHAKE = 0.02
# What one read takes at most: a pipe's worth, far more than any message here.
CHUNK = 65_536
# Connections that may wait to be accepted; all questions of a lesson may come at one instant.
BACKLOG = 1_024
# Against hanging only; both take milliseconds.
START_TIMEOUT = 10.0
END_TIMEOUT = 5.0


@contextmanager
def further_away(url: str, handshake: float = HANDSHAKE) -> Iterator[str]:
    """An address of the same server where each new connection takes `handshake` seconds longer.

    The relay has a thread and a loop of its own, which end with the block.
    Raises OSError where it cannot listen.
    """
    started: Future[tuple[str, Callable[[], object]]] = Future()
    relay = _Relay(url, handshake)
    thread = threading.Thread(
        target=asyncio.run, args=(relay.serve(started),), name="relay", daemon=True
    )
    thread.start()
    address, end = started.result(START_TIMEOUT)
    try:
        yield address
    finally:
        end()
        thread.join(END_TIMEOUT)


class _Relay:
    """Listens on a free port, and carries what comes to the server and back."""

    def __init__(self, url: str, handshake: float):
        there = urlsplit(url)
        self._there = (there.hostname, there.port)
        self._handshake = handshake
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, started: Future[tuple[str, Callable[[], object]]]) -> None:
        """Relay until told to end; `started` gets the address and the function that ends it."""
        try:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=BACKLOG)
        except OSError as error:
            started.set_exception(error)
            return
        over = asyncio.Event()
        end = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
        port = server.sockets[0].getsockname()[1]
        started.set_result((f"http://127.0.0.1:{port}", end))
        await over.wait()
        server.close()
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: for each of its own that is cancelled, Python 3.11 logs an error.
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)

        # Here and not in the task, because one that is cancelled before it began runs no `finally`.
        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            writer.close()

        task.add_done_callback(ended)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(self._handshake)
            far_reader, far_writer = await asyncio.open_connection(*self._there)
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
        except OSError:
            pass  # the server has gone; the client sees its connection end


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all that one side says, until it has no more to say."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # one side has gone; closing tells the other
    finally:
        writer.close()
