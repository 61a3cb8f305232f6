"""`make bench ARGS=fake_llm`: how fast and how punctual the fake LLM is, beside other servers."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil

from helpers import FakeLLM
from helpers.bench import peers
from helpers.bench.cores import CLIENT_CORE, SERVER_CORE, pin
from helpers.bench.figures import Figure, Measured, Unit, medians, print_table
from helpers.bench.load import LoadGenerator, TimedReply, under_load
from helpers.trace import percentile

OURS = "fake LLM"
LATENCY = 0.2
LONG_LATENCY = 2.0
# How long a steady load goes on, in seconds: some ten replies for each connection.
STEADY = 2.0
WARM_UP = 0.3
# How many bursts make one figure; a single one is at the mercy of one hiccup of the system.
BURSTS = 3
JOURNAL = 100_000
CROWD = 5_000
STREAMS = 200
# A stream: so many tokens, one every 20 ms, the first after as long.
TOKENS = 50
TOKEN_PERIOD = 0.02

START = Figure("start to first answer", Unit.SECONDS, "0.6")
MEMORY_IDLE = Figure("memory idle", Unit.MEGABYTES, "60")
RATES = {
    100: Figure("requests/s, 100 connections", Unit.COUNT, "the bare one's"),
    1_000: Figure("requests/s, 1,000 connections", Unit.COUNT, "the bare one's"),
}
MEMORY_FULL = Figure("memory after 100,000 requests", Unit.MEGABYTES, "120")
ANSWERED = Figure("5,000 connections answered", Unit.COUNT, "5,000")
# How late replies are, by percentile; and under a steady load, by how many are in flight.
LATE_STEADY = {
    1: {99: Figure("late, 1 in flight, p99", Unit.MILLISECONDS, "2")},
    100: {99: Figure("late, 100 steady, p99", Unit.MILLISECONDS, "3")},
    1_000: {
        50: Figure("late, 1,000 steady, p50", Unit.MILLISECONDS, "4"),
        99: Figure("late, 1,000 steady, p99", Unit.MILLISECONDS, "25 (10)"),
    },
}
LATE_BURST = {
    50: Figure("late, 1,000 at one instant, p50", Unit.MILLISECONDS),
    99: Figure("late, 1,000 at one instant, p99", Unit.MILLISECONDS, "75 (30)"),
}
LATE_WRK = {
    50: Figure("late, wrk with 1,000 connections in lockstep, p50", Unit.MILLISECONDS),
    99: Figure("late, wrk with 1,000 connections in lockstep, p99", Unit.MILLISECONDS),
}
LATE_LONG = {99: Figure("late, 1,000 steady at 2 s, p99", Unit.MILLISECONDS, "20")}
FIRST_TOKEN = Figure("200 streams, first token late, p95", Unit.MILLISECONDS, "10")
GAP = Figure("200 streams, gap off, p95", Unit.MILLISECONDS, "3")
DRIFT = Figure("200 streams, drift, p95", Unit.MILLISECONDS, "3")
EVENTS_LOST = Figure("200 streams, events lost", Unit.COUNT, "0")

TABLE = (
    START,
    MEMORY_IDLE,
    *RATES.values(),
    MEMORY_FULL,
    ANSWERED,
    *(figure for late in LATE_STEADY.values() for figure in late.values()),
    *LATE_BURST.values(),
    *LATE_WRK.values(),
    *LATE_LONG.values(),
    FIRST_TOKEN,
    GAP,
    DRIFT,
    EVENTS_LOST,
)
# What is asked of the fake LLM alone: the others keep no journal and do not stream.
OURS_ALONE = (
    START,
    MEMORY_IDLE,
    MEMORY_FULL,
    ANSWERED,
    *LATE_LONG.values(),
    FIRST_TOKEN,
    GAP,
    DRIFT,
    EVENTS_LOST,
)


def fake_llm(rounds: int) -> None:
    """Print the medians of so many rounds, in which the servers take turns."""
    pin(os.getpid(), CLIENT_CORE)
    measured: dict[str, list[Measured]] = {name: [] for name in (OURS, *peers.installed())}
    for _ in range(rounds):
        for name, results in measured.items():
            results.append(_ours() if name == OURS else _peer(name))
    columns = {name: medians(results) for name, results in measured.items()}
    print_table(f"Fake LLM: medians of {rounds} rounds", TABLE, columns)


def _peer(name: str) -> Measured:
    """All figures of another server, once."""
    with peers.serving(name, latency=0.0) as base_url:
        speed = under_load(base_url, _throughput)
    with peers.serving(name, latency=LATENCY) as base_url:
        late = under_load(base_url, _lateness) | _wrk(base_url)
    return dict.fromkeys(OURS_ALONE) | speed | late


def _ours() -> Measured:
    """All figures of the fake LLM, once."""
    started = time.perf_counter()
    with FakeLLM(latency=0) as llm:
        under_load(llm.base_url, _first)
        measured = {START: time.perf_counter() - started}
        pin(llm.pid, SERVER_CORE)
        server = psutil.Process(llm.pid)
        measured[MEMORY_IDLE] = server.memory_info().rss
        measured |= under_load(llm.base_url, _throughput)
        missing = JOURNAL - llm.stats()["requests"]
        under_load(llm.base_url, partial(_fill, count=missing))
        measured[MEMORY_FULL] = server.memory_info().rss
        measured |= under_load(llm.base_url, _crowd)
        llm.reset()
        llm.behave(latency=LATENCY)
        measured |= under_load(llm.base_url, _lateness) | _wrk(llm.base_url)
        llm.behave(latency=LONG_LATENCY)
        measured |= under_load(llm.base_url, _long)
        llm.behave(time_to_first_token=TOKEN_PERIOD, tokens_per_second=1 / TOKEN_PERIOD)
        return measured | under_load(llm.base_url, _streams)


async def _first(load: LoadGenerator) -> None:
    await load.open(1)
    await load.burst(1, load.request())


async def _throughput(load: LoadGenerator) -> dict[Figure, float]:
    measured = {}
    for count, figure in RATES.items():
        await load.open(count)
        await load.steady(count, load.request(), WARM_UP)
        began = time.perf_counter()
        replies = await load.steady(count, load.request(), STEADY)
        measured[figure] = len(replies) / (time.perf_counter() - began)
    return measured


async def _fill(load: LoadGenerator, count: int) -> None:
    """At least so many requests, a hundred at a time."""
    await load.open(100)
    for _ in range(count // 100 + 1):
        await load.burst(100, load.request())


async def _crowd(load: LoadGenerator) -> dict[Figure, float]:
    await load.open(CROWD)
    replies = await load.burst(CROWD, load.request())
    return {ANSWERED: sum(reply.status == 200 for reply in replies)}


async def _lateness(load: LoadGenerator) -> dict[Figure, float]:
    await load.open(1_000)
    measured: dict[Figure, float] = {}
    for count, figures in LATE_STEADY.items():
        replies = await load.steady(count, load.request(), STEADY, spread=LATENCY)
        measured |= _late(figures, replies, LATENCY)
    bursts: list[TimedReply] = []
    for _ in range(BURSTS):
        bursts += await load.burst(1_000, load.request())
    return measured | _late(LATE_BURST, bursts, LATENCY)


async def _long(load: LoadGenerator) -> dict[Figure, float]:
    await load.open(1_000)
    replies = await load.steady(1_000, load.request(), STEADY, spread=LONG_LATENCY)
    return _late(LATE_LONG, replies, LONG_LATENCY)


def _late(
    figures: dict[int, Figure], replies: Sequence[TimedReply], planned: float
) -> dict[Figure, float]:
    """How late the replies came that were planned to take so many seconds, by percentile."""
    late = [reply.seconds - planned for reply in replies if reply.status == 200]
    if not late:
        raise RuntimeError(f"no reply to measure {', '.join(map(str, figures.values()))}")
    return {figure: percentile(late, percent) for percent, figure in figures.items()}


async def _streams(load: LoadGenerator) -> dict[Figure, float]:
    await load.open(STREAMS)
    request = load.request(stream=True, max_tokens=TOKENS)
    replies = await load.steady(STREAMS, request, STEADY, spread=TOKEN_PERIOD)
    streams = [reply.events for reply in replies]
    first = [reply.events[0] - reply.asked - TOKEN_PERIOD for reply in replies]
    gaps = [
        abs(after - before - TOKEN_PERIOD)
        for events in streams
        for before, after in pairwise(events)
    ]
    drift = [abs(events[-1] - events[0] - TOKEN_PERIOD * (len(events) - 1)) for events in streams]
    return {
        FIRST_TOKEN: percentile(first, 95),
        GAP: percentile(gaps, 95),
        DRIFT: percentile(drift, 95),
        EVENTS_LOST: sum(TOKENS - len(events) for events in streams),
    }


def _wrk(base_url: str) -> dict[Figure, float | None]:
    """What wrk finds (github.com/wg/wrk), a client of somebody else's; None where there is none."""
    if not shutil.which("wrk"):
        return dict.fromkeys(LATE_WRK.values())
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Say something."}]})
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(
            "wrk.method = 'POST'\n"
            f"wrk.body = '{body}'\n"
            "wrk.headers['Content-Type'] = 'application/json'\n"
        )
        command = ["wrk", "-t1", "-c1000", "-d4s", "--latency", "-s", str(script)]
        command.append(f"{base_url}/chat/completions")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {figure: wrk_latency(done.stdout, p) - LATENCY for p, figure in LATE_WRK.items()}


def wrk_latency(report: str, percent: int) -> float:
    """Seconds at a percentile of wrk's report, which has lines such as "  99%  201.34ms".

    Raises ValueError where there is none.
    """
    found = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s)$", report, flags=re.MULTILINE)
    if not found:
        raise ValueError(f"wrk's report has no {percent}%:\n{report}")
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[found[2]]
