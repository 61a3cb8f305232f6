"""Exercises of lesson 00: a request through the official SDK, a latency, a journal to read."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import requests

from helpers.agents import questions
from helpers.exercises import judges
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import describe, is_list_of, is_number, remedy
from helpers.exercises.running import last_line
from helpers.exercises.trial import REFEREE, Evidence, Trial
from helpers.trace import percentile

MODEL = "gpt-4o-mini"
"""The model that the lesson asks."""

# 0.1: the model's reply, through the official SDK.


def _one_question(function: Callable, trial: Trial) -> Any:
    # Another one each time, so that nobody can know the reply who has not asked.
    question = random.choice(questions(20, kind="lookup"))
    mark = trial.llm.mark()
    trial.expected = trial.replies([question])
    trial.llm.settle(mark)
    trial.observed = _texts(trial.llm.journal(since=mark))
    return function(trial.base_url, str(question))


_WHOM_TO_ASK = (
    "the address: base_url=base_url says whom to ask, and without it the SDK asks OpenAI."
)
_ANOTHER_SERVER = (
    "whom you ask: the address comes in as base_url. A client or llm of a cell above asks another"
    " server; and if nothing is sent, client.chat.completions.create(...) is what sends it."
)
_ITS_TEXT = "reply.choices[0].message.content: the text is three levels deep."
_ONE_MESSAGE = (
    'messages: one message, {"role": "user", "content": question}, with the question as its text,'
    " and nothing else."
)
# What the usual faults raise: the error's name and a word of its message, and where to look.
_RAISED = [
    ("NotFoundError", "model_not_found", f'model: this server knows "{MODEL}" and no other.'),
    (
        "NotFoundError",
        "/responses",
        "the method: this check's server has no /responses, so ask through"
        " client.chat.completions.create.",
    ),
    (
        "NotFoundError",
        "",
        "base_url: it ends in /v1, and the SDK adds /chat/completions by itself.",
    ),
    (
        "BadRequestError",
        "",
        'messages: a list of dicts, each {"role": "user", "content": question}.',
    ),
    ("APIConnectionError", "", _WHOM_TO_ASK),
    ("AuthenticationError", "", _WHOM_TO_ASK),
    (
        "TypeError",
        "'ChatCompletion' object is not subscriptable",
        'the reply: the SDK returns an object, so reply.choices and not reply["choices"].',
    ),
    (
        "TypeError",
        "object is not subscriptable",
        'below choices[0] there are objects too, so .message.content and not ["message"]'
        ' or ["content"].',
    ),
    ("AttributeError", "'list' object", "choices: it is a list, and choices[0] is the first."),
    ("AttributeError", "'ChatCompletion' object", _ITS_TEXT),
    ("AttributeError", "'Choice' object", _ITS_TEXT),
]


def _explained(error: BaseException, evidence: Evidence) -> Finding | None:
    """What the usual faults raise, one for each."""
    said = f"{error} {getattr(error, 'code', '')}"
    for name, word, look in _RAISED:
        if name == type(error).__name__ and word in said:
            return Finding("the text of the model's reply", f"it raised {last_line(error)}", look)
    return None


def _one_request(evidence: Evidence) -> Finding | None:
    """One request, a chat request, and the server did not refuse it."""
    journal = evidence.journal
    refused = [entry for entry in journal if entry["outcome"] == "rejected"]
    seen = f"the server saw {len(journal)} of them"
    if refused:
        seen += f", and refused {len(refused)} with status {refused[0]['status']}"
    if len(journal) == 1 and not refused:
        if (kind := journal[0]["kind"]) == "chat":
            return None
        seen = f"the server saw one request, of kind {kind}"
        return Finding("one chat request, which the server answers", seen, _ANOTHER_SERVER)
    if refused:
        look = "the error that your function keeps to itself: without try and except you can read"
        look += " it, and then there is one request to repair."
    elif journal:
        look = "what is sent more than once."
    else:
        look = _ANOTHER_SERVER
    return Finding("one request, which the server answers", seen, look)


def _is_the_reply(evidence: Evidence) -> Finding | None:
    returned, expected = evidence.returned, evidence.expected[0]
    if returned == expected:
        return None
    seen = f"your function returned {describe(returned)}"
    if returned is None:
        look = "the return statement: a function without one returns None, also where it prints."
        return Finding("the text of the reply", seen, look)
    if not isinstance(returned, str):
        return Finding("the text of the reply", seen, _ITS_TEXT)
    # By chance the reply to another question begins the same.
    asked_it = _prompts(_texts(evidence.journal)) == _prompts(evidence.observed)
    if asked_it and returned.strip() and expected.startswith(returned.strip()):
        have = f"{len(returned)} of its {len(expected)} characters"
        return Finding("the whole reply", have, "what cuts it, such as [:62] or max_tokens.")
    return Finding("the model's reply to the question", seen, _ONE_MESSAGE)


def _asked_for_it(evidence: Evidence) -> Finding | None:
    """The request had the question's text, so the reply does not come from somewhere else."""
    if _texts(evidence.journal) == evidence.observed:
        return None
    return Finding(
        "the question, sent to the server at base_url",
        "it got another text, and the reply that you returned came from elsewhere",
        _ANOTHER_SERVER,
    )


