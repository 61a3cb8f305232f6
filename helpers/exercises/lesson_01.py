"""Exercises of lesson 01: the loop of an agent, given `chat` and `use` as the lesson has them."""

import json
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import requests as http

from helpers.agents import TOOLS, Agent, calculate
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding, Judge
from helpers.exercises.judges import describe, is_number, remedy
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import step

SUM = "What is 17 * 23?"
SUM_ANSWER = "391"
ENDLESS = "What is 19 * 21?"
CITIES = "What is the weather in Paris and in Oslo?"
STEPS = 4

DIVISION = "How much is 1 / 0?"
DIVISION_ERROR = "division by zero"
DOWN = "Paris"
DOWN_ERROR = "the weather service does not answer"

# Calls to the model, or uses of a tool. No right answer needs more than four for a question, so
# here the loop has no end; it is ended soon enough that nobody waits for the time limit.
FAR_TOO_MANY = 25

# Seconds for one request; one that takes longer hangs.
HTTP_TIMEOUT = 30

# The journals of exercise 1.3: one question with a tool and one without, on two kinds of server.
# Search and notes take so long that each has a share which nobody takes for a rounding error.
WEATHER = "What is the weather in Oslo?"
LOOKUP = "Who is the head of design?"
SERVERS = (
    (WEATHER, {"latency": 0.05, "search_latency": 0.06, "weather_latency": 0.09}),
    (LOOKUP, {"latency": 0.12, "search_latency": 0.03, "weather_latency": 0.03}),
)
SAVE_LATENCY = 0.04
# Seconds that the agent takes for each of its own steps' beginnings and ends, so that the time
# between its requests is a share that has to be accounted for.
OWN_WORK = 0.01
# Points of a share in per cent: enough for a share that was rounded to a whole number.
ROUNDED = 0.6


class NoEnd(BaseException):
    """The model has been called so often that the loop has no end.

    No Exception, so that an agent that survives its tools' errors does not survive this.
    """


class Tried(NamedTuple):
    """What the agent returned, and the text of the model's last message (None: it has none)."""

    returned: Any
    said: str | None


class _Case:
    """One question's `chat` and `use`; the tags of its requests start with its name."""

    def __init__(self, trial: Trial, name: str, down: str = "", **body: Any):
        """down: a city for which the weather service does not answer.

        body: what else stands in each request to the model.
        """
        self._trial = trial
        self._name = name
        self._down = down
        self._body = body
        self._calls = 0
        self._uses = 0
        self._said: str | None = None

    def tried(self, returned: Any) -> Tried:
        """What came of it, beside what the model said last."""
        return Tried(returned, self._said)

    def chat(self, messages: list[dict]) -> dict:
        """Ask the model; returns its message.

        Raises NoEnd after far too many calls, and ValueError where the model refuses.
        """
        self._calls = _one_more(self._calls, "the model has been called")
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
        message = reply.json()["choices"][0]["message"]
        self._said = message["content"]
        return message

    def use(self, call: dict) -> dict:
        """Use the tool that the model asks for; returns the message with its result.

        Raises what the tool raises, and NoEnd after far too many uses.
        """
        self._uses = _one_more(self._uses, "a tool has been used")
        arguments = json.loads(call["function"]["arguments"])
        if call["function"]["name"] == "calculate":
            result = calculate(arguments["expression"])
        elif arguments["city"] == self._down:
            raise ConnectionError(DOWN_ERROR)
        else:
            address = f"{self._trial.url}/weather"
            result = http.get(address, params=arguments, timeout=HTTP_TIMEOUT).json()
        return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}


def _one_more(count: int, what: str) -> int:
    if count >= FAR_TOO_MANY:
        raise NoEnd(f"{what} {FAR_TOO_MANY} times")
    return count + 1


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
            "the model was sent no more than the time before, so it asked for the same tool again",
            "messages: they hold what the model asked for and the tool's result, and must live as"
            " long as the loop.",
        )

    return judge


