"""Exercises of lesson 02: one connection, a retry that retries what it should, and a deadline for the whole call."""

from collections.abc import Callable
from typing import Any

from helpers.agents import questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import connections, describe, replies, requests

QUESTION = "What is a deadline?"
ATTEMPTS = 3


def _twelve_in_a_row(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(12, kind="lookup")
    trial.kept["replies"] = trial.replies(trial.questions)
    return function(trial.base_url, list(trial.questions))


def _three_servers(function: Callable, trial: Trial) -> Any:
    """One that fails twice, one that always fails, and one that does not let us in; (what came, requests) of each."""
    trial.kept["reply"] = trial.replies([QUESTION])[0]
    seen = []
    for behaviour in (
        {"script": ["500", "503"]},
        {"script": ["500"] * 20},
        {"script": [], "api_key": "secret"},
    ):
        trial.llm.behave(**behaviour)
        mark = trial.llm.mark()
        try:
            came = function(trial.base_url, QUESTION, ATTEMPTS)
        except NotImplementedError:
            raise
        except Exception as error:
            came = error
        seen.append((came, trial.llm.stats(since=mark)["requests"]))
        if seen[-1][1] > ATTEMPTS:
            break
    return seen


def _answered_in_the_end(trial: Trial) -> Finding | None:
    came, sent = trial.returned[0]
    if came == trial.kept["reply"] and sent == ATTEMPTS:
        return None
    return Finding(
        "the text of the reply at the third attempt, when the first two fail with 500 and 503",
        f"{_came(came)} after {sent} requests",
        "which failures are tried again: a POST that failed with a 5xx status is not, unless you say so.",
    )


def _gave_up(trial: Trial) -> Finding | None:
    came, sent = trial.returned[1]
    if isinstance(came, Exception) and sent == ATTEMPTS:
        return None
    return Finding(
        f"an exception after {ATTEMPTS} attempts, when the server always fails",
        f"{_came(came)} after {sent} requests",
        "the last attempt: how many there are in all, and what happens to its failure.",
    )


def _did_not_insist(trial: Trial) -> Finding | None:
    came, sent = trial.returned[2]
    if isinstance(came, Exception) and sent == 1:
        return None
    return Finding(
        "an exception at once, when the server does not know the key (401)",
        f"{_came(came)} after {sent} requests",
        "which failures can pass by themselves: a 5xx may, a 4xx will not (but for 429).",
    )


def _came(came: Any) -> str:
    return f"the exception {type(came).__name__}" if isinstance(came, Exception) else describe(came)


DEADLINE = 0.4


def _quick_then_slow(function: Callable, trial: Trial) -> Any:
    """A reply that is there in time, one that never begins, and one that drips in for more than a second."""
    url = f"{trial.base_url}/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": QUESTION}]}
    quick = function(url, body, 5.0)
    trial.llm.behave(latency=2.0)
    try:
        silent = function(url, body, DEADLINE)
    except Exception as error:
        silent = error
    trial.llm.behave(latency=0.05, time_to_first_token=0.05, tokens_per_second=10)
    try:
        slow = function(url, {**body, "stream": True, "max_tokens": 14}, DEADLINE)
    except TimeoutError as error:
        slow = error
    return quick, silent, slow


def _whole_and_in_time(trial: Trial) -> Finding | None:
    quick, silent, slow = trial.returned
    if not isinstance(quick, bytes) or b'"chat.completion"' not in quick:
        return Finding(
            "the whole reply as bytes",
            f"your function returned {describe(quick)}",
            "the chunks: join them.",
        )
    if isinstance(slow, TimeoutError):
        return _python_s_own(silent)
    return Finding(
        "TimeoutError when the reply takes longer than its time",
        f"your function returned {describe(slow)}",
        "the timeout of requests: it is for each read, and here a token comes every tenth of a second.",
    )


def _python_s_own(silent: Any) -> Finding | None:
    """requests.Timeout is no TimeoutError, so a caller who waits for that never gets it."""
    if isinstance(silent, TimeoutError):
        return None
    return Finding(
        "TimeoutError when the server is silent",
        _came(silent),
        "requests has exceptions of its own: catch requests.RequestException, and raise TimeoutError if time is up.",
    )


def _hung_up(trial: Trial) -> Finding | None:
    """The server's journal says so: the slow reply was not read to its end."""
    slow = trial.seen()[-1]
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
        [replies, requests(12), connections(1)],
        "12 replies in order, over one connection.",
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
        [_whole_and_in_time, _hung_up],
        "the quick reply came whole, and the slow one was cut off in time.",
        llm={"latency": 0.05},
    ),
]
