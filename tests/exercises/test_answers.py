"""Every solution passes, every stub is open, every wrong answer gets the message meant for it.

A check mostly waits, so several processes try the answers at the same time, each with a fake LLM of
its own. Beside other tests they would wait for the processor instead, so these run alone.
"""

import gc
import importlib.util
import inspect
import multiprocessing
import random
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.exercises import check, exercises
from helpers.exercises.course_map import LESSONS, read_lessons
from lessons.tools.dialect import STUB, read
from tests.exercises.mutants import MUTATIONS, mutate
from tests.slowness import slowness

pytestmark = pytest.mark.timed

# Two cores are not idle with six processes, and are still quick enough for the exercises' clocks.
# On a machine that is slower, fewer are.
PROCESSES = max(2, round(6 / slowness()))

TESTS = Path(__file__).resolve().parent


class Job(NamedTuple):
    """An answer to try: "solution", "stub", a mutation of it, or a wrong answer's name."""

    exercise_id: str
    answer: str

    def __str__(self) -> str:
        return f"{self.exercise_id}-{self.answer}"


def cell(exercise_id, kind="ex"):
    """The exercise's cell in its lesson, or with "check" the one that tries it."""
    number = int(exercise_id.partition(".")[0])
    name = next(lesson.name for lesson in read_lessons() if lesson.number == number)
    # An exercise that asks something else than before has a word after its number.
    named = re.compile(rf"{kind}-{exercise_id.replace('.', '-')}(-[a-z-]+)?")
    (found,) = [each for each in read(LESSONS / f"{name}.md").cells if named.fullmatch(each.id)]
    return found


def solution(exercise_id):
    """The exercise's cell as the worked edition has it."""
    return cell(exercise_id).worked


def name_of(exercise_id):
    """The function that the exercise's check cell tries."""
    return re.search(r'check\("[\d.]+", (\w+)\)', cell(exercise_id, "check").worked)[1]


def wrong_answers(exercise_id):
    """The wrong answers to an exercise by name."""
    path = TESTS / f"wrong_{exercise_id.replace('.', '_')}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        name: answer
        for name, answer in inspect.getmembers(module, inspect.isfunction)
        if answer.__module__ == path.stem and not name.startswith("_")
    }


def function(job):
    """The function that a job is about; solutions and stubs as the learner's cell makes them."""
    if job.answer not in ("solution", "stub", *MUTATIONS):
        return wrong_answers(job.exercise_id)[job.answer]
    code = solution(job.exercise_id)
    if job.answer == "stub":
        code = cell(job.exercise_id).learners
    elif job.answer in MUTATIONS:
        code = mutate(code, job.answer)
    namespace = {}
    exec(compile(code, "<the learner's cell>", "exec"), namespace)
    return namespace[name_of(job.exercise_id)]


def attempt(job):
    """(state, text) of the verdict."""
    verdict = check(job.exercise_id, function(job))
    return verdict.state, repr(verdict)


@pytest.fixture(scope="session")
def verdicts(request):
    """The verdicts of all jobs that this session has tests for."""
    jobs = [item.callspec.params["job"] for item in request.session.items if "job" in _params(item)]
    # Mixed, so that those which have to be told apart by milliseconds do not all run side by side,
    # and the longest first, so that no process is left alone with one of them at the end.
    random.Random(0).shuffle(jobs)
    jobs.sort(key=lambda job: job.answer not in ("one at a time", "one_after_the_other"))
    return tried(jobs, PROCESSES)


def tried(jobs, processes):
    """The verdicts of some jobs, in so many processes."""
    # Spawned, because a process that was forked would share its parent's fake LLM; and frozen,
    # because every check collects garbage, and what is there before it need not be looked at.
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, _begin_together, [together]) as pool:
        return dict(zip(jobs, pool.map(attempt, jobs)))


def confirmed(verdicts, job, fits):
    """A job's verdict; where it does not fit, that of a second try with nothing beside it.

    A learner's check runs alone. A check beside others, on a machine that other people use too, may
    be kept from its clock for tenths of a second. What is wrong fails again.
    """
    if fits(*verdicts[job]):
        return verdicts[job]
    print(f"{job} is tried again, alone; beside others it got:\n{verdicts[job][1]}")
    return tried([job], processes=1)[job]


def _begin_together(together):
    """Import what checks need, which is seconds of work, before anybody's check has a clock."""
    import openai  # noqa: F401

    exercises()
    gc.freeze()
    together.wait(timeout=120)  # seconds, against hanging where one of them does not start


def _params(item):
    return item.callspec.params if hasattr(item, "callspec") else {}


def each(answer):
    """Parametrize a test by one job for each exercise."""
    jobs = [Job(exercise_id, answer) for exercise_id in exercises()]
    return pytest.mark.parametrize("job", jobs, ids=str)


@each("solution")
def test_the_solution_passes(verdicts, job):
    """The solution in the lesson is right, and needs nothing from other cells."""
    state, text = confirmed(verdicts, job, lambda state, text: state == "passed")
    assert state == "passed", text


@each("stub")
def test_what_the_learner_finds_is_not_passed(verdicts, job):
    """A stub is neither passed nor wrong; broken code to repair is wrong, and is told why."""
    is_stub = STUB in cell(job.exercise_id).learners
    assert verdicts[job][0] == ("still open" if is_stub else "not yet")


WRONG = [
    Job(exercise_id, name) for exercise_id in exercises() for name in wrong_answers(exercise_id)
]


@pytest.mark.thorough
@pytest.mark.parametrize("job", WRONG, ids=str)
def test_a_wrong_answer_gets_its_message(verdicts, job):
    """Its docstring is a part of the message that is meant for it.

    It never passes, whatever runs beside it. Which of two mistakes a check names may hang on some
    milliseconds, so another message counts only if it comes again.
    """
    message = inspect.getdoc(function(job))
    state, text = confirmed(verdicts, job, lambda state, text: state == "passed" or message in text)
    assert state == "not yet" and message in text, text


HARMLESS = [Job("5.3", "no limit"), Job("10.1", "no limit")]  # all fits their limit
MUTANTS = [
    Job(exercise_id, mutation)
    for exercise_id in exercises()
    for mutation in MUTATIONS
    if mutate(solution(exercise_id), mutation)
]


@pytest.mark.parametrize("job", [job for job in MUTANTS if job not in HARMLESS], ids=str)
def test_a_spoilt_solution_does_not_pass(verdicts, job):
    """Without its limit, its overlap or its second attempt, no solution is one."""
    state, text = verdicts[job]
    assert state == "not yet", text


@pytest.mark.parametrize("exercise_id", exercises())
def test_every_exercise_has_two_wrong_answers(exercise_id):
    """A check that catches nothing teaches nothing."""
    assert len(wrong_answers(exercise_id)) >= 2
