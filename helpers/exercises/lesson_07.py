"""Exercises of lesson 07: one call that is retried well, what is there in time, and a storm.

The first two are judged beside no server at first: what they ask is who is still waiting, and in
which order things end, and a busy machine must not change the answer. Whoever passes that meets the
fake LLM as well, and its journal has the last word.
"""

import asyncio
import selectors
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp

from helpers.agents import ModelError
from helpers.agents.protocol import checked, message_in
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_list_of, is_number
from helpers.exercises.trial import Evidence, Trial
from helpers.storms import BODY, RetryBudget, Scene, Storm, storm

QUOTA = "You exceeded your current quota, please check your plan and billing details."
# What stays wrong however often it is sent.
HOPELESS = {
    "the key is wrong (401)": (401, "Incorrect API key provided.", "invalid_api_key"),
    "the account is empty (429)": (429, QUOTA, "insufficient_quota"),
    "the request is malformed (400)": (400, "'messages' is missing.", None),
    "the model is not yours to use (403)": (403, "You are not allowed to do this.", None),
    "there is no such model (404)": (404, "The model does not exist.", "model_not_found"),
}


def _hopeless(what: str) -> ModelError:
    status, message, code = HOPELESS[what]
    return ModelError(status, message, code=code)


async def _over_http(trial: Trial, session: aiohttp.ClientSession, tag: str) -> str:
    """One call of the model; its tag is in the server's journal. Its errors are the agents' own."""
    address, headers = f"{trial.base_url}/chat/completions", {"x-tag": tag}
    async with session.post(address, json=BODY, headers=headers) as reply:
        return message_in(checked(reply.status, reply.headers, await reply.read()))["content"]


def _content(judges: Sequence[Callable], trial: Trial, returned: Any) -> bool:
    """Whether no judge has anything to say, so that it is worth to go on."""
    evidence = trial.evidence(returned, since=0)
    return not any(judge(evidence) for judge in judges)


# 7.1

ATTEMPTS = 5
# So many clients fail together. Where two thirds of them wait equally long, that is no chance: with
# waits from 0 to 50 ms it happens once in a hundred million crowds.
CROWD = 20
MOST_OF_THEM = 14
TOGETHER = 0.002  # seconds
TOLD_TO_WAIT = 1.0  # seconds, in Retry-After
LONGEST_FIRST = 0.1  # seconds; each later wait may be twice as long
LASTS = 0.05  # seconds of one attempt
# More attempts than any answer needs, so that one that never stops is stopped.
TOO_MANY = 20
PASSING_ONCE = {
    "a 500": lambda: ModelError(500, "The server had an error."),
    "a 503": lambda: ModelError(503, "The server is overloaded."),
    "a 429 without a time": lambda: ModelError(429, "Rate limit reached."),
    "a timeout": lambda: TimeoutError(),
    "a connection that was reset": lambda: aiohttp.ClientOSError(104, "Connection reset by peer"),
}

