"""Exercises of lesson 06: what a permit is for, backpressure, and the best number in flight.

What is slow here waits for others to get on, and not for a time: so an answer that lets them passes
however busy the machine is, and PATIENCE is spent only by one that does not.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from helpers.agents import Question, questions
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding, Judge
from helpers.exercises.judges import answers, overlapped, peak, replies, requests
from helpers.exercises.trial import Evidence, Trial

FOUR, TWELVE, TWENTY = 4, 12, 20

# The further trials have lower limits and a higher one, and other lengths, so that no number of the
# first trial can stand in the code, nor a bound to the limit.
TWO, THREE, SEVENTEEN = 2, 3, 17

# Seconds that a call of ask takes where no server is asked.
SHORT = 0.01

# Seconds that something slow waits for others to get on: ten times what a good answer takes.
PATIENCE = 3.0


class Refused(Exception):
    """What a call of ask raises where the trial says so."""

    def __init__(self) -> None:
        super().__init__("the model refused this question")


@dataclass
class Watch:
    """Who is asking, and how patient the slow ones are: shared by one trial.

    given_up: what was waited for did not come, so nobody waits any more. left: tasks that still
    wait long after an error. result: what came of the call.
    """

    asked: int = 0
    asking: int = 0
    most_asking: int = 0
    given_up: bool = False
    left: int = 0
    result: Any = None

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call of ask, from its beginning to its end."""
        self.asked += 1
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        try:
            yield
        finally:
            self.asking -= 1

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until this is so, or until the patience of all is spent."""
        deadline = time.monotonic() + PATIENCE
        while not reached() and not self.given_up:
            if time.monotonic() > deadline:
                self.given_up = True
            await asyncio.sleep(0.005)

    async def keep(self, call: Coroutine) -> None:
        """Keep what comes of a call in which ask raises, and count who still waits afterwards."""
        before = asyncio.all_tasks()
        with errors_are_results() as result:
            result.value = await asyncio.wait_for(call, PATIENCE)
        self.result = result.value
        tasks = asyncio.all_tasks() - before
        if tasks:
            # Where the call itself was stuck, that is all we want to know.
            patience = 0 if isinstance(self.result, TimeoutError) else PATIENCE
            _, waiting = await asyncio.wait(tasks, timeout=patience)
            self.left = len(waiting)
            for task in waiting:
                task.cancel()


def _is_refused(value: Any) -> bool:
    """Whether this is the trial's error, or holds it as a group does."""
    if isinstance(value, BaseExceptionGroup):
        return any(map(_is_refused, value.exceptions))
    return isinstance(value, Refused)


def _heard_of(result: Any) -> bool:
    """Whether who called has heard of the error: it was raised, or it stands among the answers."""
    return (
        _is_refused(result) or isinstance(result, (list, tuple)) and any(map(_is_refused, result))
    )


def _at_once(at_least: int, limit: int, watch: Callable[[Any], Watch]) -> Judge:
    """So many calls of ask at once in one of the trials, and not more than its limit."""

    def judge(evidence: Evidence) -> Finding | None:
        most = watch(evidence.observed).most_asking
        if at_least <= most <= limit:
            return None
        return Finding(
            f"{limit} calls of ask in flight where `limit` is {limit}",
            ("never more than " if most < at_least else "") + f"{most} in flight at once",
            "the number that bounds them: it is `limit`, which differs from call to call.",
        )

    return judge


def _errors_are_heard_of(watch: Callable[[Any], Watch]) -> Judge:
    """Where ask raises, the caller hears of it, and what follows is not stuck."""

    def judge(evidence: Evidence) -> Finding | None:
        seen = watch(evidence.observed)
        if seen.left or isinstance(seen.result, TimeoutError):
            return Finding(
                "that an error of ask holds nobody up",
                "after errors of ask somebody waited and waited",
                "who gives the permit back when ask raises: `async with` does, and without it you"
                " need `finally`; or who waits for a worker that the error has ended.",
            )
        if _heard_of(seen.result):
            return None
        return Finding(
            "that an error of ask reaches the one who called your function",
            f"ask raised, and what came of your function was {result_in_words(seen.result)}",
            "what catches the error, or who never looks at the task that has it.",
        )

    return judge


# 6.1: a permit for the model only

