"""Lesson 12's tools: what a step of the research program's migration changes, whether its tests pass, how it runs.

    change(2)                     # the difference between step 1 and step 2
    run_tests(2)                  # the program's own tests, in a process of their own
    done = timed(2, llm=llm)      # a run, as the server's journal shows it; compare(...) draws it
    table(done)

The fake LLM is on this machine, and a new connection costs next to nothing here. So runs go through a relay that
holds each new connection back, as TCP and TLS do on the way to a provider.
"""

import asyncio
import contextlib
import difflib
import inspect
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.agents import Question
from helpers.agents import questions as shipped
from helpers.migration.research.common import SCHEMA, headers
from helpers.tables import Varying, html_table, text_table
from helpers.trace import Span, Summary, summarise

HOME = Path(__file__).with_name("research")
STEPS = tuple(f"step_{number}" for number in range(7))
PROGRAMS = (*STEPS, "wrong_order")
HANDSHAKE = 0.02
LAG_PERIOD = 0.01
_STATE = {"answered": "ok", "rejected": "failed", "failed": "failed", "disconnected": "cancelled"}
_HEAD = ("program", "seconds", "requests", "connections", "in flight", "answered", "loop late, ms")


def _name(step: int | str) -> str:
    name = f"step_{step}" if isinstance(step, int) else step
    if name not in PROGRAMS:
        raise ValueError(f"step is {step!r}; it takes a number from 0 to 6, or 'wrong_order'")
    return name


class Change:
    """The difference between two states of the program, as HTML and as text. The signs say what colours repeat."""

    def __init__(self, before: str, after: str):
        self.before, self.after = before, after
        texts = [
            (HOME / f"{name}.py").read_text(encoding="utf-8").splitlines()
            for name in (before, after)
        ]
        self.lines = list(difflib.unified_diff(*texts, before, after, lineterm="", n=1))

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        name = f"What changes from {self.before} to {self.after}"
        body = "\n".join(map(_line, self.lines[2:]))
        return (
            f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto"><b>{name}</b>'
            f'<pre style="margin:0.3em 0;line-height:1.35">{body}</pre></div>'
        )


def _line(line: str) -> str:
    tag, colour = {"+": ("ins", "0,158,115"), "-": ("del", "213,94,0")}.get(line[:1], ("span", ""))
    look = (
        f' style="text-decoration:none;background:rgba({colour},.2)"'
        if colour
        else ' style="opacity:.85"'
    )
    return f"<{tag}{look}>{escape(line)}</{tag}>"


def change(step: int | str, before: int | str | None = None) -> Change:
    """What a step changes, against the one before it or another. Raises ValueError where there is none."""
    if before is None:
        if step not in range(1, 7):
            raise ValueError(
                f"step is {step!r}; it takes a number from 1 to 6, or name the one before, too"
            )
        before = step - 1
    return Change(_name(before), _name(step))


def run_tests(*steps: int | str) -> None:
    """Run the program's tests on some steps, in a process of their own, and print how many passed on each.

    Raises AssertionError with pytest's report where one does not.
    """
    names = [_name(step) for step in steps]
    done = _pytest(HOME / "checks.py", {"RESEARCH_STEPS": " ".join(names)}, "-vv")
    if done.returncode:
        raise AssertionError(f"{', '.join(names)}: not all tests pass\n{done.stdout}{done.stderr}")
    for name in names:
        print(f"{name}: {done.stdout.count(f'[{name}] PASSED')} tests passed")


