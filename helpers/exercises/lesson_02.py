"""Exercises of lesson 02: one connection, which failures to repeat, and a deadline for a stream."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import requests

from helpers.agents import questions
from helpers.exercises import judges
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import connections, describe, is_list_of, remedy
from helpers.exercises.trial import LET_GO, REFEREE, Evidence, Trial

QUESTION = "What is a deadline?"
TWELVE = 12


class Came(NamedTuple):
    """What came of a call: the value that it returned, or the exception that it raised."""

    value: Any
    raised: bool

    def __str__(self) -> str:
        if isinstance(self.value, Exception) and not self.raised:
            return f"{type(self.value).__name__} as a value that was returned"
        return result_in_words(self.value)


# Where to look when an exception is the value.
RETURNED = "raise: an exception that is returned looks to the caller like an answer."


# Where to look when the model was asked for something else than in the exercise's cell.
PROMPT = (
    "the prompt: our model reads only the form that the cell began with, in which stand what the"
    " search has found for this question, and the question."
)


def _called(function: Callable, *arguments: Any) -> Came:
    raised = True
    with errors_are_results() as result:
        result.value = function(*arguments)
        raised = False
    return Came(result.value, raised)


def _twelve_in_a_row(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    replies = [_grounded_reply(trial.url, question) for question in trial.questions]
    trial.expected = [reply["choices"][0]["message"]["content"] for reply in replies]
    trial.observed = sorted(reply["usage"]["completion_tokens"] for reply in replies)
    return function(trial.url, list(trial.questions))


def _grounded_reply(url: str, question: str) -> dict[str, Any]:
    """The model's reply to what the search finds and the question; the judges do not see it."""
    unseen: dict[str, Any] = {"headers": {"x-tag": REFEREE}, "timeout": 10}  # seconds
    found = requests.get(f"{url}/search", params={"q": question}, **unseen).json()
    best = found["results"][0]
    prompt = f"Context:\n[1] {best['title']}: {best['text']}\n\nQuestion: {question}"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    return requests.post(f"{url}/v1/chat/completions", json=body, **unseen).json()


