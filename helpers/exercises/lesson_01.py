"""Exercises of lesson 01: the loop of an agent, given `chat` and `use` as the lesson has them."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import requests as http

from helpers.agents import TOOLS, calculate
from helpers.exercises.exercise import Exercise, Finding, Judge
from helpers.exercises.judges import describe
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import step

SUM = "What is 17 * 23?"
SUM_ANSWER = "391"
ENDLESS = "What is 19 * 21?"
CITIES = "What is the weather in Paris and in Oslo?"
STEPS = 4

# Calls of the model. No right answer needs more than four for a question, so here the loop has no
# end; it is ended soon enough that nobody waits for the time limit.
FAR_TOO_MANY = 25

# Seconds for one request; one that takes longer hangs.
HTTP_TIMEOUT = 30


class NoEnd(RuntimeError):
    """The model has been called so often that the loop has no end."""


class Answers(NamedTuple):
    """What the agent returned to the sum, and to the question after it."""

    to_sum: Any
    to_second: Any


class _Case:
    """One question's `chat` and `use`; the tags of its requests start with its name."""

    def __init__(self, trial: Trial, name: str, **body: Any):
        """body: what else stands in each request to the model."""
        self._trial = trial
        self._name = name
        self._body = body
        self._calls = 0

    def chat(self, messages: list[dict]) -> dict:
        """Ask the model; returns its message.

        Raises NoEnd after far too many calls, and ValueError where the model refuses.
        """
        if self._calls >= FAR_TOO_MANY:
            raise NoEnd(f"the model has been called {FAR_TOO_MANY} times")
        self._calls += 1
        body = {"model": "gpt-4o-mini", "messages": messages, "tools": TOOLS, **self._body}
        with step(self._trial.record_or_stop, self._name, "model"):
            reply = http.post(
                f"{self._trial.base_url}/chat/completions",
                json=body,
                headers={"x-tag": f"{self._name}.{self._calls}"},
                timeout=HTTP_TIMEOUT,
            )
        if not reply.ok:
            raise ValueError(f"the model refused the messages: {reply.json()['error']['message']}")
        return reply.json()["choices"][0]["message"]

    def use(self, call: dict) -> dict:
        """Use the tool that the model asks for; returns the message with its result."""
        arguments = json.loads(call["function"]["arguments"])
        if call["function"]["name"] == "calculate":
            result = calculate(arguments["expression"])
        else:
            address = f"{self._trial.url}/weather"
            result = http.get(address, params=arguments, timeout=HTTP_TIMEOUT).json()
        return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}


def _calls(evidence: Evidence, name: str) -> list[dict]:
    return [entry for entry in evidence.seen() if str(entry["tag"]).startswith(f"{name}.")]


def _grows(name: str) -> Judge:
    """Each call of a case brings the model a longer conversation than the one before."""

    def judge(evidence: Evidence) -> Finding | None:
        lengths = [entry["prompt_tokens"] for entry in _calls(evidence, name)]
        if all(before < after for before, after in pairwise(lengths)):
            return None
        return Finding(
            "a conversation that grows with every step",
            "the model was sent no more than the time before, so it wished for the same tool again",
            "messages: they hold the wish and the tool's result, and must live as long as the"
            " loop.",
        )

    return judge


def _two_cities(function: Callable, trial: Trial) -> Answers:
    plain = _Case(trial, "sum")
    to_sum = function(plain.chat, plain.use, SUM)
    cities = _Case(trial, "cities")
    return Answers(to_sum, function(cities.chat, cities.use, CITIES))


def _answered_the_sum(evidence: Evidence) -> Finding | None:
    answer = evidence.returned.to_sum
    if SUM_ANSWER in str(answer):
        return None
    return Finding(
        f"the answer to {SUM!r}",
        f"your agent returned {describe(answer)}",
        "the message without tool_calls: its content is the answer.",
    )


def _both_cities(evidence: Evidence) -> Finding | None:
    asked = len(evidence.seen("weather"))
    answer = evidence.returned.to_second
    if asked == 2 and "Paris" in str(answer) and "Oslo" in str(answer):
        return None
    seen = f"the weather service saw {asked} requests"
    return Finding(
        "an answer about both cities",
        f"{seen}, and your agent returned {describe(answer)}",
        "tool_calls: it is a list, and every call in it wants a result.",
    )


def _left_a_wish_open(error: BaseException, evidence: Evidence) -> Finding | None:
    at_the_cities = bool(_calls(evidence, "cities"))
    if isinstance(error, NoEnd):
        return _grows("cities" if at_the_cities else "sum")(evidence)
    if at_the_cities and isinstance(error, ValueError):
        return Finding(
            "a result for every tool call",
            str(error),
            "tool_calls: it is a list, and every call in it wants a result.",
        )
    return None


def _sum_then_endless(function: Callable, trial: Trial) -> Answers:
    plain = _Case(trial, "sum")
    to_sum = function(plain.chat, plain.use, SUM, STEPS)
    # A model that must use a tool at every step never answers.
    endless = _Case(trial, "endless", tool_choice="required")
    return Answers(to_sum, function(endless.chat, endless.use, ENDLESS, STEPS))


def _stopped_in_time(evidence: Evidence) -> Finding | None:
    count = len(_calls(evidence, "endless"))
    if count == STEPS:
        return None
    return Finding(
        f"{STEPS} calls of the model for max_steps={STEPS}",
        f"the server saw {count}",
        "where the loop ends: count calls of the model, and count them all.",
    )


def _returned_none(evidence: Evidence) -> Finding | None:
    answer = evidence.returned.to_second
    if answer is None:
        return None
    return Finding(
        "None when the steps are used up",
        f"your agent returned {describe(answer)}",
        "what the function returns after the loop.",
    )


def _no_end(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, NoEnd):
        return None
    forgetful = _grows("endless" if _calls(evidence, "endless") else "sum")(evidence)
    return forgetful or Finding(
        f"{STEPS} calls of the model for max_steps={STEPS}",
        f"{FAR_TOO_MANY} calls and no end",
        "the loop: something must count its steps.",
    )


EXERCISES = [
    Exercise(
        "1.1",
        "repair the article's agent",
        "repaired_agent(chat, use, query)",
        _two_cities,
        [_answered_the_sum, _both_cities],
        "the model was sent the tools' results, and both answers are right.",
        llm={"latency": 0.02},
        on_error=_left_a_wish_open,
    ),
    Exercise(
        "1.2",
        "a limit on the steps",
        "careful_agent(chat, use, question, max_steps)",
        _sum_then_endless,
        [_answered_the_sum, _grows("endless"), _stopped_in_time, _returned_none],
        f"the sum is right, and the endless question ended after {STEPS} calls of the model.",
        llm={"latency": 0.02},
        on_error=_no_end,
    ),
]