def pytest_of(source: str) -> None:
    """Run the tests in this text, in a process of their own, and print what became of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_async.py"
        path.write_text(source, encoding="utf-8")
        done = _pytest(path, {}, "-p", "anyio", "-vv", "--tb=no")
    found = re.findall(r"::(\S+) (PASSED|FAILED|ERROR)", done.stdout)
    print("\n".join(f"{name}: {end.lower()}" for name, end in found) or done.stdout + done.stderr)


def _pytest(path: Path, env: dict[str, str], *options: str) -> subprocess.CompletedProcess:
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"} | env
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--color=no",
        "-p",
        "no:cacheprovider",
        *options,
        str(path),
    ]
    return subprocess.run(
        command, env=os.environ | own, capture_output=True, text=True, timeout=120
    )


@asynccontextmanager
async def _relay(url: str, handshake: float) -> AsyncIterator[str]:
    """An address that leads to `url`, and where each new connection takes `handshake` seconds longer."""
    there, tasks = urlsplit(url), set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # one side has gone; the other is told so below
        finally:
            writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(handshake)
            far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
            await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: streams of Python 3.11 log an error for each of theirs that is cancelled.
        task = asyncio.create_task(carry(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def far(url: str, handshake: float = HANDSHAKE) -> Iterator[str]:
    """The same server from far away: an address where each new connection takes `handshake` seconds longer.

    The relay has a thread and a loop of its own, which end with the block.
    """
    ready, address = threading.Event(), []

    async def main() -> None:
        async with _relay(url, handshake) as here:
            over = asyncio.Event()
            address.extend([here, asyncio.get_running_loop(), over])
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="relay", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the relay did not start")
    here, loop, over = address
    try:
        yield here
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)


class Timed:
    """A run of one step, seen by the server. It has what `compare` draws.

    seconds: of the call of `research`. spans: of the journal. server: its stats. error: what it raised, or None.
    stored: how many answers the database holds. lag: (time, lateness) of its loop in seconds; empty for step 0 and 1.
    """

    outcome = "done"

    def __init__(self, name: str, questions: Sequence[Question], behaviour: dict):
        self.name, self.questions, self.behaviour = name, questions, behaviour
        self.planned = [behaviour["search_latency"] + behaviour["latency"]] * len(questions)
        self.seconds, self.error, self.stored = 0.0, None, 0
        self.lag: list[tuple[float, float]] = []
        self.server: dict[str, Any] = {}
        self._spans: list[Span] = []

    def __repr__(self) -> str:
        return f"Timed({self.name}, {len(self.questions)} questions)"

    @property
    def trace(self) -> "Timed":
        """Where `compare` looks for spans."""
        return self

    def spans(self) -> list[Span]:
        """For each question a span "query", and in it "retrieve" and "model". Seconds from the start of the run."""
        return self._spans

    @property
    def summary(self) -> Summary:
        """The numbers of the run."""
        return summarise(self._spans, self.seconds, len(self.questions))

    @property
    def late(self) -> float:
        """The longest time for which its loop came to nothing else, in seconds."""
        return max((seconds for _, seconds in self.lag), default=0.0)

    def read(self, journal: list[dict]) -> None:
        """Take the spans from the server's journal."""
        numbers = {headers(question)["x-tag"]: i for i, question in enumerate(self.questions)}
        zero = min((r["arrival"] for r in journal), default=0.0) - HANDSHAKE
        rows: dict[int, list[Span]] = {}
        for r in journal:
            row = numbers[r["tag"]]
            step = "retrieve" if r["kind"] == "search" else "model"
            end = r["arrival"] if r["end"] is None else r["end"]
            span = Span(
                row, step, "", r["arrival"] - zero, end - zero, _STATE.get(r["outcome"], "failed")
            )
            rows.setdefault(row, []).append(span)
        for row, spans in sorted(rows.items()):
            state = spans[-1].state if len(spans) > 1 or spans[-1].state != "ok" else "cancelled"
            whole = Span(row, "query", "", spans[0].start, spans[-1].end, state)
            self._spans += [whole, *spans]


