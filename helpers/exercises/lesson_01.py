"""Exercises of lesson 01: the loop of an agent, given `chat` and `use` as the lesson has them."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import requests as http

from helpers.agents import TOOLS, calculate
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import describe
from helpers.trace import step

SUM = "What is 17 * 23?"
ENDLESS = "What is 19 * 21?"
CITIES = "What is the weather in Paris and in Oslo?"
STEPS = 4
FAR_TOO_MANY = 25


class NoEnd(RuntimeError):
    """The model has been called so often that the loop has no end."""


class _Case:
    """One question's `chat` and `use`; the tags of its requests start with its name."""

    def __init__(self, trial: Trial, name: str, **body: Any):
        self._trial, self._name, self._body, self._calls = trial, name, body, 0

    def chat(self, messages: list[dict]) -> dict:
        """Ask the model; returns its message. Raises NoEnd after far too many calls, ValueError where it refuses."""
        if self._calls >= FAR_TOO_MANY:
            raise NoEnd(f"the model has been called {FAR_TOO_MANY} times")
        self._calls += 1
        body = {"model": "gpt-4o-mini", "messages": messages, "tools": TOOLS, **self._body}
        headers = {"x-tag": f"{self._name}.{self._calls}"}
        with step(self._trial.record, self._name, "model"):
            reply = http.post(
                f"{self._trial.base_url}/chat/completions", json=body, headers=headers, timeout=30
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
            result = http.get(f"{self._trial.url}/weather", params=arguments, timeout=30).json()
        return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}


def _calls(trial: Trial, name: str) -> list[dict]:
    return [entry for entry in trial.seen() if str(entry["tag"]).startswith(f"{name}.")]


def _grows(name: str) -> Callable:
    """Each call of a case brings the model a longer conversation than the one before."""

    def judge(trial: Trial) -> Finding | None:
        lengths = [entry["prompt_tokens"] for entry in _calls(trial, name)]
        if all(a < b for a, b in pairwise(lengths)):
            return None
        return Finding(
            "a conversation that grows with every step",
            "the model was sent no more than the time before, so it wished for the same tool again",
            "messages: they hold the wish and the tool's result, and must live as long as the loop.",
        )

    return judge


def _no_end(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, NoEnd):
        return None
    forgetful = _grows("endless" if _calls(trial, "endless") else "sum")(trial)
    return forgetful or Finding(
        f"{STEPS} calls of the model for max_steps={STEPS}",
        f"{FAR_TOO_MANY} calls and no end",
        "the loop: something must count its steps.",
    )


def _sum_then_endless(function: Callable, trial: Trial) -> Any:
    plain, endless = _Case(trial, "sum"), _Case(trial, "endless", tool_choice="required")
    answer = function(plain.chat, plain.use, SUM, STEPS)
    return answer, function(endless.chat, endless.use, ENDLESS, STEPS)


def _answered_the_sum(trial: Trial) -> Finding | None:
    if "391" in str(trial.returned[0]):
        return None
    seen = f"your agent returned {describe(trial.returned[0])}"
    return Finding(
        f"the answer to {SUM!r}", seen, "the message without tool_calls: its content is the answer."
    )


def _stopped_in_time(trial: Trial) -> Finding | None:
    count = len(_calls(trial, "endless"))
    if count == STEPS:
        return None
    look = "where the loop ends: count calls of the model, and count them all."
    return Finding(
        f"{STEPS} calls of the model for max_steps={STEPS}", f"the server saw {count}", look
    )


def _returned_none(trial: Trial) -> Finding | None:
    if trial.returned[1] is None:
        return None
    seen = f"your agent returned {describe(trial.returned[1])}"
    return Finding(
        "None when the steps are used up", seen, "what the function returns after the loop."
    )


def _two_cities(function: Callable, trial: Trial) -> Any:
    case = _Case(trial, "sum")
    answer = function(case.chat, case.use, SUM)
    cities = _Case(trial, "cities")
    return answer, function(cities.chat, cities.use, CITIES)


def _both_cities(trial: Trial) -> Finding | None:
    asked = len(trial.seen("weather"))
    text = str(trial.returned[1])
    if asked == 2 and "Paris" in text and "Oslo" in text:
        return None
    return Finding(
        "an answer about both cities",
        f"the weather service saw {asked} requests, and your agent returned {describe(trial.returned[1])}",
        "tool_calls: it is a list, and every call in it wants a result.",
    )


def _left_a_wish_open(error: BaseException, trial: Trial) -> Finding | None:
    if isinstance(error, NoEnd):
        return _grows("cities" if _calls(trial, "cities") else "sum")(trial)
    if _calls(trial, "cities") and isinstance(error, ValueError):
        look = "tool_calls: it is a list, and every call in it wants a result."
        return Finding("a result for every tool call", f"{error}", look)
    return None


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
