"""Exercises of lesson 03: two calls of a pool, a pool that survives a failure, a live window."""

import gc
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from helpers.agents import Answer, ModelError, Question, questions
from helpers.exercises.exercise import Exercise, Finding, Judge
from helpers.exercises.judges import (
    answers,
    describe,
    is_list_of,
    most_at_once,
    peak,
    remedy,
    requests,
)
from helpers.exercises.running import last_line, where
from helpers.exercises.trial import Evidence, Trial

TEN, TWENTY = 10, 20
# Seconds that the weather takes: long enough for the free slots to ask everything else twice.
SLOW = 0.6


def no_barrier(total: int, at_least: int) -> Judge:
    """While the first slow question was under way, so many were begun; batches begin fewer."""

    def judge(evidence: Evidence) -> Finding | None:
        # An unknown city is refused at once, so it is not a slow one.
        weather = evidence.seen("weather")
        slow = [each for each in weather if each["end"] - each["arrival"] > SLOW / 2]
        if not slow:
            return None
        begun = sum(entry["arrival"] < slow[0]["end"] for entry in evidence.seen("search"))
        if begun >= at_least:
            return None
        return Finding(
            "new questions whenever a slot is free",
            f"until the slow question had its answer, the server saw only {begun} of {total} begun",
            "where everybody waits for the slowest: the end of each batch, or a call that your own"
            " thread waits for.",
        )

    return judge


# Every function is called again, with a lower limit and a higher one, so that no number written
# into it passes for `limit`, nor a bound to it from above or below. Nobody asks the server then,
# so the journal is that of the first call.

ONE, TWO, FOUR, TWELVE, SIXTEEN = 1, 2, 4, 12, 16
# Seconds in which a call too many has to begin; all of them have been handed to the pool by then.
SETTLED = 0.1
# Seconds that a right answer never needs: what it waits for comes at once, on a busy machine later.
PATIENCE = 1.0


