"""Exercises of lesson 01: the loop of an agent, given `chat` and `use` as the lesson has them."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from helpers.agents import TOOLS, Agent, calculate
from helpers.exercises.calls import result_in_words
from helpers.exercises.exercise import Exercise, Finding, Judge
from helpers.exercises.judges import describe, is_number, remedy
from helpers.exercises.trial import REFEREE, Evidence, Trial
from helpers.trace import step

SUM = "What is 17 * 23?"
SUM_ANSWER = "391"
# Three tools in one message, so that nobody takes a limit on tools for one on calls to the model.
CITIES = "What is the weather in Paris, in Oslo and in Lima?"
ONE_BY_ONE = "What is the weather in Rome and in Cairo?"
ENDLESS = "What is the weather in Lima?"
# Calls to the model after which 1.1 wants an end.
MOST_CALLS = 10

DIVISION = "How much is 1 / 0?"
BROKEN_SUM = "What is 12 * 34?"
STOPPED = "What is 5 * 6?"
ENDLESS_AND_BROKEN = "What is 22 * 31?"
DOWN = "Paris"
# `max_steps` of the questions that have an answer, and of the two that have none.
STEPS = 4
SHORT, LONG = 3, 6

# Calls to the model, or uses of a tool. No right answer needs more than ten for a question, so here
# the loop has no end; it is ended soon enough that nobody waits for the time limit.
FAR_TOO_MANY = 25

# What a model may write beside its request for a tool.
REMARK = "Let me look that up."

# Seconds for one request; one that takes longer hangs.
HTTP_TIMEOUT = 30

# The journals of exercise 1.3: one question with a tool and one without, each on a server of its
# own. Its latencies are drawn from these seconds, so nobody can know the shares beforehand. Search
# and notes take so long that each has a share which nobody takes for a rounding error.
WEATHER = "What is the weather in Oslo?"
LOOKUP = "Who is the head of design?"
SERVERS = (
    (WEATHER, {"latency": (0.04, 0.09), "search": (0.04, 0.08), "weather": (0.06, 0.12)}),
    (LOOKUP, {"latency": (0.08, 0.16), "search": (0.03, 0.09), "weather": (0.03, 0.03)}),
)
SAVE = (0.03, 0.06)
# Seconds for which somebody else has the model's only slot when a question begins. The first call
# to the model waits for it, so what the server planned for a request is not what the request took.
TAKEN = 0.3
# Seconds that the agent takes for each of its own steps' beginnings and ends, so that the time
# between its requests is a share that has to be accounted for.
OWN_WORK = 0.01
# Points of a share in per cent: enough for a share that was rounded to a whole number.
ROUNDED = 0.6


class NoEnd(BaseException):
    """The model has been called so often that the loop has no end.

    No Exception, so that an agent that survives its tools' errors does not survive this.
    """


class Stopped(KeyboardInterrupt):
    """Somebody presses Stop while a tool runs; this one is the check's own."""


class Refused(Exception):
    """The model refused the messages: an exception that no code of a learner raises."""


class OutOfOrder(Exception):
    """What the broken calculator raises: a kind of its own, which nobody can catch by its name."""