def _calls_of_model(name: str, count: int, question: str) -> Judge:
    """A case takes exactly so many calls to the model."""

    def judge(evidence: Evidence) -> Finding | None:
        seen = len(_calls(evidence, name))
        if seen == count:
            return None
        look = (
            "what you return before the model has been sent the tools' results."
            if seen < count
            else "tool_calls: use all of them before you ask the model again."
        )
        return Finding(
            f"{count} calls to the model for {question!r}", f"the server saw {seen}", look
        )

    return judge


def _refused(error: BaseException) -> Finding | None:
    """The model refused a conversation in which a tool call has no result."""
    if not isinstance(error, ValueError):
        return None
    return Finding(
        "a result for every tool call, behind the message that asks for it",
        str(error),
        "tool_calls: it is a list, and every call in it wants a result.",
    )


# 1.1: the article's agent


def _two_cities(function: Callable, trial: Trial) -> tuple[Tried, Tried]:
    plain = _Case(trial, "sum")
    to_sum = plain.tried(function(plain.chat, plain.use, SUM))
    cities = _Case(trial, "cities")
    return to_sum, cities.tried(function(cities.chat, cities.use, CITIES))


def _answered_the_sum(evidence: Evidence) -> Finding | None:
    answer = evidence.returned[0].returned
    if SUM_ANSWER in str(answer):
        return None
    return Finding(
        f"the answer to {SUM!r}",
        f"your agent returned {describe(answer)}",
        "the message without tool_calls: its content is the answer.",
    )


def _both_cities(evidence: Evidence) -> Finding | None:
    asked = len(evidence.seen("weather"))
    answer = evidence.returned[1].returned
    if asked == 2 and "Paris" in str(answer) and "Oslo" in str(answer):
        return None
    seen = f"the weather service saw {asked} requests"
    return Finding(
        "an answer about both cities",
        f"{seen}, and your agent returned {describe(answer)}",
        "tool_calls: it is a list, and every call in it wants a result.",
    )


def _returned_what_was_said(evidence: Evidence) -> Finding | None:
    for (returned, said), question in zip(evidence.returned, (SUM, CITIES)):
        if said is None or returned != said:
            return Finding(
                f"the text that the model wrote last for {question!r}",
                f"your agent returned {describe(returned)}",
                "what you return: of the model's last message the text alone, which is its"
                " content.",
            )
    return None


def _not_repaired(error: BaseException, evidence: Evidence) -> Finding | None:
    name = "cities" if _calls(evidence, "cities") else "sum"
    if isinstance(error, NoEnd):
        return _grows(name)(evidence)
    return _refused(error)


# 1.2: a tool that fails


def _failing_tools(function: Callable, trial: Trial) -> tuple[Tried, Tried, Any]:
    division = _Case(trial, "division")
    to_division = division.tried(function(division.chat, division.use, DIVISION, STEPS))
    cities = _Case(trial, "cities", down=DOWN)
    to_cities = cities.tried(function(cities.chat, cities.use, CITIES, STEPS))
    # A model that must use a tool at every step never answers.
    endless = _Case(trial, "endless", tool_choice="required")
    with errors_are_results() as given_up:
        given_up.value = function(endless.chat, endless.use, ENDLESS, STEPS)
    return to_division, to_cities, given_up.value


def _model_has_the_last_word(evidence: Evidence) -> Finding | None:
    for (returned, said), question in zip(evidence.returned[:2], (DIVISION, CITIES)):
        if said is None or returned != said:
            return Finding(
                f"what the model says in the end to {question!r}",
                f"your agent returned {describe(returned)}",
                "what happens after a tool has failed: the loop goes on, and the model has the"
                " last word.",
            )
    return None


def _told(place: int, question: str, error: str) -> Judge:
    """The model was told a tool's error, so that it stands in what it says."""

    def judge(evidence: Evidence) -> Finding | None:
        said = evidence.returned[place].said
        if error in str(said):
            return None
        return Finding(
            f"the model to be told why the tool failed: {error}",
            f"to {question!r} it said {describe(said)}",
            "the content of the message with the tool's result: the error's own text belongs"
            " there.",
        )

    return judge


