"""Run a strategy and keep what happened: the answers, the trace, and what the server saw.

Each run has a worker thread of its own, and an asynchronous strategy a loop of its own in it. So a run works
the same from a cell, a script, a button or a test, on every version of ipykernel, and never touches the
notebook's own loop. Stopping cancels the task of an asynchronous strategy at once; every agent looks at the
stop signal before each step, so a blocking strategy stops after the request under way.
"""

import asyncio
import inspect
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from helpers.agents import Agent, AsyncAgent, planned_seconds
from helpers.question import Question
from helpers.question import questions as shipped
from helpers.trace import Span, Stopped, Summary, Trace, ideal_seconds, step, summarise

GRACE = 0.5
LAG_PERIOD = 0.02

_running: dict[str, "Run"] = {}
_starting = threading.Lock()


class LLM(Protocol):
    """A server that a run can use: where it is, and what it tells of itself."""

    @property
    def base_url(self) -> str:
        """Where an agent finds it; ends in /v1."""

    @property
    def url(self) -> str:
        """The same server without /v1; two handles on one server have the same."""

    def behaviour(self) -> dict[str, Any]:
        """Its settings as they are now."""

    def mark(self) -> int:
        """A point in its journal."""

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The records of the requests that arrived since a mark."""

    def stats(self, since: int = 0, kind: str | None = None) -> dict[str, Any]:
        """Counts and peaks of the requests since a mark, of one kind or of all."""


@runtime_checkable
class Steerable(LLM, Protocol):
    """A server whose behaviour may be changed, too."""

    def behave(self, **settings: Any) -> None:
        """Change these settings, all at once or none."""


class Run:
    """One run of one strategy, live or over. Made by `start` and `run`.

    outcome: "running", "done", "failed" (see `error`), "stopped", or "abandoned" (it was stopped but its code
    has not returned; its thread ends when the code does).
    answers: what the strategy returned, None until then. seconds: how long it took, None until it is over.
    behaviour: the fake LLM's settings in this run. cpu: CPU seconds of this process during the run.
    lag: (time, lateness) pairs of the loop in seconds, empty for a synchronous strategy. server: the journal's stats of this run, None until it is over.
    """

    def __init__(
        self,
        strategy: Callable,
        llm: Any,
        questions: Sequence[Question],
        limit: int,
        agent: Callable,
        behaviour: dict[str, Any],
    ):
        self.strategy, self.llm, self.questions, self.limit = strategy, llm, questions, limit
        self.name = getattr(strategy, "__name__", type(strategy).__name__)
        before = llm.behaviour()
        llm.behave(**behaviour)
        self._before = {name: before[name] for name in behaviour}
        self.behaviour = before | behaviour
        self.planned = planned_seconds(questions, self.behaviour)
        self.outcome, self.error, self.answers = "running", None, None
        self.seconds, self.cpu, self.lag, self.server = None, None, [], None
        self._due: float | None = None
        self._agent, self._stop, self._over = agent, threading.Event(), threading.Event()
        self._loop, self._task = None, None
        self._mark, self._until = llm.mark(), None
        self.trace = Trace()
        self._thread = threading.Thread(target=self._work, name=f"run {self.name}", daemon=True)

    def __repr__(self) -> str:
        return (
            f"Run({self.name}, {len(self.questions)} questions, limit {self.limit}, {self.outcome})"
        )

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._over.is_set()

    @property
    def summary(self) -> Summary:
        """The numbers so far, or of the whole run when it is over."""
        return summarise(self.trace.spans(), self.now(), len(self.questions))

    @property
    def ideal(self) -> float:
        """The least seconds for these questions, with as many in flight as there were (Little's law).

        As many as its trace shows at its peak so far (one, before the first has begun), and no more
        than the server's `capacity`.
        """
        return ideal_seconds(
            self.planned, max(1, self.summary.peak), self.behaviour.get("capacity")
        )

    def spans(self) -> list[Span]:
        """The spans of its trace so far."""
        return self.trace.spans()

    def now(self) -> float:
        """Seconds since it began, or for which it ran when it is over."""
        return self.trace.now() if self.seconds is None else self.seconds

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(q.accepts(a) for q, a in zip(self.questions, self.answers or []))

    def requests(self) -> list[dict]:
        """The server's journal of this run, while the server still has it. Raises ConnectionError when it is gone."""
        journal = self.llm.journal(since=self._mark)
        return journal if self._until is None else journal[: max(0, self._until - self._mark)]

    def pause(self, seconds: float) -> None:
        """Block for so many seconds, or until it is over."""
        self._over.wait(seconds)

    def wait(self, timeout: float | None = None) -> "Run":
        """Block until it is over. Raises TimeoutError after `timeout` seconds; the run goes on then."""
        if not wait_for(self._over, timeout):
            raise TimeoutError(f"{self.name} has not ended in {timeout} s")
        return self

    def stop(self) -> None:
        """Ask it to stop; harmless when it is over. What does not stop in half a second is abandoned."""
        if self.over or self._stop.is_set():
            return
        self._stop.set()
        self._cancel()
        timer = threading.Timer(GRACE, self._finish, ["abandoned"])
        timer.daemon = True
        timer.start()

    def _cancel(self) -> None:
        loop, task = self._loop, self._task
        if task is not None:
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                pass  # the loop closed between the look and the call: the run is ending by itself

    def _record(self, query: Any, name: str, state: str) -> None:
        if state == "start" and self._stop.is_set():
            raise Stopped
        if not self.over:
            self.trace(query, name, state)

    def _work(self) -> None:
        try:
            if inspect.iscoroutinefunction(self.strategy):
                answers = asyncio.run(self._main())
            else:
                answers = self._blocking()
            self.answers = _checked(answers, self)
            outcome = "done"
        except (Stopped, asyncio.CancelledError):
            outcome = "stopped"
        except BaseException as error:
            stopped = self._stop.is_set() and _only_stopped(error)
            outcome = "stopped" if stopped else "failed"
            self.error = None if stopped else explain(error, self.llm)
        self._finish(outcome)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Times the strategy alone: neither opening the agent's session nor closing its connections counts."""
        cpu = time.process_time()
        self.trace = Trace()
        try:
            yield
        finally:
            if not self.over:
                self.seconds, self.cpu = self.trace.now(), time.process_time() - cpu

    def _finish(self, outcome: str) -> None:
        with _starting:
            if self.over:
                return
            if self.seconds is None:
                self.seconds = self.trace.now()
            self.outcome = outcome
            self.trace.close()
            _running.pop(self.llm.url, None)
            try:
                self.server, self._until = self.llm.stats(since=self._mark), self.llm.mark()
                self.llm.behave(**self._before)
            except (OSError, RuntimeError):
                self.server = None
            self._over.set()

    def _blocking(self) -> Any:
        with self._agent(self.llm.base_url, record=self._record) as agent:

            def ask(question: str) -> Any:
                with step(self._record, question, "query"):
                    return agent.ask(question)

            with self._clock():
                return self.strategy(ask, self.questions, self.limit)

    async def _main(self) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._stop.is_set():
            raise Stopped
        async with self._agent(self.llm.base_url, record=self._record) as agent:

            async def ask(question: str) -> Any:
                with step(self._record, question, "query"):
                    return await agent.ask(question)

            with self._clock():
                meter = asyncio.create_task(self._watch_lag(), name="loop-lag meter")
                try:
                    return await self.strategy(ask, self.questions, self.limit)
                finally:
                    # A loop that was held until the end never woke the meter up.
                    if self._due and time.perf_counter() > self._due:
                        self._note_lag()
                    meter.cancel()

    async def _watch_lag(self) -> None:
        while True:
            self._due = time.perf_counter() + LAG_PERIOD
            await asyncio.sleep(LAG_PERIOD)
            self._note_lag()

    def _note_lag(self) -> None:
        self.lag.append((self.trace.now(), time.perf_counter() - self._due))


def start(
    strategy: Callable,
    *,
    llm: Any,
    questions: int | Sequence[Question] = 20,
    kind: str | None = "lookup",
    limit: int = 10,
    agent: Callable | None = None,
    behaviour: dict[str, Any] | None = None,
) -> Run:
    """Start a strategy and return its live Run.

    questions: how many of the shipped ones (of one `kind`, or None for all kinds in turn), or your own list.
    limit: questions in flight, handed to the strategy. agent: called as agent(base_url, record=...) for the
    agent to use; by default the strategy's own `agent`, if it has one, or Agent for a `def`, AsyncAgent for an
    `async def`. behaviour: settings of the fake LLM for this run; afterwards it has its own again.
    Raises TypeError or ValueError that name the argument, and RuntimeError while another run uses this fake LLM.
    """
    if not callable(strategy):
        raise TypeError(
            f"strategy is {strategy!r}; it takes a function strategy(ask, questions, limit)"
        )
    if not isinstance(limit, int) or limit < 1:
        raise ValueError(f"limit is {limit!r}; it takes a whole number from 1 up")
    asked = shipped(questions, kind) if isinstance(questions, int) else list(questions)
    if not asked:
        raise ValueError("questions is empty; it takes a number from 1 up, or a list of them")
    agent = agent or getattr(strategy, "agent", None)
    agent = agent or (AsyncAgent if inspect.iscoroutinefunction(strategy) else Agent)
    with _starting:
        if llm.url in _running:
            raise RuntimeError(
                f"{_running[llm.url]} still uses this fake LLM; wait for it, stop it, or give this run its own"
            )
        run = _running[llm.url] = Run(strategy, llm, asked, limit, agent, behaviour or {})
    run._thread.start()
    return run


def run(strategy: Callable, *, llm: Any, check: bool = True, **settings: Any) -> Run:
    """Run a strategy to its end and return the Run; see `start` for the settings.

    A failure is raised, unless check is False: then it is in the Run's `error`. An interrupt stops the run.
    """
    live = start(strategy, llm=llm, **settings)
    try:
        live.wait()
    except KeyboardInterrupt:
        live.stop()
        live.wait()
        raise
    if check and live.error is not None:
        raise live.error
    return live


def wait_for(event: threading.Event, timeout: float | None = None) -> bool:
    """Whether an event happens within `timeout` seconds (None: for ever).

    It waits in short steps, because on Windows an interrupt does not wake a main thread that waits for a lock.
    """
    end = math.inf if timeout is None else time.monotonic() + timeout
    while not event.wait(max(0.0, min(0.1, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
    return True


def explain(error: BaseException, llm: Any) -> BaseException:
    """The error itself, with a note where the true cause is that the fake LLM has ended."""
    try:
        llm.mark()  # its process may take a moment longer to end than its connections
    except (OSError, RuntimeError):
        error.add_note(
            "The fake LLM has ended. Start it again: run the cell that made it, or FakeLLM(...)."
        )
    return error


def _checked(answers: Any, run: Run) -> list:
    if not isinstance(answers, (list, tuple)) or len(answers) != len(run.questions):
        got = (
            f"{len(answers)} answers"
            if isinstance(answers, (list, tuple))
            else f"{type(answers).__name__}"
        )
        raise TypeError(
            f"{run.name} returned {got}; a strategy returns a list of {len(run.questions)} answers"
        )
    return list(answers)


def _only_stopped(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_only_stopped(inner) for inner in error.exceptions)
    return isinstance(error, (Stopped, asyncio.CancelledError))
