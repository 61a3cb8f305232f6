"""Exercises: `check("3.1", fn)` tries a learner's function against a fake LLM and says what the server saw.

    check("3.1", ask_all)     # a Verdict; nothing that your function does is raised here
    course_map()              # every lesson, with its exercises solved or open

Each exercise is declared in lesson_NN.py. One fake LLM serves all of them: it starts with the first check, takes
each exercise's settings in turn, and ends with the kernel.
"""

import functools
import inspect
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.exercises.course_map import course_map
from helpers.exercises.exercise import (
    NOT_YET,
    OPEN,
    PASSED,
    REFEREE,
    Exercise,
    Finding,
    Trial,
    Verdict,
)
from helpers.exercises.judges import describe
from helpers.exercises.progress import keep
from helpers.exercises.running import Outcome, cause, last_line, run_limited, where

__all__ = ["check", "course_map", "exercises"]

_checking = threading.Lock()
_llm: Any = None
_defaults: dict = {}


@functools.cache
def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by its id, in the order of the lessons."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("lesson_[0-9][0-9].py"))
    known = [e for name in modules for e in import_module(f"helpers.exercises.{name}").EXERCISES]
    return {exercise.id: exercise for exercise in known}


def check(exercise_id: str, function: Callable) -> Verdict:
    """Try a function against the fake LLM of an exercise. Raises ValueError on an id that does not exist."""
    exercise = exercises().get(str(exercise_id))
    if exercise is None:
        raise ValueError(
            f"there is no exercise {exercise_id!r}; there are {', '.join(exercises())}"
        )
    if unfit := _unfit(exercise, function):
        return Verdict(exercise, NOT_YET, unfit)
    try:
        with _checking:
            verdict = _try(exercise, function)
    except Exception as error:
        found = Finding(
            "a fake LLM to try your function against",
            last_line(error),
            f"{_HELP} Your function may be right.",
        )
        return Verdict(exercise, NOT_YET, found)
    if verdict.state == PASSED:
        return Verdict(exercise, PASSED, note=keep(exercise.id))
    return verdict


_HELP = "the doctor's report: from helpers.doctor import doctor; doctor()."


def _unfit(exercise: Exercise, function: Any) -> Finding | None:
    """Why this object cannot be tried at all, if so."""
    wanted = f"the function {exercise.signature}, without brackets behind its name"
    if not callable(function):
        if inspect.iscoroutine(function):
            function.close()
        return Finding(wanted, describe(function), f'the call: check("{exercise.id}", name).')
    keyword = "async def" if inspect.iscoroutinefunction(exercise.call) else "def"
    if _is_async(function) != (keyword == "async def"):
        other = "def" if keyword == "async def" else "async def"
        return Finding(
            f"`{keyword} {exercise.signature}`",
            f"a function made with `{other}`",
            "the word before its name.",
        )
    names = exercise.signature.partition("(")[2].rstrip(")").split(",")
    try:
        inspect.signature(function).bind(*names)
    except TypeError:
        own = f"{getattr(function, '__name__', 'it')}{inspect.signature(function)}"
        return Finding(
            exercise.signature, f"yours is {own}", "the arguments: their number and order."
        )
    except ValueError:
        return None  # some built-in callables have no signature to look at
    return None


def _is_async(function: Callable) -> bool:
    is_async = inspect.iscoroutinefunction
    return is_async(function) or is_async(type(function).__call__)


def _try(exercise: Exercise, function: Callable) -> Verdict:
    llm = _fake_llm(exercise.llm)
    mark, stop = llm.mark(), threading.Event()
    trial = Trial(llm, stop)
    outcome = run_limited(
        _bound(exercise, trial), function, stop, exercise.seconds, urlsplit(llm.url).port
    )
    trial.returned = outcome.returned
    quiet = not outcome.abandoned and llm.settle(mark)
    trial.journal = [entry for entry in llm.journal(since=mark) if entry["tag"] != REFEREE]
    if not quiet:
        llm.close()  # what still runs must not show up in the next check
    finding = _failure(exercise, function, trial, outcome) or _judged(exercise, trial)
    if finding is _OPEN:
        return Verdict(exercise, OPEN)
    return Verdict(exercise, NOT_YET if finding else PASSED, finding)


def _bound(exercise: Exercise, trial: Trial) -> Callable:
    if not inspect.iscoroutinefunction(exercise.call):
        return lambda function: exercise.call(function, trial)

    async def call(function: Callable) -> Any:
        return await exercise.call(function, trial)

    return call


def _fake_llm(settings: dict) -> Any:
    global _llm, _defaults
    from helpers import FakeLLM

    if _llm is None or not _llm.alive:
        _llm = FakeLLM()
        _defaults = _llm.behaviour()
    _llm.behave(**{**_defaults, **settings})
    _llm.reset()
    return _llm


_OPEN = Finding("", "", "")


def _failure(
    exercise: Exercise, function: Callable, trial: Trial, outcome: Outcome
) -> Finding | None:
    """What went wrong before the judges have anything to look at."""
    if outcome.late:
        return Finding(
            f"your function to return within {exercise.seconds:g} seconds",
            f"it was still running; until then the server saw {len(trial.seen())} chat requests",
            "what it waits for, or a loop that does not end.",
        )
    error = outcome.error
    if error is not None:
        if isinstance(cause(error), NotImplementedError):
            return _OPEN
        own = exercise.on_error(cause(error), trial) if exercise.on_error else None
        place = where(error, function) or f"your code first; where that is right, {_HELP}"
        return own or Finding("your function to return", f"it raised {last_line(error)}", place)
    if outcome.left:
        return Finding(
            "nothing left behind when your function returns",
            f"it left {' and '.join(outcome.left)}",
            "what you start and do not wait for, or open and do not close.",
        )
    return None


def _judged(exercise: Exercise, trial: Trial) -> Finding | None:
    return next((found for judge in exercise.judges if (found := judge(trial))), None)
