"""One row of the benchmark, alone in a process: `python -m helpers.benchmark.client '{"how": "threads", …}'`.

It imports one client and nothing else that is large, so that its memory is that client's. It prints one line of
JSON: `seconds` from the first submission to the last reply, `cpu` seconds, and for each request the seconds from
submission (the start of the whole) and from its own start, both sorted.
"""

import asyncio
import json
import sys
import threading
import time
from typing import Any

from helpers.process import raise_file_limit

HOWS = ("serial", "threads", "async", "aiohttp's default")
BODY = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Hello"}],
    "max_tokens": 16,
}
Times = list[tuple[float, float]]


def main() -> None:
    """Do as the first argument says."""
    job = json.loads(sys.argv[1])
    raise_file_limit()
    send = _async if job["how"].startswith(("async", "aiohttp")) else _threads
    print(json.dumps(send(job)))


def _threads(job: dict) -> dict:
    """A pool of `limit` threads (1 for serial), each with a requests.Session of its own."""
    from concurrent.futures import ThreadPoolExecutor

    import requests

    local, opened = threading.local(), []

    def one(number: int) -> tuple[float, float]:
        began = time.perf_counter()
        if not hasattr(local, "session"):
            local.session = requests.Session()
            opened.append(local.session)
        with local.session.post(
            job["url"], json=BODY, headers={"x-tag": str(number)}, timeout=300
        ) as reply:
            reply.raise_for_status()
        return began, time.perf_counter()

    zero, cpu = time.perf_counter(), time.process_time()
    if job["how"] == "serial":
        times = [one(number) for number in range(job["requests"])]
    else:
        with ThreadPoolExecutor(job["limit"]) as pool:
            times = list(pool.map(one, range(job["requests"])))
    figures = _figures(zero, cpu, times)
    for session in opened:
        session.close()
    return figures


def _async(job: dict) -> dict:
    """A task for each request, one aiohttp session, and a semaphore where there is a limit."""
    import aiohttp

    async def whole() -> dict:
        gate = asyncio.Semaphore(job["limit"] or job["requests"])
        own = (
            {}
            if job["how"] == "aiohttp's default"
            else {"connector": aiohttp.TCPConnector(limit=0)}
        )

        async def one(number: int) -> tuple[float, float]:
            async with gate:
                began = time.perf_counter()
                async with session.post(
                    job["url"], json=BODY, headers={"x-tag": str(number)}
                ) as reply:
                    reply.raise_for_status()
                    await reply.read()
                return began, time.perf_counter()

        async with aiohttp.ClientSession(**own) as session:
            zero, cpu = time.perf_counter(), time.process_time()
            times = await asyncio.gather(*(one(number) for number in range(job["requests"])))
            return _figures(zero, cpu, times)

    return asyncio.run(whole())


def _figures(zero: float, cpu: float, times: Times) -> dict[str, Any]:
    return {
        "seconds": time.perf_counter() - zero,
        "cpu": time.process_time() - cpu,
        "from_submission": sorted(end - zero for _, end in times),
        "from_start": sorted(end - began for began, end in times),
    }


if __name__ == "__main__":
    main()
