"""Exercises of lesson 00: a request through the official SDK, a latency, a journal to read."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from helpers.agents import questions
from helpers.exercises import judges
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_list_of, is_number, remedy
from helpers.exercises.running import last_line
from helpers.exercises.trial import Evidence, Trial
from helpers.trace import percentile

# 0.1: the model's reply, through the official SDK.


def _one_question(function: Callable, trial: Trial) -> Any:
    # Another one each time, so that nobody can know the reply who has not asked.
    question = random.choice(questions(20, kind="lookup"))
    trial.expected = trial.replies([question])
    return function(trial.base_url, str(question))


_RAISED = {
    "NotFoundError": "base_url: it ends in /v1, and the SDK adds /chat/completions by itself.",
    "BadRequestError": 'messages: a list of dicts, each {"role": "user", "content": question}.',
    "APIConnectionError": "the address: base_url=base_url says whom to ask, and without it the SDK"
    " asks OpenAI.",
    "AuthenticationError": "the address: base_url=base_url says whom to ask, and without it the SDK"
    " asks OpenAI.",
    "TypeError": 'the reply: the SDK returns an object, so reply.choices and not reply["choices"].',
}


def _explained(error: BaseException, evidence: Evidence) -> Finding | None:
    """What the usual faults raise, one for each."""
    name = type(error).__name__
    if name not in _RAISED or (name == "TypeError" and "subscriptable" not in str(error)):
        return None
    return Finding("the text of the model's reply", f"it raised {last_line(error)}", _RAISED[name])


def _is_the_reply(evidence: Evidence) -> Finding | None:
    returned = evidence.returned
    if returned == evidence.expected[0]:
        return None
    seen = f"your function returned {describe(returned)}"
    if not isinstance(returned, str):
        look = "reply.choices[0].message.content: the text is three levels deep."
        return Finding("the text of the reply", seen, look)
    return Finding(
        "the model's reply to the question",
        seen,
        'messages: one message, {"role": "user", "content": question}.',
    )


# 0.2: the mean latency of a server that does not tell it.

TEN = 10
# Seconds. No figure is right for both, so a constant is wrong for one of them.
QUICK, SLOW = 0.06, 0.2


@dataclass
class Timed:
    """What the function said of one model, and the seconds that the server saw for each request."""

    value: Any
    times: list[float]


def _two_models(function: Callable, trial: Trial) -> None:
    trial.questions = questions(2 * TEN, kind="lookup")
    trial.observed = []
    # Others for the second model: a question that comes again does not take the same time again.
    halves = trial.questions[:TEN], trial.questions[TEN:]
    for latency, asked in zip(random.sample([QUICK, SLOW], 2), halves):
        trial.llm.behave(latency=latency)
        mark = trial.llm.mark()
        value = function(trial.base_url, [str(question) for question in asked])
        trial.llm.settle(mark)
        trial.observed.append(Timed(value, _times(trial.llm.journal(since=mark))))


def _times(journal: list[dict]) -> list[float]:
    return [_took(entry) for entry in journal if entry["kind"] == "chat" and entry["end"]]


def _took(entry: dict) -> float:
    return entry["end"] - entry["arrival"]


def _are_the_means(evidence: Evidence) -> Finding | None:
    return next((found for timed in evidence.observed if (found := _is_the_mean(timed))), None)


def _is_the_mean(timed: Timed) -> Finding | None:
    """Near the mean of the very requests that the server saw."""
    value, times = timed.value, timed.times
    if len(times) != TEN:
        few = "the loop: each question is asked once."
        return Finding(
            f"{TEN} chat requests, one for each question",
            f"the server saw {len(times)} of them",
            few if len(times) < TEN else "what is asked more than once.",
        )
    if not is_number(value):
        seen = f"your function returned {describe(value)}"
        return Finding("a number of seconds", seen, "the return statement.")
    mean = sum(times) / len(times)
    # A client on a busy machine takes longer than the server says, and never less. The 20 ms are
    # for what a client adds to each request, which matters where one takes only 50.
    if 0.9 * mean <= value <= 1.6 * mean + 0.02:
        return None
    seen, look = _likely_mistake(value, times)
    return Finding("the mean time of a reply, in seconds", seen, look)


def _likely_mistake(value: float, times: list[float]) -> tuple[str, str]:
    """What was seen, and where to look."""
    mean = sum(times) / len(times)
    mistakes = {
        sum(times): "the division: this is the time of all ten together.",
        1000 * mean: "the unit: this is the mean in milliseconds.",
        max(times): "what is returned: this is the slowest reply, not the mean of all.",
        percentile(times, 50): "what is returned: this is the middle one, not the mean of all.",
    }
    for wrong, look in mistakes.items():
        # The client's own share makes a figure a little larger than the server's, never smaller.
        if 0.95 * wrong <= value <= 1.25 * wrong + 0.01:
            return f"{value:.3g}, which is another figure", look
    return (
        f"{value:.3g}, which the server's own clock does not confirm",
        "where the clock starts and stops: around each request, or around all ten, and nothing"
        " else.",
    )


# 0.3: which request was the slowest, and how many were in flight, by the journal.

# Tokens of a reply; at the exercise's speed each of them takes 6 ms.
LONGEST = 45  # of the requests before the mark, which belong to another case
COMPLAINED_OF = 30
USUAL = tuple(range(5, 16))
BEFORE = 6  # requests, all at once: more than in either case
AT_ONCE = (2, 4)


@dataclass
class Case:
    """One case to investigate.

    verdict: what the function said. slowest, seconds, peak: what is right.
    journal: the records since the mark. before: those of before it.
    """

    verdict: Any
    slowest: str
    seconds: float
    peak: int
    journal: list[dict]
    before: list[dict]


def _two_cases(function: Callable, trial: Trial) -> None:
    trial.observed = [
        _case(function, trial, at_once) for at_once in random.sample(AT_ONCE, len(AT_ONCE))
    ]


def _case(function: Callable, trial: Trial, at_once: int) -> Case:
    llm = trial.llm
    start = llm.mark()
    _ask(trial, [LONGEST] * BEFORE, BEFORE)
    llm.settle(start)
    before = llm.journal(since=start)
    mark = llm.mark()
    # Early, but not the first: what arrives first or last, and what ends last, is another one.
    usual = random.sample(USUAL, len(USUAL))
    _ask(trial, [usual[0], COMPLAINED_OF, *usual[1:]], at_once)
    llm.settle(mark)
    journal = llm.journal(since=mark)
    slowest = max(journal, key=_took)
    return Case(
        verdict=function(llm, mark),
        slowest=slowest["id"],
        seconds=_took(slowest),
        peak=llm.stats(since=mark)["peak"],
        journal=journal,
        before=before,
    )


def _ask(trial: Trial, lengths: Sequence[int], at_once: int) -> None:
    """Ask for replies of so many tokens each, so many at a time."""

    def ask(tokens: int) -> None:
        body = {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": f"Say something about {tokens}."}],
            "max_tokens": tokens,
        }
        # Seconds: less than half a second is planned.
        requests.post(f"{trial.base_url}/chat/completions", json=body, timeout=10)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(ask, lengths))


def _are_the_verdicts(evidence: Evidence) -> Finding | None:
    for case in evidence.observed:
        if not is_list_of(3, case.verdict):
            return Finding(
                "three things: an id, seconds, and a number of requests",
                f"your function returned {describe(case.verdict)}",
                remedy(case.verdict),
            )
        if found := _wrong_id(case) or _wrong_seconds(case) or _wrong_peak(case):
            return found
    return None


def _wrong_id(case: Case) -> Finding | None:
    said = case.verdict[0]
    if said == case.slowest:
        return None
    expected = "the id of the request that took longest"
    seen = f"your function returned {describe(said)}"
    times = {entry["id"]: _took(entry) for entry in case.journal}
    if said in [entry["id"] for entry in case.before]:
        return Finding(expected, f"{seen}, from before the mark", "since=mark, in llm.journal.")
    if isinstance(said, dict):
        return Finding(expected, seen, 'what you return of the entry: entry["id"].')
    if not isinstance(said, str) or said not in times:
        return Finding(expected, f"{seen}, and no request of this case has it", 'entry["id"].')
    return Finding(
        expected,
        f"{said} took {times[said]:.2f} s, and {case.slowest} took {case.seconds:.2f} s",
        "what you compare: the end of each request minus its arrival.",
    )


def _wrong_seconds(case: Case) -> Finding | None:
    said = case.verdict[1]
    # Whoever rounds to hundredths is right too.
    if is_number(said) and abs(said - case.seconds) <= 0.005:
        return None
    in_milliseconds = is_number(said) and abs(said / 1000 - case.seconds) <= 0.005
    return Finding(
        f"{case.seconds:.3f} s, from the arrival of {case.slowest} to its end",
        f"your function returned {describe(said)}",
        "the unit: these are milliseconds."
        if in_milliseconds
        else 'the second thing: entry["end"] - entry["arrival"] of the same entry.',
    )


def _wrong_peak(case: Case) -> Finding | None:
    said = case.verdict[2]
    if said == case.peak:
        return None
    if said == len(case.journal):
        look = "the third thing: this is how many there were in all, not at the same time."
    elif said == judges.most_in_flight(case.before):
        look = "since=mark, in llm.stats: this was the most before the mark."
    else:
        look = 'the third thing: llm.stats(since=mark)["peak"].'
    return Finding(f"{case.peak} in flight at most", f"your function returned {said!r}", look)


EXERCISES = [
    Exercise(
        "0.1",
        "ask the model",
        "ask_model(base_url, question)",
        _one_question,
        [judges.requests(1), _is_the_reply],
        "the server saw one chat request, and you returned its reply.",
        llm={"latency": 0.1},
        on_error=_explained,
    ),
    Exercise(
        "0.2",
        "measure the latency",
        "find_latency(base_url, questions)",
        _two_models,
        [_are_the_means],
        "the server saw ten chat requests to each of two models, and its own clock agrees with"
        " yours.",
        # A long tail, and a seed with which the middle is half of the mean at most, and the
        # slowest three times the mean at least: none of them can be taken for another.
        llm={"latency": SLOW, "tail": 1.0, "seed": 6},
    ),
    Exercise(
        "0.3",
        "be the referee",
        "investigate(llm, mark)",
        _two_cases,
        [_are_the_verdicts],
        "in two cases you named the request that the server saw take longest, and the most in"
        " flight.",
        llm={"latency": 0.04, "tokens_per_second": 160},
    ),
]
