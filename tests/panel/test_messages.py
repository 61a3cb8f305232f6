"""What a panel says: how a run ended, what a guess was worth, and what a learner's error needs."""

from types import SimpleNamespace

import pytest

from helpers.panel.messages import closing_words, error_words, ready_words, sweep_words
from helpers.trace import Span, summarise


def run_that(outcome, seconds=2.0, error=None):
    """As much of a run as its closing words need."""
    span = Span(0, "query", "main", 0.0, seconds, "ok")
    return SimpleNamespace(
        name="mine",
        outcome=outcome,
        seconds=seconds,
        error=error,
        summary=summarise([span], seconds, 1),
    )


def test_ready_says_who_sets_what_is_disabled():
    """By the controls' labels; a screen reader does not see what is grey."""
    assert ready_words([]) == "Ready."
    words = ready_words(["Model latency", "Faults"])
    assert words.startswith("Ready. ")
    assert "instructor" in words
    assert words.endswith("Model latency, Faults.")


@pytest.mark.parametrize(
    ("outcome", "begins", "alert"),
    [
        ("done", "Done. mine: 1 of 1 answered in 2.00 s", False),
        ("stopped", "Stopped. mine: 1 of 1 answered", False),
        ("failed", "mine failed, ValueError: no", True),
        ("abandoned", "mine did not stop: its code is busy.", True),
    ],
)
def test_closing_words_say_how_it_ended(outcome, begins, alert):
    """What went wrong is an alert, which a screen reader reads out at once."""
    words, urgent = closing_words(run_that(outcome, error=ValueError("no")), None)
    assert words.startswith(begins)
    assert urgent is alert


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (2.2, "You said 2.2 s: well predicted."),
        (10.0, "5.0 times too long: more waiting overlapped than you thought."),
        (0.5, "4.0 times too short: less waiting overlapped than you thought."),
    ],
)
def test_a_guess_is_told_what_it_was_worth(guess, words):
    """Within 15 % it is right; else by how many times, and why."""
    assert closing_words(run_that("done"), guess)[0].endswith(words)


@pytest.mark.parametrize("guess", [None, 0.0])
def test_no_guess_is_not_judged(guess):
    """Who did not guess is not told that they were wrong."""
    assert "You said" not in closing_words(run_that("done"), guess)[0]


def test_a_run_that_was_stopped_is_no_test_of_a_guess():
    """Its time is not the strategy's."""
    assert "You said" not in closing_words(run_that("stopped"), 2.0)[0]


def test_an_errors_words_have_type_message_and_notes():
    """The notes say what to do about it."""
    error = ValueError("a bug <b> of mine")
    error.add_note("Start it again.")
    assert error_words(error) == "ValueError: a bug <b> of mine\nStart it again."


def test_of_a_group_of_errors_the_first_is_told():
    """With how many there are, as a task group raises them; a group of one is only that one."""
    several = ExceptionGroup("unhandled", [KeyError("a"), ValueError("b")])
    assert error_words(several) == "KeyError: 'a' (the first of 2 errors)"
    assert error_words(ExceptionGroup("unhandled", [ValueError("b")])) == "ValueError: b"


def test_a_page_of_a_message_is_cut():
    """It would push the chart from the screen."""
    assert len(error_words(ValueError("x" * 100_000))) < 2000


def test_a_learners_own_line_is_named():
    """Of a whole traceback it is the line in the cell that matters."""
    code = compile("def mine():\n    raise ValueError('no')\n", "/tmp/ipykernel_1/2.py", "exec")
    names = {}
    exec(code, names)
    with pytest.raises(ValueError) as raised:
        names["mine"]()
    assert error_words(raised.value).startswith("in line 2 of your cell, `")


def test_a_sweeps_words_are_its_outcome_or_its_error():
    """The error alone is an alert."""
    sweep = SimpleNamespace(
        name="mine", outcome="stopped", error=None, points=[], limits=(1, 2), knee=None
    )
    assert sweep_words(sweep) == ("Stopped. mine: 0 of 2 concurrencies.", False)
    sweep.outcome, sweep.error = "failed", ValueError("no")
    assert sweep_words(sweep) == ("ValueError: no", True)
