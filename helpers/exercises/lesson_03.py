"""Exercises of lesson 03: two calls of a pool, a pool that survives a failure, a live window."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from helpers.agents import ModelError, Question, questions
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
from helpers.exercises.trial import Evidence, Trial

TEN, TWENTY = 10, 20
# Seconds that the weather takes: long enough for the free slots to ask everything else twice.
SLOW = 0.9


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
            "where everybody waits for the slowest: the end of each batch.",
        )

    return judge


# 3.1: a second opinion

EIGHT = 8
TWELVE = 12
AGENTS = ("first", "second")


@dataclass
class Opinions:
    """What each agent said: its text by the question, under the agent's name."""

    by_agent: dict[str, dict[str, str]] = field(
        default_factory=lambda: {agent: {} for agent in AGENTS}
    )

    def of(self, question: str) -> tuple[str | None, ...]:
        """The right pair for a question; None for an agent that was not asked."""
        return tuple(self.by_agent[agent].get(str(question)) for agent in AGENTS)


def _ask_two_agents(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(1, kind="weather") + questions(TWELVE, kind="lookup")[1:]
    trial.observed = Opinions()
    with trial.ask() as ask:

        def agent(name: str) -> Callable[[str], str]:
            def opinion(question: str) -> str:
                text = f"the {name} agent: {ask(question).text}"
                trial.observed.by_agent[name][str(question)] = text
                return text

            return opinion

        first, second = map(agent, AGENTS)
        return function(first, second, list(trial.questions), EIGHT)


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
    return peak(EIGHT, EIGHT)(evidence)


# 3.2: one failure must not lose the others

LOST = "Atlantis"  # a city of which the weather service has never heard
SLOW_PLACE = 6
UNANSWERABLE = (3, 11)  # one in each batch of ten


@dataclass
class Failures:
    """The exceptions that `ask` has raised, by the place of their question."""

    raised: dict[int, Exception] = field(default_factory=dict)


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

        return function(ask_and_note, list(trial.questions), TEN)


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
        return None
    asked = len(evidence.seen("search"))
    return Finding(
        "18 answers, and the exception in the place of each of the other 2",
        f"the first exception ended everything, though the server saw {asked} questions",
        "where the exception is caught: once around all questions, or around each.",
    )


def _answers_or_errors(evidence: Evidence[Failures]) -> Finding | None:
    asked = evidence.questions
    returned = evidence.returned
    if not is_list_of(len(asked), returned):
        return Finding(
            f"a list of {len(asked)}: an answer or an exception each",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    for number, (question, got) in enumerate(zip(asked, returned)):
        fails = number in UNANSWERABLE
        if fails and got is not evidence.observed.raised.get(number):
            return Finding(
                f"the exception that was raised in place {number}, the object itself",
                f"your list has {describe(got)} there",
                "what you keep of an exception: not its text, not another one, not the fact alone.",
            )
        if not fails and not evidence.is_answer(question, got):
            return Finding(
                f"the answer in place {number}",
                f"your list has {describe(got)} there",
                "what stands in the list for each question.",
            )
    return None


# 3.3: show each answer at once

FIVE = 5
SLOW_PLACES = (0, 6)  # two, so that who keeps the first one apart still has one to wait for
# Of the other 18; what shows fewer in all that time has waited for something else than an answer.
MEANWHILE = 16
# Others that may come in between an answer and its show; twice the slots, for a slow machine.
LATE = 10


@dataclass
class Page:
    """What was shown, as (when, thread, question, answer), and when the agent had each answer."""

    caller: int = 0
    shown: list[tuple[float, int, Any, Any]] = field(default_factory=list)
    there: dict[str, float] = field(default_factory=dict)


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

        return function(ask_and_note, list(trial.questions), FIVE, show)


def _shown_at_once(evidence: Evidence[Page]) -> Finding | None:
    """Each answer was shown once, by the function's own thread, when it was there."""
    page = evidence.observed
    if len(page.shown) != TWENTY:
        return Finding(
            f"{TWENTY} calls of show, one for each answer",
            f"show was called {len(page.shown)} times",
            "where show stands: inside the loop that takes one answer after the other.",
        )
    if any(thread != page.caller for _, thread, _, _ in page.shown):
        return Finding(
            "every call of show in the thread that runs your function",
            "show was called in a thread of the pool",
            "which function the pool runs: it may ask, and your own loop shows.",
        )
    pairs = {(str(question), id(answer)) for _, _, question, answer in page.shown}
    right = {
        (str(question), id(evidence.answers.get(str(question)))) for question in evidence.questions
    }
    if pairs != right:
        return Finding(
            "with each question its own answer",
            "show was called with a question and an answer that do not belong together",
            "how you find the question of a future that has ended.",
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
    late = max(_came_between(page, str(question), when) for when, _, question, _ in page.shown)
    if late > LATE:
        return Finding(
            "each answer shown as soon as it is there",
            f"one answer was there, and {late} others came before it was shown",
            "what your loop collects before it calls show.",
        )
    return None


def _came_between(page: Page, question: str, shown: float) -> int:
    there = page.there[question]
    return sum(there < when < shown for when in page.there.values())


EXERCISES = [
    Exercise(
        "3.1",
        "a second opinion",
        "two_opinions(first, second, questions, limit)",
        _ask_two_agents,
        [
            _right_pairs,
            _both_overlap,
            requests(2 * TWELVE, kind="search"),
            no_barrier(2 * TWELVE, 18),
        ],
        "12 questions, two opinions on each, in order, and 8 in flight.",
        llm={
            "latency": 0.12,
            "tail": 0.5,
            "search_latency": 0.005,
            "weather_latency": SLOW,
            "seed": 3,
        },
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
            answers,
            peak(FIVE, FIVE),
            requests(TWENTY, kind="search"),
            no_barrier(TWENTY, 16),
            _shown_at_once,
        ],
        "each answer was shown when it was there; the slow questions held up nobody.",
        llm={"latency": 0.06, "search_latency": 0.005, "weather_latency": SLOW},
        version=2,
    ),
]
