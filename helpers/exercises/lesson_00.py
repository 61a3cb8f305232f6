"""Exercises of lesson 00: a request through the official SDK, and a server's latency measured."""

from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_number, requests
from helpers.exercises.trial import Evidence, Trial

QUESTION = "Why do programs wait?"
TEN = 10


def _one_question(function: Callable, trial: Trial) -> Any:
    trial.expected = trial.replies([QUESTION])
    return function(trial.base_url, QUESTION)


def _is_the_reply(evidence: Evidence) -> Finding | None:
    returned = evidence.returned
    if returned == evidence.expected[0]:
        return None
    seen = f"your function returned {describe(returned)}"
    if not isinstance(returned, str):
        return Finding(
            "the text of the reply",
            seen,
            "reply.choices[0].message.content: the text is three levels deep.",
        )
    return Finding(
        "the model's reply to the question",
        seen,
        'messages: one message, {"role": "user", "content": question}.',
    )


def _ten_questions(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TEN, kind="lookup")
    return function(trial.base_url, list(trial.questions))


def _is_the_mean(evidence: Evidence) -> Finding | None:
    """Near the mean of the very requests that the server saw."""
    value = evidence.returned
    if not is_number(value):
        return Finding(
            "a number of seconds",
            f"your function returned {describe(value)}",
            "the return statement.",
        )
    times = [entry["end"] - entry["arrival"] for entry in evidence.seen()]
    mean = sum(times) / len(times)
    # A client on a busy machine takes longer than the server says, and never less. The 20 ms are
    # for what a client adds to each request, which matters where a reply takes only 100.
    if 0.8 * mean <= value <= 1.6 * mean + 0.02:
        return None
    seen, look = _likely_mistake(value, mean)
    return Finding("the mean time of a reply, in seconds", seen, look)


def _likely_mistake(value: float, mean: float) -> tuple[str, str]:
    """What was seen, and where to look."""
    mistakes = {
        TEN * mean: "the division: this is the time of all ten together.",
        1000 * mean: "the unit: this is the mean in milliseconds.",
    }
    for wrong, look in mistakes.items():
        # The mistakes lie a factor of ten and more apart, so a factor of two tells them.
        if 0.5 * wrong <= value <= 2 * wrong:
            return "another figure", look
    return (
        "a figure that the server's own clock does not confirm",
        "where the clock starts and stops: around each request, or around all ten, and nothing"
        " else.",
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
        [requests(TEN), _is_the_mean],
        "the server saw ten chat requests, and its own clock agrees with yours.",
        llm={"latency": 0.1, "tail": 0.5, "seed": 2},
    ),
]