# Seconds that a search takes. Those of the first four take until the others have been asked: if
# they held a permit meanwhile, they would hold all of them.
SEARCH = 0.1
SLOW_SEARCHES = range(FOUR)
# The ask, by its place among all as they begin, that takes until four more have begun: in rounds of
# four it is the first of the second round, whichever question that is.
SLOW_ASK = FOUR + 1
REFUSED_PLACES = range(3, 3 + TWELVE)  # of the wide trial: as many as it has permits


@dataclass
class Desk(Watch):
    """What was searched and asked, and when: counts at one instant, and the order of beginnings.

    begun_before: how many asks had begun when the first slow search came back. begun_during: how
    many began while the slow ask was under way. None if it never was. narrow, wide: the trials with
    other limits.
    """

    searching: int = 0
    most_searching: int = 0
    begun_before: int | None = None
    begun_during: int | None = None
    searched: list[str] = field(default_factory=list)
    narrow: "Desk | None" = None
    wide: "Desk | None" = None

    def begin_search(self, question: str) -> None:
        """A search begins."""
        self.searched.append(question)
        self.searching += 1
        self.most_searching = max(self.most_searching, self.searching)


async def _search_and_ask(function: Callable, trial: Trial[Desk]) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.expected = trial.replies(trial.questions)
    trial.observed = desk = Desk()
    slow = [str(trial.questions[place]) for place in SLOW_SEARCHES]
    # No connection limit: what is bounded here is bounded by the learner's function.
    unlimited = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=unlimited) as session:

        async def search(question: str) -> str:
            """Documents for this question, as text that names it."""
            desk.begin_search(str(question))
            try:
                await asyncio.sleep(SEARCH)
                if str(question) in slow:
                    await desk.until(lambda: desk.asked >= TWELVE - len(slow))
                    if desk.begun_before is None:
                        desk.begun_before = desk.asked
                return f"documents for: {question}"
            finally:
                desk.searching -= 1

        async def ask(question: str, found: str) -> str:
            """The model's reply, given the documents for this question."""
            if found != f"documents for: {question}":
                raise ValueError(f"ask got {found!r} for the question {str(question)!r}")
            trial.record_or_stop(str(question), "model", "start")
            with desk.call():
                begun = desk.asked
                answer = await _reply(trial, session, question)
                if begun == SLOW_ASK:
                    await desk.until(lambda: desk.asked >= begun + FOUR)
                    desk.begun_during = desk.asked - begun
                return answer

        returned = await function(search, ask, list(trial.questions), FOUR)
    if desk.most_asking == FOUR:  # else that is the finding, and more trials only take time
        desk.narrow = await _search_elsewhere(function, TWO)
        desk.wide = await _search_elsewhere(function, TWELVE, REFUSED_PLACES)
    return returned


async def _search_elsewhere(function: Callable, limit: int, refused: Sequence[int] = ()) -> Desk:
    """Another trial, without the server: ask raises for the questions in the refused places."""
    desk = Desk()
    asked = [f"question {place}" for place in range(SEVENTEEN)]

    async def search(question: str) -> str:
        desk.begin_search(question)
        await asyncio.sleep(SEARCH)
        desk.searching -= 1
        return f"documents for: {question}"

    async def ask(question: str, found: str) -> str:
        with desk.call():
            await asyncio.sleep(SHORT)
            await desk.until(lambda: desk.most_asking >= limit)
            if asked.index(question) in refused:
                raise Refused
            return f"answer to {question}"

    await desk.keep(function(search, ask, list(asked), limit))
    return desk


async def _reply(trial: Trial, session: aiohttp.ClientSession, question: str) -> str:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": str(question)}]}
    async with session.post(f"{trial.base_url}/chat/completions", json=body) as reply:
        data = await reply.json()
    return data["choices"][0]["message"]["content"]


def _no_permit_for_the_search(evidence: Evidence[Desk]) -> Finding | None:
    """All may search at once; who searches inside a semaphore is bounded by it."""
    first = evidence.observed
    for count, desk in ((TWELVE, first), (SEVENTEEN, first.narrow), (SEVENTEEN, first.wide)):
        most = desk.most_searching
        if most == count:
            continue
        if most <= 1:
            look = "what makes one question wait for another before it searches."
        else:
            look = "where the search stands: you search with a permit in your hand, or in batches."
        return Finding(
            f"all {count} searches at once, since they need no permit",
            f"never more than {most} at once",
            look,
        )
    return None


