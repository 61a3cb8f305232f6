"""Judges that many exercises share: each returns None where it is content, and else a Finding.

A maker such as `peak(1, 10)` returns the judge; the numbers come from the server's journal.
"""

import inspect
from collections.abc import Iterable
from typing import Any

from helpers import trace
from helpers.exercises.exercise import Finding, Judge
from helpers.exercises.trial import Evidence

# Characters of a value that a message shows: enough to know it again, and still one line.
_SHOWN = 60


def most_in_flight(records: Iterable[dict]) -> int:
    """The largest number of requests that the server had at one instant."""
    return trace.peak((record["arrival"], record["end"]) for record in records)


def mean_in_flight(records: list[dict]) -> float:
    """The mean number in flight while there was work to start: from first to last arrival."""
    if not records:
        return 0.0
    first = min(record["arrival"] for record in records)
    last = max(record["arrival"] for record in records)
    if first == last:
        return float(len(records))
    # Seconds, of all requests together; what ends after the last arrival counts up to it.
    busy = sum(
        (last if record["end"] is None else min(last, record["end"])) - record["arrival"]
        for record in records
    )
    return busy / (last - first)


def most_at_once(evidence: Evidence) -> int:
    """The most questions under way at once: by the server, or by the agents where they had more.

    On a busy machine the requests of questions asked together reach the server one by one.
    """
    return max(most_in_flight(evidence.seen()), evidence.most_asked)


def peak(at_least: int, at_most: int) -> Judge:
    """How many questions were under way at once."""

    def judge(evidence: Evidence) -> Finding | None:
        most = most_at_once(evidence)
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
    """The slots were used: the mean number in flight is a generous share of the limit.

    A quarter of the slots is more than one request at a time can ever fill where there are four
    slots or more, and a good answer fills it even where the machine is busy with something else.
    """

    def judge(evidence: Evidence) -> Finding | None:
        if mean_in_flight(evidence.seen(kind)) >= share * limit:
            return None
        return Finding(
            f"{limit} requests in flight for nearly all of the time",
            "on the server's clock most of these slots were empty most of the time",
            "where a free slot waits although there is work to do.",
        )

    return judge


def requests(count: int, kind: str = "chat") -> Judge:
    """The server got exactly this many requests of one kind."""

    def judge(evidence: Evidence) -> Finding | None:
        seen = len(evidence.seen(kind))
        if seen == count:
            return None
        too_few = "what ends too early, or never starts."
        too_many = "what is sent more than once."
        return Finding(
            f"{count} {kind} requests",
            f"the server saw {seen} of them",
            too_few if seen < count else too_many,
        )

    return judge


def connections(at_most: int) -> Judge:
    """The server got its requests over few connections."""

    def judge(evidence: Evidence) -> Finding | None:
        opened = len({entry["connection"] for entry in evidence.journal})
        if opened <= at_most:
            return None
        return Finding(
            "1 connection" if at_most == 1 else f"at most {at_most} connections",
            f"the server saw {opened} connections",
            "where a session is made, and how often, and where its `with` block ends, because that"
            " closes its connections.",
        )

    return judge


def answers(evidence: Evidence) -> Finding | None:
    """The function returned the agent's answer to every question, in the order of the questions."""
    asked = evidence.questions
    returned = evidence.returned
    if not is_list_of(len(asked), returned):
        return Finding(
            f"a list of {len(asked)} answers",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    wrong = [
        number
        for number, (question, answer) in enumerate(zip(asked, returned))
        if not evidence.is_answer(question, answer)
    ]
    if not wrong:
        return None
    if all(any(evidence.is_answer(question, answer) for answer in returned) for question in asked):
        return Finding(
            "the answers in the order of the questions",
            "all answers are there, in another order",
            "how an answer finds its place: the order in which they arrive is not the order of the"
            " questions.",
        )
    first = returned[wrong[0]]
    return Finding(
        "an answer to each question",
        f"question {wrong[0]} got {describe(first)}",
        remedy([first]),
    )


def replies(evidence: Evidence) -> Finding | None:
    """The function returned the texts of the model's replies, in the order of the questions."""
    returned = evidence.returned
    expected = evidence.expected
    is_list = isinstance(returned, (list, tuple))
    if is_list and list(returned) == expected:
        return None
    seen = f"your function returned {describe(returned)}"
    if not is_list or not all(isinstance(text, str) for text in returned):
        return Finding(f"a list of {len(expected)} texts", seen, remedy(returned))
    if sorted(returned) == sorted(expected):
        return Finding(
            "the replies in the order of the questions",
            "all replies are there, in another order",
            "how a reply finds its place.",
        )
    return Finding(
        "the text of the model's reply to each question",
        seen,
        "messages, and where the reply holds its text.",
    )


def is_list_of(length: int, value: Any) -> bool:
    """Whether this is a list (or a tuple) of so many."""
    return isinstance(value, (list, tuple)) and len(value) == length


def is_number(value: Any) -> bool:
    """Whether this is a number that can be compared with a time or a rate."""
    return isinstance(value, (int, float))


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
    return f"{type(value).__name__} {text[:_SHOWN]}{'...' if len(text) > _SHOWN else ''}"


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