class Slots:
    """Calls that wait until `limit` of them are under way, and a moment more for one too many.

    most: how many were under way at once. under_way: how many are.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.most = 0
        self.under_way = 0
        self._counting = threading.Lock()
        self._full = threading.Event()
        self._settled = threading.Event()

    def call(self, question: str) -> Answer:
        """An answer, after the wait."""
        with self._counting:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            if self.under_way >= self.limit:
                self._full.set()
            if self.under_way > self.limit:
                self._settled.set()
        for event, seconds in ((self._full, PATIENCE), (self._settled, SETTLED)):
            event.wait(seconds)
            event.set()  # waited for once, and not by each call
        with self._counting:
            self.under_way -= 1
        return Answer(f"an answer to {question}", steps=1)


@dataclass
class Again:
    """The further calls of a function. raised: what one of them raised, though the first did not.

    slots: the calls of the agent with another limit.
    """

    raised: Finding | None = None
    slots: list[Slots] = field(default_factory=lambda: [Slots(TWO), Slots(TWELVE)])

    def call(
        self, which: str, limit: int, function: Callable, *arguments: Any, asked: int = FOUR
    ) -> None:
        """Call the function once more, unless it has raised; which: "a second call".

        asked: how many questions.
        """
        if self.raised:
            return
        try:
            function(*arguments)
        except Exception as error:
            self.raised = Finding(
                "your function to return whatever it is called with",
                f"in {which}, with {asked} question{'s' * (asked > 1)} and limit {limit}, it raised"
                f" {last_line(error)}",
                where(error, function) or "what differs when there are fewer questions.",
            )

    def call_with_other_limits(self, function: Callable, agents: int, *more: Any) -> None:
        """Call function(agent, …, questions, limit, …) with each of the other limits.

        agents: how many arguments are agents; they share the slots. more: the arguments after it.
        """
        for which, slots in zip(("a second call", "a third call"), self.slots, strict=True):
            asked = FOUR if slots.limit < FOUR else SIXTEEN
            several = questions(asked, kind="lookup")
            arguments = (*[slots.call] * agents, several, slots.limit, *more)
            self.call(which, slots.limit, function, *arguments, asked=asked)


def nothing_raised_again(evidence: Evidence) -> Finding | None:
    """Nor did one of the further calls raise anything."""
    return evidence.observed.again.raised


def keeps_another_limit(evidence: Evidence) -> Finding | None:
    """With each of the other limits there were so many calls under way, and never more."""
    for slots in evidence.observed.again.slots:
        if slots.most == slots.limit:
            continue
        seen = f"{slots.most} were" if slots.most > slots.limit else f"never more than {slots.most}"
        return Finding(
            f"{slots.limit} in flight when limit is {slots.limit}",
            f"{seen} in flight at once, in another call with that limit",
            "the number of threads: it has to be `limit`, whatever that is.",
        )
    return None


def _called_too_early(error: BaseException, evidence: Evidence) -> Finding | None:
    """submit(ask(question)) asks in its own thread, and hands an answer to the pool."""
    if not isinstance(error, TypeError) or not re.match(
        r"'(str|Answer)' object is not callable", str(error)
    ):
        return None
    return Finding(
        "a function and its question handed to the pool, so that one of its threads calls it",
        "what the pool was to call is an answer already",
        "the brackets behind submit or map: submit(ask, question) lets the pool ask, and"
        " submit(ask(question)) has asked before the pool is reached.",
    )


# 3.1: a second opinion

EIGHT = 8
AGENTS = ("first", "second")
# Seconds without a call under way or begun: hundreds of times as long as the next one takes.
STUCK = 2.0
LOOK_EVERY = 0.1


@dataclass
class Opinions:
    """What each agent said: its text by the question, under the agent's name.

    begun, ended: how many calls of the agents. stuck: whether a pool had to be freed from itself.
    of_second: the calls of the second agent when only that one takes time.
    of_one: the calls of both agents when there is one question.
    """

    by_agent: dict[str, dict[str, str]] = field(
        default_factory=lambda: {agent: {} for agent in AGENTS}
    )
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    stuck: bool = False
    of_second: Slots = field(default_factory=lambda: Slots(FOUR))
    of_one: Slots = field(default_factory=lambda: Slots(TWO))
    again: Again = field(default_factory=Again)

    def under_way(self) -> int:
        """How many calls of the agents have begun and not ended, those of further calls too."""
        others = (self.of_second, self.of_one, *self.again.slots)
        return len(self.begun) - len(self.ended) + sum(slots.under_way for slots in others)

    def of(self, question: str) -> tuple[str | None, ...]:
        """The right pair for a question; None for an agent that was not asked."""
        return tuple(self.by_agent[agent].get(str(question)) for agent in AGENTS)


def _ask_two_agents(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(1, kind="weather") + questions(TWELVE, kind="lookup")[1:]
    opinions = trial.observed = Opinions()
    with trial.ask() as ask, _freed_from_itself(opinions):

        def agent(name: str) -> Callable[[str], str]:
            def opinion(question: str) -> str:
                opinions.begun.append(name)
                try:
                    text = f"the {name} agent: {ask(question).text}"
                finally:
                    opinions.ended.append(name)
                opinions.by_agent[name][str(question)] = text
                return text

            return opinion

        first, second = map(agent, AGENTS)
        returned = function(first, second, list(trial.questions), EIGHT)
        if trial.most_asked == EIGHT:  # else that is the finding, and more calls only take time
            _call_both_again(function, opinions)
        return returned


def _call_both_again(function: Callable, opinions: Opinions) -> None:
    four = questions(FOUR, kind="lookup")

    def at_once(question: str) -> Answer:
        return Answer(f"an answer to {question}", steps=1)

    second, one = opinions.of_second.call, opinions.of_one.call
    again = opinions.again
    again.call_with_other_limits(function, len(AGENTS))
    again.call("a fourth call", FOUR, function, at_once, second, list(four), FOUR)
    again.call("a fifth call", TWO, function, one, one, four[:1], TWO, asked=1)


@contextmanager
def _freed_from_itself(opinions: Opinions) -> Iterator[None]:
    """Meanwhile a pool whose threads all wait for its own queue is ended.

    Nothing else would: a thread that waits for a future cannot be interrupted, and Python waits for
    the threads of pools when it ends, so the kernel would never end either.
    """
    before = {id(pool) for pool in _pools()}
    over = threading.Event()

    def watch() -> None:
        seen, idle = 0, 0  # idle: how many looks in a row; while the machine stands nobody looks
        while not over.wait(LOOK_EVERY):
            begun = len(opinions.begun)
            if begun != seen or opinions.under_way():
                seen, idle = begun, 0
                continue
            idle += 1
            if idle * LOOK_EVERY > STUCK:
                for pool in _pools():
                    if id(pool) not in before:
                        opinions.stuck = True
                        # What waits for one of the cancelled futures gets a CancelledError.
                        pool.shutdown(wait=False, cancel_futures=True)

    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _pools() -> list[ThreadPoolExecutor]:
    return [thing for thing in gc.get_objects() if type(thing) is ThreadPoolExecutor]


def _not_stuck(evidence: Evidence[Opinions]) -> Finding | None:
    """No call waited for another one that no thread was left to begin."""
    if not evidence.observed.stuck:
        return None
    return Finding(
        "every call to begin some day",
        f"all {EIGHT} threads of the pool waited for calls that stood in the queue of the same"
        " pool, so nobody was left to begin them",
        "what the pool runs: it may ask an agent, and must not wait for a future of its own pool.",
    )


def _no_opinions(error: BaseException, evidence: Evidence[Opinions]) -> Finding | None:
    return _not_stuck(evidence) or _called_too_early(error, evidence)


def _right_pairs(evidence: Evidence[Opinions]) -> Finding | None:
    """A pair for each question, in order: what the first agent said, and the second."""
    asked, returned = evidence.questions, evidence.returned
    if not is_list_of(len(asked), returned):
        return Finding(
            f"a list of {len(asked)} pairs of answers",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    pairs = [tuple(pair) if is_list_of(2, pair) else pair for pair in returned]
    wanted = [evidence.observed.of(question) for question in asked]
    if pairs == wanted:
        return None
    if all(isinstance(pair, tuple) for pair in pairs) and sorted(map(str, pairs)) == sorted(
        map(str, wanted)
    ):
        return Finding(
            "the pairs in the order of the questions",
            "all pairs are there, in another order",
            "the order in which you read the results: it has to be that of the questions.",
        )
    place = next(number for number, pair in enumerate(pairs) if pair != wanted[number])
    return Finding(
        "in each place what the first agent said, and what the second said, of that question",
        _what_pair(pairs[place], place, wanted[place]),
        remedy([pairs[place]]) if not isinstance(pairs[place], tuple) else _which(pairs[place]),
    )


def _what_pair(pair: Any, place: int, wanted: tuple) -> str:
    if not isinstance(pair, tuple):
        return f"place {place} of your list has {describe(pair)}"
    if pair == wanted[::-1]:
        return f"in place {place} the two agents have changed places"
    if pair[0] == pair[1]:
        return f"in place {place} the same answer stands twice"
    return f"place {place} of your list has the pair {describe(pair[0])} and {describe(pair[1])}"


def _which(pair: tuple) -> str:
    return next(
        (remedy([answer]) for answer in pair if not isinstance(answer, str)),
        "which agent each call goes to, and which future each result comes from.",
    )


def _both_overlap(evidence: Evidence[Opinions]) -> Finding | None:
    """All slots were used, and no more of them."""
    most = most_at_once(evidence)
    if 1 < most <= len(AGENTS):
        return Finding(
            f"{EIGHT} in flight",
            f"never more than {most} in flight at once: the two agents overlap, the questions"
            " do not",
            "where the loop waits before it has submitted the next question.",
        )
    if len(AGENTS) < most < EIGHT:
        return Finding(
            f"{EIGHT} in flight",
            f"never more than {most} in flight at once",
            "how many threads there are (`limit`), and what makes one wait for another.",
        )
    return peak(EIGHT, EIGHT)(evidence)


def _one_pool_for_both(evidence: Evidence[Opinions]) -> Finding | None:
    """The second agent got every slot when the first one did not need any."""
    most = evidence.observed.of_second.most
    if most >= FOUR:
        return None
    return Finding(
        f"{FOUR} in flight when limit is {FOUR}, to either agent",
        f"in another call only the second agent took time, and never more than {most} of its calls"
        " were in flight",
        "how many pools there are, and how many threads (`limit`): a free thread of one pool cannot"
        " take a call of the other.",
    )


def _both_of_one_question(evidence: Evidence[Opinions]) -> Finding | None:
    """Two slots were used for the two calls of a single question."""
    if evidence.observed.of_one.most == TWO:
        return None
    return Finding(
        f"{TWO} in flight when limit is {TWO}, also with one question",
        "the two opinions on one question were asked one after the other",
        "what the pool runs: one call of one agent, not both in a row.",
    )


# 3.2: one failure must not lose the others

LOST = "Atlantis"  # a city of which the weather service has never heard
SLOW_PLACE = 6
UNANSWERABLE = (3, 11)  # one in each batch of ten


@dataclass
class Failures:
    """The exceptions that `ask` has raised, by the place of their question."""

    raised: dict[int, Exception] = field(default_factory=dict)
    again: Again = field(default_factory=Again)


def _ask_with_failures(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWENTY, kind="lookup")
    trial.observed = Failures()
    (slow,) = questions(1, kind="weather")
    slow.number = SLOW_PLACE
    trial.questions[SLOW_PLACE] = slow
    for number in UNANSWERABLE:
        trial.questions[number] = _unanswerable(number)
    with trial.ask() as ask:

        def ask_and_note(question: Question) -> Any:
            try:
                return ask(question)
            except ModelError as error:
                trial.observed.raised[question.number] = error
                raise

        returned = function(ask_and_note, list(trial.questions), TEN)
    if trial.most_asked == TEN:  # else that is the finding, and more calls only take time
        trial.observed.again.call_with_other_limits(function, 1)
    return returned


def _unanswerable(number: int) -> Question:
    # A city of its own for each, so that their exceptions can be told apart.
    city = f"{LOST} {number}"
    question = Question(f"What is the weather in {city}?")
    question.number = number
    question.kind = "weather"
    question.answer = city
    return question


def _lost_the_others(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, ModelError):
        return _called_too_early(error, evidence)
    asked = len(evidence.seen("search"))
    return Finding(
        "18 answers, and the exception in the place of each of the other 2",
        f"the first exception ended everything, though the server saw {asked} questions",
        "where the exception is caught: once around all questions, or around each.",
    )


def _answers_or_errors(evidence: Evidence[Failures]) -> Finding | None:
    asked = evidence.questions
    returned = evidence.returned
    if _ended_with_the_first(evidence):
        return Finding(
            f"a list of {len(asked)}: an answer or an exception each",
            f"your list ends with the first exception, in place {min(UNANSWERABLE)}, or has only"
            " StopIteration behind it",
            "where the exception is caught: the iterator of map ends with its first exception, so"
            " catch it before map sees it, or around the result() of one future.",
        )
    if not is_list_of(len(asked), returned):
        return Finding(
            f"a list of {len(asked)}: an answer or an exception each",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    wrong = [place for place in range(len(asked)) if not _belongs(evidence, place, returned[place])]
    if wrong and all(any(_belongs(evidence, place, got) for got in returned) for place in wrong):
        return Finding(
            "answers and exceptions in the order of the questions",
            "all of them are there, in another order",
            "how each finds its place: the order in which they arrive is not that of the"
            " questions.",
        )
    for number in wrong:
        got = returned[number]
        if number in UNANSWERABLE:
            return Finding(
                f"the exception that was raised in place {number}, the object itself",
                f"your list has {describe(got)} there",
                "what you keep of an exception: not its text, not another one, not the fact alone.",
            )
        return Finding(
            f"the answer in place {number}",
            f"your list has {describe(got)} there",
            remedy([got])
            if isinstance(got, Future)
            else "what stands in the list for each question.",
        )
    return None


def _belongs(evidence: Evidence[Failures], place: int, got: Any) -> bool:
    """Whether this is what belongs in this place: the answer, or the exception itself."""
    if place in UNANSWERABLE:
        return got is not None and got is evidence.observed.raised.get(place)
    return evidence.is_answer(evidence.questions[place], got)


def _ended_with_the_first(evidence: Evidence[Failures]) -> bool:
    """Whether the list is right up to the first exception, and has no answer behind it."""
    returned, first = evidence.returned, min(UNANSWERABLE)
    if not isinstance(returned, list) or len(returned) <= first:
        return False
    return all(_belongs(evidence, place, returned[place]) for place in range(first + 1)) and all(
        isinstance(each, StopIteration) for each in returned[first + 1 :]
    )


# 3.3: show each answer at once

FIVE = 5
SLOW_PLACES = (0, 6)  # two, so that who keeps the first one apart still has one to wait for
# Of the other 18, all of which are there by then unless the machine is busy; what shows fewer in
# all that time has waited for something else than an answer.
MEANWHILE = 12


class InTurn:
    """One question after the other, each of which waits until the answer before it is shown.

    held_back: whether one waited in vain.
    """

    def __init__(self) -> None:
        self.held_back = False
        self._shown: dict[str, threading.Event] = {}
        self._last: threading.Event | None = None

    def ask(self, question: str) -> Answer:
        """An answer, when the one before it has been shown, or has not been for too long."""
        if self._last and not self.held_back and not self._last.wait(PATIENCE):
            self.held_back = True
        self._last = self._shown[str(question)] = threading.Event()
        return Answer(f"an answer to {question}", steps=1)

    def show(self, question: str, answer: Answer) -> None:
        """Note that the answer to this question is on the page."""
        self._shown[str(question)].set()


@dataclass
class Page:
    """What was shown, as (when, thread, question, answer), and when the agent had each answer."""

    caller: int = 0
    shown: list[tuple[float, int, Any, Any]] = field(default_factory=list)
    there: dict[str, float] = field(default_factory=dict)
    in_turn: InTurn = field(default_factory=InTurn)
    again: Again = field(default_factory=Again)


def _ask_for_a_page(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWENTY, kind="lookup")
    for place, slow in zip(SLOW_PLACES, questions(len(SLOW_PLACES), kind="weather")):
        slow.number = place
        trial.questions[place] = slow
    page = trial.observed = Page(caller=threading.get_ident())

    def show(question: Any, answer: Any) -> None:
        page.shown.append((time.perf_counter(), threading.get_ident(), question, answer))

    with trial.ask() as ask:

        def ask_and_note(question: str) -> Any:
            answer = ask(question)
            page.there[str(question)] = time.perf_counter()
            return answer

        returned = function(ask_and_note, list(trial.questions), FIVE, show)
    if trial.most_asked == FIVE:  # else that is the finding, and more calls only take time
        again, in_turn = page.again, page.in_turn
        again.call_with_other_limits(function, 1, lambda question, answer: None)
        four = questions(FOUR, kind="lookup")
        again.call("a fourth call", ONE, function, in_turn.ask, four, ONE, in_turn.show)
    return returned


def _all_places_filled(evidence: Evidence[Page]) -> Finding | None:
    """No place of the list is still empty."""
    returned = evidence.returned
    if not is_list_of(TWENTY, returned) or None not in returned:
        return None
    shown = len(evidence.observed.shown)
    if 0 < shown == sum(answer is not None for answer in returned):
        return Finding(
            f"{TWENTY} answers, each of them shown",
            f"your function returned after {shown} call{'s' * (shown > 1)} of show, and the other"
            " places of its list were still empty",
            "where return stands: inside the loop it ends the function with the first answer.",
        )
    return Finding(
        "an answer to each question",
        f"question {list(returned).index(None)} got None",
        "which line puts an answer into its place in the list.",
    )


def _shown_at_once(evidence: Evidence[Page]) -> Finding | None:
    """Each answer was shown once, by the function's own thread, when it was there."""
    page = evidence.observed
    if len(page.shown) != TWENTY:
        return Finding(
            f"{TWENTY} calls of show, one for each answer",
            f"show was called {'once' if len(page.shown) == 1 else f'{len(page.shown)} times'}",
            "where show stands: inside the loop that takes one answer after the other.",
        )
    if any(thread != page.caller for _, thread, _, _ in page.shown):
        return Finding(
            "every call of show in the thread that runs your function",
            "show was called in a thread of the pool",
            "which function the pool runs: it may ask, and your own loop shows.",
        )
    pairs = {
        str(question): evidence.is_answer(question, answer) for _, _, question, answer in page.shown
    }
    if len(pairs) < TWENTY or not all(pairs.values()):
        return Finding(
            "with each question its own answer",
            "show was called with a question and an answer that do not belong together",
            "how you find the question of a future that has ended.",
        )
    looks = []
    if [str(question) for _, _, question, _ in page.shown] == list(map(str, evidence.questions)):
        looks.append("what your loop waits for: the next question's future, or whichever has ended")
    if min(when for when, _, _, _ in page.shown) > max(page.there.values()):
        looks.append(
            "what stands before your first call of show: the end of the with block waits for all"
            " answers, and so does a loop that only collects them"
        )
        return Finding(
            "each answer shown as soon as it is there",
            f"show was first called when all {TWENTY} answers were there",
            ", or ".join(looks) + ".",
        )
    slow_there = page.there[str(evidence.questions[0])]
    meanwhile = sum(when < slow_there for when, _, _, _ in page.shown)
    if meanwhile < MEANWHILE:
        return Finding(
            "each answer shown as soon as it is there",
            f"{meanwhile} answers had been shown when the slow question got its own, though most"
            " of the others were there",
            "what your loop waits for: the next question's future, or whichever has ended.",
        )
    return None


