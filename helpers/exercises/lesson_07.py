"""Exercises of lesson 07: one call that is retried well, what is there in time, and a storm.

The first two are judged beside no server at first: what they ask is who is still waiting, and in
which order things end, and a busy machine must not change the answer. Whoever passes that meets the
fake LLM as well, and its journal has the last word.
"""

import asyncio
import selectors
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import aiohttp

from helpers.agents import ModelError
from helpers.agents.protocol import checked, message_in
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_list_of, is_number
from helpers.exercises.trial import Evidence, Trial
from helpers.storms import BODY, RetryBudget, Scene, Storm, storm


def _hopeless() -> dict[str, ModelError]:
    """What stays wrong however often it is sent."""
    quota = "You exceeded your current quota, please check your plan and billing details."
    return {
        "the key is wrong (401)": ModelError(401, "Incorrect API key.", code="invalid_api_key"),
        "the account is empty (429)": ModelError(429, quota, code="insufficient_quota"),
        "the request is malformed (400)": ModelError(400, "'messages' is missing."),
        "the model is not yours to use (403)": ModelError(403, "You are not allowed to do this."),
        "there is no such model (404)": ModelError(404, "There is none.", code="model_not_found"),
        "the request is too long (413)": ModelError(413, "This is more than the model reads."),
        "the request makes no sense (422)": ModelError(422, "'temperature' has to be a number."),
    }


def _passing() -> dict[str, Exception]:
    """What may be gone a little later. None of these names a time to wait for."""
    quota = "Your quota of requests a minute is used up."
    too_fast = "rate_limit_exceeded"
    return {
        "a 500": ModelError(500, "The server had an error."),
        "a 503": ModelError(503, "The server is overloaded."),
        "a 429 (too fast)": ModelError(429, "Rate limit reached.", code=too_fast),
        "a 429 (too fast) with the word quota in its text": ModelError(429, quota, code=too_fast),
        "a timeout": TimeoutError(),
        "a connection that was reset": aiohttp.ClientOSError(104, "Connection reset by peer"),
        "a 502": ModelError(502, "There is nobody behind this gateway."),
        "a 504": ModelError(504, "Nobody behind this gateway has answered in time."),
        "a 408": ModelError(408, "The server has lost patience."),
    }


# What tells whether an error may pass.
TELLING = "an error's kind, its status and its code, and not its text"


async def _over_http(trial: Trial, session: aiohttp.ClientSession, tag: str) -> str:
    """One call of the model; its tag is in the server's journal. Its errors are the agents' own."""
    address, headers = f"{trial.base_url}/chat/completions", {"x-tag": tag}
    async with session.post(address, json=BODY, headers=headers) as reply:
        return message_in(checked(reply.status, reply.headers, await reply.read()))["content"]


def _content(judges: Sequence[Callable], trial: Trial, returned: Any) -> bool:
    """Whether no judge has anything to say, so that it is worth to go on."""
    evidence = trial.evidence(returned, since=0)
    return not any(judge(evidence) for judge in judges)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


# 7.1

ATTEMPTS = 5
# So many clients fail together. Their random waits are all in the same half of what is allowed once
# in five hundred million crowds, and at so few different moments more seldom still.
CROWD = 30
MOMENTS = 10
TOGETHER = 0.002  # seconds
TOLD_TO_WAIT = 1.0  # seconds, in Retry-After
LONGEST_FIRST = 0.1  # seconds; each later wait may be twice as long
LASTS = 0.05  # seconds of one attempt
# More attempts than any answer needs, so that one that never stops is stopped.
TOO_MANY = 20

# Of one call over HTTP each, by its tag: what happens to its first attempts, and the requests that
# the server is to see. None of these failures names a time to wait for, so it is soon over.
SCRIPTS = {
    "a 500 and then a reply that breaks off": (["500", "cut"], 3),
    "a wrong key": (["401"], 1),
}


