"""Exercises of lesson 05: one session for all, tools side by side, a clock that counts no queue."""

import asyncio
import inspect
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from helpers.agents import TOOLS, Question, calculate, questions
from helpers.exercises.calls import result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import (
    connections,
    describe,
    is_list_of,
    most_in_flight,
    peak,
    remedy,
    requests,
)
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import step

# Of 5.1 and 5.3: one session for all


@dataclass
class Opened:
    """How many aiohttp sessions the function has made."""

    sessions: int = 0


@contextmanager
def _sessions_counted() -> Iterator[Opened]:
    """Count the sessions that are made in this thread meanwhile."""
    opened = Opened()
    here = threading.get_ident()
    plain = aiohttp.ClientSession.__init__

    def counted(self: aiohttp.ClientSession, *arguments: Any, **settings: Any) -> None:
        if threading.get_ident() == here:
            opened.sessions += 1
        plain(self, *arguments, **settings)

    aiohttp.ClientSession.__init__ = counted
    try:
        yield opened
    finally:
        aiohttp.ClientSession.__init__ = plain


def _one_session(evidence: Evidence[Opened]) -> Finding | None:
    made = evidence.observed.sessions
    if made <= 1:  # none where the SDK's client holds the connections
        return None
    return Finding(
        "one session for all",
        f"your function made {made} sessions",
        "where a session is opened: once, around everything that uses it.",
    )


# 5.1: ask many, then sum up

TWELVE = 12


async def _twelve_and_a_report(function: Callable, trial: Trial[Opened]) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    answers = trial.replies(trial.questions)
    trial.expected = [*answers, *trial.replies(["\n".join(answers)])]
    with _sessions_counted() as trial.observed:
        return await function(trial.base_url, list(trial.questions))


