"""The research program's own tests. They are the same for every step of its migration:

RESEARCH_STEPS="step_2 step_3" python -m pytest helpers/research/checks.py
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
QUESTIONS = [str(question) for question in questions(4, kind="lookup")]


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


def rows(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def test_every_answer_is_printed_and_right(program, llm, path, capsys):
    program.main(["--server", llm.url, "--database", path, *QUESTIONS])
    printed = capsys.readouterr().out
    assert all(q in printed and q.answer in printed for q in questions(4, kind="lookup"))


def test_every_answer_is_stored_with_its_sources(program, llm, path):
    program.main(["--server", llm.url, "--database", path, *QUESTIONS])
    stored = dict(rows(path, "SELECT question, answer FROM answers"))
    assert stored.keys() == set(QUESTIONS)
    assert all(q.accepts(stored[q]) for q in questions(4, kind="lookup"))
    assert {q for (q,) in rows(path, "SELECT question FROM sources")} == set(QUESTIONS)


def test_questions_come_from_a_file_too(program, llm, path, tmp_path):
    (tmp_path / "questions.txt").write_text("\n".join(QUESTIONS), encoding="utf-8")
    program.main(
        ["--server", llm.url, "--database", path, "--file", str(tmp_path / "questions.txt")]
    )
    assert rows(path, "SELECT count(*) FROM answers") == [(4,)]


def test_a_second_run_replaces(program, llm, path):
    for _ in range(2):
        program.main(["--server", llm.url, "--database", path, *QUESTIONS])
    assert rows(path, "SELECT count(*) FROM answers") == [(4,)]


def test_a_failure_ends_in_an_error_and_stores_nothing_by_halves(program, llm, path):
    llm.behave(script=[None, "500"])
    with pytest.raises((Exception, SystemExit)):
        program.main(["--server", llm.url, "--database", path, *QUESTIONS])
    answered = {q for (q,) in rows(path, "SELECT question FROM answers")}
    assert answered < set(QUESTIONS)
    assert {q for (q,) in rows(path, "SELECT question FROM sources")} == answered


def test_no_thread_is_left(program, llm, path):
    before = threading.enumerate()
    program.main(["--server", llm.url, "--database", path, *QUESTIONS])
    for thread in set(threading.enumerate()) - set(before):
        thread.join(5)
        assert not thread.is_alive()