class _Jump(selectors.DefaultSelector):
    """Whoever waits for a moment has it at once: the clock jumps there.

    So a check of long waits is short, and its times are exact also on a busy machine.
    """

    now = 0.0

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:  # a thread is to wake us; look up now and then, to be interrupted
            return super().select(0.05)
        self.now += max(timeout, 0.0)
        return super().select(0)


def _quick_loop() -> asyncio.AbstractEventLoop:
    clock = _Jump()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now
    return loop


class TooMany(BaseException):
    """Not an Exception, so that whoever catches those and goes on is ended all the same."""


@dataclass
class Call:
    """A call, what its attempts raise one after the other before it answers, and what came of it.

    began, ended: of each attempt. raised, returned, over: of the function that made it, and when.
    """

    errors: Sequence[BaseException]
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    returned: Any = None
    raised: BaseException | None = None
    over: float = 0.0

    async def attempt(self) -> str:
        """What the learner's function is given."""
        number, loop = len(self.began), asyncio.get_running_loop()
        if number >= TOO_MANY:
            raise TooMany
        self.began.append(loop.time())
        try:
            await asyncio.sleep(LASTS)
        finally:
            self.ended.append(loop.time())
        if number < len(self.errors):
            raise self.errors[number]
        return "an answer"

    @property
    def attempts(self) -> int:
        """How many there were."""
        return len(self.began)

    @property
    def idle(self) -> float:
        """Seconds from the end of the last attempt to that of the function."""
        return self.over - self.ended[-1] if self.ended else 0.0

    def failed_at(self, attempt: int) -> bool:
        """Whether that attempt (1 is the first) was the last, and raised its error at once."""
        raised = self.raised is self.errors[attempt - 1]
        return raised and self.attempts == attempt and self.idle < TOGETHER

    def wait(self, after: int) -> float:
        """Seconds from the end of an attempt (0 is the first) to the begin of the next."""
        return self.began[after + 1] - self.ended[after]

    def __str__(self) -> str:
        after = f"after {_count(self.attempts, 'attempt')}"
        if isinstance(self.raised, TooMany):
            return f"no end {after}"
        result = f"no exception, but {describe(self.returned)}"
        if self.returned == "an answer":
            result = "its answer"
        if self.raised is not None:
            result = f"the exception {type(self.raised).__name__}"
        late = f", {self.idle:.2f} s after the attempt had ended" if self.idle >= TOGETHER else ""
        return f"{result} {after}{late}"


class Calls(NamedTuple):
    """hopeless: no use to try again, by what is wrong. mistake: a bug in the call itself.
    failing: a crowd of which every attempt fails. few: one that has two attempts for it.
    passing: fails once, by how. refused: a crowd that is told to wait.
    cancelled: by when that happened, whether it ended as cancelled, and after how many attempts.
    served: by tag, what came of a call over HTTP; empty where there was no need to try.
    """

    hopeless: dict[str, Call]
    mistake: Call
    failing: list[Call]
    few: Call
    passing: dict[str, Call]
    refused: list[Call]
    cancelled: dict[str, tuple[bool, int]]
    served: dict[str, Any]


async def _calls(function: Callable, trial: Trial) -> Calls:
    def run() -> Calls:
        with asyncio.Runner(loop_factory=_quick_loop) as runner:
            return runner.run(_all_calls(function))

    calls = await asyncio.to_thread(run)
    if _content(BY_THE_CLOCK, trial, calls):
        async with aiohttp.ClientSession() as session:
            for tag, (script, _) in SCRIPTS.items():
                await asyncio.to_thread(trial.llm.behave, script=script)
                with errors_are_results() as came:
                    came.value = await function(partial(_over_http, trial, session, tag), ATTEMPTS)
                calls.served[tag] = came.value
    return calls