def _right_texts(evidence: Evidence) -> Finding | None:
    """The model's reply to each question, in order; and it was the model that gave them."""
    returned = evidence.returned
    asked, expected = evidence.questions, evidence.expected
    if not is_list_of(len(asked), returned) or not all(isinstance(t, str) for t in returned):
        return Finding(
            f"a list of {len(asked)} texts",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    if sorted(returned) == sorted(expected):
        if list(returned) == expected:
            return None
        return Finding(
            "the texts in the order of the questions",
            "all answers are there, in another order",
            "how a text finds its place.",
        )
    wrong = [question for question, text in zip(asked, returned) if not question.accepts(text)]
    if wrong:
        return Finding(
            "the model's answer to each question, from what the search has found",
            f"{len(wrong)} of {len(asked)} texts without the answer",
            PROMPT,
        )
    other = next(text for text, right in zip(returned, expected) if text != right)
    return Finding(
        "the texts of the model's replies",
        f"one of yours is {describe(other)}",
        "where a text comes from: what the search has found belongs in the prompt, and the model's"
        " own words are in its reply.",
    )


def _the_model_answered(evidence: Evidence) -> Finding | None:
    """Its replies were those answers: as many tokens, so that no other prompt was sent."""
    sent = sorted(record["completion_tokens"] for record in evidence.seen())
    if sent == evidence.observed:
        return None
    return Finding(
        "replies of the model that hold the answers",
        "the texts are right, and the model was asked for something else",
        PROMPT,
    )


class Case(NamedTuple):
    """One question to one server: how it fails, how many attempts are allowed, how many it takes.

    answers: whether the last of them is answered. look: where to look if there were more or fewer.
    models: the only ones there are; None: any. question: what is asked.
    """

    script: Sequence[str]
    attempts: int
    takes: int
    answers: bool
    expected: str
    look: str
    models: Sequence[str] | None = None
    question: Any = QUESTION


FOR_EVER = 20  # failures in a row: longer than anybody's patience here
CASES = (
    Case(
        ["500", "503"],
        attempts=3,
        takes=3,
        answers=True,
        expected="the text of the reply at the third attempt, when the first two fail with 500 and"
        " 503",
        look="which failures are tried again: a POST that failed with a 5xx status is not, unless"
        " you say so; and which addresses an adapter is mounted on: this server's begins with"
        " http://.",
    ),
    Case(
        ["502", "504"],
        attempts=3,
        takes=3,
        answers=True,
        expected="the text of the reply at the third attempt, when the first two fail with 502 and"
        " 504",
        look="which statuses are tried again: there are four of them.",
    ),
    Case(
        ["500"] * FOR_EVER,
        attempts=1,
        takes=1,
        answers=False,
        expected="an exception after the first attempt, when attempts is 1 and the server always"
        " fails",
        look="the last attempt: how many there are in all.",
    ),
    Case(
        ["503"] * FOR_EVER,
        attempts=2,
        takes=2,
        answers=False,
        expected="an exception after 2 attempts, when attempts is 2 and the server always fails",
        look="the last attempt: how many there are in all.",
    ),
    Case(
        ["401"] * FOR_EVER,
        attempts=3,
        takes=1,
        answers=False,
        expected="an exception at once, when the server does not know the key (401)",
        look="which failures can pass by themselves: a wrong key stays wrong.",
    ),
    Case(
        ["insufficient_quota"] * FOR_EVER,
        attempts=3,
        takes=1,
        answers=False,
        expected="an exception at once, when the account is empty (429, insufficient_quota)",
        look="which failures can pass by themselves: an empty account stays empty until somebody"
        " pays.",
    ),
    Case(
        [],
        attempts=3,
        takes=1,
        answers=False,
        expected="an exception at once, when the model does not exist (404)",
        look="which failures can pass by themselves: what does not exist is not there the next time"
        " either.",
        models=["another-model"],
    ),
    Case(
        [],
        attempts=3,
        takes=1,
        answers=False,
        expected="an exception at once, when the request is wrong (400), here because the question"
        " is a number",
        look="which failures can pass by themselves: a request that is wrong will be wrong again.",
        question=42,
    ),
    Case(
        ["500"] + ["401"] * FOR_EVER,
        attempts=3,
        takes=2,
        answers=False,
        expected="an exception after the second attempt, when the first fails with 500 and the"
        " second with 401",
        look="where the status is looked at: after each attempt, not only after the first.",
    ),
)


class Served(NamedTuple):
    """What came of one case, and how many requests the server saw."""

    came: Came
    requests: int


def _each_case(function: Callable, trial: Trial) -> list[Served]:
    trial.expected = trial.replies([QUESTION])
    served = []
    for case in CASES:
        trial.llm.behave(script=case.script, models=case.models)
        mark = trial.llm.mark()
        came = _called(function, trial.base_url, case.question, case.attempts)
        served.append(Served(came, trial.llm.stats(since=mark)["requests"]))
        if served[-1].requests != case.takes:
            break  # that is its finding, and the next case would only take time
    return served


def _as_each_case_takes(evidence: Evidence) -> Finding | None:
    (text,) = evidence.expected
    for case, (came, sent) in zip(CASES, evidence.returned):
        if _is_unknown_address(case, came):
            look = ADDRESS
        else:
            look = case.look if sent != case.takes else _wrong_end(case, came, text)
        if look is not None:
            seen = f"{came} after {sent} request{'s' if sent != 1 else ''}"
            return Finding(case.expected, seen, look)
    return None


def _is_unknown_address(case: Case, came: Came) -> bool:
    """Whether the server said 404 where the model is there: of requests, and of the SDK."""
    reply = getattr(came.value, "response", None)
    return case.models is None and getattr(reply, "status_code", None) == 404


# What stands for no failure of the server: the code behind the request did not do what was meant.
ACCIDENTS = (NameError, TypeError, AttributeError, LookupError, AssertionError)
ADDRESS = (
    "the address: the server does not know it. base_url ends in /v1 already, so only"
    " /chat/completions comes behind it."
)


def _wrong_end(case: Case, came: Came, text: str) -> str | None:
    """Where to look when the requests were right, and what came of them was not; None: it was."""
    if not case.answers:
        if came.raised and isinstance(came.value, ACCIDENTS):
            return (
                f"the exception: {type(came.value).__name__} is an accident of the code behind the"
                " request; raise_for_status() raises one that says what the server said."
            )
        if came.raised:
            return None
        if case.question is not QUESTION and isinstance(came.value, str):
            return None  # whoever makes a text of the question sends a request that is right
        if isinstance(came.value, Exception):
            return RETURNED
        return "what happens to the last attempt's failure: it is raised, and nothing is returned."
    if came.raised:
        return "what happens after the attempt that is answered: its text is returned."
    if came.value != text:
        return "what you return: the text of the last reply, its first choice's message's content."
    return None


# Seconds. A piece comes far more often than any pause that is allowed, a silence that is too long
# is so by far, and a whole reply takes far longer than it may where it is to be cut off: so a busy
# machine changes no verdict.
class Stream(NamedTuple):
    """One reply that the deadline is tried on: how the server sends it, and what it may take."""

    first: float
    a_second: int
    tokens: int
    seconds: float
    pause: float
    script: Sequence[str] = ()


STREAMS = {
    # 0.55 s, which is more than its pause: what bounds the whole by `pause` cuts it off.
    "whole": Stream(first=0.05, a_second=40, tokens=20, seconds=5.0, pause=0.4),
    # 2.3 s. Its first piece comes later than that of the next, and is in time because its pause is
    # longer: so no pause but the one that was given is right for both. And it takes longer than the
    # slow one may, in more pieces: so no time and no number of pieces is right for those two.
    "patient": Stream(first=0.8, a_second=40, tokens=60, seconds=6.0, pause=1.6),
    # 1.2 s. Its first piece comes before twice its pause is over.
    "late": Stream(first=0.7, a_second=40, tokens=20, seconds=2.0, pause=0.4),
    # It stops for ever after half of its tokens, about 0.3 s after its beginning.
    "stalled": Stream(first=0.05, a_second=40, tokens=20, seconds=2.0, pause=0.3, script=["stall"]),
    # 3.4 s. Whoever starts the clock when the first piece has come leaves 0.9 s too late, and
    # whoever adds a pause to the time 1.1 s.
    "slow": Stream(first=0.9, a_second=20, tokens=50, seconds=1.2, pause=1.1),
}
TO_THE_END = ("whole", "patient")
# Seconds on the server's clock. A right answer needs 0.4, 0.6 and 1.25.
LATEST = {"late": 1.0, "stalled": 1.6, "slow": 2.0}
# Seconds on the caller's own clock, of the slow one: a right answer needs 1.2 at least, however
# busy the machine is.
EARLIEST = 1.15
END_OF_STREAM = b"data: [DONE]"


class Ended(NamedTuple):
    """What came of a reply, how many seconds the call took, and the server's records of it."""

    came: Came
    took: float
    records: list[dict[str, Any]]

    @property
    def seconds(self) -> float | None:
        """How long the server had it; None while it still has."""
        (record,) = self.records
        return None if record["end"] is None else record["end"] - record["arrival"]


def _each_stream(function: Callable, trial: Trial) -> dict[str, Ended]:
    url = f"{trial.base_url}/chat/completions"
    messages = [{"role": "user", "content": QUESTION}]
    trial.expected = trial.replies([QUESTION])
    ended = {}
    for name, stream in STREAMS.items():
        trial.llm.behave(
            time_to_first_token=stream.first,
            tokens_per_second=stream.a_second,
            script=stream.script,
        )
        mark = trial.llm.mark()
        body = {"model": "gpt-4o-mini", "messages": messages, "stream": True}
        body["max_tokens"] = stream.tokens
        started = time.perf_counter()
        came = _called(function, url, body, stream.seconds, stream.pause)
        took = time.perf_counter() - started
        trial.llm.settle(mark, LET_GO)
        ended[name] = Ended(came, took, trial.llm.journal(since=mark))
    return ended


def _asked_once_each(evidence: Evidence) -> Finding | None:
    sent = {name: len(ended.records) for name, ended in evidence.returned.items()}
    unasked = [name for name in sent if sent[name] == 0]
    if unasked:
        return Finding(
            "a request to the server, whatever the limits are",
            f"{len(unasked)} of {len(STREAMS)} calls sent none",
            "what your function does before it posts.",
        )
    twice = [name for name in sent if sent[name] > 1]
    if twice:
        return Finding(
            "one request for each call",
            f"the server saw {sent[twice[0]]} of them for the {twice[0]} reply",
            "how often you post: once, and nothing is tried again here.",
        )
    return None


def _is_whole(stream: Any, text: str, tokens: int) -> bool:
    """Whether these are the bytes of a stream from its beginning to its end: pieces of this text.

    text: may be longer than the stream's.
    """
    if not isinstance(stream, bytes):
        return False
    *events, end = stream.removesuffix(b"\n\n").split(b"\n\n")
    if end != END_OF_STREAM:
        return False
    try:
        chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
    except ValueError:
        return False
    pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
    pieces = [piece for piece in pieces if piece]
    return len(pieces) == tokens and text.startswith("".join(pieces))


def _whole_where_there_is_time(evidence: Evidence) -> Finding | None:
    expected = {
        "whole": "the whole reply as bytes, when it takes half a second and has five",
        "patient": "the whole reply as bytes, when it takes 2.3 s and has six, its first piece"
        " comes after 0.8 s, and pause is 1.6",
    }
    (text,) = evidence.expected
    for name in TO_THE_END:
        came, stream = evidence.returned[name].came, STREAMS[name]
        if _is_whole(came.value, text, stream.tokens):
            continue
        look = "the pieces: all of them joined, in order, every byte and nothing else."
        if isinstance(came.value, TimeoutError | requests.RequestException):
            look = _cut_off(evidence.returned[name], stream)
        return Finding(expected[name], str(came), look)
    return None


def _cut_off(ended: Ended, stream: Stream) -> str:
    """Where to look when a call gave up a reply that had time."""
    if ended.took < stream.first:
        return "what is given to requests as its timeout: the `pause` that your function gets."
    if ended.records[0]["first_byte"] is None:
        return "what you post: `body` as it is, which asks for a stream."
    return (
        "which limit the clock is compared with: no silence was longer than `pause`, so only"
        " `seconds` may end the call."
    )


def _raised_pythons_own(evidence: Evidence) -> Finding | None:
    """The exceptions of requests are none, so a caller who waits for TimeoutError gets it never."""
    (text,) = evidence.expected
    expected = {
        "late": "TimeoutError when the first piece comes later than `pause`",
        "stalled": "TimeoutError when the reply stops in the middle",
        "slow": "TimeoutError when the reply takes longer than `seconds`",
    }
    for name in expected:
        came = evidence.returned[name].came
        if came.raised and isinstance(came.value, TimeoutError):
            continue
        if isinstance(came.value, Exception):
            look = _other_exception(name, came)
        else:
            look = _no_exception(name, _is_whole(came.value, text, STREAMS[name].tokens))
        return Finding(expected[name], str(came), look)
    return None


def _other_exception(name: str, came: Came) -> str:
    if not came.raised:
        return RETURNED
    if name == "stalled":
        return "silence in the middle of a reply: it is another exception than silence before it."
    return (
        "the exceptions of requests: they are not Python's TimeoutError, so catch them and raise"
        " it."
    )


def _no_exception(name: str, whole: bool) -> str:
    if name == "slow" and whole:
        return (
            "the timeout of requests: it is for each read, and here a piece comes every twentieth"
            " of a second."
        )
    if whole:
        return (
            "what is given to requests as its timeout: a single silence may last `pause` seconds,"
            " and no longer."
        )
    return "what happens when a limit is reached: a part of a reply is not returned, it raises."


def _hung_up_in_time(evidence: Evidence) -> Finding | None:
    """On the server's clock: it is told by the connection, which closes."""
    for name in LATEST:
        ended, stream = evidence.returned[name], STREAMS[name]
        if ended.seconds is None:
            return Finding(
                "a connection that is closed when your function raises",
                "the server still had the request afterwards",
                "the with block around the reply, or what goes on behind your function's back.",
            )
        if ended.records[0]["outcome"] != "disconnected":
            return Finding(
                "a connection that is closed when the time is up",
                "the server sent the reply to its end",
                "when the clock is looked at: after each piece, not after all of them.",
            )
        if name == "slow" and ended.seconds > LATEST[name]:
            return Finding(
                f"a connection that is closed soon after seconds={stream.seconds:g}",
                f"the server had the {name} request for {ended.seconds:.1f} s",
                "which limit the clock is compared with, and where the time begins: `seconds` after"
                " the call of your function, even if the first piece comes late.",
            )
        if ended.seconds > LATEST[name]:
            return Finding(
                f"a connection that is closed in time, with seconds={stream.seconds:g} and"
                f" pause={stream.pause:g}",
                f"the server had the {name} request for {ended.seconds:.1f} s",
                "what is given to requests as its timeout: a single silence may last `pause`"
                " seconds.",
            )
    early = evidence.returned["slow"].took
    if early < EARLIEST:
        return Finding(
            f"{STREAMS['slow'].seconds:.1f} s for the slow reply, as long as its pieces come",
            f"your function ended after {early:.2f} s",
            "which of the two limits the clock is compared with.",
        )
    return None


EXERCISES = [
    Exercise(
        "2.1",
        "one connection for all",
        "ask_in_a_row(url, questions)",
        _twelve_in_a_row,
        [
            _right_texts,
            judges.requests(TWELVE, "search"),
            judges.requests(TWELVE),
            _the_model_answered,
            connections(1),
        ],
        f"{TWELVE} searches and {TWELVE} replies, over one connection.",
        llm={"latency": 0.02, "search_latency": 0.005},
        version=2,
    ),
    Exercise(
        "2.2",
        "a retry that retries",
        "ask_again(base_url, question, attempts)",
        _each_case,
        [_as_each_case_takes],
        "as many attempts as you may have where they help, and one where they cannot.",
        llm={"latency": 0.01},
        seconds=20.0,  # a right answer may wait between its attempts
        version=3,
    ),
    Exercise(
        "2.3",
        "a deadline for the whole call",
        "post_within(url, body, seconds, pause)",
        _each_stream,
        [
            _asked_once_each,
            _whole_where_there_is_time,
            _raised_pythons_own,
            _hung_up_in_time,
        ],
        "the quick and the patient reply came whole; the late, the stalled and the slow one were"
        " cut off in time.",
        llm={"latency": 0.05},
        version=2,
    ),
]
