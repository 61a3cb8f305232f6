"""Exercises of lesson 02: one connection, which failures to repeat, and a deadline for a stream."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from helpers.agents import questions
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import connections, describe, is_list_of, remedy, requests
from helpers.exercises.trial import LET_GO, Evidence, Trial

QUESTION = "What is a deadline?"
TWELVE = 12


def _twelve_in_a_row(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    return function(trial.url, list(trial.questions))


def _right_texts(evidence: Evidence) -> Finding | None:
    """A text for each question, in order, in which its answer is."""
    returned = evidence.returned
    asked = evidence.questions
    if not is_list_of(len(asked), returned) or not all(isinstance(t, str) for t in returned):
        return Finding(
            f"a list of {len(asked)} texts",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    wrong = [question for question, text in zip(asked, returned) if not question.accepts(text)]
    if not wrong:
        return None
    if all(any(question.accepts(text) for text in returned) for question in asked):
        return Finding(
            "the texts in the order of the questions",
            "all answers are there, in another order",
            "how a text finds its place.",
        )
    return Finding(
        "the model's answer to each question, from what the search has found",
        f"{len(wrong)} of {len(asked)} texts without the answer",
        "the prompt: what the search has found belongs in it, and the question.",
    )


class Case(NamedTuple):
    """One question to one server: how it fails, how many attempts are allowed, how many it takes.

    answers: whether the last of them is answered. models: the only ones there are; None: any.
    """

    script: Sequence[str]
    attempts: int
    takes: int
    answers: bool
    expected: str
    look: str
    models: Sequence[str] | None = None


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
        " you say so.",
    ),
    Case(
        ["500"] * FOR_EVER,
        attempts=2,
        takes=2,
        answers=False,
        expected="an exception after 2 attempts, when attempts is 2 and the server always fails",
        look="the last attempt: how many there are in all, and what happens to its failure.",
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
    """What came of one case, and the requests that the server saw."""

    result: Any
    requests: int


def _each_case(function: Callable, trial: Trial) -> list[Served]:
    trial.expected = trial.replies([QUESTION])
    served = []
    for case in CASES:
        trial.llm.behave(script=case.script, models=case.models)
        mark = trial.llm.mark()
        with errors_are_results() as came:
            came.value = function(trial.base_url, QUESTION, case.attempts)
        served.append(Served(came.value, trial.llm.stats(since=mark)["requests"]))
        if served[-1].requests != case.takes:
            break  # that is its finding, and the next case would only take time
    return served


def _as_each_case_takes(evidence: Evidence) -> Finding | None:
    for case, (result, sent) in zip(CASES, evidence.returned):
        answered = result == evidence.expected[0]
        failed = isinstance(result, Exception)
        if sent == case.takes and (answered if case.answers else failed):
            continue
        seen = f"{result_in_words(result)} after {sent} request{'s' if sent != 1 else ''}"
        return Finding(case.expected, seen, case.look)
    return None


# Seconds. A piece comes far more often than any pause that is allowed, and a whole reply takes far
# longer than what it may take where it is to be cut off: so a busy machine changes no verdict.
class Stream(NamedTuple):
    """One reply that the deadline is tried on: how the server sends it, and what it may take."""

    behaviour: dict[str, Any]
    tokens: int
    seconds: float
    pause: float


STREAMS = {
    # 0.55 s, which is more than its pause: what bounds the whole by `pause` cuts it off.
    "whole": Stream({"time_to_first_token": 0.05, "tokens_per_second": 40}, 20, 5.0, 0.4),
    "silent": Stream({"time_to_first_token": 3.0, "tokens_per_second": 40}, 20, 1.4, 0.2),
    # It stops for ever after half of its tokens, about 0.3 s after its beginning.
    "stalled": Stream(
        {"time_to_first_token": 0.05, "tokens_per_second": 40, "script": ["stall"]}, 20, 3.0, 0.3
    ),
    # 2.5 s.
    "slow": Stream({"time_to_first_token": 0.05, "tokens_per_second": 20}, 50, 0.6, 0.3),
}
LATEST = {"silent": 0.8, "stalled": 1.6, "slow": 1.6}  # seconds; a right answer needs half of it
EARLIEST = 0.5  # seconds, of the slow one: a right answer needs 0.6 at least
END_OF_STREAM = b"data: [DONE]"


class Ended(NamedTuple):
    """What came of a reply, and the server's record of its request; None where it saw none."""

    result: Any
    record: dict[str, Any] | None

    @property
    def seconds(self) -> float | None:
        """How long the server had it; None while it still has."""
        if self.record is None or self.record["end"] is None:
            return None
        return self.record["end"] - self.record["arrival"]


