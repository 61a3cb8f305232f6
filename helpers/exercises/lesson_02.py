"""Exercises of lesson 02: one connection, which failures to repeat, and a deadline for a stream."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter

from helpers.agents import questions
from helpers.exercises import judges
from helpers.exercises.calls import Result, errors_are_results
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import connections, describe, is_list_of, remedy
from helpers.exercises.trial import LET_GO, REFEREE, Evidence, Trial

QUESTION = "What is a deadline?"
TWELVE = 12

# Where to look when an exception is the value.
RETURNED = "raise: an exception that is returned looks to the caller like an answer."

# Where to look when the model was asked for something else than in the exercise's cell.
PROMPT = (
    "the prompt: our model reads only the form that the cell began with, in which stand what the"
    " search has found for this question, and the question."
)


def _called(function: Callable, *arguments: Any) -> Result:
    with errors_are_results() as result:
        result.value = function(*arguments)
    return result


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

    came: Result
    requests: int


def _each_case(function: Callable, trial: Trial) -> list[Served]:
    trial.expected = trial.replies([QUESTION])
    trial.observed = []
    served = []
    for case in CASES:
        trial.llm.behave(script=case.script, models=case.models)
        mark = trial.llm.mark()
        with _noting_timeouts(trial):
            came = _called(function, trial.base_url, case.question, case.attempts)
        served.append(Served(came, trial.llm.stats(since=mark)["requests"]))
        if served[-1].requests != case.takes:
            break  # that is its finding, and the next case would only take time
    return served


@contextmanager
def _noting_timeouts(trial: Trial) -> Iterator[None]:
    """Meanwhile the timeout of each request that `requests` sends to the model is observed.

    The server cannot see a timeout, and to let one pass would take as long as it is.
    """
    plain = HTTPAdapter.send

    def send(
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        *others: Any,
        **named: Any,
    ) -> requests.Response:
        if request.url.startswith(trial.base_url):
            trial.observed.append(timeout)
        return plain(adapter, request, stream, timeout, *others, **named)

    with patch.object(HTTPAdapter, "send", send):
        yield


def _each_had_a_timeout(evidence: Evidence) -> Finding | None:
    timeouts = evidence.observed
    if None not in timeouts:
        return None
    return Finding(
        "a timeout for each attempt",
        f"{timeouts.count(None)} of {len(timeouts)} requests had none",
        "`timeout=`, wherever you post: without it a server that never answers keeps your program"
        " for ever.",
    )


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


def _is_unknown_address(case: Case, came: Result) -> bool:
    """Whether the server said 404 where the model is there: of requests, and of the SDK."""
    reply = getattr(came.value, "response", None)
    return case.models is None and getattr(reply, "status_code", None) == 404


# What stands for no failure of the server: the code behind the request did not do what was meant.
ACCIDENTS = (NameError, TypeError, AttributeError, LookupError, AssertionError)
ADDRESS = (
    "the address: the server does not know it. base_url ends in /v1 already, so only"
    " /chat/completions comes behind it."
)


def _wrong_end(case: Case, came: Result, text: str) -> str | None:
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
    """One reply that the deadline is tried on: how the server sends it, and what it may take.

    latest: seconds on the server's clock until the connection is closed; None: at the reply's end.
    """

    first: float
    a_second: int
    tokens: int
    seconds: float
    pause: float
    expected: str
    latest: float | None = None
    script: Sequence[str] = ()

    @property
    def limits(self) -> str:
        """The limits that the function was given."""
        return f"seconds={self.seconds:g} and pause={self.pause:g}"


# The longest one comes last, because the first finding ends the check.
STREAMS = {
    # 0.55 s, which is more than its pause: what bounds the whole by `pause` cuts it off.
    "quick": Stream(
        first=0.05,
        a_second=40,
        tokens=20,
        seconds=5.0,
        pause=0.4,
        expected="the whole reply as bytes, when it takes half a second and has five",
    ),
    # 1.2 s. Its first piece comes before twice its pause is over. A right answer needs 0.4.
    "late": Stream(
        first=0.7,
        a_second=40,
        tokens=20,
        seconds=2.0,
        pause=0.4,
        expected="TimeoutError when the first piece comes later than `pause`",
        latest=1.0,
    ),
    # It stops for ever after half of its tokens, about 0.3 s after its beginning. A right answer
    # needs 0.6.
    "stalled": Stream(
        first=0.05,
        a_second=40,
        tokens=20,
        seconds=2.0,
        pause=0.3,
        expected="TimeoutError when the reply stops in the middle",
        latest=1.6,
        script=["stall"],
    ),
    # 3.4 s. Whoever starts the clock when the first piece has come leaves 0.9 s too late, and
    # whoever adds a pause to the time 1.1 s. A right answer needs 1.25.
    "slow": Stream(
        first=0.9,
        a_second=20,
        tokens=50,
        seconds=1.2,
        pause=1.1,
        expected="TimeoutError when the reply takes longer than `seconds`",
        latest=2.0,
    ),
    # 2.3 s. Its first piece comes later than that of the late one, and is in time because its pause
    # is longer: so no pause but the one that was given is right for both. And it takes longer than
    # the slow one may, in more pieces: so no time and no number of pieces is right for those two.
    "patient": Stream(
        first=0.8,
        a_second=40,
        tokens=60,
        seconds=6.0,
        pause=1.6,
        expected="the whole reply as bytes, when it takes 2.3 s and has six, its first piece comes"
        " after 0.8 s, and pause is 1.6",
    ),
}
# Seconds on the caller's own clock, of the slow one: a right answer needs 1.2 at least, however
# busy the machine is.
EARLIEST = 1.15
END_OF_STREAM = b"data: [DONE]"


class Ended(NamedTuple):
    """What came of a reply, how many seconds the call took, and the server's records of it.

    text: the model's, which may be longer than the reply's.
    """

    name: str
    text: str
    came: Result
    took: float
    records: list[dict[str, Any]]

    @property
    def stream(self) -> Stream:
        """What was to come."""
        return STREAMS[self.name]

    @property
    def seconds(self) -> float | None:
        """How long the server had it; None while it still has."""
        (record,) = self.records
        return None if record["end"] is None else record["end"] - record["arrival"]

    @property
    def is_whole(self) -> bool:
        """Whether what came are the bytes of the stream from its beginning to its end."""
        content = self.came.value
        if not isinstance(content, bytes):
            return False
        *events, end = content.removesuffix(b"\n\n").split(b"\n\n")
        if end != END_OF_STREAM:
            return False
        try:
            chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
        except ValueError:
            return False
        pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
        pieces = [piece for piece in pieces if piece]
        return len(pieces) == self.stream.tokens and self.text.startswith("".join(pieces))


def _each_stream(function: Callable, trial: Trial) -> Finding | None:
    """What was found first; the streams behind it would only take time."""
    (text,) = trial.replies([QUESTION])
    for name in STREAMS:
        ended = _ended(function, trial, name, text)
        judges = (_asked_once, _came_whole, _raised_pythons_own, _hung_up_in_time, _not_too_early)
        if found := next(filter(None, (judge(ended) for judge in judges)), None):
            return found
    return None


def _ended(function: Callable, trial: Trial, name: str, text: str) -> Ended:
    stream = STREAMS[name]
    trial.llm.behave(
        time_to_first_token=stream.first,
        tokens_per_second=stream.a_second,
        script=stream.script,
    )
    mark = trial.llm.mark()
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": "gpt-4o-mini", "messages": messages, "stream": True}
    body["max_tokens"] = stream.tokens
    url = f"{trial.base_url}/chat/completions"
    started = time.perf_counter()
    came = _called(function, url, body, stream.seconds, stream.pause)
    took = time.perf_counter() - started
    trial.llm.settle(mark, LET_GO)
    return Ended(name, text, came, took, trial.llm.journal(since=mark))


def _what_was_found(evidence: Evidence) -> Finding | None:
    return evidence.returned


def _asked_once(ended: Ended) -> Finding | None:
    sent = len(ended.records)
    if sent == 1:
        return None
    return Finding(
        "one request for each call, whatever the limits are",
        f"the server saw {sent or 'none'} with {ended.stream.limits}",
        "how often you post: once, and nothing is tried again here."
        if sent
        else "what your function does before it posts.",
    )


def _came_whole(ended: Ended) -> Finding | None:
    """Where there is time."""
    if ended.stream.latest is not None or ended.is_whole:
        return None
    look = "the pieces: all of them joined, in order, every byte and nothing else."
    if isinstance(ended.came.value, TimeoutError | requests.RequestException):
        look = _cut_off(ended)
    return Finding(ended.stream.expected, str(ended.came), look)


def _cut_off(ended: Ended) -> str:
    """Where to look when a call gave up a reply that had time."""
    if ended.took < ended.stream.first:
        return "what is given to requests as its timeout: the `pause` that your function gets."
    if ended.records[0]["first_byte"] is None:
        return "what you post: `body` as it is, which asks for a stream."
    return (
        "which limit the clock is compared with: no silence was longer than `pause`, so only"
        " `seconds` may end the call."
    )


def _raised_pythons_own(ended: Ended) -> Finding | None:
    """The exceptions of requests are none, so a caller who waits for TimeoutError gets it never."""
    came = ended.came
    if ended.stream.latest is None or (came.raised and isinstance(came.value, TimeoutError)):
        return None
    look = _other_exception(ended) if isinstance(came.value, Exception) else _no_exception(ended)
    return Finding(ended.stream.expected, str(came), look)


def _other_exception(ended: Ended) -> str:
    if not ended.came.raised:
        return RETURNED
    if ended.name == "stalled":
        return "silence in the middle of a reply: it is another exception than silence before it."
    return (
        "the exceptions of requests: they are not Python's TimeoutError, so catch them and raise"
        " it."
    )


def _no_exception(ended: Ended) -> str:
    if not ended.is_whole:
        return "what happens when a limit is reached: a part of a reply is not returned, it raises."
    if ended.name == "slow":
        return (
            "the timeout of requests: it is for each read, and here a piece comes every twentieth"
            " of a second."
        )
    return (
        "what is given to requests as its timeout: a single silence may last `pause` seconds,"
        " and no longer."
    )


def _hung_up_in_time(ended: Ended) -> Finding | None:
    """On the server's clock: it is told by the connection, which closes."""
    stream = ended.stream
    if stream.latest is None:
        return None
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
    if ended.seconds <= stream.latest:
        return None
    seen = f"the server had the {ended.name} request for {ended.seconds:.1f} s"
    if ended.name == "slow":
        return Finding(
            f"a connection that is closed soon after seconds={stream.seconds:g}",
            seen,
            "which limit the clock is compared with, and where the time begins: `seconds` after"
            " the call of your function, even if the first piece comes late.",
        )
    return Finding(
        f"a connection that is closed in time, with {stream.limits}",
        seen,
        "what is given to requests as its timeout: a single silence may last `pause` seconds.",
    )


def _not_too_early(ended: Ended) -> Finding | None:
    """The slow one had its seconds."""
    if ended.name != "slow" or ended.took >= EARLIEST:
        return None
    return Finding(
        f"{ended.stream.seconds:g} s for the slow reply, as long as its pieces come",
        f"your function ended after {ended.took:.2f} s",
        _cut_off(ended),
    )


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
        [_as_each_case_takes, _each_had_a_timeout],
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
        [_what_was_found],
        "the quick and the patient reply came whole; the late, the stalled and the slow one were"
        " cut off in time.",
        llm={"latency": 0.05},
        version=2,
    ),
]
