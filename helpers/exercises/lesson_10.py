"""Exercises of lesson 10: a service that blocks its loop, and an async agent for plain code."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import aiohttp
import uvicorn

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import connections, describe, most_in_flight, peak
from helpers.strategies import threads

SIXTY, FASTAPIS_POOL = 60, 40
TWELVE = 12


def _sixty_users(function: Callable, trial: Trial) -> None:
    trial.questions = questions(SIXTY, kind="lookup")
    loop_thread = threading.get_ident()
    with trial.ask() as plain:

        def ask(question: str) -> Any:
            if threading.get_ident() == loop_thread:
                trial.llm.behave(
                    latency=0.0
                )  # it blocks the loop: enough is known, and nobody likes to wait
            return plain(question)

        app = function(ask)
        if not callable(app):
            trial.kept["no app"] = describe(app)
            return
        asyncio.run(_use(app, trial))


async def _use(app: Callable, trial: Trial) -> None:
    """Kept: the replies as (status, body), and how many of them had come when the health check was answered."""
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    server, place = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0), backlog=256)
    serving = asyncio.create_task(server.serve(sockets=[place]))
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    come: list[tuple[int, Any]] = []

    async def user(question: str) -> tuple[int, Any]:
        async with session.get(f"{url}/ask", params={"q": question}) as reply:
            come.append((reply.status, await reply.json(content_type=None)))
            return come[-1]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        crowd = [asyncio.create_task(user(question)) for question in trial.questions]
        while not trial.most_asked and not all(task.done() for task in crowd):
            await asyncio.sleep(0.005)
        async with session.get(f"{url}/health") as reply:
            trial.kept["health"] = reply.status, len(come)
        trial.kept["replies"] = await asyncio.gather(*crowd)
    server.should_exit = True
    await serving


def _is_an_app(trial: Trial) -> Finding | None:
    if "no app" not in trial.kept:
        return None
    return Finding(
        "a FastAPI app",
        f"your function returned {trial.kept['no app']}",
        "the return statement: return app.",
    )


def _all_answered(trial: Trial) -> Finding | None:
    for question, (status, body) in zip(trial.questions, trial.kept["replies"]):
        if status != 200:
            return Finding(
                f"status 200 for each of {SIXTY} users",
                f"one got {status}: {str(body)[:80]}",
                "the endpoint: its address is /ask, its parameter q.",
            )
        if not isinstance(body, dict) or not trial.is_answer(question, body.get("answer")):
            return Finding(
                'every user gets {"answer": text} with the answer to their own question',
                describe(body),
                "what the endpoint returns.",
            )
    return None


def _healthy(trial: Trial) -> Finding | None:
    status, come = trial.kept["health"]
    if status == 200 and come == 0:
        return None
    seen = (
        f"status {status}"
        if status != 200
        else f"it waited until {come} of {SIXTY} users had been served"
    )
    return Finding(
        "a health check that is answered while the users wait",
        seen,
        "what holds the event loop: a blocking call in an async def holds it for everybody.",
    )


def _more_than_fastapis_pool(trial: Trial) -> Finding | None:
    most = max(most_in_flight(trial.seen()), trial.most_asked)
    if most > FASTAPIS_POOL + 2:
        return None
    whose = {True: "FastAPI's own pool", False: "asyncio's default pool"}[most > FASTAPIS_POOL - 8]
    return Finding(
        f"{SIXTY} users at the model at one time",
        f"never more than {most}, as many as {whose} has threads",
        "whose threads wait for the model: a pool of your own has as many as you give it.",
    )


def _from_many_threads(function: Callable, trial: Trial) -> list | None:
    trial.questions = questions(2 * TWELVE, kind="lookup")
    pair = function(trial.base_url)
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
        trial.kept["no pair"] = describe(pair)
        return None
    ask, close = pair
    try:
        answers = threads(ask, trial.questions, TWELVE)

        async def where_a_loop_runs() -> Any:
            return ask(trial.questions[0])

        asyncio.run(where_a_loop_runs())
        return answers
    finally:
        close()


def _is_a_pair(trial: Trial) -> Finding | None:
    if "no pair" not in trial.kept:
        return None
    return Finding(
        "two functions, ask and close",
        f"your function returned {trial.kept['no pair']}",
        "the return statement: return ask, close.",
    )


def _right_answers(trial: Trial) -> Finding | None:
    for question, answer in zip(trial.questions, trial.returned):
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
        f"{SIXTY} users served side by side, and a health check that was answered before any of them.",
        llm={"latency": 0.7, "search_latency": 0.005},
        seconds=45.0,
    ),
    Exercise(
        "10.2",
        "an async agent for plain code",
        "plain_agent(base_url)",
        _from_many_threads,
        [_is_a_pair, _right_answers, peak(8, TWELVE), connections(TWELVE + 4)],
        f"{TWELVE} threads side by side through one loop and its connections, and nothing left.",
        llm={"latency": 0.15, "search_latency": 0.005},
    ),
]
