"""The performance tables: `make bench`, or `python -m helpers.bench [section …] [--rounds 5]`.

Each section is a function that prints its table. Servers run on one core and the client on another, where the
system lets us choose; figures are medians of rounds in which the servers take turns.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from helpers import FakeLLM
from helpers.bench.load import Load, Reply
from helpers.bench.panel import panel
from helpers.bench.planner import planner

LATENCY = 0.2
NOTHING = "–"
Row = tuple[str, dict[str, float], str]


def main() -> None:
    """Run the sections named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    cores = "one core each" if pin(os.getpid(), 1) else "not pinned"
    print(
        f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores, {cores}\n"
    )
    for name in options.sections or SECTIONS:
        SECTIONS[name](options.rounds)


def fake_llm(rounds: int) -> None:
    """The fake LLM beside a bare aiohttp application and, where it is installed, llmock; and its bars."""
    servers = [
        "fake LLM",
        *(name for name, command in PEERS.items() if shutil.which(command(0, 0)[0])),
    ]
    figures: dict[str, dict[str, list[float]]] = {server: {} for server in servers}
    for _ in range(rounds):
        for server, measured in figures.items():
            for name, value in _round(server).items():
                measured.setdefault(name, []).append(value)
    medians = {s: {n: statistics.median(v) for n, v in m.items()} for s, m in figures.items()}
    table(f"Fake LLM: medians of {rounds} rounds", list(figures), medians, BARS)


PEERS: dict[str, Callable[[int, float], list[str]]] = {
    "bare aiohttp": lambda port, latency: [
        sys.executable,
        "-m",
        "helpers.bench.bare_server",
        str(port),
        str(latency),
    ],
    "llmock": lambda port, latency: [
        "llmock",
        "serve",
        f"--port={port}",
        f"--latency-ms={latency * 1000:.0f}",
    ],
}
BARS = {
    "start to first answer, s": "0.6",
    "memory idle, MB": "60",
    "requests/s, 100 connections": "the bare one's",
    "requests/s, 1,000 connections": "the bare one's",
    "memory after 100,000 requests, MB": "120",
    "5,000 connections answered": "5,000",
    "late, 1 in flight, p99 ms": "2",
    "late, 100 steady, p99 ms": "3",
    "late, 1,000 steady, p50 ms": "4",
    "late, 1,000 steady, p99 ms": "25 (10)",
    "late, 1,000 at one instant, p50 ms": "",
    "late, 1,000 at one instant, p99 ms": "75 (30)",
    "late, wrk with 1,000 connections in lockstep, p50 ms": "",
    "late, wrk with 1,000 connections in lockstep, p99 ms": "",
    "late, 1,000 steady at 2 s, p99 ms": "20",
    "200 streams, first token late, p95 ms": "10",
    "200 streams, gap off, p95 ms": "3",
    "200 streams, drift, p95 ms": "3",
    "200 streams, events lost": "0",
}


def _round(server: str) -> dict[str, float]:
    """All figures of one server, once."""
    if server in PEERS:
        with peer(server, 0) as url:
            speed = run(_throughput, url)
        with peer(server, LATENCY) as url:
            return speed | run(_lateness, url) | _wrk(url)
    started = time.perf_counter()
    with FakeLLM(latency=0) as llm:
        run(_first, llm.base_url)
        figures = {"start to first answer, s": time.perf_counter() - started}
        process = psutil.Process(llm.pid)
        pin(llm.pid, 0)
        figures["memory idle, MB"] = process.memory_info().rss / 2**20
        figures |= run(_throughput, llm.base_url)
        run(partial(_fill, count=100_000 - llm.stats()["requests"]), llm.base_url)
        figures["memory after 100,000 requests, MB"] = process.memory_info().rss / 2**20
        figures |= run(_crowd, llm.base_url)
        llm.reset()
        llm.behave(latency=LATENCY)
        figures |= run(_lateness, llm.base_url) | _wrk(llm.base_url)
        llm.behave(latency=2.0)
        figures |= run(_long, llm.base_url)
        llm.behave(time_to_first_token=0.02, tokens_per_second=50)
        return figures | run(_streams, llm.base_url)


async def _first(load: Load) -> dict[str, float]:
    await load.open(1)
    await load.burst(1, load.request())
    return {}


async def _throughput(load: Load) -> dict[str, float]:
    figures = {}
    for count in (100, 1_000):
        await load.open(count)
        await load.steady(count, load.request(), 0.3)
        began = time.perf_counter()
        replies = await load.steady(count, load.request(), 2.0)
        figures[f"requests/s, {count:,} connections"] = len(replies) / (time.perf_counter() - began)
    return figures


