"""What a lesson expects of the figures that it has measured: `expect(8 < speedup < 11)`.

In tests, and where the worked edition is built, an expectation that is not met is an error. In a
learner's kernel it is a note: what was expected, what was seen, how busy the machine was; and the
lesson goes on, because a slow minute is no reason to stop.
"""

import ast
import inspect
import os
from collections.abc import Iterator
from types import FrameType

import psutil
from executing import Source
from IPython.display import HTML, display

from helpers.tables import figure, note_html

# Set where nobody looks: by `make test`, and by what builds the worked edition.
STRICT = "COURSE_STRICT"
_MOST_CHARACTERS = 60


def expect(condition: bool, meaning: str = "") -> None:
    """Nothing where the condition is true; else say, or raise, what was expected and what was seen.

    meaning: the condition in words, where its source does not say enough.
    Raises AssertionError where COURSE_STRICT is set in the environment.
    """
    if condition:
        return
    frame = inspect.currentframe().f_back
    source, values = _asked(frame)
    expected = meaning or source or "the condition to be true"
    seen = ", ".join(values) or "otherwise"
    if os.environ.get(STRICT):
        raise AssertionError(f"expected {expected}; seen: {seen}; {busy()}")
    parts = [
        ("Expected", expected),
        ("Seen", seen),
        ("This machine", busy()),
        ("Try", "run the cell again when little else runs; the lesson goes on either way."),
    ]
    display(HTML(note_html("This time it came out otherwise.", parts, good=False)))


def busy() -> str:
    """How busy this machine has been in the last minute, in words."""
    wanting, _, _ = psutil.getloadavg()
    return f"{wanting:.1f} programs at a time wanted its {psutil.cpu_count() or 1} processors"


def _asked(frame: FrameType) -> tuple[str, list[str]]:
    """(the source of expect's first argument, "name = value" for each name in it)."""
    found = Source.executing(frame)
    if not isinstance(found.node, ast.Call) or not found.node.args:
        return "", []  # the source is not at hand, as in a bare `python -c`
    condition = found.node.args[0]
    return ast.unparse(condition), list(_values(condition, frame))


def _values(condition: ast.AST, frame: FrameType) -> Iterator[str]:
    """Each name and attribute of the condition with its value; a call's result is not asked again."""
    told = set()
    for node in ast.walk(condition):
        text = ast.unparse(node)
        if isinstance(node, (ast.Name, ast.Attribute)) and text not in told:
            told.add(text)
            try:
                value = eval(text, frame.f_globals, frame.f_locals)
            except Exception:  # a property that raises has nothing to tell
                continue
            if not callable(value) and not inspect.ismodule(value):
                yield f"{text} = {_short(value)}"


def _short(value: object) -> str:
    text = figure(value) if isinstance(value, float) else repr(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
