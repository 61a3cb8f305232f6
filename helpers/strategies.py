"""Ways to put many questions to one agent.

Each is a strategy: `strategy(ask, questions, limit) -> answers in the order of the questions`.
`ask` is the agent: a function for the synchronous ones, a coroutine function for the asynchronous.
`limit` is the number of questions in flight. A function of your own with these three arguments is a
strategy too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Ask = Callable[[str], Any]
AskAsync = Callable[[str], Awaitable[Any]]
Strategy = Callable[[Any, Sequence[Any], int], Any]


def serial(ask: Ask, questions: Sequence[str], limit: int = 1) -> list:
    """One after the other; the limit is not used."""
    return [ask(question) for question in questions]


def threads(ask: Ask, questions: Sequence[str], limit: int) -> list:
    """A pool of `limit` threads; whichever is free takes the next question."""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(ask, questions))


def batches(ask: Ask, questions: Sequence[str], limit: int) -> list:
    """Batches of `limit` questions, each of which waits for its slowest.

    It is the article's batch_sync_requests.
    """
    answers: list = []
    for first in range(0, len(questions), limit):
        answers += threads(ask, questions[first : first + limit], limit)
    return answers


async def gather(ask: AskAsync, questions: Sequence[str], limit: int = 0) -> list:
    """Everything at once; the limit is not used."""
    return await asyncio.gather(*(ask(question) for question in questions))


async def limited(ask: AskAsync, questions: Sequence[str], limit: int) -> list:
    """A task for each question, and a semaphore that lets `limit` of them ask."""
    gate = asyncio.Semaphore(limit)

    async def one(question: str) -> Any:
        async with gate:
            return await ask(question)

    return await asyncio.gather(*(one(question) for question in questions))


async def workers(ask: AskAsync, questions: Sequence[str], limit: int) -> list:
    """`limit` tasks that share one iterator, so that no more tasks than workers ever exist."""
    answers: list = [None] * len(questions)
    # Shared without a lock: between two awaits a task has the loop to itself.
    jobs = iter(enumerate(questions))

    async def worker() -> None:
        for place, question in jobs:
            answers[place] = await ask(question)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(limit, len(questions))):
            group.create_task(worker())
    return answers
