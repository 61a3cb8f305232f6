"""What each state of the research program promises, seen by the server and the database."""

import threading

import pytest

from helpers.migration import timed


def test_half_migrated_opens_a_connection_for_each_call(llm):
    """Eight questions with two calls each; step 0 keeps one connection for all."""
    before, after = timed(0, llm=llm), timed(1, llm=llm)
    assert before.server["connections"] == 1 and after.server["connections"] == 16


@pytest.mark.timed
def test_half_migrated_is_slower_than_not_migrated(llm):
    """Each of its connections costs a handshake."""
    assert timed(1, llm=llm).seconds > timed(0, llm=llm).seconds


@pytest.mark.parametrize("step", [2, 3])
def test_async_in_a_row_overlaps_nothing(llm, step):
    """One connection, one in flight, like step 0."""
    seen = timed(step, llm=llm).server
    assert (seen["peak"], seen["connections"], seen["answered"]) == (1, 1, 16)


def test_all_at_once_is_refused_by_a_small_server_and_a_limit_is_not(llm):
    """Step 4 fails as a whole; step 5 never has more than its limit in flight."""
    small = {"capacity": 4, "queue": 2, "latency": 0.2}
    failed = timed(4, llm=llm, questions=20, **small)
    limited = timed(5, llm=llm, questions=20, **small)
    assert isinstance(failed.error, ExceptionGroup) and failed.server["rejected"] > 0
    assert limited.error is None and limited.stored == 20
    assert limited.server["peak"] <= 4 and limited.server["connections"] <= 4


def test_its_limit_is_the_programs_own(llm):
    """Step 5 has one; before it, nothing keeps all questions from being asked at once."""
    assert timed(5, llm=llm, questions=6).limit == 4
    assert timed(4, llm=llm, questions=6).limit == 6


@pytest.mark.timed
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


def test_the_server_gets_its_settings_back(llm):
    """Also where the program fails; and the run remembers which it had."""
    before = llm.behaviour()
    failed = timed(0, llm=llm, script=["500"], seed=7)
    assert failed.outcome == "failed" and failed.behaviour["seed"] == 7
    assert llm.behaviour() == before


def test_a_run_leaves_no_thread_and_says_nothing(llm, capfd):
    """Neither the program's, nor the relay's, nor the lock's; and no task's loss is logged."""
    before = threading.enumerate()
    for step in (1, 4, 6):
        timed(step, llm=llm, locked=0.1, capacity=4, queue=2)
    for thread in set(threading.enumerate()) - set(before):
        thread.join(5)
        assert not thread.is_alive()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("step", [7, -1, "step_9"])
def test_a_step_that_does_not_exist_is_named(step, llm):
    """The message says what was given, and what it takes."""
    with pytest.raises(ValueError, match=f"step is {step!r}; it takes a number from 0 to 6"):
        timed(step, llm=llm)