# 0.2: the mean latency of a server that does not tell it.

# Seconds. No figure is right for both, so a constant is wrong for one of them. Nor is a division
# by ten, because the slow one gets fewer questions.
QUICK, SLOW = 0.12, 0.4
QUICKS, SLOWS = 10, 7
# Seconds beside the server's own mean. A request adds 1 to 3 ms, however long the reply takes, so
# this is no share of it. The slow model is where a wrong division shows: by one too few it adds
# more than 40 ms there, and only 12 to the quick one.
OVER = {QUICK: 0.020, SLOW: 0.010}
# On a slow or busy machine a request adds more, so the check measures what its own requests add.
# The official SDK adds about twice that, and there may be worse moments than the check's own.
OVER_OURS = 4
# A wrong division shows as 50 ms or more for one of the models: by seven for the quick one, and by
# one too few for the slow one. With a smaller tolerance than that a measurement is a clear one.
CLEAR = 0.045
# So often is measured at most, and so many clear measurements say that an answer is wrong: a
# machine has bad moments, and what a process does for the first time takes longer.
TRIES, CLEAR_TRIES = 3, 2
# Seconds that a right answer may lie below: half of a hundredth, for who rounds, and one more for
# the server, which reads its clock only when the reply has gone out.
UNDER = 0.006


@dataclass
class Timed:
    """What the function said of one model.

    latency: the model's setting. journal: what the server saw of the function.
    ours: what it saw when the check asked the same questions.
    added: the seconds that each of those took beside the server's own time.
    """

    value: Any
    latency: float
    count: int
    journal: list[dict]
    ours: list[dict]
    added: float

    @property
    def chats(self) -> list[dict]:
        """The records of questions to the model."""
        return [entry for entry in self.journal if entry["kind"] == "chat"]

    @property
    def times(self) -> list[float]:
        """How long each of them took on the server's clock."""
        return [_took(entry) for entry in self.chats]

    @property
    def over(self) -> float:
        """Seconds that a right answer may lie above the server's mean."""
        return max(OVER[self.latency], OVER_OURS * self.added)

    @property
    def under(self) -> float:
        """Seconds that a right answer may lie below it."""
        return max(UNDER, 2 * self.added)


def _two_models(function: Callable, trial: Trial) -> None:
    trial.questions = questions(QUICKS + SLOWS, kind="lookup")
    trial.observed = []
    _warm_up(trial)
    # Others for each model: a question that comes again does not take the same time again.
    models = [(QUICK, trial.questions[:QUICKS]), (SLOW, trial.questions[QUICKS:])]
    for latency, asked in random.sample(models, 2):
        trial.observed.append(_timed_clearly(function, trial, latency, asked))


def _warm_up(trial: Trial) -> None:
    """What only the first request of a process costs should not be on the learner's clock."""
    from openai import OpenAI  # here, because it takes half a second, and no other check needs it

    trial.llm.behave(latency=0.0)
    tag = {"x-tag": REFEREE}
    with OpenAI(base_url=trial.base_url, api_key="none", default_headers=tag) as client:
        hello = [{"role": "user", "content": "Hello"}]
        client.chat.completions.create(model=MODEL, messages=hello, timeout=10)
    trial.replies(["Hello"])


