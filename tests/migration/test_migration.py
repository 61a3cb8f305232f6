"""The research program in its seven states: what each step promises, seen by the server and by the database."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from helpers.agents import questions
from helpers.fake_llm import FakeLLM
from helpers.migration.migration import PROGRAMS, STEPS, change, run_tests, table, timed

UNTIL_ASKED_TO = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.05) as server:
        yield server


def test_every_step_passes_the_programs_own_tests(capsys):
    """Also the wrong order: its fault is not what it answers."""
    run_tests(*PROGRAMS)
    assert capsys.readouterr().out.splitlines() == [f"{name}: 6 tests passed" for name in PROGRAMS]


def test_half_migrated_opens_a_connection_for_each_call(llm):
    """And so step 1 is slower than step 0, which keeps one."""
    before, after = timed(0, llm=llm), timed(1, llm=llm)
    assert before.server["connections"] == 1 and after.server["connections"] == 16
    assert after.seconds > before.seconds


@pytest.mark.parametrize("step", [2, 3])
def test_async_in_a_row_overlaps_nothing(llm, step):
    """One connection, one in flight, like step 0."""
    seen = timed(step, llm=llm).server
    assert (seen["peak"], seen["connections"], seen["answered"]) == (1, 1, 16)


def test_all_at_once_is_refused_by_a_small_server_and_a_limit_is_not(llm):
    """Step 4 fails as a whole; step 5 never has more than its limit in flight."""
    small = {"capacity": 4, "queue": 2}
    failed, limited = (
        timed(4, llm=llm, questions=20, **small),
        timed(5, llm=llm, questions=20, **small),
    )
    assert isinstance(failed.error, ExceptionGroup) and failed.server["rejected"] > 0
    assert limited.error is None and limited.stored == 20
    assert limited.server["peak"] <= 4 and limited.server["connections"] <= 4


def test_the_order_of_the_steps_matters(llm):
    """With somebody else's lock on the database, sqlite3 in the loop holds up everybody."""
    wrong, right = timed("wrong_order", llm=llm, locked=0.8), timed(4, llm=llm, locked=0.8)
    assert wrong.late > 0.3 and wrong.late > 2 * right.late
    assert wrong.stored == right.stored == 8


def test_one_failure_costs_step_6_no_other_answer(llm):
    """Step 5 ends with the first failure; step 6 goes on."""
    script = [None] * 6 + ["500"]
    assert timed(5, llm=llm, script=script).error is not None
    done = timed(6, llm=llm, script=script)
    assert done.error is None and done.stored == 7


def test_interrupted_it_leaves_a_consistent_database(llm, tmp_path):
    """After Ctrl-C every answer that was shown is stored, and each that is stored has its sources."""
    path, asked = str(tmp_path / "answers.db"), [str(q) for q in questions(60, kind="lookup")]
    # A parent that ignores interrupts, such as nohup, must not make the program ignore them.
    code = (
        f"{UNTIL_ASKED_TO}; from helpers.migration.research.step_6 import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-u", "-c", code, "--server", llm.url, "--database", path, *asked]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | {"PYTHONUTF8": "1"}, **pipes) as program:
        shown = [program.stdout.readline() for _ in range(2)]
        program.send_signal(signal.SIGINT)
        rest, said = program.communicate(timeout=30)
    assert program.returncode == 1 and "stopped" in said
    with closing(sqlite3.connect(path)) as db:
        stored = {question for (question,) in db.execute("SELECT question FROM answers")}
        sources = {question for (question,) in db.execute("SELECT question FROM sources")}
    printed = {line for line in ("".join(shown) + rest).splitlines() if not line.startswith("    ")}
    assert printed <= stored == sources and 0 < len(stored) < len(set(asked))


def test_a_run_leaves_no_thread_and_says_nothing(llm, capfd):
    """Neither the program's, nor the relay's, nor the one that holds the lock; and no complaint of a lost task."""
    before = threading.enumerate()
    for step in (1, 4, 6):
        timed(step, llm=llm, locked=0.1, capacity=4, queue=2)
    for thread in set(threading.enumerate()) - set(before):
        thread.join(5)
        assert not thread.is_alive()
    assert capfd.readouterr() == ("", "")


def test_a_change_says_by_signs_what_it_says_by_colours():
    """Every step has one; it is a region with a name, and text is escaped."""
    for number in range(1, len(STEPS)):
        shown = change(number)
        page = shown._repr_html_()
        assert 'aria-label="What changes from' in page and "<ins" in page and "<del" in page
        assert any(line.startswith("+") for line in shown.lines)
    assert "&lt;" not in repr(change(1))
    assert change("wrong_order", 2).before == "step_2"


@pytest.mark.parametrize("step", [7, -1, "step_9"])
def test_a_step_that_does_not_exist_is_named(step, llm):
    """The message says what it takes."""
    with pytest.raises(ValueError, match="step is"):
        timed(step, llm=llm)
    with pytest.raises(ValueError, match="step is"):
        change(step)


def test_the_table_marks_what_varies(llm):
    """Its repr is stable, its text has a line for each run."""
    done = timed(5, llm=llm, questions=4)
    assert repr(table(done)) == "Table of 1 runs"
    assert "4 of 4" in str(table(done)) and 'class="varies"' in table(done)._repr_html_()
