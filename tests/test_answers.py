"""Every exercise: its solution passes, its stub is open, and typical wrong answers get the message meant for them."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from helpers.exercises import check, exercises

TESTS = Path(__file__).resolve().parent
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n:id: (\S+)\n(?::tags: \[(.*?)\]\n)?(.*?)^```", re.MULTILINE | re.DOTALL
)
SOLUTION = re.compile(r"^([ \t]*)# solution\n.*", re.MULTILINE | re.DOTALL)


def _source(exercise_id):
    """The exercise's cell in its lesson, and the name of the function that its check cell tries."""
    number = exercise_id.replace(".", "-")
    path = next((TESTS.parent / "lessons").glob(f"{int(exercise_id.split('.')[0]):02}_*.md"), None)
    cells = {i: source for i, _, source in CELL.findall(path.read_text(encoding="utf-8"))} if path else {}
    if f"ex-{number}" not in cells:
        pytest.fail(f"exercise {exercise_id} has no cell ex-{number} in its lesson")
    return cells[f"ex-{number}"], re.search(r'check\("[\d.]+", (\w+)\)', cells[f"check-{number}"])[1]


def _function(source, name):
    namespace = {}
    exec(compile(source, "<the learner's cell>", "exec"), namespace)
    return namespace[name]


@pytest.mark.parametrize("exercise_id", exercises())
def test_the_solution_passes(exercise_id):
    """The solution in the lesson is right, and needs nothing from other cells."""
    source, name = _source(exercise_id)
    verdict = check(exercise_id, _function(source, name))
    assert verdict, repr(verdict)


@pytest.mark.parametrize("exercise_id", exercises())
def test_the_stub_is_open(exercise_id):
    """What the learner finds is neither passed nor wrong."""
    source, name = _source(exercise_id)
    stub = SOLUTION.sub(r'\1raise NotImplementedError("your turn")', source)
    assert stub != source
    assert check(exercise_id, _function(stub, name)).state == "still open"


def _wrong_answers():
    for path in sorted((TESTS / "exercises").glob("wrong_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        exercise_id = path.stem.removeprefix("wrong_").replace("_", ".")
        for name, answer in inspect.getmembers(module, inspect.isfunction):
            if answer.__module__ == path.stem and not name.startswith("_"):
                yield pytest.param(exercise_id, answer, id=f"{exercise_id}-{name}")


@pytest.mark.parametrize(("exercise_id", "answer"), _wrong_answers())
def test_a_wrong_answer_gets_its_message(exercise_id, answer):
    """Its docstring is a part of the message that is meant for it."""
    verdict = check(exercise_id, answer)
    assert verdict.state == "not yet" and answer.__doc__ in repr(verdict)


def test_every_exercise_has_two_wrong_answers():
    """A check that catches nothing teaches nothing."""
    counts = [case.values[0] for case in _wrong_answers()]
    assert {i: counts.count(i) for i in exercises() if counts.count(i) < 2} == {}
