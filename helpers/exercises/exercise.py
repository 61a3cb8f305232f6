"""What an exercise is, and the verdict on a learner's function.

An exercise is declared in lesson_NN.py: a fake LLM's settings, how the function is called, and
judges. A judge is given the evidence of a trial; it returns None where it is content, and else a
Finding.

The latencies in those settings are about a tenth of a second: long beside what a busy machine adds
to a request, and nobody waits long for a verdict. A search of 5 ms leaves it to the model's latency
how long a question takes. A tail makes replies unequal, so that later questions overtake earlier
ones; where it is set, so is a seed with which they do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from helpers.exercises.trial import Evidence, Trial
from helpers.tables import note_html, note_text

# Seconds. A good answer takes less than two even on a slow machine, and nobody likes to wait
# longer than this for a bad one.
TIME_LIMIT = 10.0


class Finding(NamedTuple):
    """Why a trial is not good yet: what was expected, what was seen instead, and where to look."""

    expected: str
    seen: str
    look: str


Judge = Callable[[Evidence], Finding | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    call: `call(function, trial)` hands the learner's function its arguments and returns what there
    is to judge: its result, or what came of several calls. It is `async def` where the function is.
    passed: a sentence that says what the server saw of a good answer.
    llm: settings of the fake LLM. seconds: the time limit.
    on_error: turns an exception of the learner's function into a Finding, or returns None.
    version: the version of what it asks; it grows when the contract changes, so that an old
    solution is not taken for an answer to a new question.
    """

    id: str
    title: str
    signature: str
    call: Callable[[Callable, Trial], Any]
    judges: Sequence[Judge]
    passed: str
    llm: dict[str, Any] = field(default_factory=dict)
    seconds: float = TIME_LIMIT
    on_error: Callable[[BaseException, Evidence], Finding | None] | None = None
    version: int = 1

    @property
    def lesson(self) -> int:
        """The number of its lesson."""
        return int(self.id.split(".")[0])


class State(StrEnum):
    """What a check says first: the words that a learner reads."""

    PASSED = "passed"
    OPEN = "still open"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class CheckResult:
    """What a check says: the verdict on one try of an exercise. True where it is passed.

    finding: why it is not passed yet. note: something else to know, such as that progress could
    not be kept.
    """

    exercise: Exercise
    state: State
    finding: Finding | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return self.state is State.PASSED

    @property
    def _title(self) -> str:
        return f"Exercise {self.exercise.id} ({self.exercise.title}): {self.state}."

    @property
    def _parts(self) -> list[tuple[str, str]]:
        if self.state is State.PASSED:
            parts = [("Seen", self.exercise.passed)]
        elif self.finding:
            parts = list(zip(("Expected", "Seen", "Look at"), self.finding))
        else:
            parts = [("To do", f"write {self.exercise.signature}, then run this cell again.")]
        return parts + ([("Note", self.note)] if self.note else [])

    def __repr__(self) -> str:
        return note_text(self._title, self._parts)

    def _repr_html_(self) -> str:
        return note_html(self._title, self._parts, good=bool(self))