async def _all_calls(function: Callable) -> Calls:
    told_to_wait = ModelError(429, "Rate limit reached.", retry_after=TOLD_TO_WAIT)
    # Whoever is asked to wait is asked by Retry-After, whatever the status is.
    overloaded = ModelError(503, "The server is overloaded.", retry_after=TOLD_TO_WAIT)
    calls = Calls(
        hopeless={what: Call([error] * TOO_MANY) for what, error in _hopeless().items()},
        mistake=Call([KeyError("a typing mistake")] * TOO_MANY),
        failing=[Call(_always_500()) for _ in range(CROWD)],
        few=Call(_always_500()),
        passing={what: Call([error]) for what, error in _passing().items()},
        refused=[Call([(told_to_wait, overloaded)[number % 2]]) for number in range(CROWD)],
        cancelled={},
        served={},
    )
    alone = (*calls.hopeless.values(), calls.mistake, *calls.passing.values())
    await _together(function, alone, ATTEMPTS)
    await _together(function, [calls.few], 2)
    await _together(function, calls.failing, ATTEMPTS)
    await _together(function, calls.refused, ATTEMPTS)
    for when, errors, after in (
        ("during its wait", [told_to_wait], LASTS + TOLD_TO_WAIT / 2),
        ("during an attempt", [], LASTS / 2),
    ):
        calls.cancelled[when] = await _cancelled(function, Call(errors), after)
    return calls


def _always_500() -> list[BaseException]:
    return [ModelError(500, f"The server had error {number}.") for number in range(TOO_MANY)]


# What the message of an AttributeError or a TypeError has in it where an error was misread.
OF_AN_ERROR = ("status", "code", "retry_after", "NoneType")
WHAT_IT_HAS = "only a ModelError has status, code and retry_after, and retry_after may be None"


async def _together(function: Callable, calls: Iterable[Call], attempts: int) -> None:
    async def one(call: Call) -> None:
        try:
            call.returned = await function(call.attempt, attempts)
        except (AttributeError, NameError, NotImplementedError, TypeError) as error:
            # Nothing to judge: the check says in which line that is.
            if not any(word in str(error) for word in OF_AN_ERROR):
                raise
            told = type(error)(f"{error}; {WHAT_IT_HAS}")
            raise told.with_traceback(error.__traceback__) from None
        except (Exception, TooMany) as error:
            call.raised = error
        call.over = asyncio.get_running_loop().time()

    await asyncio.gather(*map(one, calls))


async def _cancelled(function: Callable, call: Call, after: float) -> tuple[bool, int]:
    """Whether it ended as cancelled, and after how many attempts."""
    task = asyncio.ensure_future(function(call.attempt, ATTEMPTS))
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.wait([task], timeout=60.0)
    cancelled = task.cancelled()
    task.cancel()
    return cancelled, call.attempts


