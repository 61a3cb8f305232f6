"""What runs is drawn at most eight times a second, and once more when it is over."""

from types import SimpleNamespace

import pytest

from helpers import run
from helpers.panel import drawing
from helpers.panel.drawing import LEAST_PAUSE, draw_run, draw_sweep
from helpers.panel.output import Printed
from helpers.panel.screen import Screen
from helpers.strategies import threads
from helpers.sweeps import Sweep


class Theatre:
    """A clock of its own, a run that lasts for so many pauses, and a screen that takes its time.

    events: ("pause" or "draw", the seconds that it took).
    """

    def __init__(self, pauses, frame):
        """frame: what it takes to draw one, in seconds."""
        self.clock = 0.0
        self.events = []
        self.run = SimpleNamespace(over=False, pause=self.pause)
        self._pauses, self._frame = pauses, frame

    def monotonic(self):
        return self.clock

    def pause(self, seconds):
        self._pass("pause", seconds)
        self._pauses -= 1
        self.run.over = self._pauses == 0

    def draw(self):
        self._pass("draw", self._frame)

    def _pass(self, what, seconds):
        self.events.append((what, round(seconds, 6)))
        self.clock += seconds


@pytest.fixture
def theatre(monkeypatch):
    """theatre(pauses, frame): the events of a run that is drawn until it is over."""

    def play(pauses, frame):
        theatre = Theatre(pauses, frame)
        monkeypatch.setattr(drawing, "time", theatre)
        drawing.draw_until_over(theatre.run, theatre.pause, theatre.draw)
        return theatre.events

    return play


def test_frames_come_eight_times_a_second_and_a_pause_comes_first(theatre):
    """At the start of a run, no frame competes with it; what a frame takes is no more pause."""
    rest = ("pause", 0.1)
    assert theatre(4, frame=0.025) == [
        ("pause", 0.125),
        ("draw", 0.025),
        rest,
        ("draw", 0.025),
        rest,
        ("draw", 0.025),
        rest,
    ]


def test_frames_that_take_too_long_leave_the_run_some_time(theatre):
    """Otherwise a slow machine would do nothing but draw."""
    events = theatre(4, frame=0.5)
    assert events[2::2] == [("pause", LEAST_PAUSE)] * 3


def test_what_is_over_is_not_drawn_live(theatre):
    """Its last picture comes from elsewhere, with the notes."""
    assert theatre(1, frame=0.025) == [("pause", 0.125)]


@pytest.fixture
def printed():
    """What a strategy printed."""
    printed = Printed()
    printed.add("tick\n")
    return printed


def test_a_run_is_drawn_with_what_it_printed(llm, printed):
    """When it is over, and the status says how it went."""
    screen = Screen("test")
    draw_run(screen, run(threads, llm=llm, questions=4, limit=2), [], None, printed)
    assert "It printed:\ntick" in screen.numbers.value
    assert screen.status.value.startswith("Done. threads: 4 of 4 answered")


def test_a_sweep_is_drawn_with_what_it_printed(llm, printed):
    """As a run is."""
    screen = Screen("test")
    draw_sweep(screen, Sweep(threads, [1, 2], llm=llm).resume(), printed)
    assert "<svg" in screen.chart.value
    assert "It printed:\ntick" in screen.numbers.value
    assert screen.status.value.startswith("Done. threads: 2 of 2 concurrencies")
