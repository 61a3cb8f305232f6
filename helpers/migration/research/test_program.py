"""The research program's own tests, the same for every step of its migration.

They start it as its users do, and know nothing of sync or async:

    RESEARCH_STEPS="step_2 step_3" python -m pytest helpers/migration/research/test_program.py
"""

import importlib
import os
import sqlite3
import threading
from contextlib import closing

import pytest

from helpers.agents import questions
from helpers.fake_llm import FakeLLM

STEPS = os.environ.get("RESEARCH_STEPS", "step_0").split()
ASKED = questions(4, kind="lookup")


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.005, search_latency=0.002) as server:
        yield server


@pytest.fixture(params=STEPS)
def program(request):
    return importlib.import_module(f"helpers.migration.research.{request.param}")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "answers.db")


def exit_code(program, *arguments):
    """What a shell would see: 0 where all went well, something else where not."""
    try:
        program.main(arguments)
    except SystemExit as end:
        # A message in place of a number is printed, and the code is 1.
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        return 1
    return 0


def rows(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def test_every_answer_is_printed_and_right(program, llm, path, capsys):
    """Each question stands in the output, and so does what its answer must contain."""
    assert exit_code(program, "--server", llm.url, "--database", path, *ASKED) == 0
    printed = capsys.readouterr().out
    for question in ASKED:
        assert question in printed and question.answer in printed


def test_every_answer_is_stored_with_its_sources(program, llm, path):
    """A row for each question, with an answer that is right, and at least one source."""
    assert exit_code(program, "--server", llm.url, "--database", path, *ASKED) == 0
    stored = dict(rows(path, "SELECT question, answer FROM answers"))
    assert stored.keys() == set(ASKED)
    assert all(question.accepts(stored[question]) for question in ASKED)
    assert {question for (question,) in rows(path, "SELECT question FROM sources")} == set(ASKED)


def test_questions_come_from_a_file_too(program, llm, path, tmp_path):
    """One on each line."""
    (tmp_path / "questions.txt").write_text("\n".join(ASKED), encoding="utf-8")
    place = ("--server", llm.url, "--database", path)
    assert exit_code(program, *place, "--file", str(tmp_path / "questions.txt")) == 0
    assert rows(path, "SELECT count(*) FROM answers") == [(4,)]


def test_a_second_run_replaces(program, llm, path):
    """Asked twice, a question has one answer."""
    for _ in range(2):
        assert exit_code(program, "--server", llm.url, "--database", path, *ASKED) == 0
    assert rows(path, "SELECT count(*) FROM answers") == [(4,)]


def test_a_failure_ends_in_an_error_and_stores_nothing_by_halves(program, llm, path):
    """The second request is refused: no answer without its sources, and no sources alone."""
    llm.behave(script=[None, "500"])
    assert exit_code(program, "--server", llm.url, "--database", path, *ASKED) == 1
    answered = {question for (question,) in rows(path, "SELECT question FROM answers")}
    assert answered < set(ASKED)
    assert {question for (question,) in rows(path, "SELECT question FROM sources")} == answered


def test_no_thread_is_left(program, llm, path):
    """Whatever threads the program starts end with it."""
    before = threading.enumerate()
    assert exit_code(program, "--server", llm.url, "--database", path, *ASKED) == 0
    for thread in set(threading.enumerate()) - set(before):
        thread.join(5)
        assert not thread.is_alive()