def _all_permits_in_use(evidence: Evidence[Desk]) -> Finding | None:
    """Counted beside the server, which on a busy machine may see four calls one by one."""
    most = evidence.observed.most_asking
    if most > FOUR:
        return Finding(
            f"at most {FOUR} calls of ask in flight",
            f"{most} were in flight at once",
            "which line starts the work: a task runs as soon as it is made, permit or not.",
        )
    if most < FOUR:
        return Finding(
            f"{FOUR} calls of ask in flight",
            f"never more than {most} in flight at once",
            "what makes one wait for another: they should overlap.",
        )
    return None


def _nobody_waits_for_the_slow_searches(evidence: Evidence[Desk]) -> Finding | None:
    """All others can be asked meanwhile, unless the slow ones hold the permits, or all wait."""
    others = TWELVE - len(SLOW_SEARCHES)
    begun = evidence.observed.begun_before
    if begun is not None and begun >= others:
        return None
    return Finding(
        "every question asked as soon as its own documents are there",
        f"{FOUR} searches were slow, and while they went on {begun or 'none'} of the {others} other"
        " questions had been asked",
        "where everybody waits for the slowest search, or holds a permit until it is done.",
    )


def _nobody_waits_for_the_slow_ask(evidence: Evidence[Desk]) -> Finding | None:
    """In rounds only those of its own round begin beside it."""
    begun = evidence.observed.begun_during
    if begun is not None and begun >= FOUR:
        return None
    return Finding(
        "a permit that comes back taken at once by the next question",
        f"while one slow ask was under way, only {begun or 0} others began",
        "where all wait for the slowest ask of a round.",
    )


def _each_searched_once(evidence: Evidence[Desk]) -> Finding | None:
    searched = evidence.observed.searched
    if len(searched) == TWELVE == len(set(searched)):
        return None
    return Finding(
        f"{TWELVE} searches, one for each question",
        f"search was called {len(searched)} times",
        "what is searched for twice, or not at all.",
    )


# 6.2: workers at a source

# The last two trials have ten questions, two in flight, and errors. Where the first two questions
# fail, workers that an error ends are all dead, and permits that an error keeps are all gone. Where
# the last one alone fails, when the source has ended, it is too late for who looks for errors only
# between questions.
TEN = 10
EARLY, LATE = range(TWO), [TEN - 1]


@dataclass
class Source(Watch):
    """Questions taken and answered so far, from a source of `texts`.

    ahead: the most that were taken and not answered. while_slow: how many others were answered
    while the slow one was under way; None if it never was. collisions: how often the source was
    asked for an item while it was about to give one. ended: whether it has been asked for more than
    it has. again, early, late, wide: the other trials', of which early and late have errors of ask,
    and wide has a higher limit.
    """

    texts: Sequence[str] = ()
    taken: int = 0
    answered: int = 0
    ahead: int = 0
    while_slow: int | None = None
    collisions: int = 0
    ended: bool = False
    again: "Source | None" = None
    early: "Source | None" = None
    late: "Source | None" = None
    wide: "Source | None" = None

    def __post_init__(self) -> None:
        self._pages = self._read()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        try:
            return await anext(self._pages)
        except RuntimeError:
            self.collisions += 1
            raise

    async def aclose(self) -> None:
        """End the source, as a generator can be ended."""
        await self._pages.aclose()

    async def _read(self) -> AsyncIterator[str]:
        for text in self.texts:
            # A page of a database: who asks for two items at once is refused by the generator.
            await asyncio.sleep(0.002)
            self.taken += 1
            self.ahead = max(self.ahead, self.taken - self.answered)
            yield text
        self.ended = True

    async def slow(self, others: int) -> None:
        """Be slow: wait until so many others have been answered."""
        before = self.answered
        await self.until(lambda: self.answered >= before + others)
        self.while_slow = self.answered - before


def _more_than_a_window(limit: int) -> int:
    """Others to be answered beside a slow one: more than may have been taken when it began."""
    return 2 * limit + 2


async def _from_a_source(function: Callable, trial: Trial[Source]) -> Any:
    """The questions come from an asynchronous iterator."""
    trial.questions = questions(TWENTY, kind="lookup")
    trial.observed = source = Source(texts=trial.questions)

    async with trial.ask_async() as plain:

        async def ask(question: Question) -> Any:
            try:
                if question == trial.questions[0]:
                    _, answer = await asyncio.gather(
                        source.slow(_more_than_a_window(FOUR)), plain(question)
                    )
                    return answer
                return await plain(question)
            finally:
                source.answered += 1

        returned = await function(ask, source, FOUR)
    source.again = await _from_another_source(function)
    if trial.most_asked == FOUR:  # else that is the finding, and more trials only take time
        source.early = await _with_errors(function, EARLY)
        source.late = await _with_errors(function, LATE)
        source.wide = await _with_room(function)
    return returned


