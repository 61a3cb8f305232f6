"""What a panel says in its line of status."""

import traceback
from collections.abc import Sequence

from helpers.charts.sweep import describe_sweep
from helpers.charts.words import describe
from helpers.runs import Run
from helpers.sweeps import Sweep

# A guess within this share of the time counts as well predicted: nearer, luck would decide.
NEAR = 0.15
# Of an error's message; a server's whole page of HTML can be in it.
MOST_CHARACTERS = 1500
BUSY = "A run is under way. Stop it first, or let it end."


def ready_words(fixed: Sequence[str]) -> str:
    """What a panel says before a run. fixed: labels of the controls that are disabled."""
    if not fixed:
        return "Ready."
    return (
        "Ready. This fake LLM is shared, so only its owner (in a class, the instructor) sets: "
        f"{', '.join(fixed)}."
    )


def closing_words(run: Run, guess: float | None) -> tuple[str, bool]:
    """(what to say of a run that is over, whether it is an alert).

    guess: the seconds that the learner predicted, None or 0 without a prediction.
    """
    if run.outcome == "failed":
        return f"{run.name} failed, {error_words(run.error)}", True
    if run.outcome == "abandoned":
        return (
            f"{run.name} did not stop: its code is busy. "
            "It ends when that code returns; you can go on."
        ), True
    words = describe(run.name, run.summary)
    if run.outcome == "stopped":
        return f"Stopped. {words}.", False
    if not guess:
        return f"Done. {words}.", False
    return f"Done. {words}. {_guess_words(guess, run.seconds)}", False


def _guess_words(guess: float, took: float) -> str:
    if abs(guess - took) <= NEAR * took:
        return f"You said {guess:g} s: well predicted."
    times = max(guess, took) / min(guess, took)
    if guess > took:
        off, overlapped = "too long", "more"
    else:
        off, overlapped = "too short", "less"
    return (
        f"You said {guess:g} s, {times:.1f} times {off}: "
        f"{overlapped} waiting overlapped than you thought."
    )


def sweep_words(sweep: Sweep) -> tuple[str, bool]:
    """(what to say of a sweep that is over, whether it is an alert)."""
    if sweep.outcome == "failed":
        return error_words(sweep.error), True
    return f"{sweep.outcome.capitalize()}. {describe_sweep(sweep)}", False


def error_words(error: BaseException) -> str:
    """What a learner needs of a traceback: their own line that raised it, the message, its notes.

    Of a group of errors it is the first.
    """
    others = ""
    while isinstance(error, BaseExceptionGroup):
        if len(error.exceptions) > 1:
            others = f" (the first of {len(error.exceptions)} errors)"
        error = error.exceptions[0]
    message = f"{type(error).__name__}: {error}"[:MOST_CHARACTERS]
    notes = getattr(error, "__notes__", [])
    return _place(error) + "\n".join([message + others, *notes])


def _place(error: BaseException) -> str:
    """Where in a cell it was raised, with a colon behind; nothing if it was not in a cell."""
    frames = traceback.extract_tb(error.__traceback__)
    # Cells have such names for their code: ipykernel a file of its own, plain IPython a label.
    cells = [f for f in frames if "ipykernel" in f.filename or "<ipython" in f.filename]
    if not cells:
        return ""
    return f"in line {cells[-1].lineno} of your cell, `{cells[-1].line}`:\n"