def _the_other_city(evidence: Evidence) -> Finding | None:
    if "In Oslo it is" in str(evidence.returned[1].said):
        return None
    return Finding(
        "the weather in Oslo, although the service fails for Paris",
        f"the model said {describe(evidence.returned[1].said)}",
        "how much stands inside `try`: one failing tool must not take the others with it.",
    )


def _stopped_in_time(evidence: Evidence) -> Finding | None:
    count = len(_calls(evidence, "endless"))
    if count == STEPS:
        return None
    return Finding(
        f"{STEPS} calls to the model for max_steps={STEPS}",
        f"the server saw {count}",
        "where the loop ends: count calls to the model, and count them all.",
    )


def _raised_at_the_limit(evidence: Evidence) -> Finding | None:
    came = evidence.returned[2]
    if isinstance(came, RuntimeError):
        return None
    return Finding(
        "a RuntimeError when the steps are used up",
        f"what came was {result_in_words(came)}",
        "the line after the loop, and what your `except` catches.",
    )


def _not_sturdy(error: BaseException, evidence: Evidence) -> Finding | None:
    if isinstance(error, NoEnd):
        names = ("endless", "cities", "division")
        name = next((name for name in names if _calls(evidence, name)), "division")
        return _grows(name)(evidence) or Finding(
            f"{STEPS} calls to the model for max_steps={STEPS}",
            f"no end: {error}",
            "the loop: something must count its steps.",
        )
    if isinstance(error, (ZeroDivisionError, ConnectionError)):
        return Finding(
            "the agent to go on when a tool fails, whatever it raises",
            f"the tool's {type(error).__name__} ended it: {error}",
            "the call of use: the exception comes out of it, and nothing catches it.",
        )
    return _refused(error)


# 1.3: account for the time


class Accounted(NamedTuple):
    """What the function returned for one journal, and that journal."""

    returned: Any
    journal: list[dict]


def _two_journals(function: Callable, trial: Trial) -> list[Accounted]:
    def slow(query: Any, name: str, state: str) -> None:
        trial.record_or_stop(query, name, state)
        time.sleep(OWN_WORK)

    tries = []
    for question, server in SERVERS:
        trial.llm.behave(save_latency=SAVE_LATENCY, **server)
        mark = trial.llm.mark()
        with Agent(trial.base_url, record=slow) as agent:
            agent.ask(question)
        trial.llm.settle(mark)
        journal = trial.llm.journal(since=mark)
        tries.append(Accounted(function([dict(entry) for entry in journal]), journal))
    return tries


def _whole(journal: Sequence[dict]) -> float:
    return max(entry["end"] for entry in journal) - min(entry["arrival"] for entry in journal)


def _seconds(journal: Sequence[dict]) -> dict[str, list[float]]:
    """The seconds of each request, by kind."""
    seconds: dict[str, list[float]] = {}
    for entry in journal:
        seconds.setdefault(entry["kind"], []).append(entry["end"] - entry["arrival"])
    return seconds


def _shares(journal: Sequence[dict]) -> dict[str, float]:
    """What a right answer says."""
    whole = _whole(journal)
    shares = {kind: 100 * sum(each) / whole for kind, each in _seconds(journal).items()}
    return {**shares, "between": 100 - sum(shares.values())}


def _near(value: Any, wanted: float) -> bool:
    return is_number(value) and abs(value - wanted) <= ROUNDED


def _in_words(shares: dict[str, float]) -> str:
    return ", ".join(f"{kind} {share:.1f}" for kind, share in shares.items())


def _accounted(evidence: Evidence) -> Finding | None:
    for returned, journal in evidence.returned:
        if found := _a_dict_of_numbers(returned, journal) or _wrong_shares(returned, journal):
            return found
    return None