class _Case:
    """One question: its `chat` and `use`, what the agent did with them, and what it returned.

    calls: how many calls to the model a right answer takes, None where there is none.
    parts: texts that stand in the answer. fails: what a tool raises where it is given this
    argument; "" stands for any. remark: what the model says beside a request for tools.
    body: what else is in each request to the model.
    """

    def __init__(
        self,
        trial: Trial,
        question: str,
        calls: int | None = None,
        parts: Sequence[str] = (),
        fails: dict[str, BaseException] | None = None,
        remark: str | None = None,
        **body: Any,
    ):
        self.question = question
        self.calls = calls
        self.parts = parts
        self.fails = fails or {}
        self.returned: Any = None
        # The messages of each call to the model, and the text of its last message, None for none.
        self.sent: list[list] = []
        self.said: str | None = None
        # The calls that a tool was used for, by their ids, and what it raised.
        self.used: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.refusal: Finding | None = None
        self._remark = remark
        self._body = body
        self._trial = trial
        # From now on the judges see it, whatever the agent does.
        trial.observed = [*(trial.observed or []), self]

    def ask(self, function: Callable, *limit: int) -> None:
        """Let the agent answer the question."""
        self.returned = function(self.chat, self.use, self.question, *limit)

    def give_up(self, function: Callable, *limit: int) -> None:
        """Let the agent ask for what has no answer: an exception is what it returns.

        NotImplementedError too: where nothing is written yet, the first question has said so.
        """
        try:
            self.ask(function, *limit)
        except (Exception, Stopped) as error:
            self.returned = error

    def chat(self, messages: list[dict]) -> dict:
        """Ask the model; returns its message.

        Raises NoEnd after far too many calls, and Refused where the model refuses.
        """
        _not_for_ever(len(self.sent), "the model has been called")
        # What is no JSON, such as an exception, becomes an object, which the model refuses.
        messages = json.loads(json.dumps(messages, default=lambda _: {}))
        self.sent.append(messages)
        body = {"model": "gpt-4o-mini", "messages": messages, "tools": TOOLS, **self._body}
        with step(self._trial.record_or_stop, self.question, "model"):
            reply = requests.post(
                f"{self._trial.base_url}/chat/completions", json=body, timeout=HTTP_TIMEOUT
            )
        if not reply.ok:
            self.refusal = _refusal(messages, reply.json()["error"]["message"])
            raise Refused(self.refusal.seen)
        message = reply.json()["choices"][0]["message"]
        if message.get("tool_calls"):
            message["content"] = self._remark
        self.said = message["content"]
        return message

    def use(self, call: dict) -> dict:
        """Use the tool that the model asks for; returns the message with its result.

        Raises what the tool raises, and NoEnd after far too many uses.
        """
        _not_for_ever(len(self.used), "a tool has been used")
        self.used.append(call["id"])
        try:
            content = json.dumps(self._result(call["function"]))
        except Exception as error:
            self.errors[call["id"]] = error
            raise
        return {"role": "tool", "tool_call_id": call["id"], "content": content}

    def _result(self, function: dict) -> Any:
        (argument,) = json.loads(function["arguments"]).values()
        if error := self.fails.get(argument) or self.fails.get(""):
            raise error
        if function["name"] == "calculate":
            return calculate(argument)
        address = f"{self._trial.url}/weather"
        reply = requests.get(address, params={"city": argument}, timeout=HTTP_TIMEOUT)
        reply.raise_for_status()
        return reply.json()


def _not_for_ever(count: int, what: str) -> None:
    if count >= FAR_TOO_MANY:
        raise NoEnd(f"{what} {FAR_TOO_MANY} times")


def _refusal(messages: list, reason: str) -> Finding:
    """Why the model refused a conversation, in the words of the loop that wrote it."""
    expected = "a result for every tool call, behind the message that asks for it"
    return Finding(expected, f"the model refused the messages: {reason}", _what_is_wrong(messages))


def _what_is_wrong(messages: list) -> str:
    """The first mistake in a conversation that the model has refused."""
    missing = "tool_calls: it is a list, and every call in it wants a result."
    asked: set[str] = set()
    answered: set[str] = set()
    for message in messages:
        if not isinstance(message, dict) or "role" not in message:
            return "the list of messages: each of them is a dict with a role."
        if message["role"] == "tool":
            if not isinstance(message.get("content"), str):
                return 'its content: a text, so f"..." or json.dumps.'
            call = message.get("tool_call_id")
            if call is None:
                return (
                    "the message with a tool's result: its tool_call_id says which call it"
                    " answers, and it has none."
                )
            if call in answered:
                return "how often a result goes into the list: here one stands there twice."
            if call not in asked:
                return (
                    "the order in the list: first the message in which the model asks for tools,"
                    " then their results. Here a result has no such message before it."
                )
            answered.add(call)
        elif asked - answered:
            return missing
        elif message["role"] == "assistant":
            asked |= {call["id"] for call in message.get("tool_calls") or []}
    return missing if asked - answered else "the message that the model names: what is in it?"


