"""What check() says to every kind of function, and that nothing of it stays behind."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers.exercises import catalogue, check, checking
from helpers.exercises.exercise import Exercise, Finding, State
from helpers.exercises.progress import solved


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Each test has progress of its own."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress"))


def _call(function, trial):
    return function(trial.base_url)


async def _call_async(function, trial):
    return await function(trial.base_url)


def _is_42(evidence):
    if evidence.returned == 42:
        return None
    return Finding("42", f"{evidence.returned}", "the return statement.")


# Seconds: what never returns is ended after the short one; nothing comes near the long one.
SHORT, LONG = 0.3, 10.0


def _exercise(exercise_id, title, call, seconds):
    return Exercise(
        exercise_id, title, "answer(base_url)", call, [_is_42], "it was 42.", seconds=seconds
    )


@pytest.fixture(autouse=True)
def own_exercises(monkeypatch):
    """9.1 takes a def and 9.2 an async def; each wants 42. 9.3 and 9.4 wait for it only shortly."""
    known = [
        _exercise("9.1", "a def", _call, LONG),
        _exercise("9.2", "an async def", _call_async, LONG),
        _exercise("9.3", "an impatient one", _call_async, SHORT),
        _exercise("9.4", "an impatient def", _call, SHORT),
    ]
    by_id = {exercise.id: exercise for exercise in known}
    monkeypatch.setattr(catalogue, "exercises", lambda: by_id)


def test_a_right_function_passes_and_the_verdict_is_true():
    """The text names the exercise, and what was seen."""
    verdict = check("9.1", lambda base_url: 42)
    assert verdict
    assert repr(verdict) == "Exercise 9.1 (a def): passed.\n  Seen: it was 42."


def test_solved_stays_solved():
    """A later failure does not undo it."""
    check("9.1", lambda base_url: 42)
    check("9.1", lambda base_url: 41)
    assert solved() == {"9.1"}


def test_progress_that_cannot_be_kept_is_a_note(monkeypatch, tmp_path):
    """The verdict is passed all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress"))
    verdict = check("9.1", lambda base_url: 42)
    assert verdict and "Note: your progress could not be kept (" in repr(verdict)


def test_an_async_function_runs_in_a_loop_of_its_own():
    """A check needs no await, though the function does."""

    async def answer(base_url):
        await asyncio.sleep(0)
        return 42

    assert check("9.2", answer)


def test_check_works_where_a_loop_runs_already():
    """A notebook's cell has a running loop; a check in it must not mind."""

    async def answer(base_url):
        return 42

    async def cell():
        return check("9.2", answer)

    assert asyncio.run(cell())


def test_a_wrong_answer_says_expected_seen_and_where_to_look():
    """The three parts of a finding, as text and as HTML."""
    verdict = check("9.1", lambda base_url: "<41>")
    assert not verdict
    assert repr(verdict).splitlines()[1:] == [
        "  Expected: 42",
        "  Seen: <41>",
        "  Look at: the return statement.",
    ]
    assert 'role="status"' in verdict._repr_html_() and "&lt;41&gt;" in verdict._repr_html_()


def test_an_id_that_does_not_exist_names_those_that_do():
    """The only thing that check() raises."""
    with pytest.raises(ValueError, match=r"no exercise '7.7'; there are 9.1, 9.2, 9.3"):
        check("7.7", len)


def _stub(base_url):
    raise NotImplementedError("your turn")


async def _async_stub(base_url):
    async with asyncio.TaskGroup() as group:
        group.create_task(_nested_stub())


async def _nested_stub():
    raise NotImplementedError


def test_a_stub_is_still_open():
    """An unsolved exercise is no failure, also from inside a task group."""
    assert check("9.1", _stub).state == check("9.2", _async_stub).state == State.OPEN
    assert "write answer(base_url)" in repr(check("9.1", _stub))


def test_an_exception_is_told_with_its_place():
    """Its last line, and the line of the learner's own code."""

    def answer(base_url):
        return {}["key"]

    text = repr(check("9.1", answer))
    assert "it raised KeyError: 'key'" in text and 'in answer: return {}["key"]' in text


def test_an_exit_is_an_exception_like_any_other():
    """exit() in an exercise does not end the kernel."""
    assert "SystemExit" in repr(check("9.1", lambda base_url: sys.exit()))