def _a_report(evidence: Evidence) -> Finding | None:
    """What came back is the reply to all answers, in the order of the questions."""
    *answers, report = evidence.expected
    returned = evidence.returned
    if returned == report:
        return None
    if returned in answers or returned == "\n".join(answers) or returned == answers:
        return Finding(
            "the reply to the last request, which holds all answers",
            "your function returned answers, and no report on them",
            "the last line: one more request, with the answers as its text.",
        )
    if not isinstance(returned, str):
        return Finding(
            "the text of the last reply",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    return Finding(
        "the reply to all answers, each on a line of its own, in the order of the questions",
        "the last request had another text",
        "what the last request sends: the answers in the order of the questions, which is not the"
        " order in which they arrive, and what stands between them.",
    )


def _asked_together(evidence: Evidence) -> Finding | None:
    """The questions overlapped, and the report came after all of them."""
    first = sorted(evidence.seen(), key=lambda entry: entry["arrival"])[:TWELVE]
    most = most_in_flight(first)
    if most == TWELVE:
        return None
    return Finding(
        f"{TWELVE} questions in flight together",
        f"never more than {most} in flight at once",
        "what makes one question wait for the answer to another.",
    )


def _closed_too_early(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, RuntimeError) or str(error) != "Session is closed":
        return None
    return Finding(
        "a session that is open for every request, the last one included",
        "a request was made with a session that was closed already",
        "the line where the block ends: what asks the model has to stand inside of it.",
    )


# 5.2: tools at the same time, and one of them fails

# The model asks for all of its tools in one message, in this order; the first is the slowest.
TRIP = "What is the weather in Oslo, Paris and Lima, and what is 12 * 34?"
TOOLS_OF_TRIP = 4
# Seconds: so long that whoever uses the tools in a row is never at two of them.
USE_SECONDS = 0.1
SLOWEST, SLOWEST_SECONDS = "Oslo", 0.3
# Two fail while others are under way, each at its time: what has stopped at the first of them has
# not heard of the second. The first of them is an exception without a text.
LOST = {"Paris": 0.2, "Lima": 0.05}
TIMED_OUT = "Lima"
# Parts of the answer: the temperature comes from the server, so nobody knows it beforehand.
PARTS = ("In Oslo it is", "408")
ENDLESS = "What is 19 * 21?"
SHORT, LONG = 3, 6
# Calls to the model after which there is no end to come.
FAR_TOO_MANY = 20


class CityLost(Exception):
    """What the weather of one city raises: a kind of its own, which nobody can catch by name."""


class NoEnd(BaseException):
    """The model has been called so often that the loop has no end."""


@dataclass
class Case:
    """One question to the agent, and what the agent did.

    sent: the messages of each call to the model. asked: ids of the tool calls, by the model's
    message. used: ids, in the order in which their use began. said: the model's last text.
    """

    question: str
    required: bool = False
    sent: list[list] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    using: int = 0
    most_used: int = 0
    given: dict[str, str] = field(default_factory=dict)
    lost: dict[str, Exception] = field(default_factory=dict)
    interrupted: int = 0
    refused: str | None = None
    said: str | None = None
    returned: Any = None


async def _agent_with_tools(function: Callable, trial: Trial[list[Case]]) -> Any:
    trial.observed = []
    async with aiohttp.ClientSession() as session:
        trip = _case(trial, TRIP)
        trip.returned = await function(*_chat_and_use(trial, session, trip), TRIP, LONG)
        for steps in (SHORT, LONG):
            case = _case(trial, ENDLESS, required=True)
            try:
                case.returned = await function(*_chat_and_use(trial, session, case), ENDLESS, steps)
            except Exception as error:
                case.returned = error
    return trip.returned


def _case(trial: Trial[list[Case]], question: str, required: bool = False) -> Case:
    case = Case(question, required)
    # From now on the judges see it, whatever the agent does.
    trial.observed.append(case)
    return case


def _chat_and_use(
    trial: Trial, session: aiohttp.ClientSession, case: Case
) -> tuple[Callable, Callable]:
    async def chat(messages: list[dict]) -> dict:
        if len(case.sent) >= FAR_TOO_MANY:
            raise NoEnd(f"the model has been called {FAR_TOO_MANY} times")
        case.sent.append(deepcopy(list(messages)))
        if any(isinstance(message, BaseException) for message in messages):
            raise TypeError("an exception stands in the list of messages")
        body = {"model": "gpt-4o-mini", "messages": messages, "tools": TOOLS}
        if case.required:
            body["tool_choice"] = "required"
        with step(trial.record_or_stop, case.question, "model"):
            async with session.post(f"{trial.base_url}/chat/completions", json=body) as reply:
                data = await reply.json()
        if reply.status != 200:
            case.refused = data["error"]["message"]
            raise RuntimeError(f"the model refused the messages: {case.refused}")
        message = data["choices"][0]["message"]
        case.said = message["content"]
        case.asked.append([call["id"] for call in message.get("tool_calls") or []])
        return message

    async def use(call: dict) -> dict:
        case.used.append(call["id"])
        case.using += 1
        case.most_used = max(case.most_used, case.using)
        try:
            with step(trial.record_or_stop, case.question, "tool"):
                content = json.dumps(await _result(trial, session, case, call))
        except asyncio.CancelledError:
            case.interrupted += 1
            raise
        finally:
            case.using -= 1
        case.given[call["id"]] = content
        return {"role": "tool", "tool_call_id": call["id"], "content": content}

    return chat, use


async def _result(trial: Trial, session: aiohttp.ClientSession, case: Case, call: dict) -> Any:
    (argument,) = json.loads(call["function"]["arguments"]).values()
    if argument in LOST:
        await asyncio.sleep(LOST[argument])
        error = CityLost(f"nobody answers for {argument}, try {call['id'][-6:]}")
        case.lost[call["id"]] = TimeoutError() if argument == TIMED_OUT else error
        raise case.lost[call["id"]]
    if not case.required:  # what has no end need not take long
        await asyncio.sleep(SLOWEST_SECONDS if argument == SLOWEST else USE_SECONDS)
    if call["function"]["name"] == "calculate":
        return calculate(argument)
    async with session.get(f"{trial.url}/weather", params={"city": argument}) as reply:
        return await reply.json()


def _no_answer(error: BaseException, evidence: Evidence[list[Case]]) -> Finding | None:
    case = evidence.observed[-1]
    if isinstance(error, NoEnd):
        return Finding(
            "an end: a limit on the calls to the model",
            f"no end: {error}",
            "the loop: something must count its steps.",
        )
    if case.refused:
        return Finding(
            "a result for every tool call, behind the message that asks for it",
            f"the model refused the messages: {case.refused}",
            "what you append after the message of the model: one result for each of its calls.",
        )
    sent = [message for messages in case.sent for message in messages]
    if any(isinstance(message, BaseException) for message in sent):
        return Finding(
            "messages, and nothing else, in the list for the model",
            "an exception stands in that list",
            "what stands in the list where a tool failed: an exception is not a message yet.",
        )
    roles = {message.get("role") for message in sent if isinstance(message, dict)}
    if len(case.sent) > 1 and "tool" not in roles and isinstance(error, RuntimeError):
        return Finding(
            "the results of the tools in the messages of the next call",
            f"the model was called {len(case.sent)} times, and never saw the results",
            "the list that the model gets: each call needs all messages of the calls before it.",
        )
    if any(error is lost for lost in case.lost.values()):
        return Finding(
            "an answer, although one of the tools fails",
            f"the {type(error).__name__} of one tool ended the agent",
            "where it is caught: it should cost that tool its result, and nothing else.",
        )
    return None


def _every_result_arrives(evidence: Evidence[list[Case]]) -> Finding | None:
    """Behind the model's message stand its calls' results: in order, each with its content."""
    trip = evidence.observed[0]
    if trip.interrupted:
        return Finding(
            "every other tool's result, although one tool fails",
            f"{trip.interrupted} tools were stopped before they had a result",
            "what a failure does to the tasks beside it: a TaskGroup cancels them.",
        )
    if len(trip.used) != len(set(trip.used)):
        return Finding(
            "one use of a tool for each call",
            f"for {len(set(trip.used))} calls, tools were used {len(trip.used)} times",
            "where you call use: a tool may be one that sends a letter.",
        )
    if len(trip.sent) < 2:
        return Finding(
            "a second call of the model, which reads the results",
            f"the model was called {len(trip.sent)} times",
            "what you do with the results: they are messages, and the model has not seen them.",
        )
    ids = trip.asked[0]
    results = [message for message in trip.sent[1] if message.get("role") == "tool"]
    got = [message.get("tool_call_id") for message in results]
    if got != ids:
        same = sorted(map(str, got)) == sorted(ids)
        return Finding(
            "the results in the order of the calls",
            "they stand in another order" if same else f"there are {len(got)} for {len(ids)} calls",
            "how a result finds its place: the quickest tool is not the first.",
        )
    for call_id, message in zip(ids, results):
        content = str(message.get("content"))
        error = trip.lost.get(call_id)
        if error and (str(error) or type(error).__name__) not in content:
            return Finding(
                f"the model to be told why the tool failed: {error!r}",
                f"that tool's result is {describe(content)}",
                "what you keep of the exception: the model reads it, so it wants its text."
                if str(error)
                else "what you keep of the exception: this one has no text, so its kind is all that"
                " the model can be told. `repr(error)`, or `!r` in an f-string, says both.",
            )
        if call_id not in trip.lost and content != trip.given.get(call_id):
            return Finding(
                "what each tool said, in the message of its call",
                f"one of them says {describe(content)}",
                "what use returns: it is the whole message already.",
            )
    return None


def _tools_overlap(evidence: Evidence[list[Case]]) -> Finding | None:
    most = evidence.observed[0].most_used
    if most == TOOLS_OF_TRIP:
        return None
    return Finding(
        f"{TOOLS_OF_TRIP} tools at the same time, because one message asks for {TOOLS_OF_TRIP}",
        f"never more than {most} at once",
        "what waits for one tool before the next one begins.",
    )


def _says_the_rest(evidence: Evidence[list[Case]]) -> Finding | None:
    trip = evidence.observed[0]
    if len(trip.sent) != 2:
        return Finding(
            "2 calls of the model",
            f"there were {len(trip.sent)}",
            "when you ask the model again: once, when all results are in the list.",
        )
    if trip.returned == trip.said and all(part in str(trip.said) for part in PARTS):
        return None
    return Finding(
        "the text of the model's last message",
        f"your function returned {describe(trip.returned)}",
        remedy(trip.returned),
    )


def _keeps_its_limit(evidence: Evidence[list[Case]]) -> Finding | None:
    """With a model that asks for tools for ever, there is a RuntimeError after so many calls."""
    for case, steps in zip(evidence.observed[1:], (SHORT, LONG)):
        right = isinstance(case.returned, RuntimeError) and not case.refused
        if len(case.sent) != steps or not right or isinstance(case.returned, NotImplementedError):
            return Finding(
                f"a RuntimeError after {steps} calls to a model that never stops asking for tools",
                f"{len(case.sent)} calls, and what came was {result_in_words(case.returned)}",
                "the limit: max_steps calls to the model, and the line after the loop.",
            )
    return None


# 5.3: a clock that tells the truth

MANY = 130  # more than the 100 connections of a session that nobody has told a number
AT_ONCE = 110  # of these, the server must have seen so many together
LATENCY = 1.1
TOKENS_PER_SECOND = 200
# With 20 tokens a reply takes 1.2 s, with 1,200 it takes 7.1 s. Two rounds take 2.4 s at least, and
# so are late; and who sends all at once has a second to spare, on a slow machine too.
SHORT_WORDS, LONG_WORDS = 20, 1200
# Each check draws another limit from between these, so nobody can write it down.
SHORTEST, LONGEST = 2.2, 2.35
LONG_PLACES = (4, 77, 121)
# With this seed, chance has one reply stop in its middle after 1.2 s, which neither a limit for
# each silence nor one for the head alone notices in time, and another get status 500.
SEED, CHANCE = 13, 0.008
STALLED_PLACE, FAILED_PLACE = 80, 86
LATE_PLACES = tuple(sorted((*LONG_PLACES, STALLED_PLACE)))
# The first call: so few questions, and a limit that is over before a reply comes, after LATENCY.
# Who has another limit hears of it soon.
FEW = 3
SHORT_LIMIT = 0.5
# Seconds by which a request may seem to be given up too early on the server's clock, because on a
# busy machine it was long on its way, or too late, because the news was.
EARLY, LATE = 1.7, 0.8
# Of its limit, which may be over a little too early where a clock ticks 64 times a second.
NEARLY = 0.95
FAILED_STATUS = 500
# What comes of reading such a reply as if it held a text: an error of who reads it. Whatever else
# somebody makes of the status is as good as what `raise_for_status` does.
STUMBLED = (LookupError, TypeError, AttributeError)
# Seconds after its limit that a reply which never ends is still awaited.
PATIENCE = 3.5


@dataclass
class Clock(Opened):
    """few: what the first call returned.

    limit, took: of the second call, and how long it took. records: the server's.
    """

    few: Any = None
    limit: float = 0.0
    took: float = 0.0
    records: list[dict] = field(default_factory=list)


class NeverEnds(Exception):
    """A reply was still awaited long after its limit."""


async def _in_time(function: Callable, trial: Trial[Clock]) -> Any:
    clock = trial.observed = Clock(limit=round(random.uniform(SHORTEST, LONGEST), 2))
    few = [f"Describe moon {number}." for number in range(FEW)]
    clock.few = await function(trial.base_url, few, SHORT_LIMIT)
    if _not_all_late(clock.few):
        return None  # the second call would take longer, and say the same
    trial.questions = [_about(number) for number in range(MANY)]
    # While it says what it will reply, the server has noticed that the few were given up.
    trial.expected = trial.replies(trial.questions)
    trial.llm.behave(tokens_per_second=TOKENS_PER_SECOND, fault_stall=CHANCE, fault_500=CHANCE)
    mark = trial.llm.mark()
    begun = time.perf_counter()
    with _sessions_counted() as opened:
        returned = await _patiently(function, trial, clock.limit)
    clock.took = time.perf_counter() - begun
    clock.sessions = opened.sessions
    await trial.let_go()
    clock.records = trial.llm.journal(since=mark)
    return returned


async def _patiently(function: Callable, trial: Trial[Clock], limit: float) -> Any:
    try:
        async with asyncio.timeout(limit + PATIENCE) as patience:
            return await function(trial.base_url, list(trial.questions), limit)
    except TimeoutError:
        if patience.expired():
            raise NeverEnds from None
        raise


def _about(number: int) -> Question:
    words = LONG_WORDS if number in LONG_PLACES else SHORT_WORDS
    question = Question(f"Describe planet {number} in {words} words.")
    question.number = number
    question.kind = ""
    question.answer = ""
    return question


def _few_were_late(evidence: Evidence[Clock]) -> Finding | None:
    return _not_all_late(evidence.observed.few)


def _not_all_late(few: Any) -> Finding | None:
    """Why this is not a TimeoutError for each of the few questions."""
    if finding := _no_list_of(FEW, few):
        return finding
    if all(isinstance(got, TimeoutError) for got in few):
        return None
    return Finding(
        f"{FEW} TimeoutErrors for {FEW} questions, where `seconds` is {SHORT_LIMIT:g} and a reply"
        f" takes {LATENCY:g} s",
        f"your function returned {describe(few)}",
        remedy(few)
        if inspect.isawaitable(few[0])
        else "the limit: it is for the whole reply of a request, and it is `seconds`, which is"
        " another number in each call; and what you keep where it takes longer.",
    )


def _no_list_of(length: int, returned: Any) -> Finding | None:
    if is_list_of(length, returned):
        return None
    return Finding(
        f"a list of {length}: a text or an exception each",
        f"your function returned {describe(returned)}",
        remedy(returned),
    )


def _took_its_time(evidence: Evidence[Clock]) -> Finding | None:
    """The late requests had their whole limit, so the call took no less."""
    clock = evidence.observed
    if clock.took > NEARLY * clock.limit:
        return None
    return _other_limit(clock.limit, f"your function returned after {clock.took:.1f} s")


def _each_in_its_place(evidence: Evidence[Clock]) -> Finding | None:
    returned, expected = evidence.returned, evidence.expected
    if finding := _no_list_of(MANY, returned):
        return finding
    late = [place for place, got in enumerate(returned) if isinstance(got, TimeoutError)]
    if len(late) == len(LATE_PLACES) and tuple(late) != LATE_PLACES:
        return Finding(
            "each result in the place of its question",
            "the TimeoutErrors stand in other places",
            "how a result finds its place: they do not arrive in the order of the questions.",
        )
    others = set(late) - set(LATE_PLACES)
    if others == {FAILED_PLACE}:
        return Finding(
            f"in place {FAILED_PLACE} the error of a reply with status 500",
            "your list has a TimeoutError there, and the reply came in time",
            "what you catch, and what you make of it: a TimeoutError says that none came in time.",
        )
    # Where the server had all of them together, none stood in line: the machine itself was so busy
    # that some replies came too late.
    if others and most_in_flight(evidence.observed.records) < MANY:
        return Finding(
            f"{len(LATE_PLACES)} TimeoutErrors: for all other replies the server needs 1.2 s",
            f"there are {len(late)}",
            "what a request waits for while its clock is running: it has to be sent first.",
        )
    for place, got in enumerate(returned):
        if place not in others and (finding := _not_its_own(place, got, expected[place])):
            return finding
    return None


def _not_its_own(place: int, got: Any, expected: str) -> Finding | None:
    """Why this is not what belongs in this place, where no TimeoutError is wrong."""
    seen = f"your list has {describe(got)} there"
    if place in LATE_PLACES:
        if isinstance(got, TimeoutError):
            return None
        return Finding(
            f"a TimeoutError in place {place}, whose whole reply was not there in time",
            seen,
            "how long a request may take, and what you keep where it takes longer.",
        )
    if place == FAILED_PLACE:
        if isinstance(got, Exception) and not isinstance(got, STUMBLED):
            return None
        return Finding(
            f"in place {place} the error of a reply with status 500",
            seen,
            "what you do before you read the body: in this reply it has no text of the model, and"
            " its status says why. `raise_for_status` looks at it."
            if isinstance(got, STUMBLED)
            else "what you keep where the model fails: the exception is the result.",
        )
    if got == expected:
        return None
    return Finding(f"the text of the reply in place {place}", seen, remedy([got]))


def _cut_off_in_time(evidence: Evidence[Clock]) -> Finding | None:
    """Whatever was late was given up when its limit was over, by the server's clock."""
    limit = evidence.observed.limit
    for record in evidence.observed.records:
        if record["outcome"] == "answered" or record["status"] == FAILED_STATUS:
            continue
        took = None if record["end"] is None else record["end"] - record["arrival"]
        if took is None or not limit - EARLY <= took <= limit + LATE:
            return _other_limit(
                limit,
                "the server never saw it cut off"
                if took is None
                else f"the server saw one cut off after {took:.1f} s",
            )
    return None


def _other_limit(limit: float, seen: str) -> Finding:
    return Finding(
        f"a late request to be cut off after {limit:g} s, which `seconds` was",
        seen,
        "what your limit limits: the whole of one request, and for `seconds`.",
    )


def _lost_to_one(error: BaseException, evidence: Evidence[Clock]) -> Finding | None:
    if isinstance(error, NeverEnds):
        return Finding(
            f"an end: no request takes longer than `seconds`, here {evidence.observed.limit:g}",
            f"{PATIENCE:g} s later a reply was still awaited",
            "how long a request may take, and whether the limit is for its whole reply: one of"
            " them begins in time and never ends.",
        )
    name = type(error).__name__
    if isinstance(error, TimeoutError):
        return Finding(
            "a list, with a TimeoutError in it for each reply that was late",
            "the first TimeoutError ended everything",
            "what gather does with an exception, unless it is told to return it; or a clock around"
            " all of them: each request needs its own.",
        )
    if isinstance(error, (aiohttp.ClientError, KeyError)):
        return Finding(
            f"a list, with an exception in it for the reply of status {FAILED_STATUS}",
            f"the {name} of one question ended everything",
            "which exceptions you keep: a TimeoutError is not the only one, and gather returns them"
            " if it is told to.",
        )
    return None


EXERCISES = [
    Exercise(
        "5.1",
        "ask many, then sum up",
        "report(base_url, questions)",
        _twelve_and_a_report,
        [
            _a_report,
            requests(TWELVE + 1),
            _asked_together,
            connections(TWELVE),
            _one_session,
        ],
        "12 questions together, then the report, all over 12 connections.",
        # The replies take from 0.4 to 0.74 s: so long that on a busy machine too the last request
        # has come before the first reply, and so unequal that they do not come in order.
        llm={"latency": 0.43, "tail": 0.2, "seed": 125},
        on_error=_closed_too_early,
        version=3,
    ),
    Exercise(
        "5.2",
        "tools at the same time, and one of them fails",
        "agent_with_tools(chat, use, question, max_steps)",
        _agent_with_tools,
        [_every_result_arrives, _tools_overlap, _says_the_rest, _keeps_its_limit],
        "4 tools at once, two of them failed, and the model said the rest.",
        llm={"latency": 0.02, "weather_latency": 0.02},
        on_error=_no_answer,
        version=3,
    ),
    Exercise(
        "5.3",
        "a clock that tells the truth",
        "ask_in_time(base_url, questions, seconds)",
        _in_time,
        # Who asks twice is caught by the count; who asks in rounds, by the peak.
        [
            _few_were_late,
            _took_its_time,
            _each_in_its_place,
            requests(MANY + FEW),
            _cut_off_in_time,
            peak(AT_ONCE, MANY),
            _one_session,
        ],
        "130 requests at once, 125 answers, an error, and 4 that were cut off when they were late.",
        llm={"latency": LATENCY, "seed": SEED},
        seconds=20.0,  # for who waits too long in the second call, on a busy machine
        on_error=_lost_to_one,
        version=3,
    ),
]
