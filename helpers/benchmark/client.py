"""One row of the benchmark, alone in a process: `python client.py '{"how": "threads", …}'`.

The memory of this process is measured, so it imports the one client that it measures and, besides,
only the standard library. It prints one line of JSON, see `Figures`.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from helpers.process import raise_file_limit

HOWS = ("serial", "threads", "async", "aiohttp's default")

# As small as a chat request may be: what is measured is waiting, and not the reading of text.
BODY = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Hello"}],
    "max_tokens": 16,
}

# Seconds after which a request fails. It is aiohttp's default, so that both clients give up alike.
TIMEOUT = 300


class Order(TypedDict):
    """What to send. how: one of HOWS. limit: in flight at most, 0 for no limit. url: where to."""

    how: str
    limit: int
    requests: int
    url: str


class Figures(TypedDict):
    """What was measured, in seconds.

    seconds: from the first submission to the last reply. cpu: the process's own CPU in that time.
    from_submission, from_start: the time of each request, sorted; all are submitted when the clock
    starts, and one starts when its turn has come.
    """

    seconds: float
    cpu: float
    from_submission: list[float]
    from_start: list[float]


class Stopwatch:
    """The clocks of a row; they start when it is made."""

    def __init__(self) -> None:
        self._zero = time.perf_counter()
        self._cpu = time.process_time()

    def figures(self, times: Sequence[tuple[float, float]]) -> Figures:
        """What there is to tell now, with (start, end) of each request."""
        return {
            "seconds": time.perf_counter() - self._zero,
            "cpu": time.process_time() - self._cpu,
            "from_submission": sorted(end - self._zero for _, end in times),
            "from_start": sorted(end - start for start, end in times),
        }


def main() -> None:
    """Do as the first argument orders, and print what was measured."""
    order: Order = json.loads(sys.argv[1])
    raise_file_limit()
    blocking = order["how"] in ("serial", "threads")
    figures = _blocking(order) if blocking else asyncio.run(_asynchronous(order))
    print(json.dumps(figures))


def _blocking(order: Order) -> Figures:
    """A pool of `limit` threads, or for serial none, each with a requests.Session of its own."""
    import requests  # not at the top: an asynchronous row must not have it in its memory

    local = threading.local()
    opened: list[requests.Session] = []

    def own_session() -> requests.Session:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            opened.append(local.session)
        return local.session

    def one(number: int) -> tuple[float, float]:
        start = time.perf_counter()
        tag = {"x-tag": str(number)}
        with own_session().post(order["url"], json=BODY, headers=tag, timeout=TIMEOUT) as reply:
            reply.raise_for_status()
        return start, time.perf_counter()

    watch = Stopwatch()
    if order["how"] == "serial":
        times = [one(number) for number in range(order["requests"])]
    else:
        with ThreadPoolExecutor(order["limit"]) as pool:
            times = list(pool.map(one, range(order["requests"])))
    figures = watch.figures(times)
    for session in opened:
        session.close()
    return figures


async def _asynchronous(order: Order) -> Figures:
    """A task for each request, one session for all, and a semaphore where there is a limit."""
    import aiohttp  # not at the top: a row of threads must not have it in its memory

    gate = asyncio.Semaphore(order["limit"] or order["requests"])
    # Without a connector of ours, aiohttp takes its own, which stops at 100 connections.
    default = order["how"] == "aiohttp's default"
    connector = None if default else aiohttp.TCPConnector(limit=0)

    async def one(number: int) -> tuple[float, float]:
        async with gate:
            start = time.perf_counter()
            tag = {"x-tag": str(number)}
            async with session.post(order["url"], json=BODY, headers=tag) as reply:
                reply.raise_for_status()
                await reply.read()
            return start, time.perf_counter()

    async with aiohttp.ClientSession(connector=connector) as session:
        watch = Stopwatch()
        times = await asyncio.gather(*(one(number) for number in range(order["requests"])))
        return watch.figures(times)


if __name__ == "__main__":
    main()