def _time(function: Callable, trial: Trial, latency: float, asked: list) -> Timed:
    trial.llm.behave(latency=latency)
    mark = trial.llm.mark()
    value = function(trial.base_url, [str(question) for question in asked])
    trial.llm.settle(mark)
    journal = [entry for entry in trial.llm.journal(since=mark) if entry["tag"] != REFEREE]
    mark = trial.llm.mark()
    start = time.perf_counter()
    trial.replies(asked)
    seconds = time.perf_counter() - start
    trial.llm.settle(mark)
    # By the tag, because a thread that the function has left behind may still be asking.
    ours = [entry for entry in trial.llm.journal(since=mark) if entry["tag"] == REFEREE]
    added = (seconds - sum(map(_took, ours))) / len(asked)
    return Timed(value, latency, len(asked), journal, ours, added)


def _timed_clearly(function: Callable, trial: Trial, latency: float, asked: list) -> Timed:
    """What was measured where the machine let us see it, or else the least blurred of all."""
    tries = []
    while len(tries) < TRIES:
        tries.append(timed := _time(function, trial, latency, asked))
        clear = [each for each in tries if each.over <= CLEAR]
        if _may_be_another_next_time(timed) and len(clear) < CLEAR_TRIES:
            continue
        return timed
    return min(tries, key=lambda each: each.over)


def _may_be_another_next_time(timed: Timed) -> bool:
    """Whether only the time is wrong, and not by far, or is right where it cannot be seen well."""
    if _asked_otherwise(timed) or _is_no_number(timed.value):
        return False
    if not _is_another(timed):
        return timed.over > CLEAR
    mean = statistics.mean(timed.times)
    return mean < timed.value <= 2 * mean


def _took(entry: dict) -> float:
    return entry["end"] - entry["arrival"]


def _pause(journal: list[dict]) -> float:
    """The median time from the end of a request to the arrival of the next, in seconds."""
    return statistics.median(after["arrival"] - one["end"] for one, after in pairwise(journal))


def _are_the_means(evidence: Evidence) -> Finding | None:
    return next(filter(None, map(_finding, evidence.observed)), None)


def _finding(timed: Timed) -> Finding | None:
    return _asked_otherwise(timed) or _is_no_number(timed.value) or _is_another(timed)


def _asked_otherwise(timed: Timed) -> Finding | None:
    """Each question once, one after the other, and each was answered."""
    chats = timed.chats
    expected = f"{timed.count} chat requests, one for each question"
    refused = [entry for entry in timed.journal if entry["outcome"] == "rejected"]
    left = [entry for entry in chats if entry["outcome"] == "disconnected"]
    if refused:
        return Finding(
            f"{expected}, all answered",
            f"the server refused {len(refused)} with status {refused[0]['status']}",
            "the address and the body, as in attempt; raise_for_status() makes an error of it.",
        )
    if left:
        return Finding(
            f"{expected}, all answered",
            f"your program stopped waiting for {len(left)} of them",
            "the timeout: it is shorter than the reply takes.",
        )
    if len(chats) != timed.count:
        return Finding(expected, f"the server saw {len(chats)} of them", _where_to_count(timed))
    if missing := _texts(timed.ours) - _texts(chats):
        return Finding(
            "each of the questions as it is, and the whole reply",
            f"{missing.total()} of the {timed.count} requests had another text, or a reply cut"
            " short",
            'messages: "content" is the question whose turn it is, and nothing else is set.',
        )
    if (most := judges.most_in_flight(chats)) > 1:
        return Finding(
            "one request at a time",
            f"{most} were in flight at once",
            "what sends a question before the reply to the last one is there.",
        )
    return None


def _where_to_count(timed: Timed) -> str:
    """Where to look when there are too few chat requests, or too many."""
    if not timed.journal:
        return _ANOTHER_SERVER
    if not timed.chats:
        return "the address: base_url, and behind it /chat/completions, as in attempt."
    if len(timed.chats) < timed.count:
        return "the loop: each question is asked once, and return stands behind it."
    return "what is asked more than once."


def _texts(journal: list[dict]) -> Counter:
    """How many requests there are of each length of prompt and reply."""
    return Counter((entry["prompt_tokens"], entry["completion_tokens"]) for entry in journal)


def _prompts(texts: Counter) -> list[int]:
    """The length of each prompt, whatever the reply was cut to."""
    return sorted(prompt for prompt, _ in texts.elements())