async def _from_another_source(function: Callable) -> Source:
    """A second trial without the server: other numbers, and the slow one is in the middle."""
    source = Source(texts=[f"question {place}" for place in range(SEVENTEEN)])

    async def ask(question: str) -> str:
        with source.call():
            if question == source.texts[FOUR]:
                await source.slow(_more_than_a_window(THREE))
            else:
                await asyncio.sleep(SHORT)
            source.answered += 1
            return f"answer to {question}"

    source.result = await function(ask, source, THREE)
    return source


async def _with_errors(function: Callable, refused: Sequence[int]) -> Source:
    """A trial in which ask raises for the questions in these places."""
    source = Source(texts=[f"question {place}" for place in range(TEN)])

    async def ask(question: str) -> str:
        with source.call():
            await asyncio.sleep(SHORT)
            if source.texts.index(question) in refused:
                await source.until(lambda: source.ended or refused is EARLY)
                raise Refused
            return f"answer to {question}"

    await source.keep(function(ask, source, TWO))
    return source


async def _with_room(function: Callable) -> Source:
    """A trial with a high limit, in which nobody is answered until so many have been asked."""
    source = Source(texts=[f"question {place}" for place in range(SEVENTEEN)])

    async def ask(question: str) -> str:
        with source.call():
            await asyncio.sleep(SHORT)
            await source.until(lambda: source.most_asking >= TWELVE)
            return f"answer to {question}"

    source.result = await function(ask, source, TWELVE)
    return source


def _answers_again(evidence: Evidence[Source]) -> Finding | None:
    """The second trial's answers are the source's as well, whatever its length."""
    again = evidence.observed.again
    expected = [f"answer to {text}" for text in again.texts]
    if isinstance(again.result, (list, tuple)) and list(again.result) == expected:
        return None
    return Finding(
        f"{SEVENTEEN} answers in order from a source of {SEVENTEEN} questions",
        f"what came of your function was {result_in_words(again.result)}",
        "how many places there are for answers: nobody knows how many questions will come.",
    )


def _without_errors(evidence: Evidence[Source]) -> list[tuple[int, Source]]:
    """The trials without errors, each with its limit."""
    return [(FOUR, evidence.observed), (THREE, evidence.observed.again)]


def _not_ahead(evidence: Evidence[Source]) -> Finding | None:
    """Besides those under way a few may be in a queue; who loads all has all."""
    for limit, source in _without_errors(evidence):
        bound = 2 * limit + 1
        if source.ahead > bound:
            return Finding(
                f"at most {bound} questions taken and not answered, where `limit` is {limit}",
                f"{source.ahead} had been taken and not answered",
                "who takes the next question, and when: with 10 million of them, all would be in"
                " memory.",
            )
    return None


def _nobody_waits_for_the_slow_one(evidence: Evidence[Source]) -> Finding | None:
    """The other workers go on; in batches only those of the same batch are answered."""
    for limit, source in _without_errors(evidence):
        others = source.while_slow
        if others is None or others < _more_than_a_window(limit):
            return Finding(
                "new questions taken whenever one of the others is answered",
                f"only {others or 0} others were answered while a slow one was under way",
                "where all wait for the slowest: the end of each batch, or answers awaited in"
                " order.",
            )
    return None


def _source_asked_by_one_at_a_time(evidence: Evidence[Source]) -> Finding | None:
    collisions = evidence.observed.collisions + evidence.observed.again.collisions
    if not collisions:
        return None
    return _collision(f"it raised RuntimeError {collisions} times, and was asked again")


def _not_taken(error: BaseException, evidence: Evidence) -> Finding | None:
    """Two at once ask the source for an item, or somebody asks when there is none left."""
    if "asynchronous generator is already running" in str(error):
        return _collision(f"it raised RuntimeError: {error}")
    if isinstance(error, StopAsyncIteration):
        return Finding(
            "your function to return when the source has ended",
            "it raised StopAsyncIteration, as `anext(source)` does when nothing is left",
            "the end of the source: give `anext` a second argument, which it gives back when there"
            " is nothing left.",
        )
    return None


