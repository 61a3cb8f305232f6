"""Run a strategy and keep what happened: the answers, the trace, and what the server saw.

Each run has a worker thread of its own, and an asynchronous strategy a loop of its own in it. So a
run works the same from a cell, a script, a button or a test, on every version of ipykernel, and
never touches the notebook's own loop. Stopping cancels the task of an asynchronous strategy at
once; a blocking one stops after the request under way, because its agent's recorder lets no other
step begin (see `helpers.trace.stoppable`).
"""

import asyncio
import inspect
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Self

from helpers.agents import Agent, AgentMaker, AsyncAgent, Question, planned_seconds
from helpers.agents import questions as shipped
from helpers.machine import LoopLag
from helpers.strategies import Strategy
from helpers.trace import (
    Span,
    Stopped,
    Summary,
    Trace,
    ideal_seconds,
    peak_of,
    step,
    stoppable,
    summarise,
)
from helpers.visit import LLM, Steerable, Visit

__all__ = ["LLM", "Run", "Steerable", "run", "start", "wait_for"]

# Long enough for a quick request to end by itself, short enough for whoever pressed the button.
GRACE = 0.5
# On Windows an interrupt does not wake a main thread that waits for a lock, so it waits in bits.
LONGEST_WAIT = 0.1


class Run:
    """One run of one strategy, live or over. Made by `start` and `run`.

    outcome: "running", "done", "failed" (see `error`), "stopped", or "abandoned" (it was stopped
    but its code has not returned; its thread ends when the code does).
    answers: what the strategy returned, None until then. seconds: how long it took, None until it
    is over. behaviour: the server's settings in this run. server: its stats of this run, None until
    it is over. cpu: CPU seconds of this process during the run.
    lag: (time, lateness) pairs of the loop in seconds, empty for a synchronous strategy.
    """

    def __init__(
        self,
        strategy: Strategy,
        llm: LLM,
        questions: Sequence[Question | str],
        limit: int,
        agent: AgentMaker,
        behaviour: dict[str, Any],
    ) -> None:
        self.strategy = strategy
        self.name: str = getattr(strategy, "__name__", type(strategy).__name__)
        self.llm = llm
        self.questions = questions
        self.limit = limit
        self.outcome = "running"
        self.error: BaseException | None = None
        self.answers: list[Any] | None = None
        self.seconds: float | None = None
        self.cpu: float | None = None
        self.lag: list[tuple[float, float]] = []
        self.server: dict[str, Any] | None = None
        self.trace = Trace()
        self._agent = agent
        self._stop = threading.Event()
        self._over = threading.Event()
        self._ending = threading.Lock()
        self._record = stoppable(self._note, self._stop)
        self._task: asyncio.Task | None = None
        self._thread = threading.Thread(target=self._work, name=f"run {self.name}", daemon=True)
        self._visit = Visit(llm, self, behaviour)
        self.behaviour = self._visit.behaviour

    def __repr__(self) -> str:
        count = len(self.questions)
        return f"Run({self.name}, {count} questions, limit {self.limit}, {self.outcome})"

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._over.is_set()

    @property
    def summary(self) -> Summary:
        """The numbers so far, or of the whole run when it is over."""
        return summarise(self.spans(), self.now(), len(self.questions))

    @cached_property
    def planned(self) -> list[float]:
        """How long each question takes on an idle server, in seconds."""
        return planned_seconds(self.questions, self.behaviour)

    @property
    def ideal(self) -> float:
        """The least seconds for these questions, with as many in flight as there were.

        As many as its trace shows at its peak so far (one, before the first has begun), and no more
        than the server's `capacity`. By Little's law, see `ideal_seconds`.
        """
        in_flight = max(1, peak_of(self.spans()))
        return ideal_seconds(self.planned, in_flight, self.behaviour.get("capacity"))

    @property
    def right(self) -> int:
        """How many answers are right."""
        pairs = zip(self.questions, self.answers or [])
        return sum(question.accepts(answer) for question, answer in pairs)

    def spans(self) -> list[Span]:
        """The spans of its trace so far."""
        return self.trace.spans()

    def now(self) -> float:
        """Seconds since it began, or for which it ran when it is over."""
        return self.trace.now() if self.seconds is None else self.seconds

    def requests(self) -> list[dict[str, Any]]:
        """The server's journal of this run, while the server still has it.

        Raises ConnectionError when the server is gone.
        """
        return self._visit.journal()

    def pause(self, seconds: float) -> None:
        """Block for so many seconds, or until it is over."""
        self._over.wait(seconds)

    def wait(self, timeout: float | None = None) -> Self:
        """Block until it is over. Raises TimeoutError after `timeout` seconds; the run goes on."""
        if not wait_for(self._over, timeout):
            raise TimeoutError(f"{self.name} has not ended in {timeout} s")
        return self

    def stop(self) -> None:
        """Ask it to stop; harmless when it is over.

        Code that has not returned half a second later is abandoned.
        """
        if self.over or self._stop.is_set():
            return
        self._stop.set()
        self._cancel()
        timer = threading.Timer(GRACE, self._finish, ["abandoned"])
        timer.daemon = True
        timer.start()

    def _cancel(self) -> None:
        task = self._task
        if task is not None:
            try:
                task.get_loop().call_soon_threadsafe(task.cancel)
            except RuntimeError:
                pass  # the loop has closed since: the run is ending by itself

    # The worker thread.

    def _begin(self) -> None:
        try:
            self._thread.start()
        except BaseException:  # no more threads, or an interrupt
            self._visit.end()
            raise

    def _work(self) -> None:
        try:
            if inspect.iscoroutinefunction(self.strategy):
                answers = self._checked(asyncio.run(self._main()))
            else:
                answers = self._checked(self._blocking())
        except BaseException as error:  # whatever it is, whoever waits has to be told
            if _only_stopped(error):
                self._finish("stopped")
            else:
                self._finish("failed", error=self._visit.explained(error))
        else:
            self._finish("done", answers=answers)

    def _blocking(self) -> Any:
        with self._opened() as agent:

            def ask(question: str) -> Any:
                with step(self._record, question, "query"):
                    return agent.ask(question)

            with self._clock():
                return self.strategy(ask, self.questions, self.limit)

    async def _main(self) -> Any:
        self._task = asyncio.current_task()
        async with self._opened() as agent:

            async def ask(question: str) -> Any:
                with step(self._record, question, "query"):
                    return await agent.ask(question)

            meter = LoopLag()
            with self._clock():
                self.lag = meter.seen
                async with meter.watched():
                    return await self.strategy(ask, self.questions, self.limit)

    def _opened(self) -> Any:
        """The agent for this run, still to be entered."""
        key = getattr(self.llm, "api_key", None)
        keys = {} if key is None else {"api_key": key}
        return self._agent(self.llm.base_url, record=self._record, **keys)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Times the strategy alone: opening and closing the agent's connections does not count."""
        if self._stop.is_set():  # before there was a task to cancel, or a step to refuse
            raise Stopped
        cpu = time.process_time()
        self.trace = Trace()
        try:
            yield
        finally:
            with self._ending:
                if self.outcome == "running":
                    self.seconds = self.trace.now()
                    self.cpu = time.process_time() - cpu

    def _note(self, query: Any, name: str, state: str) -> None:
        if self.outcome == "running":  # what abandoned code still does is not this run's
            self.trace(query, name, state)

    def _checked(self, answers: Any) -> list[Any]:
        a_list = isinstance(answers, (list, tuple))
        if a_list and len(answers) == len(self.questions):
            return list(answers)
        got = f"{len(answers)} answers" if a_list else type(answers).__name__
        raise TypeError(
            f"{self.name} returned {got}; "
            f"a strategy returns a list of {len(self.questions)} answers"
        )

    def _finish(
        self,
        outcome: str,
        *,
        answers: list[Any] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """End the run, as the first to come says; the worker and the timer of `stop` may both."""
        with self._ending:
            if self.outcome != "running":
                return
            if self.seconds is None:
                self.seconds = self.trace.now()
            self.answers = answers
            self.error = error
            self.lag = list(self.lag)  # a copy, to which abandoned code adds nothing
            self.outcome = outcome
        self.trace.close()
        try:
            self.server = self._visit.end()
        finally:
            self._over.set()


def start(
    strategy: Strategy,
    *,
    llm: LLM,
    questions: int | Sequence[Question | str] = 20,
    kind: str | None = "lookup",
    limit: int = 10,
    agent: AgentMaker | None = None,
    behaviour: dict[str, Any] | None = None,
) -> Run:
    """Start a strategy and return its live Run.

    questions: how many of the shipped ones (of one `kind`, or None for all kinds in turn), or your
    own list. limit: questions in flight, handed to the strategy.
    agent: called as agent(base_url, record=...) for the agent to use, with `api_key=` too where the
    server needs one; by default the strategy's own `agent`, if it has one, or Agent for a `def`,
    AsyncAgent for an `async def`.
    behaviour: settings of the fake LLM for this run; afterwards it has its own again.
    Raises TypeError or ValueError that name the argument, and RuntimeError while another run uses
    this fake LLM.
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
    usual = AsyncAgent if inspect.iscoroutinefunction(strategy) else Agent
    agent = agent or getattr(strategy, "agent", None) or usual
    live = Run(strategy, llm, asked, limit, agent, behaviour or {})
    live._begin()
    return live


def run(strategy: Strategy, *, llm: LLM, check: bool = True, **settings: Any) -> Run:
    """Run a strategy to its end and return the Run; see `start` for the settings.

    A failure is raised, unless check is False: then it is in the Run's `error`. An interrupt stops
    the run.
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

    An interrupt gets through meanwhile.
    """
    end = math.inf if timeout is None else time.monotonic() + timeout
    while not event.wait(max(0.0, min(LONGEST_WAIT, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
    return True


def _only_stopped(error: BaseException) -> bool:
    """Whether an error, or each in its group, only says that the run was stopped."""
    if isinstance(error, BaseExceptionGroup):
        return all(_only_stopped(inner) for inner in error.exceptions)
    return isinstance(error, (Stopped, asyncio.CancelledError))