def _is_no_number(value: Any) -> Finding | None:
    if is_number(value):
        return None
    look = "the return statement."
    if value is None:
        look = remedy(value)
    elif isinstance(value, str):
        look = 'what you return: a number, so no f"..." around it; print it as you like.'
    elif isinstance(value, (list, tuple)):
        look = "what you return: the mean, so their sum divided by how many there are."
    return Finding("a number of seconds", f"your function returned {describe(value)}", look)


def _is_another(timed: Timed) -> Finding | None:
    """Near the mean of the very requests that the server saw."""
    value, chats = timed.value, timed.chats
    mean = statistics.mean(timed.times)
    if mean - timed.under <= value <= mean + timed.over:
        return None
    # A busy machine makes the client wait between its requests too, but then the server sees the
    # pauses. What the function adds itself is in every pause, and the check's own have none of it.
    span = chats[-1]["end"] - chats[0]["arrival"]
    if not _pauses(timed) and mean < value <= span / timed.count + timed.over:
        return None
    return Finding(
        f"{mean:.3f} s, the mean time of a reply on the server's clock",
        f"your function returned {value:.3g}",
        _likely_mistake(timed),
    )


def _pauses(timed: Timed) -> bool:
    """Whether the function takes longer from one request to the next than requests need."""
    return _pause(timed.chats) > 5 * _pause(timed.ours) + 0.005


def _likely_mistake(timed: Timed) -> str:
    """Where to look when the number is another."""
    value, times, count = timed.value, timed.times, timed.count
    total, mean, pause = sum(times), statistics.mean(times), _pause(timed.chats)
    if _pauses(timed) and abs(value - mean - pause) <= 0.005 + pause / 2:
        enough = max(1, round(1000 * _pause(timed.ours)))
        return (
            f"what your function does between its requests: the server saw {1000 * pause:.0f} ms"
            f" there, where {enough} is enough. A sleep does this, a client made anew for each"
            " question too, and so does httpx.post."
        )
    if value > 2 * total:
        return "the unit: seconds, as perf_counter counts them, and not milliseconds."
    untimed = "the clock: read it before the first request and after the last. One was not timed."
    anew = (
        "the first reading of the clock: this is not the mean of all. Does your clock start anew"
        " for each question, so that only one of them is timed?"
    )
    mistakes = {
        total: "the division: this is the time of all of them together.",
        max(times): "what is returned: this is the slowest reply, not the mean of all.",
        percentile(times, 50): "what is returned: this is the middle one, not the mean of all.",
        times[0]: anew,
        (total - times[0]) / count: untimed,
        (total - times[-1]) / count: untimed,
        times[-1]: anew,
        times[-1] / count: anew,
    }
    if count != QUICKS:
        mistakes[total / QUICKS] = (
            f"the division: this is a division by {QUICKS}, and here are {count} questions."
            " len(questions) says how many there are."
        )

    def may_be(wrong: float) -> bool:
        # A client's clock shows a little more than the server's, on a slow machine as much more as
        # the check's own, and hardly ever less.
        added = timed.added * (count if wrong == total else 1)
        return 0.97 * wrong - 0.001 <= value <= 1.08 * wrong + 0.004 + 2 * added

    nearest_first = sorted(mistakes, key=lambda wrong: abs(value - wrong) / wrong)
    # By chance two mistakes may come to the same number: then both are named.
    looks = list(dict.fromkeys(mistakes[wrong] for wrong in nearest_first if may_be(wrong)))
    if looks:
        return " Or ".join(looks[:2])
    if value < mean:
        return "where you read the clock: it has missed some of the waiting."
    return (
        "the division by len(questions), and what else stands between the readings of the clock,"
        " such as a sleep."
    )


# 0.3: which request was the slowest, and how many were in flight, by the journal.

# Tokens of a reply. The server works on one request at a time, 30 ms and 5 ms for each token, and
# the others wait for their turn. So there are two reasons for a slow one, and a case for each.
QUIET = (1, 2, 3)  # sent alone, one after the other
CROWD = (4, 5, 6, 7)  # sent together
LONG = range(60, 64)  # alone, and slower than the last of two or three in a crowd
LONG_BUT_QUICKER = (20, 21, 22)  # alone, and quicker than the last of four or five in a crowd
LATER = [5] * 3  # together, too: at least one of them waits, also on a busy machine
BEFORE = [9] * 8  # together, before the mark: more, and a slower one, than in either case


