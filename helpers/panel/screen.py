"""What a panel shows: a line of status, numbers and the live chart. It starts nothing itself."""

import threading
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from helpers.charts.scene import WIDTH, Scene
from helpers.charts.timeline import timeline_html
from helpers.charts.words import describe, numbers_html
from helpers.panel.controls import Choice, StatusLine
from helpers.runs import Run
from helpers.tables import BLOCK, as_html
from helpers.trace import Summary

# Pixels: narrower, the words in a chart run into each other; wider, they are far from their bars.
LEAST_WIDTH = 300
MOST_WIDTH = 1400
QUERY_ROWS = "query"
LANE_ROWS = "thread or task"
# The legend names these from the first frame on, so that it does not grow while a run goes on.
USUAL_KINDS = {"waiting", "retrieve", "model", "tool", "process"}


class Screen(widgets.VBox):
    """Status line, numbers and chart; all may be set and drawn from any thread.

    rows: the choice whether a row of the chart is a query, or a thread or task.
    """

    def __init__(self, key: str):
        """key: tells this screen's ids from those of others on the same page."""
        self._key = key
        self._draw_again: Callable[[], None] | None = None
        # To draw is to remember how, and to draw again is to draw: a lock that may be taken twice.
        self._drawing = threading.RLock()
        self.status = StatusLine()
        self.numbers = widgets.HTML()
        self.chart = widgets.HTML()
        self.rows = Choice("A row for each", [QUERY_ROWS, LANE_ROWS])
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
        if not self.status.width:
            return WIDTH
        return min(MOST_WIDTH, max(LEAST_WIDTH, self.status.width))

    def clear(self) -> None:
        """Show no chart and no numbers."""
        with self._drawing:
            self._draw_again = None
            self.chart.value = ""
            self.numbers.value = ""
            self.rows.layout.display = "none"

    def redraw(self) -> None:
        """Draw the last picture again, at the width and with the rows asked for now."""
        with self._drawing:
            if self._draw_again is not None:
                self._draw_again()

    def draw(
        self,
        run: Run,
        pinned: Sequence[Run] = (),
        guess: float | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Draw one frame of a run, live or over.

        pinned: runs to compare it with. guess: the seconds that the learner predicts.
        notes: texts to show below the numbers.
        """
        with self._drawing:
            self._draw_again = lambda: self.draw(run, pinned, guess, notes)
            self.rows.layout.display = ""
            summary = run.summary
            scene = self._scene(run, summary, pinned, guess)
            self.chart.value = timeline_html(scene, USUAL_KINDS)
            self.numbers.value = numbers_html(run, summary) + _notes_html(notes)

    def draw_svg(self, svg: Callable[[int], str], notes: Sequence[str] = ()) -> None:
        """Draw another picture. svg: makes it for a width in pixels."""
        with self._drawing:
            self._draw_again = lambda: self.draw_svg(svg, notes)
            self.rows.layout.display = "none"
            self.chart.value = svg(self.width)
            self.numbers.value = _notes_html(notes)

    def _scene(
        self, run: Run, summary: Summary, pinned: Sequence[Run], guess: float | None
    ) -> Scene:
        others = [old for old in pinned if old is not run]
        marks = [(old.seconds, f"{old.name} {old.seconds:.2f} s") for old in others]
        if guess:
            marks.append((guess, f"your guess {guess:g} s"))
        queries = len(run.questions)
        return Scene(
            spans=run.spans(),
            now=run.now(),
            queries=queries,
            title=f"{run.name}, {queries} queries",
            words=describe(run.name, summary),
            limit=run.limit,
            expected=0.0 if run.over else run.ideal,
            marks=marks,
            # Of several pinned runs only the latest is drawn: two ghosts hide each other.
            ghost=others[-1].spans() if others else (),
            lag=list(run.lag),  # the run may still add to it
            lanes=self.rows.value == LANE_ROWS,
            width=self.width,
            key=self._key,
        )


def _notes_html(notes: Sequence[str]) -> str:
    return "".join(f'<div class="course-notes">{as_html(note, BLOCK)}</div>' for note in notes)