async def _async_42(base_url):
    return 42


@pytest.mark.parametrize(
    ("exercise_id", "function", "message"),
    [
        ("9.1", 42, "Seen: int 42"),
        ("9.1", lambda: 42, "the arguments: their number and order"),
        ("9.1", lambda base_url, more: 42, "yours is <lambda>(base_url, more)"),
        ("9.1", _async_42, "made with `async def`"),
        ("9.2", lambda base_url: 42, "made with `def`"),
    ],
)
def test_what_cannot_be_tried_is_told_so(exercise_id, function, message):
    """No function, other arguments, or the wrong kind of def."""
    assert message in repr(check(exercise_id, function))


def test_a_called_coroutine_function_is_no_function():
    """check("9.2", answer(...)) is a common slip; the coroutine is closed without a warning."""
    assert "without brackets" in repr(check("9.2", _async_42("")))


def test_a_function_that_never_returns_is_told():
    """With the time that it had, and what the server has seen of it."""

    async def answer(base_url):
        await asyncio.Event().wait()

    text = repr(check("9.3", answer))
    assert "within 0.3 seconds" in text
    assert "it was still running; until then the server saw 0 chat requests" in text


def test_a_function_that_cannot_be_ended_is_told():
    """Nothing reaches a thread that waits for a lock: only a new kernel is without it."""
    end = threading.Event()
    text = repr(check("9.4", lambda base_url: end.wait(60)))
    end.set()
    assert "It could not be stopped: restart the kernel before you measure anything" in text


def test_threads_left_behind_are_told():
    """They may yet end by themselves."""
    end = threading.Event()
    leaves = threading.Thread(target=end.wait, daemon=True)
    text = repr(check("9.1", lambda base_url: leaves.start() or 42))
    end.set()
    assert "it left 1 thread still running" in text
    assert "If it does not end by itself, restart the kernel" in text


def test_tasks_left_behind_are_told():
    """A function that starts tasks and returns has not waited for them."""

    async def answer(base_url):
        for _ in range(3):
            asyncio.create_task(asyncio.sleep(60))
        return 42

    assert "it left 3 tasks still running" in repr(check("9.2", answer))


def test_a_session_left_open_is_told():
    """aiohttp says so itself; a learner would see it on stderr only, or not at all."""

    async def answer(base_url):
        import aiohttp

        session = aiohttp.ClientSession()
        async with session.get(f"{base_url}/models") as reply:
            await reply.read()
        return 42

    assert "an aiohttp session that nobody closed" in repr(check("9.2", answer))


KEPT = []


def test_a_connection_kept_in_a_global_is_told():
    """A session that outlives its loop is of no use to the next one."""

    async def answer(base_url):
        import aiohttp

        KEPT.append(aiohttp.ClientSession())
        async with KEPT[0].get(f"{base_url}/models") as reply:
            await reply.read()
        return 42

    assert "1 open connection of a loop that has ended" in repr(check("9.2", answer))
    asyncio.run(KEPT.pop().close())


def test_the_fake_llm_is_reused_and_replaced_when_it_is_gone():
    """One server for all checks; a learner who ends it gets another."""
    check("9.1", lambda base_url: 42)
    first = checking.shared.llm.pid
    check("9.1", lambda base_url: 42)
    assert checking.shared.llm.pid == first
    checking.shared.llm.close()
    assert check("9.1", lambda base_url: 42) and checking.shared.llm.pid != first


def test_a_fake_llm_that_does_not_start_is_told_not_raised(monkeypatch):
    """The verdict is not passed, and says whom to ask."""

    def fails(settings):
        raise RuntimeError("no free port")

    monkeypatch.setattr(checking.shared, "with_settings", fails)
    assert "no free port" in repr(check("9.1", lambda base_url: 42))


def test_a_function_may_use_up_its_list_of_questions(monkeypatch):
    """`while questions: ask(questions.pop())` is fair: the judges keep a list of their own."""
    monkeypatch.undo()

    def in_a_row(first, second, questions, limit):
        with ThreadPoolExecutor(limit) as pool:
            futures = []
            while questions:
                question = questions.pop(0)
                futures.append((pool.submit(first, question), pool.submit(second, question)))
            return [(one.result(), other.result()) for one, other in futures]

    assert check("3.1", in_a_row)