@dataclass
class Case:
    """One case to investigate.

    verdict: what the function said. slowest: the record of the request that took longest.
    peak: the most in flight. journal: the records since the mark. before: those of before it.
    """

    verdict: Any
    slowest: dict
    peak: int
    journal: list[dict]
    before: list[dict]

    def is_right(self, verdict: Sequence) -> bool:
        """Whether these are the id, the seconds and the most in flight."""
        name, seconds, most = verdict
        return name == self.slowest["id"] and self.is_the_time(seconds) and most == self.peak

    def is_the_time(self, seconds: Any) -> bool:
        """Whether this is how long the slowest took; whoever rounds to hundredths is right too."""
        return is_number(seconds) and abs(seconds - _took(self.slowest)) <= 0.0051


def _two_cases(function: Callable, trial: Trial) -> None:
    """A short case and a long one, in one of which the slowest had much to say, and in the other
    it had to wait for its turn."""
    # Which entry is the slowest, counted from 0; in the other case it is another one.
    places = random.sample((4, 5, 6), 2)
    # Requests that follow it. The long case has as many of them as the short one can have in all,
    # so no number of last entries is right for both.
    follow = [4, 11]
    random.shuffle(follow)
    waits = random.sample([True, False], 2)
    trial.observed = [
        _case(function, trial, _waited(place, after) if waited else _long(place, after))
        for place, after, waited in zip(places, follow, waits)
    ]


def _long(place: int, after: int) -> list[list[int]]:
    """What is sent together, in turn: the slowest comes alone, behind a crowd of two or three."""
    crowd = random.choices(CROWD, k=random.choice((2, 3)))
    lead = _one_by_one(place - len(crowd))
    return [*lead, crowd, [random.choice(LONG)], *_followers(after)]


def _waited(place: int, after: int) -> list[list[int]]:
    """The slowest is the last of a crowd of four or five, and a longer one comes alone."""
    crowd = random.choices(CROWD, k=random.choice((4, 5)))
    lead = _one_by_one(place - len(crowd) + 1)
    return [*lead, crowd, [random.choice(LONG_BUT_QUICKER)], *_followers(after - 1)]


def _one_by_one(count: int) -> list[list[int]]:
    return [[random.choice(QUIET)] for _ in range(count)]


def _followers(count: int) -> list[list[int]]:
    """What is sent later, three of them together: so more have waited than those of one crowd."""
    return [*_one_by_one(count - len(LATER)), LATER]


def _case(function: Callable, trial: Trial, crowds: list[list[int]]) -> Case:
    llm = trial.llm
    start = llm.mark()
    _ask(trial, BEFORE)
    llm.settle(start)
    before = llm.journal(since=start)
    mark = llm.mark()
    for lengths in crowds:
        _ask(trial, lengths)
    llm.settle(mark)
    journal = llm.journal(since=mark)
    return Case(
        verdict=function(llm, mark),
        slowest=max(journal, key=_took),
        peak=llm.stats(since=mark)["peak"],
        journal=journal,
        before=before,
    )


def _ask(trial: Trial, lengths: Sequence[int]) -> None:
    """Ask at once for replies of so many tokens each, and wait for all."""

    def ask(tokens: int) -> None:
        body = {
            "model": MODEL,
            "messages": [{"role": "user", "content": f"Say something about {tokens}."}],
            "max_tokens": tokens,
        }
        # Seconds: about half a second is planned.
        requests.post(f"{trial.base_url}/chat/completions", json=body, timeout=10)

    with ThreadPoolExecutor(len(lengths)) as pool:
        list(pool.map(ask, lengths))


def _are_the_verdicts(evidence: Evidence) -> Finding | None:
    for case in evidence.observed:
        expected = "three things: an id, seconds, and a number of requests"
        seen = f"your function returned {describe(case.verdict)}"
        if not is_list_of(3, case.verdict):
            look = remedy(case.verdict)
            if isinstance(case.verdict, dict):
                look = "what you return: three things in this order, so return a, b, c."
            return Finding(expected, seen, look)
        if case.is_right(case.verdict):
            continue
        if any(case.is_right(other) for other in permutations(case.verdict)):
            look = "the order: the id first, then its seconds, then the most in flight."
            return Finding(expected, "all three are right, in another order", look)
        if found := _wrong_id(case) or _wrong_seconds(case) or _wrong_peak(case):
            return found
    return None