def _a_dict_of_numbers(returned: Any, journal: Sequence[dict]) -> Finding | None:
    right = _shares(journal)
    if not isinstance(returned, dict):
        seen = f"your function returned {describe(returned)}"
        return Finding("a dict {kind: share in per cent}", seen, remedy(returned))
    if missing := [kind for kind in right if not is_number(returned.get(kind))]:
        return Finding(
            f"a share for each of {', '.join(right)}",
            f"no number for {', '.join(missing)}",
            "the keys: the kinds that stand in the journal, and `between` for what is left.",
        )
    if extra := [str(kind) for kind in returned if kind not in right]:
        return Finding(
            f"a share for each of {', '.join(right)}",
            f"shares of {', '.join(extra)} too",
            "where your kinds come from: this journal has no such request.",
        )
    return None


def _wrong_shares(returned: dict, journal: Sequence[dict]) -> Finding | None:
    right = _shares(journal)
    wrong = [kind for kind, share in right.items() if not _near(returned[kind], share)]
    if not wrong:
        return None
    wanted = f"{_in_words(right)}, in per cent of the whole time"
    got = f"your function returned {_in_words({kind: returned[kind] for kind in right})}"
    return Finding(wanted, got, _why_wrong(returned, journal, wrong))


def _why_wrong(returned: dict, journal: Sequence[dict], wrong: list[str]) -> str:
    """The commonest mistakes, each known by the numbers that it makes."""
    right, seconds = _shares(journal), _seconds(journal)
    whole, asked = _whole(journal), sum(map(sum, seconds.values()))
    kinds = [kind for kind in wrong if kind != "between"]

    def all_are(value_of: Callable[[str], float], within: float = ROUNDED) -> bool:
        return all(abs(returned[kind] - value_of(kind)) <= within for kind in seconds)

    if all_are(lambda kind: right[kind] / 100, 0.006):
        return "the unit: these are fractions of 1, and per cent are asked for."
    if all_are(lambda kind: sum(seconds[kind]), 0.006):
        return "the unit: these are seconds, and per cent of the whole time are asked for."
    if all_are(lambda kind: 100 * len(seconds[kind]) / len(journal)):
        return "what you count: how long the requests took, and not how many there were."
    if not kinds:
        return "`between`: what is left of 100 when all requests have had their shares."
    if all_are(lambda kind: 100 * sum(seconds[kind]) / asked):
        return (
            "the whole: from the first arrival to the last end, with the time between requests in"
            " it; the sum of all requests is less."
        )
    if all(_near(returned[kind], 100 * seconds[kind][-1] / whole) for kind in kinds):
        return "a kind that comes twice: its second share has to be added to the first."
    return "how a share is computed: (end - arrival) of each request of a kind, by the whole time."


EXERCISES = [
    Exercise(
        "1.1",
        "repair the article's agent",
        "repaired_agent(chat, use, query)",
        _two_cities,
        [
            _answered_the_sum,
            _both_cities,
            _calls_of_model("sum", 2, SUM),
            _calls_of_model("cities", 2, CITIES),
            _returned_what_was_said,
        ],
        "the model was sent the tools' results, and both answers are right.",
        llm={"latency": 0.02},
        on_error=_not_repaired,
    ),
    Exercise(
        "1.2",
        "a tool that fails",
        "sturdy_agent(chat, use, question, max_steps)",
        _failing_tools,
        [
            _model_has_the_last_word,
            _told(0, DIVISION, DIVISION_ERROR),
            _told(1, CITIES, DOWN_ERROR),
            _the_other_city,
            _stopped_in_time,
            _raised_at_the_limit,
            _grows("endless"),
        ],
        "the model was told of both errors, the other tool was used, and the endless question"
        f" ended after {STEPS} calls to the model.",
        llm={"latency": 0.02},
        on_error=_not_sturdy,
        version=2,
    ),
    Exercise(
        "1.3",
        "account for the time",
        "account(journal)",
        _two_journals,
        [_accounted],
        "every share is right for both journals, and the time between requests is not forgotten.",
    ),
]
