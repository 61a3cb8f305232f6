"""Lesson 12: a research program is moved from sync to async, step by step.

change(2)                     # the difference between step 1 and step 2
run_tests(2)                  # the program's own tests, in a process of their own
done = timed(2, llm=llm)      # a run, as the server's journal shows it; compare(done) draws it
table(done)
"""

from helpers.migration.changes import change
from helpers.migration.checking import pytest_of, run_tests
from helpers.migration.programs import PROGRAMS, STEPS
from helpers.migration.result import table
from helpers.migration.timing import timed

__all__ = ["PROGRAMS", "STEPS", "change", "pytest_of", "run_tests", "table", "timed"]