def _collision(seen: str) -> Finding:
    return Finding(
        "all questions taken from one source",
        seen,
        "the source: only one worker at a time may ask it for the next question; a lock or a queue"
        " sees to it.",
    )


def _not_one_by_one(evidence: Evidence[Source]) -> Finding | None:
    """Said before the server's count, because with a lock there is a usual reason for it."""
    if evidence.observed.again.most_asking > 1:
        return None
    return Finding(
        "`limit` calls of ask in flight",
        "never more than 1 in flight at once",
        "what makes one wait for another: is the lock still held while you ask?",
    )


# 6.3: the best number in flight


@dataclass(frozen=True)
class Server:
    """One that gets slower with more than `knee` in flight; up to `highest` may be measured."""

    knee: int
    highest: int
    latency: float  # seconds


# So far apart that no number is near to both, nor the same share of `highest`, nor the best of the
# lesson's 5, 10, 20 and 50. The second may not be measured far beyond its knee, where a measurement
# takes seconds.
SERVERS = (Server(knee=35, highest=64, latency=0.05), Server(knee=3, highest=20, latency=0.015))
ROUNDS = 3  # requests for each slot of a measurement
# Requests for all measurements, for each number up to the highest. Doubling from 1 to 64 costs 381
# of 1,600, and a search by thirds about 1,300; trying every number costs four times as many.
BUDGET = 25
# In steps no wider than this, as those of 1, 2, 5, 10 ..., the best is by the formula from 0.6 to
# 1.6 times the knee, which is what is accepted from everybody.
STEP = 2.5


class OverBudget(RuntimeError):
    """The measurements have cost too many requests."""

    def __init__(self, spent: int, highest: int) -> None:
        super().__init__(f"{spent} requests, where {BUDGET * highest} were allowed")
        self.spent, self.highest = spent, highest


@dataclass
class Found:
    """What a function found for one server.

    number: what it returned. rates: those that it was told. spent: requests, with those that were
    not granted.
    """

    server: Server
    number: Any
    rates: dict[int, float]
    spent: int

    def is_over_budget(self) -> bool:
        """Whether it cost too many requests; the function may have caught the error."""
        return self.spent > BUDGET * self.server.highest

    def is_near(self) -> bool:
        """Whether it is near the knee.

        From two thirds of that to one and a half of it the rate is nine tenths of the best. The
        bounds lie a little beyond, because what one measures varies.
        """
        if not isinstance(self.number, int):
            return False
        return 0.6 <= self.number / self.server.knee <= 1.6 or self.is_a_top()

    def is_a_top(self) -> bool:
        """Whether it is the best of what was measured, also a step nearer to the knee.

        On a busy machine the largest rate may stand elsewhere than the formula says: many requests
        do not all get there at once, so 64 of them may do well.
        """
        number = self.number
        if number not in self.rates or self.rates[number] < max(self.rates.values()):
            return False
        if number > self.server.knee:
            return any(number / STEP <= limit < number for limit in self.rates)
        return any(number < limit <= STEP * number for limit in self.rates)


def _find_both_knees(function: Callable, trial: Trial) -> list[Found]:
    found = []
    for server in SERVERS:
        trial.llm.behave(knee=server.knee, latency=server.latency)
        found.append(_find_the_knee(function, trial, server))
        if found[-1].is_over_budget() or not found[-1].is_near():
            break  # the verdict is clear, and nobody likes to wait for a bad one
    return found


def _find_the_knee(function: Callable, trial: Trial, server: Server) -> Found:
    spent, rates, highest = 0, {}, server.highest

    def measure(limit: int) -> float:
        """Answers a second with this many in flight; costs three requests for each of them."""
        nonlocal spent
        if not 1 <= limit <= highest or limit != int(limit):
            raise ValueError(f"limit is {limit!r}; it takes a whole number from 1 to {highest}")
        spent += ROUNDS * limit
        if spent > BUDGET * highest:
            raise OverBudget(spent, highest)
        trial.record_or_stop("measure", "model", "start")
        rates[limit] = asyncio.run(_throughput(trial, int(limit)))
        return rates[limit]

    number = function(measure, highest)
    return Found(server, number, rates, spent)


