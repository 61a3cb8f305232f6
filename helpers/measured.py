"""What a lesson expects of the figures that it has measured, and what the learner guessed before.

    expect(8 < speedup < 11)
    print(f"{seconds:.1f} s; {your_guess(prediction, 's')}")

In tests, and where the worked edition is built, an expectation that is not met is an error. In a
learner's kernel it is a note: what was expected, what was seen, how busy the machine was; and the
lesson goes on, because a slow minute is no reason to stop.
"""

import ast
import inspect
import os
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from types import FrameType

from executing import Source
from IPython.display import display

from helpers.machine import last_minute
from helpers.tables import figure, note_html, note_text

# Set where nobody looks: by `make test`, and by what builds the worked edition.
STRICT = "COURSE_STRICT"
# A hundred spans say nothing that the first of them do not.
_MOST_CHARACTERS = 60
# Python's own functions that only look at what they are given, so that asking again does no harm.
_LOOKING = {"abs", "len", "max", "min", "round", "sum"}


def expect(condition: bool, meaning: str = "") -> None:
    """Nothing where the condition is true; else say, or raise, what was expected and what was seen.

    meaning: the condition in words, where its source does not say enough.
    Raises AssertionError where COURSE_STRICT is set in the environment.
    """
    if condition:
        return
    source, values = _asked(inspect.currentframe().f_back)
    expected = meaning or source or "the condition to be true"
    seen = ", ".join(values) or "otherwise"
    if nobody_looks():
        raise AssertionError(f"expected {expected}; seen: {seen}; {last_minute()}")
    display(Note(expected, seen, last_minute()))


def nobody_looks() -> bool:
    """Whether a test runs this, or what builds the worked edition, and no learner."""
    return bool(os.environ.get(STRICT))


def your_guess(prediction: float | str | None, unit: str = "") -> str:
    """What the learner predicted, to print beside what was measured.

    prediction: None where nothing has been written yet, which is no error: the lesson goes on.
    """
    if prediction is None:
        return "no guess yet: write one in the cell above, and run both cells again"
    guess = prediction if isinstance(prediction, str) else f"{prediction:g}"
    return f"you guessed {guess} {unit}".rstrip()


@dataclass(frozen=True)
class Note:
    """An expectation that was not met: coloured in a notebook, and the same as text elsewhere."""

    expected: str
    seen: str
    machine: str

    _TITLE = "This time it came out otherwise."

    @property
    def _parts(self) -> list[tuple[str, str]]:
        return [
            ("Expected", self.expected),
            ("Seen", self.seen),
            ("This machine", self.machine),
            ("Try", "run the cell again when little else runs; the lesson goes on either way."),
        ]

    def __repr__(self) -> str:
        return note_text(self._TITLE, self._parts)

    def _repr_html_(self) -> str:
        return note_html(self._TITLE, self._parts, good=False)


def _asked(frame: FrameType) -> tuple[str, list[str]]:
    """(the source of expect's condition, "name = value" for what it is made of)."""
    call = Source.executing(frame).node
    if not isinstance(call, ast.Call):
        return "", []  # the source is not at hand, as in a bare `python -c`
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "condition")]
    names = {**frame.f_globals, **frame.f_locals}
    values = dict(_values(given[0], names, _bound(given[0])))
    return ast.unparse(given[0]), [f"{text} = {value}" for text, value in values.items()]


def _values(node: ast.AST, names: dict, bound: set[str]) -> Iterator[tuple[str, str]]:
    """(source, value in words) of the largest parts of a condition that can be asked again.

    names: every variable's value. bound: names that the condition itself binds, which have no one
    value. A call is not asked again, since it may take long or do something; its arguments are.
    """
    if _can_be_asked(node) and not _free(node) & bound:
        text = ast.unparse(node)
        try:
            value = eval(text, names)
            if not callable(value) and not inspect.ismodule(value):
                yield text, _short(value)
            return
        except Exception:
            pass  # a property that raises has nothing to tell; what it belongs to may have
    skipped = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if child is not skipped:
            yield from _values(child, names, bound)


def _can_be_asked(node: ast.AST) -> bool:
    """Whether it is a variable, a part of one, or what a function that only looks makes of them."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return False
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    harmless = all(isinstance(call.func, ast.Name) and call.func.id in _LOOKING for call in calls)
    return harmless and isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))


def _bound(node: ast.AST) -> set[str]:
    """The names that comprehensions, lambdas and := in an expression bind."""
    bound = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            bound.add(part.id)
        elif isinstance(part, ast.arg):
            bound.add(part.arg)
    return bound


def _free(node: ast.AST) -> set[str]:
    """The names that an expression takes from around it."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - _bound(node)


def _short(value: object) -> str:
    fraction = isinstance(value, Real) and not isinstance(value, Integral)
    text = figure(value) if fraction else repr(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
