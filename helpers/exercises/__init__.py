"""Exercises: a learner's function is tried against a fake LLM, and the server says what it saw.

    check("3.1", ask_all)     # the verdict; nothing that your function does is raised here
    course_map()              # every lesson, with its exercises solved or open

Each exercise is declared in lesson_NN.py. One fake LLM serves all of them: it starts with the first
check, takes each exercise's settings in turn, and ends with the kernel.
"""

from helpers.exercises.catalogue import exercises
from helpers.exercises.checking import check
from helpers.exercises.course_map import course_map

__all__ = ["check", "course_map", "exercises"]
