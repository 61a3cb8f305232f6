"""Running one step of the migration on a database of its own, timed and seen by the server."""

import asyncio
import inspect
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from helpers.agents import questions as shipped
from helpers.fake_llm import FakeLLM
from helpers.machine import LoopLag
from helpers.migration.programs import program_name
from helpers.migration.relay import HANDSHAKE, further_away
from helpers.migration.research.common import SCHEMA
from helpers.migration.result import Timed

_END_TIMEOUT = 5.0  # against hanging only

Result = TypeVar("Result")


def timed(
    step: int | str,
    *,
    llm: FakeLLM,
    questions: int = 8,
    handshake: float = HANDSHAKE,
    locked: float = 0.0,
    **settings: Any,
) -> Timed:
    """Run a step's `research` on a database of its own, and return what the server saw.

    handshake: what a new connection costs, in seconds.
    locked: for so many seconds from the start, somebody else holds the database's lock for writing.
    settings: the fake LLM's, for this run only.
    What the program raises is in the `error` of the result. Raises ValueError for an unknown step.
    """
    name = program_name(step)
    research = import_module(f"helpers.migration.research.{name}").research
    asked = shipped(questions, kind="lookup")
    with _behaving(llm, settings) as behaviour:
        mark = llm.mark()
        with _database() as path, further_away(llm.url, handshake) as url:
            with _locked(path, locked):
                given = ([str(question) for question in asked], url, path)
                attempt = _in_a_thread(lambda: _attempt(research, given))
            stored = _stored(path)
        llm.settle(mark)
    return Timed(
        name=name,
        questions=asked,
        limit=_limit(research) or len(asked),
        behaviour=behaviour,
        handshake=handshake,
        seconds=attempt.seconds,
        error=attempt.error,
        stored=stored,
        lag=attempt.lag.seen,
        server=llm.stats(since=mark),
        journal=llm.journal(since=mark),
    )


@contextmanager
def _behaving(llm: FakeLLM, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Let the fake LLM have these settings during the block, which gets all that are in force."""
    before = llm.behaviour()
    if not settings:
        yield before
        return
    llm.behave(**settings)
    try:
        yield before | settings
    finally:
        llm.behave(**{name: before[name] for name in settings})


@contextmanager
def _database() -> Iterator[str]:
    """The path of an empty database, which is deleted after the block."""
    # On Windows a file that somebody still holds open cannot be deleted; that may not end a cell.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = str(Path(folder) / "answers.db")
        with closing(sqlite3.connect(path)) as db:
            db.executescript(SCHEMA)
        yield path


def _stored(path: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        (count,) = db.execute("SELECT count(*) FROM answers").fetchone()
    return count


@contextmanager
def _locked(path: str, seconds: float) -> Iterator[None]:
    """Somebody else's transaction, open for so long, or until the block ends."""
    if not seconds:
        yield
        return
    over = threading.Event()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as db:
        # IMMEDIATE takes the lock for writing now, not with the first INSERT.
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
            thread.join(_END_TIMEOUT)


@dataclass
class _Attempt:
    """One call of `research`: how long it took, what it raised, and how late its loop was."""

    seconds: float = 0.0
    error: Exception | None = None
    lag: LoopLag = field(default_factory=LoopLag)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Time the block, and keep what it raises."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            self.error = error
        finally:
            self.seconds = time.perf_counter() - started


def _attempt(research: Callable[..., Any], given: tuple[list[str], str, str]) -> _Attempt:
    attempt = _Attempt()
    parameters = inspect.signature(research).parameters
    # Step 6 shows each answer as it comes; here nobody should see them.
    quiet = {"tell": lambda question, answer: None} if "tell" in parameters else {}

    async def awaited() -> None:
        with attempt.under_way():
            async with attempt.lag.watched():
                await research(*given, **quiet)

    if inspect.iscoroutinefunction(research):
        asyncio.run(awaited())
    else:
        with attempt.under_way():
            research(*given)
    return attempt


def _limit(research: Callable[..., Any]) -> int | None:
    """The limit that a program sets itself, None where it has none."""
    parameter = inspect.signature(research).parameters.get("limit")
    return None if parameter is None else parameter.default


def _in_a_thread(work: Callable[[], Result]) -> Result:
    """The result of `work`, done in a thread: a notebook's main thread has a loop running already,
    and a program with a loop of its own needs a thread without one."""
    result: Future[Result] = Future()

    def finish() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=finish, name="research", daemon=True)
    thread.start()
    while thread.is_alive():
        # In short waits, because on Windows an interrupt does not end a long one.
        thread.join(0.1)
    return result.result()