# Of one call over HTTP each, by its tag: what happens to its first attempts. None of these names a
# time to wait for, so it is soon over.
SCRIPTS = {"what passes": ("500", "cut"), "a wrong key": ("401",)}
# Requests that the server is to see.
REQUESTS = {"what passes": 3, "a wrong key": 1}


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

    began, ended: of each attempt. raised, returned: of the function that made it.
    """

    errors: Sequence[BaseException]
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    returned: Any = None
    raised: BaseException | None = None

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

    def wait(self, after: int) -> float:
        """Seconds from the end of an attempt (0 is the first) to the begin of the next."""
        return self.began[after + 1] - self.ended[after]

    def __str__(self) -> str:
        if self.raised is not None:
            result = f"the exception {type(self.raised).__name__}"
        else:
            result = f"no exception, but {describe(self.returned)}"
            if self.returned == "an answer":
                result = "its answer"
        return f"{result} after {_attempts(self.attempts)}"


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
            for tag, script in SCRIPTS.items():
                calls.served[tag] = await _served(function, trial, session, tag, script)
    return calls


async def _served(
    function: Callable,
    trial: Trial,
    session: aiohttp.ClientSession,
    tag: str,
    script: Sequence[str],
) -> Any:
    """What came of one call over HTTP: its text, or its exception."""
    await asyncio.to_thread(trial.llm.behave, script=list(script))
    with errors_are_results() as came:
        came.value = await function(lambda: _over_http(trial, session, tag), ATTEMPTS)
    return came.value


async def _all_calls(function: Callable) -> Calls:
    calls = Calls(
        hopeless={what: Call([_hopeless(what)] * TOO_MANY) for what in HOPELESS},
        mistake=Call([KeyError("a typing mistake")] * TOO_MANY),
        failing=[Call(_always_500()) for _ in range(CROWD)],
        few=Call(_always_500()),
        passing={what: Call([error()]) for what, error in PASSING_ONCE.items()},
        refused=[Call([_told_to_wait()]) for _ in range(CROWD)],
        cancelled={
            "during its wait": await _cancelled(function, Call([_told_to_wait()]), LASTS + 0.5),
            "during an attempt": await _cancelled(function, Call([]), LASTS / 2),
        },
        served={},
    )
    alone = (*calls.hopeless.values(), calls.mistake, *calls.passing.values())
    await _together(function, alone, ATTEMPTS)
    await _together(function, [calls.few], 2)
    await _together(function, calls.failing, ATTEMPTS)
    await _together(function, calls.refused, ATTEMPTS)
    return calls


def _always_500() -> list[BaseException]:
    return [ModelError(500, f"The server had error {number}.") for number in range(TOO_MANY)]


def _told_to_wait() -> ModelError:
    return ModelError(429, "Rate limit reached.", retry_after=TOLD_TO_WAIT)


async def _together(function: Callable, calls: Iterable[Call], attempts: int) -> None:
    async def one(call: Call) -> None:
        try:
            call.returned = await function(call.attempt, attempts)
        except NotImplementedError:
            raise
        except (Exception, TooMany) as error:
            call.raised = error

    await asyncio.gather(*map(one, calls))


async def _cancelled(function: Callable, call: Call, after: float) -> tuple[bool, int]:
    """Whether it ended as cancelled, and after how many attempts."""
    task = asyncio.ensure_future(function(call.attempt, ATTEMPTS))
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.wait([task], timeout=60.0)
    cancelled = task.cancelled()
    task.cancel()
    if task.done() and not cancelled and isinstance(task.exception(), NotImplementedError):
        raise task.exception()
    return cancelled, call.attempts


def _attempts(number: int) -> str:
    return f"{number} attempt{'s' if number != 1 else ''}"


def _insists_on_nothing_hopeless(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for what, call in calls.hopeless.items():
        if call.raised is not call.errors[0] or call.attempts != 1:
            return Finding(
                f"the exception after one attempt, when {what}",
                str(call),
                "error.status, and for a 429 error.code: which errors can pass by themselves? (A"
                " bare `raise` raises the error again.)",
            )
    call = calls.mistake
    if call.raised is not call.errors[0] or call.attempts != 1:
        return Finding(
            "a KeyError at once, because that is a mistake in the program",
            str(call),
            "which errors you catch: the three that can pass, by name, and no others.",
        )
    return None


def _gives_up(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for attempts, call in [(ATTEMPTS, each) for each in calls.failing] + [(2, calls.few)]:
        if call.raised is call.errors[attempts - 1] and call.attempts == attempts:
            continue
        return Finding(
            f"the last error after {attempts} attempts, when `attempts` is {attempts} and the"
            " server fails for good",
            str(call),
            "the last attempt, and what becomes of its error.",
        )
    return None


def _tries_again(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    told = [("a 429 that names a time", call) for call in calls.refused]
    for what, call in (*calls.passing.items(), *told):
        if call.returned != "an answer" or call.attempts != 2:
            return Finding(
                f"an answer at the second attempt, after {what}",
                str(call),
                "which errors you catch: ModelError, TimeoutError and aiohttp.ClientError.",
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
    waits = {
        f"for attempt {after + 2}": [call.wait(after) for call in calls.failing]
        for after in range(ATTEMPTS - 1)
    }
    told = {"after Retry-After": [call.wait(after=0) for call in calls.refused]}
    for what, seen in (waits | told).items():
        if _most_are_equal(seen):
            return Finding(
                f"{CROWD} clients that failed together come back one by one, {what}",
                "most of them came back in the same moment",
                "what is random in the wait: it has to be there each time, beside Retry-After as"
                " well.",
            )
    first, *_, last = (sum(seen) / CROWD for seen in waits.values())
    if last < 2 * first:
        return Finding(
            "waits that double: the fourth one eight times as long as the first, on average",
            f"{last:.3f} s and {first:.3f} s",
            "how the wait grows with the attempt.",
        )
    for after, (what, seen) in enumerate(waits.items()):
        longest = LONGEST_FIRST * 2**after
        if max(seen) > longest + TOGETHER:
            return Finding(
                f"at most {longest:.1f} s of wait {what}",
                f"{max(seen):.3f} s",
                "from 0 to 0.1 s before the second attempt, and twice as long each time.",
            )
    return None


def _most_are_equal(waits: Sequence[float]) -> bool:
    ranked = sorted(waits)
    spans = [last - first for first, last in zip(ranked, ranked[MOST_OF_THEM - 1 :], strict=False)]
    return min(spans) < TOGETHER


def _lets_itself_be_cancelled(evidence: Evidence[None]) -> Finding | None:
    calls: Calls = evidence.returned
    for when, (cancelled, attempts) in calls.cancelled.items():
        if not cancelled or attempts != 1:
            return Finding(
                f"a function that ends as cancelled, when it is cancelled {when}",
                f"it {'ended' if cancelled else 'was not cancelled'}, after {_attempts(attempts)}",
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
    for tag, came in evidence.returned.served.items():
        seen = sum(entry["tag"] == tag for entry in evidence.seen())
        if tag == "a wrong key":
            what, result = "a wrong key", "its ModelError"
            fine = isinstance(came, ModelError) and came.status == 401
        else:
            what, result = "a 500 and then a reply that breaks off", "the text of the third reply"
            fine = isinstance(came, str)
        if fine and seen == REQUESTS[tag]:
            continue
        return Finding(
            f"{_requests(REQUESTS[tag])} at the fake LLM for {what}, and {result}",
            f"{_requests(seen)} in its journal, and {result_in_words(came)}",
            "what you read of an error: its kind, its status and its code, and not its text.",
        )
    return None


def _requests(number: int) -> str:
    return f"{number} request{'s' if number != 1 else ''}"


# 7.2

# What a question is like, by its first word. A quick one takes a few turns of the loop and no time,
# a slow one far longer than anybody waits here.
MIXED = ("slow", "quick", "broken", "quick", "slow", "impatient", "quick")
LIKE = {"impatient": "whose call raises TimeoutError itself", "broken": "a broken one"}
SLOW = 2.0  # seconds
TURNS = 5
IN_TIME = 0.4  # seconds
HURRIED = 0.1
GENEROUS = 3.0  # seconds that no quick question comes near
# Over HTTP: so many questions, and the first requests that arrive never get their whole reply.
SERVED, STALLED = 5, 2
# Seconds in which the server hears that a request was given up; on a busy machine it takes a while.
HEARS = 3.0


@dataclass
class Asked:
    """What became of the calls of `ask`. cut: were cancelled, and have ended since."""

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
            for _ in range(TURNS):  # it has something to tidy up
                await asyncio.sleep(0)
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
    took: seconds for those, by IN_TIME. overran: what lasted twice as long as it may, in words.
    lingered: whether quick questions took half of a generous limit.
    cancelled: when the whole was cancelled, whether it ended so; went_on: its calls, of three.
    served: the questions over HTTP, None where there was no need to try.
    """

    results: Any
    mixed: Asked
    running: int
    took: float
    overran: str
    lingered: bool
    cancelled: bool
    went_on: int
    served: Served | None = None


