"""A learner's function in a thread of its own: it always ends, and what it leaves is found."""

import asyncio
import inspect
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers.exercises.running import TimeUp, cause, last_line, run_limited, where

# Seconds: what never returns is ended after the short one; nothing else comes near the long one.
SHORT, LONG = 0.2, 10.0


def call(function):
    """How an exercise calls a def."""
    return function()


async def call_async(function):
    """How an exercise calls an async def."""
    return await function()


def attempt(function, seconds=LONG):
    """The outcome of a function without arguments."""
    how = call_async if inspect.iscoroutinefunction(function) else call
    return run_limited(how, function, threading.Event(), seconds)


def test_what_is_returned_is_the_outcome():
    """Of both kinds of function, and nothing is left."""

    async def answer():
        await asyncio.sleep(0)
        return 42

    for outcome in (attempt(lambda: 42), attempt(answer)):
        assert (outcome.returned, outcome.error, outcome.late, outcome.left) == (
            42,
            None,
            False,
            [],
        )


def test_what_is_raised_is_the_outcome():
    """Also what is no Exception: sys.exit() does not end the kernel."""
    assert isinstance(attempt(lambda: sys.exit()).error, SystemExit)


def test_a_blocking_function_that_never_returns_is_ended():
    """It is late, and its thread does not live on to spoil later measurements."""

    def answer():
        while True:
            pass

    before = set(threading.enumerate())
    outcome = attempt(answer, SHORT)
    assert outcome.late and not outcome.abandoned
    assert set(threading.enumerate()) <= before


def test_a_coroutine_that_never_returns_is_cancelled():
    """It is late, and may clean up."""
    ended = []

    async def answer():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    outcome = attempt(answer, SHORT)
    assert outcome.late and not outcome.abandoned and ended


def test_a_function_that_swallows_everything_is_ended_all_the_same():
    """`except Exception` in an endless loop does not catch the end of its time."""
    caught = []

    def answer():
        while True:
            try:
                time.perf_counter()
            except Exception as error:
                caught.append(error)

    outcome = attempt(answer, SHORT)
    assert outcome.late and not outcome.abandoned and not caught


def test_a_thread_that_cannot_be_ended_is_abandoned():
    """Nothing reaches a thread that waits for a lock, until it has it."""
    end = threading.Event()
    outcome = attempt(lambda: end.wait(60), SHORT)
    assert outcome.late and outcome.abandoned
    end.set()


def test_the_stop_signal_is_given_when_the_time_is_up():
    """Agents look at it before each step."""
    stop = threading.Event()
    assert run_limited(call, lambda: stop.wait(LONG), stop, SHORT).late and stop.is_set()


def test_tasks_left_behind_are_counted():
    """A function that starts tasks and returns has not waited for them."""

    async def answer():
        for _ in range(3):
            asyncio.create_task(asyncio.sleep(60))

    assert attempt(answer).left == ["3 tasks still running"]


def test_a_task_that_was_cancelled_is_not_left_behind():
    """Cancelling is a way to end a task."""

    async def answer():
        asyncio.create_task(asyncio.sleep(60)).cancel()

    assert attempt(answer).left == []


def test_threads_left_behind_are_counted():
    """A thread that outlives the function is something left behind."""
    end = threading.Event()
    outcome = attempt(lambda: threading.Thread(target=end.wait, daemon=True).start())
    end.set()
    assert outcome.left == ["1 thread still running"] and outcome.abandoned


@pytest.fixture
def others():
    """Starts a thread from a thread that has nothing to do with the attempt, and ends it."""
    wanted, started = queue.SimpleQueue(), queue.SimpleQueue()
    end = threading.Event()

    def start():
        while wanted.get():
            thread = threading.Thread(target=end.wait, daemon=True)
            thread.start()
            started.put(thread)

    def other():
        wanted.put(True)
        return started.get()

    starter = threading.Thread(target=start, daemon=True)
    starter.start()
    yield other
    wanted.put(False)
    end.set()
    starter.join(LONG)


def test_a_thread_that_somebody_else_starts_meanwhile_is_not_the_learners(others):
    """It is not counted when the function returns."""
    outcome = attempt(lambda: others().is_alive())
    assert outcome.returned and outcome.left == [] and not outcome.abandoned


def test_a_thread_of_somebody_else_is_not_interrupted(others):
    """However late the function is."""
    theirs = []

    def answer():
        theirs.append(others())
        while True:
            pass

    outcome = attempt(answer, SHORT)
    assert outcome.late and not outcome.abandoned and theirs[0].is_alive()


def test_a_thread_that_a_thread_has_started_is_the_learners():
    """As those of a pool are that is made in a thread."""
    end, started = threading.Event(), threading.Event()

    def pooled():
        ThreadPoolExecutor(1).submit(end.wait, LONG)
        started.set()

    def answer():
        threading.Thread(target=pooled).start()
        started.wait(LONG)

    outcome = attempt(answer)
    end.set()
    assert "1 thread still running" in outcome.left


def test_each_of_two_attempts_has_its_own_threads():
    """Where they overlap, and where one is inside the other."""
    end, both = threading.Event(), threading.Barrier(2)

    def leaves():
        threading.Thread(target=end.wait, daemon=True).start()
        both.wait(LONG)

    def inside():
        return attempt(lambda: threading.Thread(target=end.wait, daemon=True).start())

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(attempt, leaves), pool.submit(attempt, lambda: both.wait(LONG))
    outer = attempt(inside)
    end.set()
    assert (one.result().left, other.result().left) == (["1 thread still running"], [])
    assert outer.returned.left == outer.left == ["1 thread still running"]


@pytest.mark.parametrize("function", [lambda: 42, lambda: sys.exit()])
def test_threads_start_as_ever_when_an_attempt_is_over(function):
    """Whatever became of it."""
    before = threading.Thread.start
    attempt(function)
    assert threading.Thread.start is before


def test_a_pool_without_with_is_forgiven_when_its_threads_end():
    """An executor that is collected ends its idle threads."""
    assert attempt(lambda: ThreadPoolExecutor(2).submit(int, "42").result()).left == []


def test_an_interrupt_stops_the_function_and_goes_through(monkeypatch):
    """Ctrl-C in the middle of a check."""
    started = threading.Event()
    ended = threading.Event()

    def interrupted(event, seconds):
        started.wait(LONG)
        raise KeyboardInterrupt

    async def answer():
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr("helpers.exercises.running.wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        attempt(answer)
    assert ended.is_set()


def fails():
    """Somebody's own code."""
    raise ValueError("x" * 1_000)


async def fails_in_a_group():
    """The same two groups deep."""

    async def inner():
        fails()

    async with asyncio.TaskGroup() as outer:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())
        outer.create_task(inner())


def test_the_cause_is_the_first_error_inside_its_groups():
    """A learner is told of their own error, not of the group around it."""
    error = attempt(fails_in_a_group).error
    assert isinstance(error, ExceptionGroup) and isinstance(cause(error), ValueError)


def test_the_place_is_in_the_learners_own_file():
    """The last line of it that the error passed, and none where it passed none."""
    error = attempt(fails).error
    assert 'in fails: raise ValueError("x" * 1_000)' in where(error, fails)
    assert where(error, len) == ""


def test_a_long_message_is_cut():
    """A verdict has a few lines."""
    text = last_line(attempt(fails).error)
    assert text.startswith("ValueError: xxx") and len(text) == 300


def test_the_end_of_the_time_is_no_exception_that_one_catches():
    """`except Exception` lets it pass."""
    assert not issubclass(TimeUp, Exception)