async def _fill(load: Load, count: int) -> dict[str, float]:
    """This many requests, a hundred at a time."""
    await load.open(100)
    for _ in range(count // 100 + 1):
        await load.burst(100, load.request())
    return {}


async def _crowd(load: Load) -> dict[str, float]:
    await load.open(5_000)
    replies = await load.burst(5_000, load.request())
    return {"5,000 connections answered": sum(r.status == 200 for r in replies)}


async def _lateness(load: Load) -> dict[str, float]:
    await load.open(1_000)
    request, figures = load.request(), {}
    for count, name in ((1, "1 in flight"), (100, "100 steady"), (1_000, "1,000 steady")):
        replies = await load.steady(count, request, 2.0, spread=LATENCY)
        figures |= _late(name, replies, LATENCY)
    bursts = [reply for _ in range(3) for reply in await load.burst(1_000, request)]
    return figures | _late("1,000 at one instant", bursts, LATENCY)


async def _long(load: Load) -> dict[str, float]:
    await load.open(1_000)
    replies = await load.steady(1_000, load.request(), 2.0, spread=2.0)
    return _late("1,000 steady at 2 s", replies, 2.0)


async def _streams(load: Load) -> dict[str, float]:
    await load.open(200)
    request = load.request(stream=True, max_tokens=50)
    replies = await load.steady(200, request, 2.0, spread=0.02)
    events = [r.events for r in replies]
    first = [r.events[0] - r.asked - 0.02 for r in replies]
    gaps = [abs(b - a - 0.02) for e in events for a, b in pairwise(e)]
    drift = [abs(e[-1] - e[0] - 0.02 * (len(e) - 1)) for e in events]
    name = "200 streams, {}, p95 ms"
    return {
        name.format("first token late"): percentile(first, 95),
        name.format("gap off"): percentile(gaps, 95),
        name.format("drift"): percentile(drift, 95),
        "200 streams, events lost": sum(50 - len(e) for e in events),
    }


def _wrk(base_url: str) -> dict[str, float]:
    """What wrk (github.com/wg/wrk) finds, where it is installed."""
    if not shutil.which("wrk"):
        return {}
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Say something."}]})
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        )
        command = ["wrk", "-t1", "-c1000", "-d4s", "--latency", "-s", str(script)]
        done = subprocess.run(
            [*command, f"{base_url}/chat/completions"], capture_output=True, text=True, check=True
        )
    found = dict(re.findall(r"^ +(50|99)% +([\d.]+m?s)$", done.stdout, flags=re.MULTILINE))
    name = "late, wrk with 1,000 connections in lockstep, p{} ms"
    return {name.format(p): 1_000 * (_seconds(found[p]) - LATENCY) for p in found}


def _seconds(text: str) -> float:
    """wrk's "201.34ms" or "1.38s"."""
    return float(text[:-2]) / 1_000 if text.endswith("ms") else float(text[:-1])


def _late(name: str, replies: list[Reply], planned: float) -> dict[str, float]:
    late = [r.seconds - planned for r in replies if r.status == 200]
    return {f"late, {name}, p{p} ms": percentile(late, p) for p in (50, 99)}


def percentile(seconds: list[float], percent: int) -> float:
    """A percentile by nearest rank, in milliseconds."""
    ordered = sorted(seconds)
    return 1_000 * ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def run(scenario: Callable[[Load], Awaitable[dict]], base_url: str) -> dict[str, float]:
    """Run a scenario with a Load of its own on a new loop, a fast one where it is installed."""

    async def main() -> dict[str, float]:
        async with Load(base_url) as load:
            return await scenario(load)

    try:
        from uvloop import new_event_loop
    except ImportError:
        new_event_loop = None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main())


@contextmanager
def peer(name: str, latency: float) -> Iterator[str]:
    """Another server in a process of its own; its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        PEERS[name](port, latency), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        pin(process.pid, 0)
        while not _listens(port):
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
        process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def pin(pid: int, core: int) -> bool:
    """Give a process one core for itself, where there are two and the system can."""
    if (os.cpu_count() or 1) < 2 or not hasattr(psutil.Process, "cpu_affinity"):
        return False
    psutil.Process(pid).cpu_affinity([core])
    return True


def table(
    title: str, columns: list[str], values: dict[str, dict[str, float]], bars: dict[str, str]
) -> None:
    """Print a table in Markdown: a row for each bar."""
    print(
        f"{title}\n\n| | {' | '.join(columns)} | bar (moonshot) |\n|---|{'---|' * (len(columns) + 1)}"
    )
    for name, bar in bars.items():
        cells = [_number(values[column].get(name)) for column in columns]
        print(f"| {name} | {' | '.join(cells)} | {bar} |")
    print()


def _number(value: Any) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


SECTIONS: dict[str, Callable[[int], None]] = {
    "fake_llm": fake_llm,
    "panel": panel,
    "planner": planner,
}

if __name__ == "__main__":
    main()