# What both agents' judges have in common: each looks at one question.

CaseJudge = Callable[[_Case], Finding | None]


def _first(judges: Sequence[CaseJudge], case: _Case) -> Finding | None:
    """What the first of these judges that is not content with a question has found."""
    return next((found for judge in judges if (found := judge(case))), None)


def _every_case(*judges: CaseJudge) -> Judge:
    """What is wrong with the first question that one of these judges is not content with."""

    def judge(evidence: Evidence) -> Finding | None:
        return next(filter(None, (_first(judges, case) for case in evidence.observed)), None)

    return judge


def _begins_anew(evidence: Evidence) -> Finding | None:
    """What one question left behind is not sent to the model with the next one."""
    for before, case in pairwise(evidence.observed):
        first = case.sent[0] if case.sent else []
        if any(_is_of_before(message, before) for message in first):
            return Finding(
                "a conversation of its own for each question",
                f"with {case.question!r} the model was sent what {before.question!r} had left",
                "where the list is made: inside the function and before the loop. A list outside of"
                " it, or in a default argument, is the same one for all questions.",
            )
    return None


def _is_of_before(message: Any, before: _Case) -> bool:
    text = str(message)
    return before.question in text or any(call in text for call in before.used)


def _never_refused(case: _Case) -> Finding | None:
    """Also where the agent has caught the exception and tried something else."""
    return case.refusal


def _grows(case: _Case) -> Finding | None:
    """Each call brings the model a longer conversation than the one before."""
    if all(len(before) < len(after) for before, after in pairwise(case.sent)):
        return None
    return Finding(
        "a conversation that grows with every step",
        "the model was sent no more than the time before, so it asked for the same tool again",
        "messages: they hold what the model asked for and the tool's result, and must live as"
        " long as the loop.",
    )


def _asks_once(case: _Case) -> Finding | None:
    """The message with the question, the last of the first call, does not come again."""
    if not case.sent or case.sent[-1].count(case.sent[0][-1]) < 2:
        return None
    return Finding(
        "the question once in the list of messages",
        f"in the end {case.question!r} stood there {case.sent[-1].count(case.sent[0][-1])} times,"
        " so the model began again with every one",
        "the question: it goes into the list once, before the loop.",
    )


def _sends_results(case: _Case) -> Finding | None:
    """Where a tool has been used, the model is sent messages of the kind that `use` returns."""
    roles = {message["role"] for message in case.sent[-1]} if case.sent else set()
    if not case.used or len(case.sent) < 2 or "tool" in roles:
        return None
    return Finding(
        "the tools' results as the messages that use returns",
        f"the model was sent messages of the roles {', '.join(sorted(roles))} only",
        'what you append: the role of a result is "tool", or the model asks for it again.',
    )


# What a conversation must be like whatever becomes of it.
CONVERSATION = (_never_refused, _grows, _asks_once, _sends_results)


def _takes_no_remark(case: _Case) -> Finding | None:
    """The answer is not what the model says beside a request for a tool."""
    if case.returned != REMARK:
        return None
    return Finding(
        f"an answer to {case.question!r}",
        f"your agent returned {REMARK!r}, and the same message asks for a tool",
        "what you take for the answer: a message with tool_calls may hold a remark too.",
    )


def _has_the_last_word(case: _Case) -> Finding | None:
    """The agent returns the text of the model's last message."""
    if case.calls is None or (case.said is not None and case.returned == case.said):
        return None
    return Finding(
        f"the text that the model wrote last for {case.question!r}",
        f"your agent returned {describe(case.returned)}",
        "what you return: the model has the last word, also where a tool has failed. It is the"
        " text of its last message alone, which is its content.",
    )