async def _in_time(function: Callable, trial: Trial) -> Deadlines:
    loop = asyncio.get_running_loop()
    mixed, overran = Asked(), ""
    asked = [f"{kind} question {number}" for number, kind in enumerate(MIXED)]

    began = loop.time()
    results, late = await _beside_a_clock(function, mixed, asked, IN_TIME, 2 * IN_TIME)
    took, running = loop.time() - began, mixed.under_way
    if late:
        overran = f"more than {2 * IN_TIME:.1f} s with seconds={IN_TIME}"

    _, late = await _beside_a_clock(function, Asked(), ["slow one"], HURRIED, 2 * HURRIED)
    if late and not overran:
        overran = f"more than {2 * HURRIED:.1f} s with seconds={HURRIED}"

    pair = ["quick one", "quick two"]
    _, lingered = await _beside_a_clock(function, Asked(), pair, GENEROUS, GENEROUS / 2)

    left = Asked()
    slow = [f"slow question {number}" for number in range(3)]
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


async def _beside_a_clock(
    function: Callable, asked: Asked, questions: list[str], seconds: float, limit: float
) -> tuple[Any, bool]:
    """What it returned, and whether it was still busy after `limit` seconds.

    The clock is a task of the same loop, and slow to say so: where the whole process stands still
    for a while, whose time was up first is still the first.
    """

    async def clock() -> None:
        await asyncio.sleep(limit)
        for _ in range(20 * TURNS):
            await asyncio.sleep(0)

    ticking = asyncio.create_task(clock())
    await asyncio.sleep(0)
    with errors_are_results() as came:
        came.value = await function(asked.ask, questions, seconds)
    late = ticking.done()
    ticking.cancel()
    return came.value, late


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
    if seen.took >= 0.9 * IN_TIME and not seen.overran:
        return None
    return Finding(
        "late questions waited for as long as `seconds` says",
        seen.overran or f"{seen.took:.2f} s with seconds={IN_TIME}",
        "the timeout of your wait.",
    )


