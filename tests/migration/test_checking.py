"""Tests run in a process of their own, and what is printed of them."""

import pytest

from helpers.migration import PROGRAMS, pytest_of, run_tests
from helpers.process import run_python

RED = """
import os, pytest

@pytest.mark.parametrize("program", os.environ["RESEARCH_STEPS"].split())
def test_it(program):
    assert program == "step_0"
"""
MIXED = """
import pytest

@pytest.mark.anyio
async def test_good(anyio_backend_name):
    pass

def test_bad():
    assert 1 == 2

def test_broken(no_such_fixture):
    pass

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def test_every_state_passes_the_programs_own_tests(capsys):
    """Also the wrong order: its fault is not what it answers."""
    run_tests(*PROGRAMS)
    assert capsys.readouterr().out.splitlines() == [f"{name}: 6 tests passed" for name in PROGRAMS]


def test_a_state_that_fails_is_an_error_with_pytests_report(tmp_path, monkeypatch, capsys):
    """And nothing is printed as passed."""
    (tmp_path / "test_program.py").write_text(RED, encoding="utf-8")
    monkeypatch.setattr("helpers.migration.checking.RESEARCH", tmp_path)
    with pytest.raises(AssertionError, match=r"step_0, step_1: not all tests pass\n(?s:.)*step_1"):
        run_tests(0, 1)
    assert capsys.readouterr().out == ""


def test_a_step_that_does_not_exist_is_named():
    """Before any process is started."""
    with pytest.raises(ValueError, match="step is 7; it takes a number from 0 to 6"):
        run_tests(0, 7)


def test_each_test_of_a_learners_text_is_named_with_its_end(capsys):
    """Asynchronous ones run too, and pytest's tracebacks are left out."""
    pytest_of(MIXED)
    assert capsys.readouterr().out.splitlines() == [
        "test_good: passed",
        "test_bad: failed",
        "test_broken: error",
    ]


def test_where_there_is_no_test_pytest_says_why(capsys):
    """A text that is no Python gets Python's own message."""
    pytest_of("def test_x(:")
    assert "SyntaxError" in capsys.readouterr().out


def test_a_programs_start_imports_no_chart_and_no_widget():
    """A learner starts it from a shell, again and again."""
    names = "import sys, helpers.migration.research.step_0; print(*sys.modules)"
    done = run_python("-c", names)
    assert "requests" in done.stdout.split(), done.stderr
    assert not {"matplotlib", "ipywidgets", "helpers.charts"} & set(done.stdout.split())