def _has_its_parts(case: _Case) -> Finding | None:
    """The results of all tools that have worked are in the answer."""
    if all(part in str(case.said) for part in case.parts):
        return None
    return Finding(
        f"{' and '.join(case.parts)} in the answer to {case.question!r}",
        f"the model said {describe(case.said)}",
        "how much stands inside `try`: one failing tool must not take the others with it."
        if case.errors
        else "the results of the tools: what use returns goes into the list as it is.",
    )


def _takes_its_calls(case: _Case) -> Finding | None:
    """A question takes exactly so many calls to the model."""
    seen = len(case.sent)
    if case.calls in (None, seen):
        return None
    if seen > case.calls:
        look = "tool_calls: use all of them before you ask the model again."
    elif seen < 2:
        look = (
            "what you return before the model has been sent the tools' results: its answer is the"
            " message without tool_calls."
        )
    else:
        look = (
            "the loop: the model may ask for a tool as often as it likes, and its answer is the"
            " message without tool_calls."
        )
    expected = f"{case.calls} calls to the model for {case.question!r}"
    return Finding(expected, f"the server saw {seen}", look)


def _uses_once(case: _Case) -> Finding | None:
    """No tool that has given its result is used again for the same call."""
    done = [call for call in case.used if call not in case.errors]
    if len(done) == len(set(done)):
        return None
    return Finding(
        "one use of a tool for each call that the model asks for",
        f"for {case.question!r} there were {len(set(done))} calls, and tools were used"
        f" {len(done)} times",
        "where you call use: keep what it returns. A tool may be one that sends a letter.",
    )


def _gives_up(case: _Case, calls: range, expected: str) -> Finding | None:
    """A question without an answer takes so many calls, and ends with a RuntimeError."""
    seen = len(case.sent)
    if seen not in calls:
        return Finding(
            expected,
            f"the server saw {seen}",
            "where the loop ends: count calls to the model, and count them all.",
        )
    # Two kinds of RuntimeError say something else: not written yet, and called itself too often.
    wrong = (NotImplementedError, RecursionError)
    if isinstance(case.returned, RuntimeError) and not isinstance(case.returned, wrong):
        return None
    return Finding(
        "a RuntimeError when the steps are used up",
        f"what came was {result_in_words(case.returned)}",
        "the line after the loop, and what your `except` catches.",
    )


def _raised(error: BaseException, evidence: Evidence) -> Finding | None:
    """What an exception says that came out of an agent; None where it is the learner's own."""
    case = evidence.observed[-1]
    if any(error is raised for raised in case.errors.values()):
        return Finding(
            "the agent to go on when a tool fails, whatever it raises",
            f"the tool's {type(error).__name__} ended it",
            "the call of use: the exception comes out of it, and nothing catches it.",
        )
    if not isinstance(error, (NoEnd, Refused, RuntimeError)):
        return None
    if found := _first(CONVERSATION, case):
        return found
    if isinstance(error, NoEnd):
        return Finding(
            "an end: a limit on the calls to the model, and each tool call used once",
            f"no end: {error}",
            "the loop: something must count its steps.",
        )
    calls = f"{len(case.sent)} call{'s' * (len(case.sent) != 1)}"
    return Finding(
        f"an answer to {case.question!r}",
        f"after {calls} to the model your agent raised {type(error).__name__}: {error}",
        "where `raise` stands: behind the loop and not in it; and whether the limit counts calls"
        " to the model, not tools, and leaves one for the answer.",
    )


# 1.1: the article's agent


def _four_questions(function: Callable, trial: Trial) -> None:
    _Case(trial, SUM, calls=2, parts=[SUM_ANSWER]).ask(function)
    _Case(trial, CITIES, calls=2, parts=["Paris", "Oslo", "Lima"], remark=REMARK).ask(function)
    # Here the model is told to ask for one tool in a message, so it needs a step more.
    one_by_one = {"calls": 3, "parts": ["Rome", "Cairo"], "parallel_tool_calls": False}
    _Case(trial, ONE_BY_ONE, **one_by_one).ask(function)
    # A model that must use a tool at every step never answers.
    _Case(trial, ENDLESS, tool_choice="required").give_up(function)


