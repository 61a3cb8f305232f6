"""A trial of a learner's function: what its call has at hand while it runs, and what it leaves.

First there is a Trial, which the exercise's call works with. When the function has ended it becomes
the Evidence, which the judges look at and nobody changes any more.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import requests

from helpers.agents import Agent, Answer, AsyncAgent, Question
from helpers.fake_llm import FakeLLM
from helpers.trace import Trace, stoppable

# Marks the requests of the check itself, which the judges must not see.
REFEREE = "referee"

# Seconds. The server hears that a request was given up when its connection closes, a moment later;
# a request that nobody has given up is not waited for.
LET_GO = 0.4

Observed = TypeVar("Observed")
"""What one exercise alone observes: a small dataclass that stands beside its judges."""


@dataclass(frozen=True)
class Evidence(Generic[Observed]):
    """A trial that is over, seen from both sides.

    returned: what the exercise's call returned. questions: what was asked.
    expected: what the model replies to them, where the call has found that out.
    observed: what this exercise alone has observed.
    journal: what the server saw, a record for each request. trace: what the agents recorded.
    most_asked: the most questions that were under way at one instant.
    answers: what the agents answered, by the text of the question.
    """

    returned: Any
    questions: list[Question]
    expected: list[str]
    observed: Observed
    journal: list[dict]
    trace: Trace
    most_asked: int
    answers: dict[str, Answer]

    def is_answer(self, question: str, answer: Any) -> bool:
        """Whether this is the answer (or its text) that the agent gave to this question."""
        given = self.answers.get(str(question))
        return given is not None and answer in (given, given.text)

    def seen(self, kind: str = "chat") -> list[dict]:
        """The journal's records of one kind of request."""
        return [entry for entry in self.journal if entry["kind"] == kind]


class Trial(Generic[Observed]):
    """A trial under way. base_url, url: the fake LLM's.

    The exercise's call sets `questions`, and `expected` and `observed` where its judges want them;
    Evidence says what they are.
    """

    def __init__(self, llm: FakeLLM, stop: threading.Event):
        self.llm = llm
        self.base_url = llm.base_url
        self.url = llm.url
        self.questions: list[Question] = []
        self.expected: list[str] = []
        self.observed: Observed | None = None
        self.trace = Trace()
        self.most_asked = 0
        # The agents' recorder, which is also the switch that ends them: once the time is up no step
        # begins, so a runaway function ends even in threads, which nobody can cancel.
        self.record_or_stop = stoppable(self.trace, stop)
        self._answers: dict[str, Answer] = {}
        self._asking_now = 0
        self._counting = threading.Lock()

    @contextmanager
    def ask(self) -> Iterator[Callable[[str], Answer]]:
        """A synchronous agent's `ask`, which keeps its answers."""
        with Agent(self.base_url, record=self.record_or_stop) as agent:

            def ask(question: str) -> Answer:
                with self._asking():
                    answer = self._answers[str(question)] = agent.ask(question)
                return answer

            yield ask

    @asynccontextmanager
    async def ask_async(self) -> AsyncIterator[Callable[[str], Awaitable[Answer]]]:
        """An asynchronous agent's `ask`, which keeps its answers."""
        async with AsyncAgent(self.base_url, record=self.record_or_stop) as agent:

            async def ask(question: str) -> Answer:
                with self._asking():
                    answer = self._answers[str(question)] = await agent.ask(question)
                return answer

            yield ask

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._counting:
            self._asking_now += 1
            self.most_asked = max(self.most_asked, self._asking_now)
        try:
            yield
        finally:
            with self._counting:
                self._asking_now -= 1

    def replies(self, questions: Sequence[str]) -> list[str]:
        """What the model says to these questions, asked at once, and unseen by the judges."""
        latency = self.llm.behaviour()["latency"]
        self.llm.behave(latency=0.0)
        texts = [self._reply(question) for question in questions]
        self.llm.behave(latency=latency)
        return texts

    def _reply(self, question: str) -> str:
        reply = requests.post(
            f"{self.base_url}/chat/completions",
            json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]},
            headers={"x-tag": REFEREE},
            timeout=10,  # seconds: the reply takes milliseconds, unless the server is gone
        )
        return reply.json()["choices"][0]["message"]["content"]

    async def let_go(self, mark: int = 0) -> None:
        """Give the server a moment to notice which requests since a mark were given up."""
        # In a thread, because a connection closes only while the loop runs.
        await asyncio.to_thread(self.llm.settle, mark, LET_GO)

    def evidence(self, returned: Any, since: int) -> Evidence[Observed]:
        """What there is to judge, with the server's journal since a mark."""
        journal = [entry for entry in self.llm.journal(since=since) if entry["tag"] != REFEREE]
        return Evidence(
            returned=returned,
            questions=self.questions,
            expected=self.expected,
            observed=self.observed,
            journal=journal,
            trace=self.trace,
            most_asked=self.most_asked,
            answers=self._answers,
        )
