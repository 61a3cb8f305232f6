"""What a step of the migration changes, as a difference of two files."""

from difflib import unified_diff
from html import escape

from helpers.migration.programs import STEPS, program_name, source_of

# Green and vermilion of the Okabe-Ito palette, which colour-blind readers tell apart; a fifth of
# their strength, so that text on them is as readable in the dark theme as in the light one.
_ADDED = "text-decoration:none;background:rgba(0,158,115,.2)"
_REMOVED = "text-decoration:none;background:rgba(213,94,0,.2)"
_UNCHANGED = "opacity:.85"


class Change:
    """The difference between two states of the program, as HTML and as text.

    lines: of the unified diff, the two that name the files first.
    """

    def __init__(self, before: str, after: str):
        self.before = before
        self.after = after
        old = source_of(before).splitlines()
        new = source_of(after).splitlines()
        # One line of context: the learner has just seen the rest.
        self.lines = list(unified_diff(old, new, before, after, lineterm="", n=1))

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        name = f"What changes from {self.before} to {self.after}"
        body = "\n".join(_line_html(line) for line in self.lines[2:])
        return (
            f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto">'
            f'<b>{name}</b><pre style="margin:0.3em 0;line-height:1.35">{body}</pre></div>'
        )


def _line_html(line: str) -> str:
    """One line in its colour; its sign stays, because nobody should need the colour."""
    if line.startswith("+"):
        return f'<ins style="{_ADDED}">{escape(line)}</ins>'
    if line.startswith("-"):
        return f'<del style="{_REMOVED}">{escape(line)}</del>'
    return f'<span style="{_UNCHANGED}">{escape(line)}</span>'


def change(step: int | str, before: int | str | None = None) -> Change:
    """What a step changes, compared with the step before it or with the one named by `before`.

    Raises ValueError where there is no such step, or nothing comes before it.
    """
    if before is None:
        if step not in range(1, len(STEPS)):
            raise ValueError(
                f"step is {step!r}; it takes a number from 1 to 6, or name the one before, too"
            )
        before = step - 1
    return Change(program_name(before), program_name(step))