def _wrong_id(case: Case) -> Finding | None:
    said, slowest = case.verdict[0], case.slowest["id"]
    if said == slowest:
        return None
    expected = "the id of the request that took longest"
    seen = f"your function returned {describe(said)}"
    times = {entry["id"]: _took(entry) for entry in case.journal}
    if said in [entry["id"] for entry in case.before]:
        return Finding(expected, f"{seen}, from before the mark", "since=mark, in llm.journal.")
    if isinstance(said, dict):
        return Finding(expected, seen, 'what you return of the entry: entry["id"].')
    if is_number(said):
        return Finding(expected, seen, 'the first thing: entry["id"], and the seconds come second.')
    if not isinstance(said, str) or said not in times:
        return Finding(expected, f"{seen}, and no request of this case has it", 'entry["id"].')
    look = "what you compare: the end of each request minus its arrival."
    if said == max(case.journal, key=lambda entry: entry["planned"])["id"]:
        look += " This one has the longest reply, but another had to wait before its own began."
    elif said == max(case.journal, key=lambda entry: entry["queued"])["id"]:
        look += " This one waited longest for its turn, but another took longer in all."
    seen = f"{said} took {times[said]:.2f} s, and {slowest} took {times[slowest]:.2f} s"
    return Finding(expected, seen, look)


def _wrong_seconds(case: Case) -> Finding | None:
    said, slowest = case.verdict[1], case.slowest
    if case.is_the_time(said):
        return None
    look = 'the second thing: entry["end"] - entry["arrival"] of the same entry.'
    if is_number(said):
        if case.is_the_time(said / 1000):
            look = "the unit: these are milliseconds."
        elif abs(said - slowest["planned"]) <= 0.005:
            look += " This is only what its own reply needed, without the wait for its turn."
        elif abs(said - (slowest["end"] - case.journal[0]["arrival"])) <= 0.005:
            look += " This counts from the arrival of the first."
    elif isinstance(said, str):
        look = 'the second thing: a number, so no f"..." around it.'
    return Finding(
        f"{_took(slowest):.3f} s, from the arrival of {slowest['id']} to its end",
        f"your function returned {describe(said)}",
        look,
    )


def _wrong_peak(case: Case) -> Finding | None:
    said = case.verdict[2]
    if said == case.peak:
        return None
    if said == len(case.journal):
        look = "the third thing: this is how many there were in all, not at the same time."
    elif isinstance(said, dict):
        look = 'the third thing: ["peak"] of this dict.'
    elif said == judges.most_in_flight(case.before):
        look = "since=mark, in llm.stats: this was the most before the mark."
    else:
        look = 'the third thing: llm.stats(since=mark)["peak"].'
    return Finding(
        f"{case.peak} in flight at most", f"your function returned {describe(said)}", look
    )


EXERCISES = [
    Exercise(
        "0.1",
        "ask the model",
        "ask_model(base_url, question)",
        _one_question,
        [_one_request, _is_the_reply, _asked_for_it],
        "the server saw one request and answered it, and you returned its reply.",
        llm={"latency": 0.1, "models": [MODEL]},
        on_error=_explained,
    ),
    Exercise(
        "0.2",
        "measure the latency",
        "find_latency(base_url, questions)",
        _two_models,
        [_are_the_means],
        "two models saw each of your questions once, one at a time, and the server's own clock"
        " agrees with yours.",
        # A long tail, and a seed with which the middle is about half of the mean, the slowest more
        # than twice the mean, and the first and the last between: none of these figures can be
        # taken for another, nor for the mean, also where a model is tried again.
        llm={"latency": SLOW, "tail": 1.0, "seed": 1670545},
        # Three tries of both models take 24, and somewhat more on a busy machine.
        seconds=40.0,
    ),
    Exercise(
        "0.3",
        "be the referee",
        "investigate(llm, mark)",
        _two_cases,
        [_are_the_verdicts],
        "in two cases you named the request that the server saw take longest, and the most in"
        " flight. One had a long reply, and the other had to wait for its turn.",
        llm={"latency": 0.03, "tokens_per_second": 200, "capacity": 1},
    ),
]
