"""What a strategy prints while a button runs it.

A thread that a button started belongs to no cell, so what it prints lands in whichever cell runs
now, or nowhere, and a million lines stop the browser. So while a run is under way `sys.stdout` is
swapped for one that looks at who prints: the main thread's text goes where it always went, and of
all others' the first lines are kept for the panel and the rest is only counted.
"""

import sys
import threading
from typing import Any, Self, TextIO

# About as much as can be read below a chart; in characters too, as one line may be a megabyte.
KEPT_LINES = 20
KEPT_CHARACTERS = 4000

_open: list["Printed"] = []
_swapping = threading.Lock()


class Printed:
    """What all threads but the main one print, from `open` to `close`.

    lines: how many there were, kept or not. Where several are open at one time, as two panels that
    run side by side, the one opened last gets all, because a thread does not say whose it is.
    """

    def __init__(self) -> None:
        self.lines = 0
        self._kept = ""
        self._adding = threading.Lock()

    def open(self) -> Self:
        """Start to catch."""
        with _swapping:
            if not _open:
                sys.stdout = _StdoutByThread(sys.stdout)
            _open.append(self)
        return self

    def close(self) -> None:
        """Stop; harmless when it has."""
        with _swapping:
            if self not in _open:
                return
            _open.remove(self)
            # Somebody may have put another stdout over ours, and then that stays.
            if not _open and isinstance(sys.stdout, _StdoutByThread):
                sys.stdout = sys.stdout.real

    def add(self, text: str) -> None:
        """Count the lines of a text, and keep them if they are among the first."""
        with self._adding:
            if self.lines < KEPT_LINES and len(self._kept) < KEPT_CHARACTERS:
                self._kept += text[:KEPT_CHARACTERS]
            self.lines += text.count("\n")

    def notes(self) -> list[str]:
        """What a panel says of it: one text, or none where nothing was printed."""
        shown = self._kept.splitlines()[:KEPT_LINES]
        if not shown:
            return []
        more = self.lines - len(shown)
        counted = f"\n… and {more:,} lines more" if more > 0 else ""
        return ["It printed:\n" + "\n".join(shown) + counted]


class _StdoutByThread:
    """The real stdout for the main thread; for all others, the `Printed` that was opened last."""

    def __init__(self, real: TextIO):
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def write(self, text: str) -> int:
        opened = _open[-1:]  # a copy, because another thread may close it meanwhile
        if not opened or threading.current_thread() is threading.main_thread():
            return self.real.write(text)
        opened[0].add(text)
        return len(text)
