"""Exercises of lesson 10: a service that blocks its loop, and an async agent for plain code."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import uvicorn

from helpers.agents import Answer, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import connections, describe, most_at_once, peak
from helpers.exercises.trial import Evidence, Trial
from helpers.strategies import threads

SIXTY = 60
FASTAPIS_POOL = 40  # threads, which all plain endpoints of a process share
# asyncio's default pool has at most 32 threads, fewer on most machines.
BETWEEN_THE_POOLS = 32

# Seconds. All sixty requests must have arrived before the first is answered, also on a slow
# machine.
MODEL_LATENCY = 1.0
# Seconds that the users' answers are kept back for a health check that is not answered: whatever
# holds the loop ends then, and is told from a machine that is slow.
LONGEST_HEALTH_CHECK = 5.0


class NotAnApp(NamedTuple):
    """What the function returned, in words."""

    returned: str


class Served(NamedTuple):
    """What the users got, and the health check: its status, and how many were served before it."""

    replies: list[tuple[int, Any]]
    health_status: int
    served_before: int


def _sixty_users(function: Callable, trial: Trial) -> NotAnApp | Served:
    trial.questions = questions(SIXTY, kind="lookup")
    with trial.ask() as plain:
        healthy = threading.Event()
        app = function(_impatient(plain, trial, healthy))
        if not callable(app):
            return NotAnApp(describe(app))
        return asyncio.run(_use(app, trial, healthy))


def _impatient(
    plain: Callable[[str], Answer], trial: Trial, healthy: threading.Event
) -> Callable[[str], Answer]:
    """An `ask` whose model answers at once as soon as enough is known; nobody likes to wait.

    Enough is known when it is called in the loop's thread, which is blocked by that, or a second
    time in one thread: then there are no more threads than have asked already. Answers from other
    threads come when the health check has been answered, or has waited too long.
    """
    the_loops = threading.get_ident()  # the loop will run in this thread
    have_asked = {the_loops}

    def ask(question: str) -> Answer:
        here = threading.get_ident()
        if here in have_asked:
            trial.llm.behave(latency=0.0)
        have_asked.add(here)
        answer = plain(question)
        if here != the_loops:
            healthy.wait(LONGEST_HEALTH_CHECK)
            healthy.set()  # who waited too long waits once
        return answer

    return ask


async def _use(app: Callable, trial: Trial, healthy: threading.Event) -> Served:
    """Sixty users at one time, and a health check as soon as one of them is at the model."""
    replies: list[tuple[int, Any]] = []

    async def user(question: str) -> tuple[int, Any]:
        async with session.get(f"{url}/ask", params={"q": question}) as reply:
            replies.append((reply.status, await reply.json(content_type=None)))
            return replies[-1]

    unlimited = aiohttp.TCPConnector(limit=0)
    async with _serving(app) as url, aiohttp.ClientSession(connector=unlimited) as session:
        crowd = [asyncio.create_task(user(question)) for question in trial.questions]
        # An app that never asks the model ends the waiting, too.
        while not trial.most_asked and not all(task.done() for task in crowd):
            await asyncio.sleep(0.005)
        async with session.get(f"{url}/health") as reply:
            status, served = reply.status, len(replies)
        healthy.set()
        return Served(await asyncio.gather(*crowd), status, served)


@asynccontextmanager
async def _serving(app: Callable) -> AsyncIterator[str]:
    """The address at which the app is served in this loop."""
    # All users knock at one time: none may be turned away because the queue at the door is full.
    place = socket.create_server(("127.0.0.1", 0), backlog=4 * SIXTY)
    # Seconds that it waits for its connections to close; whoever has no answer by then gets none.
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[place]))
    yield f"http://127.0.0.1:{place.getsockname()[1]}"
    server.should_exit = True
    await serving


def _is_an_app(evidence: Evidence) -> Finding | None:
    if not isinstance(evidence.returned, NotAnApp):
        return None
    return Finding(
        "a FastAPI app",
        f"your function returned {evidence.returned.returned}",
        "the return statement: return app.",
    )


def _all_answered(evidence: Evidence) -> Finding | None:
    for question, (status, body) in zip(evidence.questions, evidence.returned.replies):
        if status != 200:
            return Finding(
                f"status 200 for each of {SIXTY} users",
                f"one got {status}: {str(body)[:80]}",
                "the endpoint: its address is /ask, its parameter q.",
            )
        if not isinstance(body, dict) or not evidence.is_answer(question, body.get("answer")):
            return Finding(
                'every user gets {"answer": text} with the answer to their own question',
                describe(body),
                "what the endpoint returns.",
            )
    return None


def _healthy(evidence: Evidence) -> Finding | None:
    status = evidence.returned.health_status
    served = evidence.returned.served_before
    if status == 200 and served == 0:
        return None
    if status != 200:
        seen = f"status {status}"
    else:
        seen = f"it waited until {served} of {SIXTY} users had been served"
    return Finding(
        "a health check that is answered while the users wait",
        seen,
        "what holds the event loop: a blocking call in an async def holds it for everybody.",
    )


def _more_than_fastapis_pool(evidence: Evidence) -> Finding | None:
    most = most_at_once(evidence)
    # Two above its size, so that no miscount of a request that ends as another begins is taken for
    # a larger pool.
    if most > FASTAPIS_POOL + 2:
        return None
    whose = "FastAPI's own pool" if most > BETWEEN_THE_POOLS else "asyncio's default pool"
    return Finding(
        f"{SIXTY} users at the model at one time",
        f"never more than {most}, as many as {whose} has threads",
        "whose threads wait for the model: a pool of your own has as many as you give it.",
    )


TWELVE = 12


class NotAPair(NamedTuple):
    """What the function returned, in words."""

    returned: str


def _from_many_threads(function: Callable, trial: Trial) -> NotAPair | list:
    """Two rounds of questions from twelve threads, then one from where a loop runs."""
    trial.questions = questions(2 * TWELVE, kind="lookup")
    pair = function(trial.base_url)
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
        return NotAPair(describe(pair))
    ask, close = pair
    try:
        answers = threads(ask, trial.questions, TWELVE)

        async def where_a_loop_runs() -> Any:
            return ask(trial.questions[0])

        asyncio.run(where_a_loop_runs())
        return answers
    finally:
        close()


def _is_a_pair(evidence: Evidence) -> Finding | None:
    if not isinstance(evidence.returned, NotAPair):
        return None
    return Finding(
        "two functions, ask and close",
        f"your function returned {evidence.returned.returned}",
        "the return statement: return ask, close.",
    )


def _right_answers(evidence: Evidence) -> Finding | None:
    for question, answer in zip(evidence.questions, evidence.returned):
        if not question.accepts(answer):
            return Finding(
                "the agent's answer to each question, in a plain value",
                f"to {str(question)!r} came {describe(answer)}",
                "what ask returns: .result() waits for the answer.",
            )
    return None


EXERCISES = [
    Exercise(
        "10.1",
        "a service for sixty users",
        "make_service(ask)",
        _sixty_users,
        [_is_an_app, _all_answered, _healthy, _more_than_fastapis_pool],
        f"{SIXTY} users served side by side, and a health check that was answered before any of"
        " them.",
        llm={"latency": MODEL_LATENCY, "search_latency": 0.005},
        # A lock that lets one user after the other to the model costs a minute, which tells
        # nobody more than half of it.
        seconds=30.0,
    ),
    Exercise(
        "10.2",
        "an async agent for plain code",
        "plain_agent(base_url)",
        _from_many_threads,
        # The threads start one by one, and a loop may open a few connections more than it needs.
        [_is_a_pair, _right_answers, peak(8, TWELVE), connections(TWELVE + 4)],
        f"{TWELVE} threads side by side through one loop and its connections, and nothing left.",
        llm={"latency": 0.15, "search_latency": 0.005},
    ),
]
