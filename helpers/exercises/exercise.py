"""What an exercise is, what a trial of a learner's function brings to light, and the verdict on it.

An exercise is declared in lesson_NN.py: a fake LLM's settings, how the function is called, and judges. A judge is
a function of the finished trial that returns None where it is content, and else a Finding.
"""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import requests

from helpers.agents import Agent, Answer, AsyncAgent, Question
from helpers.tables import note_html
from helpers.trace import Stopped, Trace


class Finding(NamedTuple):
    """Why a trial is not good yet: what was expected, what was seen instead, and where to look."""

    expected: str
    seen: str
    look: str


REFEREE = "referee"
Judge = Callable[["Trial"], Finding | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    call: `call(function, trial)` hands the learner's function its arguments and returns what it returned;
    it is `async def` where the function is.
    passed: a sentence that says what the server saw of a good answer. seconds: the time limit.
    on_error: turns an exception of the learner's function into a Finding of its own, or returns None.
    """

    id: str
    title: str
    signature: str
    call: Callable[[Callable, "Trial"], Any]
    judges: Sequence[Judge]
    passed: str
    llm: dict = field(default_factory=dict)
    seconds: float = 10.0
    on_error: Callable[[BaseException, "Trial"], Finding | None] | None = None

    @property
    def lesson(self) -> int:
        """The number of its lesson."""
        return int(self.id.split(".")[0])


class Trial:
    """One trial of one function, seen from both sides.

    base_url, url: the fake LLM's. questions: what was asked. kept: whatever the call wants to hand to its judges.
    returned: what the function returned. journal: what the server saw. trace: what the agents recorded.
    most_asked: the most questions that were under way at one instant.
    """

    def __init__(self, llm: Any, stop: threading.Event):
        self.llm, self.base_url, self.url = llm, llm.base_url, llm.url
        self.questions: list[Question] = []
        self.kept: dict[str, Any] = {}
        self.returned: Any = None
        self.journal: list[dict] = []
        self.trace = Trace()
        self.most_asked = 0
        self._stop, self._answers, self._level, self._lock = stop, {}, 0, threading.Lock()

    @contextmanager
    def ask(self) -> Iterator[Callable[[str], Answer]]:
        """A synchronous agent's `ask`, which keeps its answers."""
        with Agent(self.base_url, record=self.record) as agent:

            def ask(question: str) -> Answer:
                with self._asking():
                    answer = self._answers[str(question)] = agent.ask(question)
                return answer

            yield ask

    @asynccontextmanager
    async def ask_async(self) -> AsyncIterator[Callable[[str], Awaitable[Answer]]]:
        """An asynchronous agent's `ask`, which keeps its answers."""
        async with AsyncAgent(self.base_url, record=self.record) as agent:

            async def ask(question: str) -> Answer:
                with self._asking():
                    answer = self._answers[str(question)] = await agent.ask(question)
                return answer

            yield ask

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._lock:
            self._level += 1
            self.most_asked = max(self.most_asked, self._level)
        try:
            yield
        finally:
            with self._lock:
                self._level -= 1

    def is_answer(self, question: str, answer: Any) -> bool:
        """Whether this is the answer (or its text) that the agent gave to this question."""
        given = self._answers.get(str(question))
        return given is not None and answer in (given, given.text)

    def record(self, query: Any, step: str, state: str) -> None:
        """Note a step of an agent. Raises Stopped once the time is up, so that a runaway function ends."""
        if state == "start" and self._stop.is_set():
            raise Stopped
        self.trace(query, step, state)

    def replies(self, questions: Sequence[str]) -> list[str]:
        """What the model says to these questions, at once, and without a trace in what the judges see."""
        latency = self.llm.behaviour()["latency"]
        self.llm.behave(latency=0.0)
        texts = []
        for question in questions:
            body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
            address = f"{self.base_url}/chat/completions"
            reply = requests.post(address, json=body, headers={"x-tag": REFEREE}, timeout=10)
            texts.append(reply.json()["choices"][0]["message"]["content"])
        self.llm.behave(latency=latency)
        return texts

    def seen(self, kind: str = "chat") -> list[dict]:
        """The journal's records of one kind of request."""
        return [entry for entry in self.journal if entry["kind"] == kind]


PASSED, OPEN, NOT_YET = "passed", "still open", "not yet"


@dataclass(frozen=True)
class Verdict:
    """What a check says. True where the exercise is passed."""

    exercise: Exercise
    state: str
    finding: Finding | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return self.state == PASSED

    @property
    def _title(self) -> str:
        return f"Exercise {self.exercise.id} ({self.exercise.title}): {self.state}."

    @property
    def _parts(self) -> list[tuple[str, str]]:
        if self.state == PASSED:
            parts = [("Seen", self.exercise.passed)]
        elif self.finding:
            parts = list(zip(("Expected", "Seen", "Look at"), self.finding))
        else:
            parts = [("To do", f"write {self.exercise.signature}, then run this cell again.")]
        return parts + ([("Note", self.note)] if self.note else [])

    def __repr__(self) -> str:
        return "\n".join([self._title, *(f"  {name}: {text}" for name, text in self._parts)])

    def _repr_html_(self) -> str:
        return note_html(self._title, self._parts, good=bool(self))