def _waits_for_nothing(evidence: Evidence[None]) -> Finding | None:
    seen: Deadlines = evidence.returned
    if not seen.lingered:
        return None
    return Finding(
        "the answers as soon as all are there",
        f"quick questions took more than half of a limit of {GENEROUS:.0f} s",
        "what waits until the time is up, although nobody is late.",
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
    _waits_for_nothing,
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
PASSING = {
    "a 500": ModelError(500, "The server had an error."),
    "a 429 (too fast)": ModelError(429, "Rate limit reached.", code="rate_limit_exceeded"),
    "a timeout": TimeoutError(),
    "a connection that breaks": aiohttp.ClientConnectionError(),
}
TOLD = ModelError(503, "overloaded", retry_after=BACK_IN)
TOLD_LONG = ModelError(503, "overloaded", retry_after=10 * BACK_IN)
TRIES = 30
# Seconds between the shortest and the longest of so many waits. Jitter that is smaller spreads no
# crowd.
LEAST_SPREAD = 0.004
# A storm that is over a second after its outage, or will not end; nobody likes to wait for more.
SHORT = Scene(before=0.25, outage=1.0, after=1.75, look=0.75)
# A machine that is busy with something else can keep a server down, too, but hardly so often.
STORMS = 3


class _Purse(RetryBudget):
    """A budget that is full, or empty, and counts what is taken."""

    def __init__(self, left: float):
        super().__init__()
        self.left = left
        self.taken = 0

    def take(self) -> bool:
        taken = super().take()
        self.taken += taken
        return taken


class Policy(NamedTuple):
    """What a policy says, and the storm that comes of it; None if it is not worth one."""

    finding: Finding | None
    storm: Storm | None


def _in_a_storm(function: Callable, trial: Trial) -> Policy:
    finding = _by_word(function)
    if finding:
        return Policy(finding, None)
    for _ in range(STORMS):
        seen = asyncio.run(storm(function, trial.llm, scene=SHORT))
        if _is_over(seen):
            break
    return Policy(None, seen)


def _by_word(wait: Callable) -> Finding | None:
    """What a policy says when it is asked, without any clock."""
    return _retries_what_passes(wait) or _refuses_the_rest(wait) or _waits_by_word(wait)


def _retries_what_passes(wait: Callable) -> Finding | None:
    for what, error in (*PASSING.items(), ("a 503 with Retry-After", TOLD)):
        for attempt in range(4):
            purse = _Purse(10)
            said = wait(attempt, error, purse)
            if not is_number(said) or said < 0:
                return Finding(
                    f"seconds to wait after {what} at attempt {attempt}, with a full budget",
                    describe(said),
                    "which errors may pass, and what your function returns for them.",
                )
            if purse.taken != 1:
                return Finding(
                    "one retry taken from the budget for one retry",
                    f"{purse.taken} were taken",
                    "budget.take(): call it once, and only where you would retry.",
                )
            if wait(attempt, error, _Purse(0)) is not None:
                return Finding(
                    f"None after {what}, when the budget is empty",
                    "a wait, and so one more request",
                    "what budget.take() returns.",
                )
    plain = RetryBudget()
    for _ in range(10):
        plain.asked()
    said = wait(0, PASSING["a 500"], plain)
    if is_number(said):
        return None
    return Finding(
        "seconds to wait, also with a RetryBudget as in the lesson",
        describe(said),
        "what you ask the budget: take() is all that there is to know.",
    )


def _refuses_the_rest(wait: Callable) -> Finding | None:
    for what in HOPELESS:
        purse = _Purse(10)
        said = wait(0, _hopeless(what), purse)
        if said is not None or purse.taken:
            return Finding(
                f"None when {what}, and nothing taken from the budget",
                f"{describe(said)}, and {purse.taken} taken",
                "what cannot pass: look at the error first, and ask the budget last.",
            )
    return None


def _waits_by_word(wait: Callable) -> Finding | None:
    for error in (TOLD, TOLD_LONG):
        told = [wait(0, error, _Purse(10)) for _ in range(TRIES)]
        early = [said for said in told if not is_number(said) or said < error.retry_after]
        if early:
            return Finding(
                f"at least the {error.retry_after:.0f} s that a 503 names in Retry-After",
                describe(early[0]),
                "error.retry_after, where the error has one; a bound is for your own part only.",
            )
    own = {
        place: [wait(place, PASSING["a 500"], _Purse(10)) for _ in range(TRIES)]
        for place in (0, 3, 30)
    }
    if None in own[30]:  # gave up long before, which is a bound as well
        del own[30]
    waits = {f"after {place + 1} failures": said for place, said in own.items()}
    for what, said in ({"with Retry-After": told} | waits).items():
        if max(said) - min(said) < LEAST_SPREAD:
            return Finding(
                f"another wait each time, {what}",
                "the same wait again and again",
                "the random part, which keeps those apart who have failed together; a min(…) around"
                " it cuts it off.",
            )
    if sum(own[3]) < 2 * sum(own[0]):
        return Finding(
            "longer waits after four failures than after one",
            f"{sum(own[3]) / TRIES:.3f} s and {sum(own[0]) / TRIES:.3f} s on average",
            "how the wait grows with the attempt.",
        )
    longest = max(map(max, own.values()))
    if longest <= LONGEST:
        return None
    return Finding(
        f"never more than {LONGEST:.0f} s, also after thirty failures",
        f"{longest:.0f} s",
        "what doubles thirty times becomes a billion: min(…) keeps it below a bound.",
    )


def _is_over(seen: Storm) -> bool:
    return seen.answers_at_the_end > 80


def _its_word(evidence: Evidence[None]) -> Finding | None:
    return evidence.returned.finding


def _ends_the_storm(evidence: Evidence[None]) -> Finding | None:
    seen: Storm = evidence.returned.storm
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
        [_its_word, _ends_the_storm],
        "after the outage the server answers those who come, instead of those who have left.",
        seconds=20.0,
        version=3,
    ),
]
