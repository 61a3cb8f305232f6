"""Draws what runs, live, and says in the end how it went. For a thread of its own."""

import time
from collections.abc import Callable, Sequence

from helpers.charts.sweep import sweep_svg
from helpers.charts.words import doubts
from helpers.machine import Load
from helpers.panel.messages import closing_words, sweep_words
from helpers.panel.output import Printed
from helpers.panel.screen import Screen
from helpers.runs import Run
from helpers.sweeps import Sweep

# Smooth enough to watch; each frame is a few milliseconds of the processor that the run needs, too.
FRAMES_PER_SECOND = 8
# Seconds: where frames take longer than they may, the run still has the processor in between.
LEAST_PAUSE = 0.01


def draw_until_over(
    live: Run | Sweep, pause: Callable[[float], object], draw: Callable[[], None]
) -> None:
    """Draw frames while something runs. pause: blocks for so many seconds, or until it is over."""
    due = time.monotonic()
    while not live.over:
        # The pause comes first, so that no frame competes with the start of a run.
        due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic() + LEAST_PAUSE)
        pause(due - time.monotonic())
        if not live.over:
            draw()


def draw_run(
    screen: Screen, run: Run, pinned: Sequence[Run], guess: float | None, printed: Printed
) -> None:
    """Draw a run until it is over, and what it printed below it.

    pinned: runs to compare it with. guess: the seconds that the learner predicts.
    """
    load = Load()

    def draw(notes: Sequence[str] = ()) -> None:
        screen.draw(run, pinned, guess, [*doubts(run, *load.shares()), *notes])

    draw_until_over(run, run.pause, draw)
    draw(printed.notes())
    words, alert = closing_words(run, guess)
    screen.status.say(words, alert=alert)


def draw_sweep(screen: Screen, sweep: Sweep, printed: Printed) -> None:
    """Draw a sweep until it is over, and what it printed below it."""

    def picture(width: int) -> str:
        return sweep_svg(sweep, width)

    draw_until_over(sweep, sweep.wait, lambda: screen.draw_svg(picture))
    screen.draw_svg(picture, printed.notes())
    words, alert = sweep_words(sweep)
    screen.status.say(words, alert=alert)