def _holds_nothing_back(evidence: Evidence[Page]) -> Finding | None:
    """With one thread each answer was shown before the next question was answered."""
    if not evidence.observed.in_turn.held_back:
        return None
    return Finding(
        "each answer shown as soon as it is there",
        "in another call, with limit 1, the next question was asked, and for a whole second the"
        " answer before it was not shown",
        "what your loop collects, or keeps until the next answer, before it calls show.",
    )


EXERCISES = [
    Exercise(
        "3.1",
        "a second opinion",
        "two_opinions(first, second, questions, limit)",
        _ask_two_agents,
        [
            _not_stuck,
            _right_pairs,
            _both_overlap,
            requests(2 * TWELVE, kind="search"),
            no_barrier(2 * TWELVE, 18),
            nothing_raised_again,
            keeps_another_limit,
            _one_pool_for_both,
            _both_of_one_question,
        ],
        "12 questions, two opinions on each, in order, and 8 in flight.",
        llm={
            "latency": 0.06,
            "tail": 0.5,
            "search_latency": 0.005,
            "weather_latency": SLOW,
            "seed": 3,
        },
        on_error=_no_opinions,
        version=2,
    ),
    Exercise(
        "3.2",
        "one failure must not lose the others",
        "ask_each(ask, questions, limit)",
        _ask_with_failures,
        [
            _answers_or_errors,
            requests(TWENTY, kind="search"),
            peak(TEN, TEN),
            no_barrier(TWENTY, 16),
            nothing_raised_again,
            keeps_another_limit,
        ],
        "20 questions, 18 answers, and 2 exceptions in their places.",
        llm={"latency": 0.1, "search_latency": 0.005, "weather_latency": SLOW},
        on_error=_lost_the_others,
    ),
    Exercise(
        "3.3",
        "show each answer at once",
        "show_at_once(ask, questions, limit, show)",
        _ask_for_a_page,
        [
            _all_places_filled,
            answers,
            peak(FIVE, FIVE),
            requests(TWENTY, kind="search"),
            no_barrier(TWENTY, 16),
            _shown_at_once,
            nothing_raised_again,
            keeps_another_limit,
            _holds_nothing_back,
        ],
        "each answer was shown when it was there; the slow questions held up nobody.",
        # Three of five slots have to ask all others meanwhile, on a busy machine as well.
        llm={"latency": 0.03, "search_latency": 0.005, "weather_latency": 1.5 * SLOW},
        on_error=_called_too_early,
        version=2,
    ),
]