def timed(
    step: int | str,
    *,
    llm: Any,
    questions: int = 8,
    handshake: float = HANDSHAKE,
    locked: float = 0.0,
    **settings: Any,
) -> Timed:
    """Run a step's `research` on a database of its own, and return what the server saw.

    handshake: what a new connection costs, in seconds. locked: for so many seconds from the start somebody else
    holds the database's lock for writing. settings: the fake LLM's, for this run. What the program raises is in `error`.
    """
    program, before = import_module(f"helpers.migration.research.{_name(step)}"), llm.behaviour()
    llm.behave(**settings)
    done = Timed(_name(step), shipped(questions, kind="lookup"), before | settings)
    mark = llm.mark()
    try:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            far(llm.url, handshake) as url,
        ):
            path = str(Path(folder) / "answers.db")
            with closing(sqlite3.connect(path)) as db:
                db.executescript(SCHEMA)
            with _lock(path, locked):
                _in_a_thread(lambda: _run(program.research, done, url, path))
            with closing(sqlite3.connect(path)) as db:
                done.stored = db.execute("SELECT count(*) FROM answers").fetchone()[0]
            llm.settle(mark)
    finally:
        llm.behave(**{name: before[name] for name in settings})
    done.server = llm.stats(since=mark)
    done.read(llm.journal(since=mark))
    return done


@contextmanager
def _lock(path: str, seconds: float) -> Iterator[None]:
    """Somebody else's transaction, open for so long."""
    if not seconds:
        yield
        return
    over = threading.Event()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as db:
        db.execute("BEGIN IMMEDIATE")

        def release() -> None:
            over.wait(seconds)
            db.execute("ROLLBACK")

        thread = threading.Thread(target=release, name="somebody else", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(5)


def _in_a_thread(work: Callable[[], None]) -> None:
    """A notebook's main thread has a loop already, so a program with a loop of its own needs another thread."""
    thread = threading.Thread(target=work, name="research", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)


def _run(research: Callable, done: Timed, url: str, path: str) -> None:
    asked = [str(question) for question in done.questions]
    quiet = (
        {"tell": lambda question, answer: None}
        if "tell" in inspect.signature(research).parameters
        else {}
    )
    started = time.perf_counter()
    try:
        if inspect.iscoroutinefunction(research):
            asyncio.run(_watched(research(asked, url, path, **quiet), done))
        else:
            research(asked, url, path)
    except Exception as error:
        done.error = error
    done.seconds = done.seconds or time.perf_counter() - started


async def _watched(work: Any, done: Timed) -> None:
    """Await `work`, and note how late its loop is."""
    started = time.perf_counter()

    async def meter() -> None:
        while True:
            due = time.perf_counter() + LAG_PERIOD
            try:
                await asyncio.sleep(LAG_PERIOD)
            finally:  # a loop that was held until the end wakes the meter only to end it
                now = time.perf_counter()
                if now > due:
                    done.lag.append((now - started, now - due))

    watch = asyncio.create_task(meter(), name="loop-lag meter")
    try:
        await work
    finally:
        done.seconds = time.perf_counter() - started
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


class Table:
    """Runs side by side. Its repr holds no measured time, so it is the same on every run."""

    def __init__(self, runs: Sequence[Timed]):
        self.runs = runs

    def __repr__(self) -> str:
        return f"Table of {len(self.runs)} runs"

    def __str__(self) -> str:
        return text_table(_HEAD, map(_row, self.runs))

    def _repr_html_(self) -> str:
        return html_table("The migration, step by step", _HEAD, map(_row, self.runs))


def _row(run: Timed) -> tuple:
    late = f"{1000 * run.late:.0f}" if run.lag else "–"
    seen = run.server
    return (
        run.name,
        *map(Varying, (f"{run.seconds:.2f}", str(seen["requests"]), str(seen["connections"]))),
        *map(Varying, (str(seen["peak"]), f"{run.stored} of {len(run.questions)}", late)),
    )


def table(*runs: Timed) -> Table:
    """Seconds, requests, connections, the most in flight, stored answers, and how late the loop was."""
    return Table(runs)
