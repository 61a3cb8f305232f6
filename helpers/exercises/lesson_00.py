"""Exercises of lesson 00: one request through the official SDK, and a server's latency, measured."""

from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import describe, requests

QUESTION = "Why do programs wait?"


def _one_question(function: Callable, trial: Trial) -> Any:
    trial.kept["reply"] = trial.replies([QUESTION])[0]
    return function(trial.base_url, QUESTION)


def _is_the_reply(trial: Trial) -> Finding | None:
    if trial.returned == trial.kept["reply"]:
        return None
    if not isinstance(trial.returned, str):
        return Finding(
            "the text of the reply",
            f"your function returned {describe(trial.returned)}",
            "reply.choices[0].message.content: the text is three levels deep.",
        )
    return Finding(
        "the model's reply to the question",
        f"your function returned {describe(trial.returned)}",
        'messages: one message, {"role": "user", "content": question}.',
    )


def _ten_questions(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(10, kind="lookup")
    return function(trial.base_url, list(trial.questions))


def _is_the_mean(trial: Trial) -> Finding | None:
    """Near the mean of the very requests that the server saw; a client on a busy machine takes longer, never less."""
    value = trial.returned
    times = [entry["end"] - entry["arrival"] for entry in trial.seen()]
    mean = sum(times) / len(times)
    if not isinstance(value, (int, float)):
        return Finding(
            "a number of seconds",
            f"your function returned {describe(value)}",
            "the return statement.",
        )
    if 0.8 * mean <= value <= 1.6 * mean + 0.02:
        return None
    for wrong, look in (
        (sum(times), "the division: this is the time of all ten together."),
        (1000 * mean, "the unit: this is the mean in milliseconds."),
    ):
        if 0.5 * wrong <= value <= 2 * wrong:
            return Finding("the mean time of a reply, in seconds", "another figure", look)
    look = "where the clock starts and stops: around each request, or around all ten, and nothing else."
    return Finding(
        "the mean time of a reply, in seconds",
        "a figure that the server's own clock does not confirm",
        look,
    )


EXERCISES = [
    Exercise(
        "0.1",
        "ask the model",
        "ask_model(base_url, question)",
        _one_question,
        [requests(1), _is_the_reply],
        "the server saw one chat request, and you returned its reply.",
        llm={"latency": 0.1},
    ),
    Exercise(
        "0.2",
        "measure the latency",
        "find_latency(base_url, questions)",
        _ten_questions,
        [requests(10), _is_the_mean],
        "the server saw ten chat requests, and its own clock agrees with yours.",
        llm={"latency": 0.1, "tail": 0.5, "seed": 2},
    ),
]
