"""Run a learner's function in its own thread, with a time limit, and see what it leaves behind.

An asynchronous function gets a loop of its own in that thread, so a check works in a cell without
await. When the time is up its task is cancelled, its agents refuse their next step, and what still
runs is interrupted.
"""

import asyncio
import ctypes
import gc
import inspect
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from helpers.runs import wait_for

# Seconds that a function has to end by itself when its time is up, and its threads when it has
# returned: far longer than ending takes, and short enough to wait for.
GRACE = 0.5

# Characters of an error's message that a verdict shows: a few lines at most.
_SHOWN = 300


class TimeUp(BaseException):
    """Raised inside a function that ignores its time limit.

    It is not an Exception, so that `except Exception` in the learner's code does not catch it.
    """


@dataclass
class Outcome:
    """How a call ended.

    late: whether it was still running when its time was up. left: what it left behind, in words.
    abandoned: some of its threads still run; where it was late, they could not be ended.
    """

    returned: Any = None
    error: BaseException | None = None
    late: bool = False
    abandoned: bool = False
    left: list[str] = field(default_factory=list)


def run_limited(
    call: Callable,
    function: Callable,
    stop: threading.Event,
    seconds: float,
    port: int | None = None,
) -> Outcome:
    """Run `call(function)` (`def` or `async def`) with a time limit.

    Whatever it raises is in the outcome. stop: set when the time is up.
    port: connections still open to it are something left behind.
    """
    return _Attempt(call, function, stop, port).run(seconds)


class _Attempt:
    def __init__(self, call: Callable, function: Callable, stop: threading.Event, port: int | None):
        self._call = call
        self._function = function
        self._stop = stop
        self._port = port
        self._outcome = Outcome()
        self._done = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task | None = None

    def run(self, seconds: float) -> Outcome:
        with _kinship():
            return self._run(seconds)

    def _run(self, seconds: float) -> Outcome:
        thread = threading.Thread(target=self._work, name="exercise", daemon=True)
        thread.attempts = (self,)
        thread.start()
        try:
            in_time = wait_for(self._done, seconds)
        except KeyboardInterrupt:
            self._end()
            raise
        if in_time:
            self._find_threads(thread)
        else:
            self._outcome.late = True
            self._outcome.abandoned = not self._end()
        return self._outcome

    def _work(self) -> None:
        try:
            if inspect.iscoroutinefunction(self._call):
                self._outcome.returned = asyncio.run(self._main())
                self._find_connections()
            else:
                self._outcome.returned = self._call(self._function)
        except BaseException as error:
            self._outcome.error = error
        finally:
            self._done.set()

    async def _main(self) -> Any:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        complaints: set[str] = set()
        self._loop.set_exception_handler(
            lambda _, context: complaints.add(context.get("message", ""))
        )
        returned = await self._call(self._watched)
        gc.collect()  # a session complains when it is collected
        if "Unclosed client session" in complaints:
            self._outcome.left.append("an aiohttp session that nobody closed")
        return returned

    async def _watched(self, *arguments: Any) -> Any:
        """The learner's function; its tasks are counted before anything that they use is closed."""
        before = asyncio.all_tasks()
        returned = await self._function(*arguments)
        await asyncio.sleep(0)  # a task that was cancelled or has just ended needs a turn for that
        tasks = [task for task in asyncio.all_tasks() - before if not task.cancelling()]
        if tasks and not self._outcome.left:
            self._outcome.left.append(_count(len(tasks), "task") + " still running")
        return returned

    def _find_connections(self) -> None:
        if self._outcome.left or not self._port:
            return
        mine = sum(
            connection.status == "ESTABLISHED"
            and bool(connection.raddr)
            and connection.raddr.port == self._port
            for connection in psutil.Process(os.getpid()).net_connections("tcp")
        )
        if mine:
            what = _count(mine, "open connection")
            self._outcome.left.append(f"{what} of a loop that has ended")

    def _threads(self) -> list[threading.Thread]:
        """Its own thread and all that come from that; never what another cell has started."""
        threads = [thread for thread in threading.enumerate() if thread.is_alive()]
        return [thread for thread in threads if self in _attempts_of(thread)]

    def _find_threads(self, own: threading.Thread) -> None:
        gc.collect()  # an executor without `with` ends its idle threads when it is collected
        left = _alive([thread for thread in self._threads() if thread is not own])
        if left:
            self._outcome.left.append(_count(len(left), "thread") + " still running")
            self._outcome.abandoned = True

    def _end(self) -> bool:
        """End the call in whatever way; False where it cannot be ended."""
        self._stop.set()
        if self._task is not None:
            try:
                self._loop.call_soon_threadsafe(self._task.cancel)
            except RuntimeError:
                pass  # the loop has just closed by itself
        if self._done.wait(GRACE) and not self._threads():
            return True
        for thread in self._threads():
            _interrupt(thread)
        return not _alive(self._threads())


_kinships = 0
_start: Callable[[threading.Thread], None] = threading.Thread.start
_changing = threading.Lock()


@contextmanager
def _kinship() -> Iterator[None]:
    """Meanwhile a thread belongs to the attempts to which the one belongs that starts it.

    A list from before and one from after would have in it what ipykernel, a panel or another cell
    has started since. Attempts may lie in one another, or overlap.
    """
    global _kinships, _start
    with _changing:
        _kinships += 1
        if _kinships == 1:
            _start = _inheriting(threading.Thread.start)
            threading.Thread.start = _start
    try:
        yield
    finally:
        with _changing:
            _kinships -= 1
            # Where somebody has wrapped ours since, it stays in there: it does no harm.
            if _kinships == 0 and threading.Thread.start is _start:
                threading.Thread.start = _start.plain


def _inheriting(plain: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start(self: threading.Thread) -> None:
        self.attempts = _attempts_of(self) + _attempts_of(threading.current_thread())
        plain(self)

    start.plain = plain
    return start


def _attempts_of(thread: threading.Thread) -> tuple["_Attempt", ...]:
    return getattr(thread, "attempts", ())


def _alive(threads: list[threading.Thread]) -> list[threading.Thread]:
    """Those that do not end within a moment, which is the same one for all."""
    end = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]


def _interrupt(thread: threading.Thread) -> None:
    """Raise TimeUp in a thread at its next bytecode.

    A loop that goes on computing would falsify every later measurement in this process.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(TimeUp)
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def cause(error: BaseException) -> BaseException:
    """The error, or the first one inside an exception group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def where(error: BaseException, function: Callable) -> str:
    """The last place in the learner's own code that the error passed; empty if it passed none."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(cause(error).__traceback__)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    if not own:
        return ""
    last = own[-1]
    # The line itself is empty where nobody can read it, as in code that was typed at a prompt.
    return f"line {last.lineno} of its cell or file, in {last.name}: {last.line}".rstrip(": ")


def last_line(error: BaseException) -> str:
    """The last line of the traceback, cut to a readable length."""
    return traceback.format_exception_only(cause(error))[0].strip()[:_SHOWN]