def _each_stream(function: Callable, trial: Trial) -> dict[str, Ended]:
    url = f"{trial.base_url}/chat/completions"
    messages = [{"role": "user", "content": QUESTION}]
    ended = {}
    for name, (behaviour, tokens, seconds, pause) in STREAMS.items():
        trial.llm.behave(**behaviour)
        mark = trial.llm.mark()
        body = {"model": "gpt-4o-mini", "messages": messages, "stream": True, "max_tokens": tokens}
        with errors_are_results() as came:
            came.value = function(url, body, seconds, pause)
        trial.llm.settle(mark, LET_GO)
        records = trial.llm.journal(since=mark)
        ended[name] = Ended(came.value, records[0] if records else None)
    return ended


def _the_whole_reply(evidence: Evidence) -> Finding | None:
    result = evidence.returned["whole"].result
    whole = isinstance(result, bytes) and result.rstrip().endswith(END_OF_STREAM)
    if whole and result.startswith(b"data:"):
        return None
    return Finding(
        "the whole reply as bytes, when it takes half a second and has five",
        result_in_words(result),
        "the pieces: all of them joined, in order, and nothing else. No single pause was longer"
        " than it may be.",
    )


def _the_server_was_asked(evidence: Evidence) -> Finding | None:
    unasked = [name for name, ended in evidence.returned.items() if ended.record is None]
    if not unasked:
        return None
    return Finding(
        "a request to the server, whatever the limits are",
        f"{len(unasked)} of {len(STREAMS)} calls sent none",
        "what your function does before it posts.",
    )


def _raised_pythons_own(evidence: Evidence) -> Finding | None:
    """The exceptions of requests are none, so a caller who waits for TimeoutError gets it never."""
    remedies = {
        "silent": (
            "TimeoutError when the server says nothing at all",
            "the exceptions of requests: they are not Python's TimeoutError, so catch them and"
            " raise it.",
        ),
        "stalled": (
            "TimeoutError when the reply stops in the middle",
            "silence in the middle of a reply: it is another exception than silence before it.",
        ),
        "slow": (
            "TimeoutError when the reply takes longer than `seconds`",
            "the timeout of requests: it is for each read, and here a piece comes every twentieth"
            " of a second.",
        ),
    }
    for name, (expected, look) in remedies.items():
        result = evidence.returned[name].result
        if not isinstance(result, TimeoutError):
            return Finding(expected, result_in_words(result), look)
    return None


def _hung_up_in_time(evidence: Evidence) -> Finding | None:
    """On the server's clock: it is told by the connection, which closes."""
    for name in LATEST:
        ended = evidence.returned[name]
        _, _, seconds, pause = STREAMS[name]
        limits = f"seconds={seconds:g} and pause={pause:g}"
        if ended.seconds is None:
            return Finding(
                "a connection that is closed when your function raises",
                "the server still had the request afterwards",
                "the with block around the reply, or what goes on behind your function's back.",
            )
        if ended.record["outcome"] != "disconnected":
            return Finding(
                "a connection that is closed when the time is up",
                "the server sent the reply to its end",
                "when the clock is looked at: after each piece, not after all of them.",
            )
        if ended.seconds > LATEST[name]:
            return Finding(
                f"a connection that is closed in time, with {limits}",
                f"the server had the {name} request for {ended.seconds:.1f} s",
                "what is given to requests as its timeout: a single silence may last `pause`"
                " seconds.",
            )
    early = evidence.returned["slow"].seconds
    if early < EARLIEST:
        return Finding(
            f"a reply that gets its {STREAMS['slow'].seconds:g} seconds, as long as pieces come",
            f"the server saw you leave after {early:.2f} s",
            "which of the two limits the clock is compared with.",
        )
    return None


EXERCISES = [
    Exercise(
        "2.1",
        "one connection for all",
        "ask_in_a_row(url, questions)",
        _twelve_in_a_row,
        [_right_texts, requests(TWELVE, "search"), requests(TWELVE), connections(1)],
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
        version=3,
    ),
    Exercise(
        "2.3",
        "a deadline for the whole call",
        "post_within(url, body, seconds, pause)",
        _each_stream,
        [_the_whole_reply, _the_server_was_asked, _raised_pythons_own, _hung_up_in_time],
        "the quick reply came whole; the silent, the stalled and the slow one were cut off in"
        " time.",
        llm={"latency": 0.05},
        version=2,
    ),
]
