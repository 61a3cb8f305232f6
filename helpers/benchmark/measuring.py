"""Measure one row, or a script, in a fresh process of its own; a row is watched from outside."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import psutil

from helpers.benchmark.client import Figures, Order
from helpers.benchmark.rows import Result, Row
from helpers.process import own_environment, run_python
from helpers.runs import Steerable
from helpers.trace import ideal_seconds, percentile

CLIENT = Path(__file__).with_name("client.py")

# Seconds from one look at the client to the next: many looks at a row that takes half a second,
# and still few, because to count the pages of a process takes CPU that the row needs.
LOOK = 0.04

# Scripts at one time. One more process does not change the memory of another, and few machines of a
# class have more than two cores to spare.
TOGETHER = 2


class Watched(NamedTuple):
    """What was seen of a process from outside: its peak of memory in MB, and its most threads."""

    memory: float
    threads: int


def measure(row: Row, llm: Steerable) -> Result:
    """Run a row in a process of its own, and tell what it took.

    The server is set to the row's latency and tail meanwhile, and back afterwards.
    Raises RuntimeError with the client's last words if it fails.
    """
    before = llm.behaviour()
    llm.behave(latency=row.latency, tail=row.tail)
    mark = llm.mark()
    try:
        figures, watched = _run_client(row, llm)
    finally:
        llm.behave(latency=before["latency"], tail=before["tail"])
    records = llm.journal(since=mark)
    return Result(
        row=row,
        seconds=figures["seconds"],
        ideal=ideal_seconds([record["planned"] for record in records], row.in_flight),
        memory=watched.memory,
        threads=watched.threads,
        connections=len({record["connection"] for record in records}),
        cpu=figures["cpu"],
        p50=percentile(figures["from_submission"], 50),
        p95=percentile(figures["from_submission"], 95),
        p50_from_start=percentile(figures["from_start"], 50),
        p95_from_start=percentile(figures["from_start"], 95),
    )


def measured_alone(*scripts: str) -> list[Any]:
    """Run each script in a fresh process, two at a time; what each printed, read as JSON.

    For memory, not for times. Raises RuntimeError with the last line of its error if one fails, and
    subprocess.TimeoutExpired if one takes longer than a minute.
    """
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(_printed, scripts))


@contextmanager
def fresh_python(*arguments: str, output: IO, errors: IO) -> Iterator[subprocess.Popen]:
    """A fresh Python that runs beside us; it is ended if we leave before it has.

    Its output goes to these files rather than to pipes: nobody reads while it is watched, and a
    process that has filled a pipe (4 KB on Windows, 64 KB on Linux) waits for a reader for ever.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=own_environment(),
    )
    try:
        yield process
    finally:
        process.kill()  # harmless where it has ended
        process.wait()


def _run_client(row: Row, llm: Steerable) -> tuple[Figures, Watched]:
    order: Order = {
        "how": row.how,
        "limit": row.limit,
        "requests": row.requests,
        "url": f"{llm.base_url}/chat/completions",
    }
    with TemporaryFile() as output, TemporaryFile() as errors:
        # -P: with its own folder on sys.path, a module of ours could stand in for one that the
        # measured client imports by the same name.
        arguments = ("-P", str(CLIENT), json.dumps(order))
        with fresh_python(*arguments, output=output, errors=errors) as client:
            watched = _watch(client)
        if client.returncode:
            raise RuntimeError(f"{row.name}: the client failed: {_last_line(_read(errors))}")
        return json.loads(_read(output)), watched


def _watch(client: subprocess.Popen) -> Watched:
    """Look at a process until it ends."""
    memory = 0.0
    threads = 1
    while client.poll() is None:
        try:
            process = psutil.Process(client.pid)
            memory = max(memory, _memory(process))
            threads = max(threads, process.num_threads())
        except psutil.NoSuchProcess:
            pass  # it has ended since it was polled
        time.sleep(LOOK)
    return Watched(memory, threads)


def _memory(process: psutil.Process) -> float:
    """The memory in MB that would be free if this process ended (USS)."""
    try:
        used = process.memory_full_info().uss
    except psutil.AccessDenied:
        # macOS lets only root count another's pages one by one. The resident set is more than the
        # USS by the libraries that are shared with other processes.
        used = process.memory_info().rss
    return used / 2**20


def _printed(script: str) -> Any:
    done = run_python("-c", script)
    if done.returncode:
        raise RuntimeError(_last_line(done.stderr))
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"a script printed {done.stdout!r}; it must print JSON") from None


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _last_line(errors: str) -> str:
    """The line of a traceback that says what went wrong."""
    lines = errors.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