def _ends_by_itself(evidence: Evidence) -> Finding | None:
    expected = f"at most {MOST_CALLS} calls to a model that asks for tools for ever"
    return _gives_up(evidence.observed[-1], range(1, MOST_CALLS + 1), expected)


# 1.2: a tool that fails


def _failing_tools(function: Callable, trial: Trial) -> None:
    # A number that nobody knows beforehand, so that only the error's own text can hold it.
    number = random.randrange(1000, 10_000)
    down = ConnectionError(f"the weather service does not answer (error {number})")
    broken = OutOfOrder()  # without a text: nothing but its kind says what it is
    _Case(trial, DIVISION, calls=2).ask(function, STEPS)
    cities = {"calls": 2, "parts": ["In Oslo it is", "In Lima it is"], "fails": {DOWN: down}}
    _Case(trial, CITIES, remark=REMARK, **cities).ask(function, STEPS)
    _Case(trial, BROKEN_SUM, calls=2, fails={"": broken}).ask(function, STEPS)
    _Case(trial, STOPPED, fails={"": Stopped()}).give_up(function, STEPS)
    # A model that must use a tool at every step never answers, whether its tools work or not.
    _Case(trial, ENDLESS, tool_choice="required").give_up(function, SHORT)
    failing = _Case(trial, ENDLESS_AND_BROKEN, tool_choice="required", fails={"": broken})
    failing.give_up(function, LONG)


def _model_is_told(case: _Case) -> Finding | None:
    """Behind each call whose tool failed stands the kind of the error, and what it says."""
    if case.calls is None:
        return None
    told = {message.get("tool_call_id"): message.get("content") for message in case.sent[-1]}
    for call, error in case.errors.items():
        content = str(told.get(call))
        if type(error).__name__ not in content or str(error) not in content:
            return Finding(
                f"the model to be told what kind of error it was, and what it says: {error!r}",
                f"for {case.question!r} it was told {describe(told.get(call))}",
                "the content of the message with the tool's result: the error's own text belongs"
                " there, and its kind: the text of a KeyError is a bare name, and some errors"
                " have none.",
            )
    return None


def _can_be_stopped(case: _Case) -> Finding | None:
    """A KeyboardInterrupt comes out of the agent: it is no error of a tool."""
    if case.question != STOPPED or isinstance(case.returned, Stopped):
        return None
    return Finding(
        "the KeyboardInterrupt to come out, with which somebody stops your program",
        f"it came while a tool ran, and what came of it was {result_in_words(case.returned)}",
        "what your `except` catches: any Exception. A KeyboardInterrupt is none, on purpose.",
    )


def _stops_in_time(evidence: Evidence) -> Finding | None:
    for steps, case in zip((SHORT, LONG), evidence.observed[-2:]):
        expected = f"{steps} calls to the model for max_steps={steps}"
        if found := _gives_up(case, range(steps, steps + 1), expected):
            return found
    return None


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
    for question, seconds in SERVERS:
        drawn = {name: random.uniform(*ends) for name, ends in seconds.items()}
        with _slot_taken(trial):
            trial.llm.behave(
                latency=drawn["latency"],
                search_latency=drawn["search"],
                weather_latency=drawn["weather"],
                save_latency=random.uniform(*SAVE),
            )
            mark = trial.llm.mark()
            with Agent(trial.base_url, record=slow) as agent:
                agent.ask(question)
        trial.llm.settle(mark)
        journal = trial.llm.journal(since=mark)
        tries.append(Accounted(function([dict(entry) for entry in journal]), journal))
    return tries