def _insists_on_nothing_hopeless(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for what, call in calls.hopeless.items():
        if not call.failed_at(1):
            return Finding(
                f"the exception at once, after one attempt, when {what}",
                str(call),
                "error.status, and for a 429 error.code: which errors can pass by themselves? Ask"
                " that before you wait. (A bare `raise` raises the error again.)",
            )
    if calls.mistake.failed_at(1):
        return None
    return Finding(
        "a KeyError at once, because that is a mistake in the program",
        str(calls.mistake),
        "which errors you catch: the three that can pass, by name, and no others.",
    )


def _gives_up(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for attempts, call in [(ATTEMPTS, each) for each in calls.failing] + [(2, calls.few)]:
        if not call.failed_at(attempts):
            return Finding(
                f"the last error at once, after {attempts} attempts, when `attempts` is {attempts}"
                " and the server fails for good",
                str(call),
                "the last attempt, and what becomes of its error: there is nothing to wait for"
                " after it.",
            )
    return None


def _tries_again(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    told = [("an error that names a time to wait", call) for call in calls.refused]
    for what, call in (*calls.passing.items(), *told):
        if call.returned != "an answer" or call.attempts != 2:
            return Finding(
                f"an answer at the second attempt, after {what}",
                str(call),
                f"which errors you catch (all three kinds), and what you read of them: {TELLING}.",
            )
    return None


def _is_not_early(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    early = sum(call.wait(after=0) < TOLD_TO_WAIT - TOGETHER for call in calls.refused)
    if not early:
        return None
    return Finding(
        "nobody back before Retry-After is over",
        f"{early} of {CROWD} clients came back too early",
        "error.retry_after: the server says how long at least.",
    )


def _has_jitter(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    rounds = range(ATTEMPTS - 1)
    waits = [
        (f"for attempt {after + 2}", 2**after, [call.wait(after) for call in calls.failing])
        for after in rounds
    ]
    told = [call.wait(after=0) - TOLD_TO_WAIT for call in calls.refused]
    for what, factor, seen in (*waits, ("beside Retry-After", 1, told)):
        moments = len({round(wait / TOGETHER) for wait in seen})
        if moments < MOMENTS:
            return Finding(
                f"{CROWD} clients that failed together come back one by one, {what}",
                f"different moments at which they came back: {moments}",
                "what is random in the wait: it has to be there each time, beside Retry-After as"
                " well.",
            )
        longest = LONGEST_FIRST * factor
        shortest_seen, longest_seen = min(seen), max(seen)
        if not shortest_seen < longest / 2 < longest_seen < longest + TOGETHER:
            return Finding(
                f"random waits from 0 to {longest:.1f} s {what}",
                f"{CROWD} waits from {shortest_seen:.3f} to {longest_seen:.3f} s",
                "how the wait grows with the attempt: 0.1 s at most before the second one, twice as"
                " much each time, and what the server asks for is added to it.",
            )
    shares = [[call.wait(after) / 2**after for after in rounds] for call in calls.failing]
    if any(max(each) - min(each) > TOGETHER for each in shares):
        return None
    return Finding(
        "a random time for each wait",
        "whoever waits for long once does so each time, and the others come back at once each time",
        "where the random number is drawn: a new one for each wait.",
    )


def _lets_itself_be_cancelled(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for when, (cancelled, attempts) in calls.cancelled.items():
        if not cancelled or attempts != 1:
            return Finding(
                f"a function that ends as cancelled, when it is cancelled {when}",
                f"it {'ended' if cancelled else 'was not cancelled'}, after"
                f" {_count(attempts, 'attempt')}",
                "what your except catches: CancelledError is a BaseException, and has to get"
                " through.",
            )
    return None


BY_THE_CLOCK = (
    _insists_on_nothing_hopeless,
    _gives_up,
    _tries_again,
    _is_not_early,
    _has_jitter,
    _lets_itself_be_cancelled,
)


def _is_so_at_the_server(evidence: Evidence[None]) -> Finding | None:
    """The same over HTTP: so many requests are in the journal, and this came of them."""
    for what, came in evidence.returned.served.items():
        requests = SCRIPTS[what][1]
        seen = sum(entry["tag"] == what for entry in evidence.seen())
        if what == "a wrong key":
            result, fine = "its ModelError", isinstance(came, ModelError) and came.status == 401
        else:
            result, fine = "the text of the third reply", isinstance(came, str)
        if not fine or seen != requests:
            return Finding(
                f"{_count(requests, 'request')} at the fake LLM for {what}, and {result}",
                f"{_count(seen, 'request')} in its journal, and {result_in_words(came)}",
                f"what you read of an error: {TELLING}.",
            )
    return None


# 7.2

# What a question is like, by its first word. A quick one takes a few turns of the loop and no time,
# a slow one far longer than anybody waits here.
MIXED = ("slow", "quick", "broken", "quick", "slow", "impatient", "quick")
LIKE = {"impatient": "whose call raises TimeoutError itself", "broken": "a broken one"}
SLOW = 2.0  # seconds
TURNS = 5
IN_TIME = 0.4  # seconds
TIDIES = 0.1  # seconds; far longer than a nap in which somebody hopes that all tasks end
HURRIED = 0.1
GENEROUS = 3.0  # seconds that no quick question comes near
# Over HTTP: so many questions, and the first requests that arrive never get their whole reply.
SERVED, STALLED = 5, 2
# Seconds in which the server hears that a request was given up; on a busy machine it takes a while.
HEARS = 3.0


@dataclass
class Asked:
    """What became of the calls of `ask`. cut: were cancelled, and have ended since.

    tidies: seconds for which a call that is cancelled tidies up.
    """

    tidies: float = 0.0
    questions: list[str] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    cut: int = 0

    async def ask(self, question: str) -> str:
        """What the learner's function is given."""
        self.questions.append(question)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await self._answer(question)
        except asyncio.CancelledError:
            try:
                for _ in range(TURNS):
                    await asyncio.sleep(self.tidies / TURNS)
            finally:
                self.cut += 1
            raise
        finally:
            self.under_way -= 1

    async def _answer(self, question: str) -> str:
        kind = question.split()[0]
        if kind == "slow":
            await asyncio.sleep(SLOW)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        if kind == "broken":
            raise ModelError(500, "The server had an error.")
        if kind == "impatient":
            raise TimeoutError("a timeout inside of ask")
        return f"the answer to {question}"


@dataclass
class Served(Asked):
    """Questions over HTTP. given: what `ask` returned, by the question.

    returned: by the learner's function. in_flight: requests that the server still worked on when
    that had ended, and the server had had time to hear so.
    """

    trial: Trial | None = None
    session: aiohttp.ClientSession | None = None
    given: dict[str, str] = field(default_factory=dict)
    returned: Any = None
    in_flight: int = 0

    async def _answer(self, question: str) -> str:
        text = await _over_http(self.trial, self.session, question)
        self.given[question] = text
        return text


class Deadlines(NamedTuple):
    """results, mixed: of questions of all kinds. running: calls under way when it had returned.
    took: seconds for those. overran: whether slow ones alone lasted twice as long as they may.
    lingered: whether quick questions took half of a generous limit.
    cancelled: when the whole was cancelled, whether it ended so; went_on: its calls, of three.
    served: the questions over HTTP, None where there was no need to try.
    """

    results: Any
    mixed: Asked
    running: int
    took: float
    overran: bool
    lingered: bool
    cancelled: bool
    went_on: int
    served: Served | None = None


async def _in_time(function: Callable, trial: Trial) -> Deadlines:
    loop = asyncio.get_running_loop()
    mixed = Asked(tidies=TIDIES)
    asked = [f"{kind} question {number}" for number, kind in enumerate(MIXED)]
    slow = [f"slow question {number}" for number in range(3)]
    pair = ["quick one", "quick two"]

    began = loop.time()
    with errors_are_results() as came:
        came.value = await function(mixed.ask, asked, IN_TIME)
    results, took, running = came.value, loop.time() - began, mixed.under_way

    overran = await _is_late(function, slow, HURRIED, 2 * HURRIED)
    lingered = await _is_late(function, pair, GENEROUS, GENEROUS / 2)

    left = Asked()
    task = asyncio.ensure_future(function(left.ask, slow, GENEROUS))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=1.0)
    cancelled, went_on = task.cancelled(), 3 - left.cut
    task.cancel()
    seen = Deadlines(results, mixed, running, took, overran, lingered, cancelled, went_on)
    if not _content(BESIDE_NO_SERVER, trial, seen):
        return seen
    return seen._replace(served=await _in_time_over_http(function, trial))


async def _in_time_over_http(function: Callable, trial: Trial) -> Served:
    await asyncio.to_thread(trial.llm.behave, script=["stall"] * STALLED)
    asked = [f"question {number}" for number in range(SERVED)]
    async with aiohttp.ClientSession() as session:
        served = Served(trial=trial, session=session)
        with errors_are_results() as came:
            came.value = await function(served.ask, asked, IN_TIME)
        served.returned = came.value
        # Before the session closes, which would give up whatever is left.
        await asyncio.to_thread(trial.llm.settle, 0, HEARS)
        served.in_flight = (await asyncio.to_thread(trial.llm.stats))["in_flight"]
    return served


async def _is_late(function: Callable, questions: list[str], seconds: float, limit: float) -> bool:
    """Whether it is still busy with these questions after `limit` seconds.

    The clock is a task of the same loop, and slow to say so: where the whole process stands still
    for a while, whose time was up first is still the first.
    """

    async def clock() -> None:
        await asyncio.sleep(limit)
        for _ in range(20 * TURNS):
            await asyncio.sleep(0)

    ticking = asyncio.create_task(clock())
    await asyncio.sleep(0)
    with errors_are_results():
        await function(Asked().ask, questions, seconds)
    late = ticking.done()
    ticking.cancel()
    return late


def _each_in_its_place(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    if isinstance(seen.results, Exception) or not is_list_of(len(MIXED), seen.results):
        return Finding(
            f"a list of {len(MIXED)}, one for each question",
            f"your function returned {result_in_words(seen.results)}",
            "what becomes of the answers that are there, when others are late or have failed.",
        )
    for number, (kind, result) in enumerate(zip(MIXED, seen.results)):
        fine = {
            "quick": result == f"the answer to quick question {number}",
            "slow": result is None,
            "broken": isinstance(result, ModelError),
            "impatient": isinstance(result, TimeoutError),
        }[kind]
        if not fine:
            return Finding(
                "for each question, in its place, its answer, its exception, or None if it is late",
                f"question {number}, {LIKE.get(kind, f'a {kind} one')}, got"
                f" {result_in_words(result)}",
                "the order of the tasks, and task.exception() of those that are done.",
            )
    return None


def _asks_once_and_together(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    asked, most = len(seen.mixed.questions), seen.mixed.most
    if asked == len(MIXED) == most:
        return None
    return Finding(
        f"{len(MIXED)} calls of ask for {len(MIXED)} questions, all of them under way at once",
        f"{asked} calls, and at most {most} under way",
        "one task for each question, made before you wait; a task that is done has its answer.",
    )


def _hangs_up(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    late = MIXED.count("slow")
    if seen.running:
        return Finding(
            "every call of ask ended when your function returns",
            f"{seen.running} of them had not ended yet",
            "cancel() only asks for it: wait until the tasks have ended.",
        )
    if seen.mixed.cut == late:
        return None
    return Finding(
        f"the {late} late calls cancelled",
        f"{seen.mixed.cut} were cancelled",
        "the tasks that are late: asyncio.wait cancels nothing.",
    )


def _keeps_to_the_seconds(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    if seen.lingered:
        return Finding(
            "the answers as soon as all are there",
            f"quick questions took more than half of a limit of {GENEROUS:.0f} s",
            "what waits until the time is up, although nobody is late.",
        )
    if seen.overran:
        took = f"more than {2 * HURRIED:.1f} s with seconds={HURRIED}"
    elif seen.took < 0.9 * IN_TIME:
        took = f"{seen.took:.2f} s with seconds={IN_TIME}"
    else:
        return None
    return Finding(
        "late questions waited for as long as `seconds` says",
        took,
        "the timeout of your wait: one for all questions together.",
    )


def _takes_its_tasks_along(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    if seen.went_on:
        return Finding(
            "all its calls cancelled, when your function is cancelled itself",
            f"{seen.went_on} of 3 calls went on",
            "the finally: it is reached in every case, so that is where the tasks are cancelled,"
            " and waited for.",
        )
    if seen.cancelled:
        return None
    return Finding(
        "a function that ends as cancelled, when it is cancelled itself",
        "it ended as if nothing had happened",
        "who swallows the CancelledError: an except, or a `return` inside of the finally.",
    )


BESIDE_NO_SERVER = (
    _each_in_its_place,
    _asks_once_and_together,
    _hangs_up,
    _keeps_to_the_seconds,
    _takes_its_tasks_along,
)


def _gives_up_what_is_late(evidence: Evidence[None]) -> Finding | None:
    """Over HTTP the server hears that the late requests were given up, and those alone.

    Which ones are late is not asked, because on a busy machine a quick one can be late as well.
    """
    served: Served = evidence.returned.served
    results, asked = served.returned, len(served.questions)
    if not is_list_of(SERVED, results) or asked != SERVED:
        return Finding(
            f"{SERVED} questions that reach the fake LLM, and a list of {SERVED}",
            f"{asked} were asked, and your function returned {result_in_words(results)}",
            "what your function does with questions that it has not met before.",
        )
    if served.in_flight:
        return Finding(
            "the late requests given up, by the fake LLM's journal",
            f"it still works on {served.in_flight} of them",
            "what is cancelled, and whether that reaches the call of ask.",
        )
    outcomes = {entry["tag"]: entry["outcome"] for entry in evidence.seen()}
    for number, result in enumerate(results):
        name = f"question {number}"
        answered = outcomes.get(name) == "answered" and result == served.given.get(name)
        if result is None or answered:
            continue
        return Finding(
            "in each place the answer that the fake LLM gave to this question, or None",
            f"{name} got {result_in_words(result)}",
            "how a result finds its place.",
        )
    return None


# 7.3

BACK_IN = 3.0  # seconds that a server asks to be left alone
# Seconds: nobody waits longer than this for one more attempt, after thirty of them either.
LONGEST = 60.0
TOLD = ModelError(503, "overloaded", retry_after=BACK_IN)
TOLD_LONG = ModelError(503, "overloaded", retry_after=10 * BACK_IN)
FULL = 10  # retries in a budget
TRIES = 100
# Of so many waits the shortest and the longest differ by a twentieth of a wait at least, which is
# half of what one gets who adds up to ten per cent. A reply's time is enough beside any wait, and
# less than a few milliseconds beside none. Seconds.
SHARE, ENOUGH, LEAST_SPREAD = 0.05, 0.125, 0.004
# A storm that is over a second after its outage, or will not end; nobody likes to wait for more.
SHORT = Scene(before=0.25, outage=1.0, after=1.75, look=0.75)
# A machine that is busy with something else can keep a server down, too, but hardly so often.
STORMS = 3


def _budget(left: int) -> RetryBudget:
    """A budget with so many retries left."""
    budget = RetryBudget()
    budget.left = left
    return budget


def _in_a_storm(function: Callable, trial: Trial) -> Finding | Storm:
    """What there is to say about a policy that is asked without any clock, or else its storm."""
    for finding in (judge(function) for judge in (_retries_what_passes, _refuses, _waits)):
        if finding:
            return finding
    for _ in range(STORMS):
        seen = asyncio.run(storm(function, trial.llm, scene=SHORT))
        if _is_over(seen):
            break
    return seen


def _retries_what_passes(wait: Callable) -> Finding | None:
    for what, error in (_passing() | {"a 503 with Retry-After": TOLD}).items():
        for attempt in range(4):
            budget = _budget(FULL)
            said = wait(attempt, error, budget)
            if not is_number(said) or said < 0:
                return Finding(
                    f"seconds to wait after {what} at attempt {attempt}, with a full budget",
                    describe(said),
                    f"which errors may pass, and what you read of them: {TELLING}.",
                )
            if budget.left != FULL - 1:
                return Finding(
                    "one retry taken from the budget for one retry",
                    f"{FULL - budget.left:g} were taken",
                    "budget.take(): call it once, and only where you would retry.",
                )
            if wait(attempt, error, _budget(0)) is not None:
                return Finding(
                    f"None after {what}, when the budget is empty",
                    "a wait, and so one more request",
                    "what budget.take() returns.",
                )
    return None


def _refuses(wait: Callable) -> Finding | None:
    for what, error in _hopeless().items():
        budget = _budget(FULL)
        said = wait(0, error, budget)
        if said is not None or budget.left != FULL:
            return Finding(
                f"None when {what}, and nothing taken from the budget",
                f"{describe(said)}, and {FULL - budget.left:g} taken",
                "what cannot pass: look at the error first, and ask the budget last.",
            )
    return None


def _waits(wait: Callable) -> Finding | None:
    def says(attempt: int, error: Exception) -> list[float | None]:
        return [wait(attempt, error, _budget(FULL)) for _ in range(TRIES)]

    for error in (TOLD, TOLD_LONG):
        told = says(0, error)
        early = [said for said in told if not is_number(said) or said < error.retry_after]
        if early:
            return Finding(
                f"at least the {error.retry_after:.0f} s that a 503 names in Retry-After",
                describe(early[0]),
                "error.retry_after, where the error has one; a bound is for your own part only.",
            )
    first, fourth, late = (says(attempt, TimeoutError()) for attempt in (0, 3, 30))
    # Its own part of each wait. Whoever gave up long before the thirty-first has a bound as well.
    own = {
        "beside Retry-After": [said - TOLD_LONG.retry_after for said in told],
        "after 1 failure": first,
        "after 4 failures": fourth,
        "after 31 failures": late if None not in late else fourth,
    }
    for what, said in own.items():
        least, most = min(said), max(said)
        if most > LONGEST:
            return Finding(
                f"never more than {LONGEST:.0f} s of your own, also after thirty failures",
                f"{most:.0f} s {what}",
                "what doubles thirty times becomes a billion: min(…) keeps it below a bound. And"
                " what is told is added to it once.",
            )
        if most - least < max(LEAST_SPREAD, min(SHARE * sum(said) / TRIES, ENOUGH)):
            return Finding(
                f"another wait each time, {what}, so that a crowd does not come back as a crowd",
                f"your own part of it was from {least:.3f} to {most:.3f} s",
                "the random part, which keeps those apart who have failed together: it has to grow"
                " with the wait, and a min(…) around it cuts it off.",
            )
    if sum(fourth) >= 2 * sum(first):
        return None
    return Finding(
        "longer waits after four failures than after one",
        f"{sum(fourth) / TRIES:.3f} s and {sum(first) / TRIES:.3f} s on average",
        "how the wait grows with the attempt.",
    )


def _is_over(seen: Storm) -> bool:
    return seen.answers_at_the_end > 80


def _is_fit_for_a_storm(evidence: Evidence[None]) -> Finding | None:
    seen: Finding | Storm = evidence.returned
    if isinstance(seen, Finding):
        return seen
    if _is_over(seen):
        return None
    return Finding(
        "more than 80 answers for 100 questions, when the outage is long over",
        f"{seen.answers_at_the_end:.0f} answers and {seen.requests_at_the_end:.0f} requests",
        "how many attempts there are for each question: what bounds them all together?",
    )


EXERCISES = [
    Exercise(
        "7.1",
        "one call, retried well",
        "call_patiently(call, attempts)",
        _calls,
        [*BY_THE_CLOCK, _is_so_at_the_server],
        "only what may pass was tried again, never too early, and not all at the same moment; the"
        " fake LLM saw 3 requests for two failures, and 1 for a wrong key.",
        llm={"latency": 0.02},
        version=3,
    ),
    Exercise(
        "7.2",
        "what is there in time",
        "in_time(ask, questions, seconds)",
        _in_time,
        [*BESIDE_NO_SERVER, _gives_up_what_is_late],
        "three answers and two errors in their places, and nobody worked on for nothing: the fake"
        " LLM saw the late requests given up, and no others.",
        llm={"latency": 0.05},
        version=3,
    ),
    Exercise(
        "7.3",
        "a policy for the storm",
        "wait(attempt, error, budget)",
        _in_a_storm,
        [_is_fit_for_a_storm],
        "after the outage the server answers those who come, instead of those who have left.",
        seconds=20.0,
        version=3,
    ),
]
