"""Exercises of lesson 02: one connection, a retry that retries what it should, and a deadline."""

from collections.abc import Callable
from typing import Any, NamedTuple

from helpers.agents import questions
from helpers.exercises.calls import errors_are_results, result_in_words
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import connections, describe, replies, requests
from helpers.exercises.trial import Evidence, Trial

QUESTION = "What is a deadline?"
TWELVE = 12


def _twelve_in_a_row(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(TWELVE, kind="lookup")
    trial.expected = trial.replies(trial.questions)
    return function(trial.base_url, list(trial.questions))


ATTEMPTS = 3
SERVERS = (
    {"script": ["500", "503"]},  # fails twice, then answers
    {"script": ["500"] * 20},  # always fails; longer than anybody's patience here
    {"script": ["401"] * 20},  # does not let us in, however often we ask
)


class Served(NamedTuple):
    """What came of one question to one server, and the requests that the server saw."""

    result: Any
    requests: int


def _three_servers(function: Callable, trial: Trial) -> list[Served]:
    trial.expected = trial.replies([QUESTION])
    served = []
    for behaviour in SERVERS:
        trial.llm.behave(**behaviour)
        mark = trial.llm.mark()
        with errors_are_results() as came:
            came.value = function(trial.base_url, QUESTION, ATTEMPTS)
        served.append(Served(came.value, trial.llm.stats(since=mark)["requests"]))
        if served[-1].requests > ATTEMPTS:
            break  # that is its finding, and the next server would only take time
    return served


def _answered_in_the_end(evidence: Evidence) -> Finding | None:
    result, sent = evidence.returned[0]
    if result == evidence.expected[0] and sent == ATTEMPTS:
        return None
    return Finding(
        "the text of the reply at the third attempt, when the first two fail with 500 and 503",
        f"{result_in_words(result)} after {sent} requests",
        "which failures are tried again: a POST that failed with a 5xx status is not, unless you"
        " say so.",
    )


def _gave_up(evidence: Evidence) -> Finding | None:
    result, sent = evidence.returned[1]
    if isinstance(result, Exception) and sent == ATTEMPTS:
        return None
    return Finding(
        f"an exception after {ATTEMPTS} attempts, when the server always fails",
        f"{result_in_words(result)} after {sent} requests",
        "the last attempt: how many there are in all, and what happens to its failure.",
    )


def _did_not_insist(evidence: Evidence) -> Finding | None:
    result, sent = evidence.returned[2]
    if isinstance(result, Exception) and sent == 1:
        return None
    return Finding(
        "an exception at once, when the server does not know the key (401)",
        f"{result_in_words(result)} after {sent} requests",
        "which failures can pass by themselves: a 5xx may, a 4xx will not (but for 429).",
    )


# Seconds. The deadline is far above a token's time, so that no single read ever takes as long, and
# far below the time of a whole reply.
DEADLINE = 0.4
PLENTY = 5.0
NEVER_BEGINS = {"latency": 2.0}
DRIPS = {"latency": 0.05, "time_to_first_token": 0.05, "tokens_per_second": 10}
TOKENS = 14  # 1.4 s, more than three deadlines: see _hung_up


class Replies(NamedTuple):
    """What came of a reply in time, of one that never begins, and of one that drips in."""

    quick: Any
    silent: Any
    slow: Any


def _quick_then_slow(function: Callable, trial: Trial) -> Replies:
    url = f"{trial.base_url}/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": QUESTION}]}
    quick = function(url, body, PLENTY)
    trial.llm.behave(**NEVER_BEGINS)
    with errors_are_results() as silent:
        silent.value = function(url, body, DEADLINE)
    trial.llm.behave(**DRIPS)
    try:
        slow = function(url, {**body, "stream": True, "max_tokens": TOKENS}, DEADLINE)
    except TimeoutError as error:
        slow = error
    return Replies(quick, silent.value, slow)


def _whole_and_in_time(evidence: Evidence) -> Finding | None:
    quick = evidence.returned.quick
    slow = evidence.returned.slow
    if not isinstance(quick, bytes) or b'"chat.completion"' not in quick:
        return Finding(
            "the whole reply as bytes",
            f"your function returned {describe(quick)}",
            "the chunks: join them.",
        )
    if isinstance(slow, TimeoutError):
        return None
    return Finding(
        "TimeoutError when the reply takes longer than its time",
        f"your function returned {describe(slow)}",
        "the timeout of requests: it is for each read, and here a token comes every tenth of a"
        " second.",
    )


def _raised_pythons_own_timeout(evidence: Evidence) -> Finding | None:
    """requests.Timeout is no TimeoutError, so a caller who waits for that never gets it."""
    silent = evidence.returned.silent
    if isinstance(silent, TimeoutError):
        return None
    return Finding(
        "TimeoutError when the server is silent",
        result_in_words(silent),
        "requests has exceptions of its own: catch requests.RequestException, and raise"
        " TimeoutError if time is up.",
    )


def _hung_up(evidence: Evidence) -> Finding | None:
    """The server's journal says so: the slow reply was not read to its end.

    Three deadlines, because a chunk that comes just in time lets the next read begin: a client that
    looks at the clock after each chunk needs up to two.
    """
    slow = evidence.seen()[-1]
    if slow["outcome"] == "disconnected" and slow["end"] - slow["arrival"] < 3 * DEADLINE:
        return None
    return Finding(
        "a connection that is closed when the time is up",
        "the server sent the reply to its end",
        "when the clock is looked at: after each chunk, not after all of them.",
    )


EXERCISES = [
    Exercise(
        "2.1",
        "one connection for all",
        "ask_in_a_row(base_url, questions)",
        _twelve_in_a_row,
        [replies, requests(TWELVE), connections(1)],
        f"{TWELVE} replies in order, over one connection.",
        llm={"latency": 0.02},
    ),
    Exercise(
        "2.2",
        "a retry that retries",
        "ask_again(base_url, question, attempts)",
        _three_servers,
        [_answered_in_the_end, _gave_up, _did_not_insist],
        "3 attempts where it helps, no more than 3 where it does not, and 1 where it cannot.",
        llm={"latency": 0.01},
    ),
    Exercise(
        "2.3",
        "a deadline for the whole call",
        "post_within(url, body, seconds)",
        _quick_then_slow,
        [_whole_and_in_time, _raised_pythons_own_timeout, _hung_up],
        "the quick reply came whole, and the slow one was cut off in time.",
        llm={"latency": 0.05},
    ),
]
