"""What a strategy prints while a button runs it.

Such a print belongs to no cell: it lands in whichever runs now, or nowhere, and a million lines stop the browser.
So the first lines are kept for the panel, and the others are counted.
"""

import sys
import threading
from typing import Any, Self

KEPT_LINES, KEPT_CHARACTERS = 20, 4000

_listening: list["Printed"] = []
_changing = threading.Lock()


class Printed:
    """Catches what other threads than the main one print, from `open` to `close`. lines: how many there were."""

    def __init__(self) -> None:
        self.lines, self._text, self._writing = 0, "", threading.Lock()

    def open(self) -> Self:
        """Start to catch."""
        with _changing:
            if not _listening:
                sys.stdout = _Split(sys.stdout)
            _listening.append(self)
        return self

    def close(self) -> None:
        """Stop; harmless when it has."""
        with _changing:
            if self in _listening:
                _listening.remove(self)
                if not _listening and isinstance(sys.stdout, _Split):
                    sys.stdout = sys.stdout.real

    def add(self, text: str) -> None:
        """Count the lines of a text, and keep them if they are among the first."""
        with self._writing:
            if self.lines < KEPT_LINES and len(self._text) < KEPT_CHARACTERS:
                self._text += text[:KEPT_CHARACTERS]
            self.lines += text.count("\n")

    def note(self) -> list[str]:
        """What to say of it: nothing, or one text."""
        shown = self._text.splitlines()[:KEPT_LINES]
        if not shown:
            return []
        more = f"\n… and {self.lines - len(shown):,} lines more" if self.lines > len(shown) else ""
        return ["It printed:\n" + "\n".join(shown) + more]


class _Split:
    """sys.stdout as it was for the main thread; for all others, the latest that listens."""

    def __init__(self, real: Any):
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def write(self, text: str) -> int:
        listening = _listening[-1:]
        if not listening or threading.current_thread() is threading.main_thread():
            return self.real.write(text)
        listening[0].add(text)
        return len(text)