async def _throughput(trial: Trial, limit: int) -> float:
    """Answers a second by the server's clock, from the first arrival to the last end."""
    mark = trial.llm.mark()
    address = f"{trial.base_url}/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}

    async def worker() -> None:
        for _ in range(ROUNDS):
            async with session.post(address, json=body) as reply:
                await reply.read()

    unlimited = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=unlimited) as session:
        await asyncio.gather(*(worker() for _ in range(limit)))
    return ROUNDS * limit / trial.llm.stats(since=mark)["seconds"]


def _near_the_knee(evidence: Evidence) -> Finding | None:
    look = "the rates that you measured: where is the largest, and what is it on both sides of it?"
    for found in evidence.returned:
        if found.is_near():
            continue
        if not isinstance(found.number, int):
            seen = f"your function returned a {type(found.number).__name__}"
            return Finding("a whole number", seen, look)
        if found.number < found.server.knee:
            side = "low: more in flight would be faster"
        else:
            side = "high: fewer in flight would be faster"
        return Finding(
            "the number in flight at which each of two servers answers most in a second",
            f"for one of them your function said {found.number}, which is too {side}",
            look,
        )
    return None


def _within_budget(evidence: Evidence) -> Finding | None:
    """Also where the function has caught the error."""
    for found in evidence.returned:
        if found.is_over_budget():
            return _over_budget(found.spent, found.server.highest)
    return None


def _too_many(error: BaseException, evidence: Evidence) -> Finding | None:
    return _over_budget(error.spent, error.highest) if isinstance(error, OverBudget) else None


def _over_budget(spent: int, highest: int) -> Finding:
    return Finding(
        f"at most {BUDGET * highest} requests in all, where `highest` is {highest}",
        f"your measurements together would have cost {spent}",
        "which limits are worth measuring: 1, 2, 4, 8 ... tells nearly as much as all of them.",
    )


def _measured(evidence: Evidence) -> Finding | None:
    """Two measurements of each server at least, because one tells no difference."""
    if all(len(found.rates) >= 2 for found in evidence.returned):
        return None
    seen = len(evidence.seen())
    return Finding(
        "a number found by measuring each server at two numbers or more",
        f"the server saw {seen} requests",
        "measure(limit): one measurement tells no difference.",
    )


EXERCISES = [
    Exercise(
        "6.1",
        "a permit for the model only",
        "ask_with_permit(search, ask, questions, limit)",
        _search_and_ask,
        [
            replies,
            _all_permits_in_use,
            # By the server: whatever the function does, it had no more than four.
            peak(1, FOUR),
            _each_searched_once,
            requests(TWELVE),
            _no_permit_for_the_search,
            _nobody_waits_for_the_slow_searches,
            _nobody_waits_for_the_slow_ask,
            _at_once(TWO, TWO, lambda desk: desk.narrow),
            _at_once(TWELVE, TWELVE, lambda desk: desk.wide),
            _errors_are_heard_of(lambda desk: desk.wide),
        ],
        "12 answers in order, 4 in flight, and nobody held a permit while searching.",
        llm={"latency": 0.08},
        # A wrong answer may spend its patience three times.
        seconds=5 * PATIENCE,
        version=3,
    ),
    Exercise(
        "6.2",
        "workers at a source",
        "ask_source(ask, source, limit)",
        _from_a_source,
        [
            answers,
            _not_one_by_one,
            peak(FOUR, FOUR),
            requests(TWENTY),
            _source_asked_by_one_at_a_time,
            _not_ahead,
            _nobody_waits_for_the_slow_one,
            overlapped(FOUR),
            _at_once(TWO, THREE, lambda source: source.again),
            _at_once(1, TWO, lambda source: source.early),
            _at_once(TWELVE, TWELVE, lambda source: source.wide),
            _answers_again,
            _errors_are_heard_of(lambda source: source.early),
            _errors_are_heard_of(lambda source: source.late),
        ],
        "20 answers in order, never more than 4 in flight, and the source never ran ahead.",
        llm={"latency": 0.06, "tail": 0.4, "search_latency": 0.005, "seed": 6},
        # Four times here.
        seconds=6 * PATIENCE,
        on_error=_not_taken,
        version=3,
    ),
    Exercise(
        "6.3",
        "find the best number in flight",
        "find_best(measure, highest)",
        _find_both_knees,
        [_measured, _within_budget, _near_the_knee],
        "both numbers are close to the servers' knees, and found with few requests.",
        llm={"latency": SERVERS[0].latency, "knee": SERVERS[0].knee},
        seconds=20.0,  # a search by thirds takes six
        on_error=_too_many,
        version=2,
    ),
]
