"""Every exercise of the course, as the modules lesson_NN.py declare them."""

import functools
from importlib import import_module
from pathlib import Path

from helpers.exercises.exercise import Exercise


@functools.cache
def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by its id, in the order of the lessons."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("lesson_[0-9][0-9].py"))
    known: list[Exercise] = []
    for name in modules:
        known += import_module(f"helpers.exercises.{name}").EXERCISES
    return {exercise.id: exercise for exercise in known}
