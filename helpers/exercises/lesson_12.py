"""Exercises of lesson 12: a program migrated by halves, and a database that holds up no loop."""

import asyncio
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, connections, overlapped, peak, replies, requests
from helpers.exercises.trial import Evidence, Trial

FOUR, TWELVE = 4, 12


def _twelve_of_a_sync_caller(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.expected = trial.replies(trial.questions)
    return function(trial.base_url, list(trial.questions), FOUR)


# The loop beats every 10 ms. Forty beats are 0.4 s in which it must have gone on; two seconds
# without them, and it stands still.
BEAT = 0.01
BEATS = 40
PATIENCE = 2.0


class _SomebodyElse:
    """A transaction of somebody else, which locks the database for the others.

    It ends when the loop has beaten 40 times since the first answer, or when that takes too long.
    held: whether it took too long, because the loop stood still and waited for the lock.
    """

    def __init__(self, path: str):
        self.path = path
        self.held = False
        self._beats = 0
        self._begun = threading.Event()
        self._first = threading.Event()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._write, name="somebody else", daemon=True)

    def first_answer(self) -> None:
        """From now on the beats count: somebody has something to store."""
        self._first.set()

    async def beat(self) -> None:
        """Show that the loop goes on."""
        while not self._enough.is_set():
            await asyncio.sleep(BEAT)
            self._beats += self._first.is_set()
            if self._beats >= BEATS:
                self._enough.set()

    def _write(self) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            self._begun.set()
            if self._first.wait(PATIENCE):
                self.held = not self._enough.wait(PATIENCE)
            db.execute("ROLLBACK")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """From here on the database is locked for a while."""
        self._thread.start()
        self._begun.wait(PATIENCE)
        try:
            yield
        finally:
            self._enough.set()
            self._first.set()
            self._thread.join(PATIENCE)


@dataclass
class Database:
    """rows: (question, answer) pairs in the file at the end. held: whether the loop stood still."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    held: bool = False


async def _twelve_into_a_locked_database(function: Callable, trial: Trial[Database]) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.observed = Database()
    # On Windows a file that a wrong answer has left open cannot be removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = str(Path(folder) / "answers.db")
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE answers (question TEXT, answer TEXT)")
        try:
            return await _asked_while_locked(function, trial, path)
        finally:
            with closing(sqlite3.connect(path)) as db:
                trial.observed.rows = db.execute("SELECT question, answer FROM answers").fetchall()


async def _asked_while_locked(function: Callable, trial: Trial[Database], path: str) -> Any:
    other = _SomebodyElse(path)
    beat = asyncio.create_task(other.beat(), name="heartbeat")
    try:
        with other.at_work():
            async with trial.ask_async() as ask:

                async def ask_and_tell(question: str) -> Any:
                    answer = await ask(question)
                    other.first_answer()
                    return answer

                return await function(ask_and_tell, list(trial.questions), FOUR, path)
    finally:
        beat.cancel()
        trial.observed.held = other.held


def _another_thread(error: BaseException, evidence: Evidence[Database]) -> Finding | None:
    if isinstance(error, sqlite3.ProgrammingError) and "thread" in str(error):
        return Finding(
            "a connection that is used in the thread that made it",
            "sqlite3.ProgrammingError: a connection made in one thread was used in another",
            "aiosqlite: its connection has a thread of its own, and every statement goes there.",
        )
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Finding(
            "somebody who waits for the lock while the loop goes on",
            "sqlite3.OperationalError: the database is locked, until its patience of 5 s was over",
            "who waits for the database, and in which thread.",
        )
    return None


def _loop_goes_on(evidence: Evidence[Database]) -> Finding | None:
    if not evidence.observed.held:
        return None
    return Finding(
        "an event loop that goes on while somebody else has locked the database",
        "it stood still: no other task had a turn until the lock was gone",
        "which call waits for the lock, and in whose thread: aiosqlite has one of its own.",
    )


def _all_stored(evidence: Evidence[Database]) -> Finding | None:
    rows = evidence.observed.rows
    right = {question for question, answer in rows if evidence.is_answer(question, answer)}
    if len(rows) == len(right) == TWELVE:
        return None
    return Finding(
        f"a row with question and text for each of {TWELVE} questions",
        f"the file holds {len(rows)} rows, {len(right)} of them right",
        "commit: what is not committed is undone when the connection closes. And what a row holds:"
        " answer.text.",
    )


EXERCISES = [
    Exercise(
        "12.1",
        "migrated by halves",
        "answer_all(base_url, questions, limit)",
        _twelve_of_a_sync_caller,
        [replies, requests(TWELVE), connections(FOUR), peak(FOUR, FOUR), overlapped(FOUR)],
        "12 answers in order, 4 in flight, over 4 connections, for a caller that knows nothing of"
        " async.",
        llm={"latency": 0.08},
    ),
    Exercise(
        "12.2",
        "a database driver",
        "ask_and_keep(ask, questions, limit, path)",
        _twelve_into_a_locked_database,
        [_loop_goes_on, _all_stored, answers, peak(FOUR, FOUR)],
        "12 answers in order and in the file, 4 in flight, and a loop that went on while the file"
        " was locked.",
        llm={"latency": 0.08, "search_latency": 0.005},
        on_error=_another_thread,
    ),
]
