"""What a panel shows: a line of status, numbers, and the live chart. It draws what it is given and starts nothing."""

import threading
import traceback
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from helpers.charts.legend import kinds_in, legend_html
from helpers.charts.scene import WIDTH, Scene
from helpers.charts.timeline import timeline_svg
from helpers.charts.words import describe, numbers_html
from helpers.panel.controls import Choice, StatusLine
from helpers.runs import Run
from helpers.trace import Summary

LEAST_WIDTH, MOST_WIDTH = 300, 1400
ROWS = ("query", "thread or task")
COMMON = ("waiting", "retrieve", "model", "tool", "process")


class Screen(widgets.VBox):
    """Status line, numbers and chart. `draw` may be called from any thread."""

    def __init__(self, key: str):
        self._key, self._again, self._drawing = key, None, threading.RLock()
        self.status, self.numbers, self.chart = StatusLine(), widgets.HTML(), widgets.HTML()
        self.rows = Choice("A row for each", ROWS)
        self.rows.add_class("course-rows")
        self.rows.layout.display = "none"
        super().__init__([self.status, self.numbers, self.rows, self.chart])
        self.rows.observe(lambda _: self.redraw(), "value")
        self.status.observe(lambda _: self.redraw(), "width")

    def __repr__(self) -> str:
        return "Screen()"

    @property
    def width(self) -> int:
        """The chart's width in pixels: the page's own, so that its text keeps its size."""
        return min(MOST_WIDTH, max(LEAST_WIDTH, self.status.width)) if self.status.width else WIDTH

    def redraw(self) -> None:
        """Draw the last picture again, at the width and with the rows asked for now."""
        with self._drawing:
            if self._again is not None:
                self._again()

    def clear(self) -> None:
        """An empty chart."""
        with self._drawing:
            self._again, self.chart.value, self.numbers.value = None, "", ""
            self.rows.layout.display = "none"

    def draw(
        self, run: Run, pinned: Sequence[Run], guess: float | None, notes: Sequence[str] = ()
    ) -> None:
        """One frame of a run, live or over. guess: the seconds that the learner predicts. notes: below the numbers."""
        with self._drawing:
            self._again = lambda: self.draw(run, pinned, guess, notes)
            self.rows.layout.display = ""
            summary = run.summary
            scene = self._scene(run, summary, pinned, guess)
            legend = legend_html(kinds_in(scene.spans) | set(COMMON), self._key)
            self.chart.value = timeline_svg(scene) + legend
            self.numbers.value = numbers_html(run, summary) + _notes(notes)

    def draw_svg(self, svg: Any) -> None:
        """Another picture: a function of width that gives SVG."""
        with self._drawing:
            self._again = lambda: self.draw_svg(svg)
            self.rows.layout.display = "none"
            self.chart.value, self.numbers.value = svg(self.width), ""

    def _scene(
        self, run: Run, summary: Summary, pinned: Sequence[Run], guess: float | None
    ) -> Scene:
        marks = [
            (old.seconds, f"{old.name} {old.seconds:.2f} s") for old in pinned if old is not run
        ]
        marks += [(guess, f"your guess {guess:g} s")] if guess else []
        ghosts = [old for old in pinned if old is not run]
        return Scene(
            spans=run.trace.spans(),
            now=run.trace.now() if run.seconds is None else run.seconds,
            queries=len(run.questions),
            title=f"{run.name}, {len(run.questions)} queries",
            words=describe(run.name, summary),
            limit=run.limit,
            expected=0.0 if run.over else run.ideal,
            marks=marks,
            ghost=ghosts[-1].trace.spans() if ghosts else (),
            lag=list(run.lag),
            lanes=self.rows.value != ROWS[0],
            width=self.width,
            key=self._key,
        )


def verdict(run: Run, guess: float | None) -> tuple[str, bool]:
    """(what to say of a run that is over, whether it is an alarm)."""
    if run.outcome == "failed":
        return f"{run.name} failed, {last_lines(run.error)}", True
    if run.outcome == "abandoned":
        return (
            f"{run.name} did not stop: its code is busy. It ends when that code returns; you can go on.",
            True,
        )
    words = describe(run.name, run.summary)
    if run.outcome == "stopped":
        return f"Stopped. {words}.", False
    return f"Done. {words}." + (f" {_guessed(guess, run.seconds)}" if guess else ""), False


def _guessed(guess: float, took: float) -> str:
    if abs(guess - took) <= 0.15 * took:
        return f"You said {guess:g} s: well predicted."
    more = "more" if guess > took else "less"
    times = max(guess, took) / min(guess, took)
    return f"You said {guess:g} s, {times:.1f} times {'too long' if guess > took else 'too short'}: {more} waiting overlapped than you thought."


def last_lines(error: BaseException) -> str:
    """What a learner needs of a traceback: the line of their own that raised it, and the message with its notes."""
    others = ""
    while isinstance(error, BaseExceptionGroup):
        others = (
            f" (the first of {len(error.exceptions)} errors)"
            if len(error.exceptions) > 1
            else others
        )
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or "<ipython" in f.filename]
    where = f"in line {own[-1].lineno} of your cell, `{own[-1].line}`:\n" if own else ""
    words = [f"{type(error).__name__}: {error}"[:1500] + others, *getattr(error, "__notes__", [])]
    return where + "\n".join(words)


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<div class="course-notes">{escape(note)}</div>' for note in notes)
