"""Lesson 12: a research program moved from sync to async in steps, each with its changes, its tests and its run."""

from helpers.migration.migration import PROGRAMS, STEPS, change, pytest_of, run_tests, table, timed

__all__ = ["PROGRAMS", "STEPS", "change", "pytest_of", "run_tests", "table", "timed"]