@contextmanager
def _slot_taken(trial: Trial) -> Iterator[None]:
    """When the block begins, somebody else has the model's only slot, and for TAKEN seconds."""
    trial.llm.behave(capacity=1, latency=TAKEN)
    mark = trial.llm.mark()
    address = urlsplit(trial.base_url)
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": LOOKUP}]}
    headers = {"Content-Type": "application/json", "x-tag": REFEREE}
    # By http.client, which sends a request and does not wait for the reply.
    connection = HTTPConnection(address.netloc, timeout=HTTP_TIMEOUT)
    connection.request("POST", f"{address.path}/chat/completions", json.dumps(body), headers)
    while trial.llm.mark() == mark:
        pass  # it is on its way
    yield
    connection.getresponse().read()
    connection.close()


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


def _near(value: float, wanted: float, within: float = ROUNDED) -> bool:
    return abs(value - wanted) <= within


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
    if set(returned) != set(right):
        return Finding(
            f"a share for each of {', '.join(right)}",
            f"shares of {', '.join(map(str, returned))}",
            "the keys: the kinds of this journal and `between`, and no other.",
        )
    if odd := [kind for kind in right if not is_number(returned[kind])]:
        return Finding(
            "shares that are numbers",
            f"{odd[0]}: {describe(returned[odd[0]])}",
            "the values: one number for each kind. How it looks is for whoever prints it.",
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
        return all(_near(returned[kind], value_of(kind), within) for kind in seconds)

    if all_are(lambda kind: right[kind] / 100, 0.006):
        return "the unit: these are fractions of 1, and per cent are asked for."
    if all_are(lambda kind: sum(seconds[kind]), 0.006):
        return "the unit: these are seconds, and per cent of the whole time are asked for."
    if all_are(lambda kind: 100 * len(seconds[kind]) / len(journal)):
        return "what you count: how long the requests took, and not how many there were."
    whole_numbers = all(returned[kind] % 1 == 0 for kind in right)
    # A point for each request, for that is what each may lose.
    if whole_numbers and all(_near(returned[kind], right[kind], len(journal)) for kind in right):
        return (
            "the whole numbers: int() cuts off what stands behind the point, and what round()"
            " changes adds up. Leave each share as it is."
        )
    if not kinds:
        return "`between`: what is left of 100 when all requests have had their shares."
    if all_are(lambda kind: 100 * sum(seconds[kind]) / asked):
        return (
            "the whole: from the first arrival to the last end, with the time between requests in"
            " it; the sum of all requests is less."
        )
    if all(_near(returned[kind], 100 * seconds[kind][-1] / whole) for kind in kinds):
        return "a kind that comes twice: its second share has to be added to the first."
    return (
        "how a share is computed: (end - arrival) of each request of a kind, by the whole time. The"
        " seconds of a request begin with its arrival, also where it waits for its turn."
    )


EXERCISES = [
    Exercise(
        "1.1",
        "repair the article's agent",
        "repaired_agent(chat, use, query)",
        _four_questions,
        [
            _begins_anew,
            _every_case(
                *(_never_refused, _grows, _asks_once, _takes_no_remark),
                *(_takes_its_calls, _uses_once, _has_the_last_word, _has_its_parts),
            ),
            _ends_by_itself,
        ],
        "the model was sent the tools' results, all three answers are right, and the question"
        " without one came to an end.",
        llm={"latency": 0.02},
        on_error=_raised,
        version=2,
    ),
    Exercise(
        "1.2",
        "a tool that fails",
        "sturdy_agent(chat, use, question, max_steps)",
        _failing_tools,
        [
            _begins_anew,
            _every_case(
                *(_never_refused, _takes_no_remark, _has_the_last_word, _grows, _uses_once),
            ),
            _every_case(_model_is_told, _has_its_parts, _can_be_stopped),
            _stops_in_time,
        ],
        "the model was told of every error, the other tools were used, the KeyboardInterrupt came"
        " out, and the endless questions"
        f" ended after {SHORT} and {LONG} calls to the model, as max_steps said.",
        llm={"latency": 0.02},
        on_error=_raised,
        version=3,
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
