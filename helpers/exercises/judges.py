"""Judges that many exercises share: each returns None where it is content, and else a Finding.

A maker such as `peak(1, 10)` returns the judge; the numbers come from the server's journal.
"""

import inspect
from collections.abc import Iterable
from typing import Any

from helpers import trace
from helpers.exercises.exercise import Finding, Judge, Trial


def most_in_flight(records: Iterable[dict]) -> int:
    """The largest number of requests that the server had at one instant."""
    return trace.peak((record["arrival"], record["end"]) for record in records)


def mean_in_flight(records: list[dict]) -> float:
    """The mean number in flight from the first arrival to the last: for as long as there is work to start."""
    arrivals = sorted(r["arrival"] for r in records)
    if not arrivals or arrivals[0] == arrivals[-1]:
        return float(len(records))
    last = arrivals[-1]
    busy = sum((last if r["end"] is None else min(last, r["end"])) - r["arrival"] for r in records)
    return busy / (last - arrivals[0])


def peak(at_least: int, at_most: int) -> Judge:
    """How many chat requests the server had at once, or questions the agent: on a busy machine the server has fewer."""

    def judge(trial: Trial) -> Finding | None:
        most = max(most_in_flight(trial.seen()), trial.most_asked)
        if most > at_most:
            return Finding(
                f"at most {at_most} in flight",
                f"{most} were in flight at once",
                "what bounds the number that run at the same time.",
            )
        if most < at_least:
            return Finding(
                f"{at_most} in flight",
                f"never more than {most} in flight at once",
                "what makes one wait for another: they should overlap.",
            )
        return None

    return judge


def overlapped(limit: int, share: float = 0.25, kind: str = "chat") -> Judge:
    """The slots were used: the mean number in flight is a generous share of the limit."""

    def judge(trial: Trial) -> Finding | None:
        if mean_in_flight(trial.seen(kind)) >= share * limit:
            return None
        return Finding(
            f"{limit} requests in flight for nearly all of the time",
            "on the server's clock most of these slots were empty most of the time",
            "where a free slot waits although there is work to do.",
        )

    return judge


def requests(count: int, kind: str = "chat") -> Judge:
    """The server got exactly this many requests of one kind."""

    def judge(trial: Trial) -> Finding | None:
        seen = len(trial.seen(kind))
        if seen == count:
            return None
        look = (
            "what ends too early, or never starts."
            if seen < count
            else "what is sent more than once."
        )
        return Finding(f"{count} {kind} requests", f"the server saw {seen} of them", look)

    return judge


def connections(at_most: int) -> Judge:
    """The server got its requests over few connections."""

    def judge(trial: Trial) -> Finding | None:
        opened = len({entry["connection"] for entry in trial.journal})
        if opened <= at_most:
            return None
        return Finding(
            f"at most {at_most} connections",
            f"the server saw {opened} connections",
            "where a session is made, and how often: one session keeps its connections and uses them again.",
        )

    return judge


def answers(trial: Trial) -> Finding | None:
    """The function returned the agent's answer to every question, in the order of the questions."""
    asked, returned = trial.questions, trial.returned
    if not isinstance(returned, (list, tuple)) or len(returned) != len(asked):
        return Finding(
            f"a list of {len(asked)} answers",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    if all(map(trial.is_answer, asked, returned)):
        return None
    if all(any(trial.is_answer(q, a) for a in returned) for q in asked):
        return Finding(
            "the answers in the order of the questions",
            "all answers are there, in another order",
            "how an answer finds its place: the order in which they arrive is not the order of the questions.",
        )
    wrong = next(i for i, (q, a) in enumerate(zip(asked, returned)) if not trial.is_answer(q, a))
    return Finding(
        "an answer to each question",
        f"question {wrong} got {describe(returned[wrong])}",
        remedy(returned[wrong : wrong + 1]),
    )


def replies(trial: Trial) -> Finding | None:
    """The function returned the texts of the model's replies (kept as "replies"), in the order of the questions."""
    returned, texts = trial.returned, trial.kept["replies"]
    if isinstance(returned, (list, tuple)) and list(returned) == texts:
        return None
    seen = f"your function returned {describe(returned)}"
    if not isinstance(returned, (list, tuple)) or not all(
        isinstance(text, str) for text in returned
    ):
        return Finding(f"a list of {len(texts)} texts", seen, remedy(returned))
    if sorted(returned) == sorted(texts):
        seen = "all replies are there, in another order"
        return Finding(
            "the replies in the order of the questions", seen, "how a reply finds its place."
        )
    return Finding(
        "the text of the model's reply to each question",
        seen,
        "messages, and where the reply holds its text.",
    )


def describe(value: Any) -> str:
    """A value in words, short."""
    if value is None:
        return "None"
    if inspect.iscoroutine(value):
        return "a coroutine that nobody awaited"
    if isinstance(value, (list, tuple)):
        inside = {type(item).__name__ for item in value}
        what = f" of {inside.pop()} objects" if len(inside) == 1 else ""
        return f"a {type(value).__name__} of length {len(value)}{what}"
    text = repr(getattr(value, "text", value))
    return f"{type(value).__name__} {text[:60]}{'...' if len(text) > 60 else ''}"


def remedy(value: Any) -> str:
    """Where to look when a function returned this."""
    sample = value[0] if isinstance(value, (list, tuple)) and value else value
    name = type(sample).__name__
    if sample is None:
        return "the return statement: a function without one returns None."
    if name == "Future":
        return ".result(): a future is a promise of an answer, not the answer."
    if name in ("coroutine", "Task"):
        return "await: a coroutine or a task is not its result."
    if name in ("generator", "map", "filter", "zip"):
        return "list(...): an iterator has not done its work yet."
    if isinstance(sample, BaseException):
        return "the exception that stands where an answer should be."
    return "what you return, and what it holds."
