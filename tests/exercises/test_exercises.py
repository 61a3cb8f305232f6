"""The framework of the exercises: what check() says to every kind of function, and how progress is kept."""

import asyncio
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import exercises as framework
from helpers.exercises import check
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import mean_in_flight, most_in_flight, requests
from helpers.exercises.progress import keep, progress_file, solved
from helpers.exercises.running import TimeUp


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Each test has progress of its own."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def _call(function, trial):
    return function(trial.base_url)


async def _call_async(function, trial):
    return await function(trial.base_url)


def _is_42(trial):
    return (
        None
        if trial.returned == 42
        else Finding("42", f"{trial.returned}", "the return statement.")
    )


@pytest.fixture(autouse=True)
def two_exercises(monkeypatch):
    """9.1 takes a def, 9.2 an async def; each wants 42 within a second."""
    known = {
        "9.1": Exercise(
            "9.1", "a def", "answer(base_url)", _call, [_is_42], "it was 42.", seconds=1.0
        ),
        "9.2": Exercise(
            "9.2",
            "an async def",
            "answer(base_url)",
            _call_async,
            [_is_42],
            "it was 42.",
            seconds=1.0,
        ),
    }
    monkeypatch.setattr(framework, "exercises", lambda: known)


def test_a_right_function_passes_and_the_verdict_is_true():
    """The text names the exercise, and what was seen."""
    verdict = check("9.1", lambda base_url: 42)
    assert verdict
    assert repr(verdict) == "Exercise 9.1 (a def): passed.\n  Seen: it was 42."


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
    with pytest.raises(ValueError, match=r"no exercise '7.7'; there are 9.1, 9.2"):
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
    assert check("9.1", _stub).state == check("9.2", _async_stub).state == "still open"
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


def test_a_blocking_function_that_never_returns_is_ended():
    """Told as late, and its thread does not live on to spoil later measurements."""

    def answer(base_url):
        while True:
            pass

    before = threading.active_count()
    assert "within 1 seconds" in repr(check("9.1", answer))
    assert threading.active_count() == before


def test_a_coroutine_that_never_returns_is_ended():
    """Told as late, and it was cancelled."""
    ended = []

    async def answer(base_url):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    assert "it was still running" in repr(check("9.2", answer)) and ended


def test_a_function_that_swallows_everything_is_ended_all_the_same():
    """`except Exception` in an endless loop does not catch the end of its time."""
    caught = []

    def answer(base_url):
        while True:
            try:
                time.perf_counter()
            except Exception as error:
                caught.append(error)

    assert "within 1 seconds" in repr(check("9.1", answer)) and not caught
    assert not issubclass(TimeUp, Exception)


def test_tasks_left_behind_are_told():
    """A function that starts tasks and returns has not waited for them."""

    async def answer(base_url):
        for _ in range(3):
            asyncio.create_task(asyncio.sleep(60))
        return 42

    assert "it left 3 tasks still running" in repr(check("9.2", answer))


def test_a_task_that_was_cancelled_is_not_left_behind():
    """Cancelling is a way to end a task."""

    async def answer(base_url):
        asyncio.create_task(asyncio.sleep(60)).cancel()
        return 42

    assert check("9.2", answer)


def test_threads_left_behind_are_told():
    """A thread that outlives the function is something left behind."""
    end = threading.Event()

    def answer(base_url):
        threading.Thread(target=end.wait, daemon=True).start()
        return 42

    assert "it left 1 thread still running" in repr(check("9.1", answer))
    end.set()


def test_a_pool_without_with_is_forgiven_when_its_threads_end():
    """An executor that is collected ends its idle threads."""

    def answer(base_url):
        return ThreadPoolExecutor(2).submit(int, "42").result()

    assert check("9.1", answer)


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
    first = framework._llm.pid
    check("9.1", lambda base_url: 42)
    assert framework._llm.pid == first
    framework._llm.close()
    assert check("9.1", lambda base_url: 42) and framework._llm.pid != first


def test_a_fake_llm_that_does_not_start_is_told_not_raised(monkeypatch):
    """The verdict is not passed, and says whom to ask."""

    def fails(settings):
        raise RuntimeError("no free port")

    monkeypatch.setattr(framework, "_fake_llm", fails)
    assert "no free port" in repr(check("9.1", lambda base_url: 42))


def test_an_interrupt_stops_the_function_and_the_check(monkeypatch):
    """Ctrl-C in the middle of a check goes through, and ends the function."""
    started, ended = threading.Event(), threading.Event()

    def interrupted(event, seconds):
        started.wait(10)
        raise KeyboardInterrupt

    async def answer(base_url):
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr("helpers.exercises.running.wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check("9.2", answer)
    assert ended.is_set()


def test_solved_stays_solved():
    """A later failure does not undo it."""
    check("9.1", lambda base_url: 42)
    check("9.1", lambda base_url: 41)
    assert solved() == {"9.1"}


def test_progress_survives_corruption():
    """A broken file is moved aside, not lost, and a new one begins."""
    progress_file().write_text("{half")
    assert solved() == set() and keep("9.1") == ""
    assert progress_file().with_name("progress.json.broken").read_text() == "{half"
    assert json.loads(progress_file().read_text()) == {"solved": ["9.1"]}


def test_progress_that_cannot_be_written_is_a_note(monkeypatch, tmp_path):
    """The verdict is passed all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    verdict = check("9.1", lambda base_url: 42)
    assert verdict and "could not be kept" in repr(verdict)


def test_many_writers_leave_a_whole_file():
    """Whoever reads sees a complete file, whatever is written at that moment."""
    keep("9.9")
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(keep, f"9.{n}") for n in range(40)]
        seen = [solved() for _ in range(200)]
    assert all("9.9" in ids for ids in seen) and all(w.result() == "" for w in writers)


def test_in_flight_is_read_from_the_journal():
    """The peak at one instant and the mean over time; what ends as another begins does not overlap."""
    records = [{"arrival": a, "end": e} for a, e in ((0, 2), (1, 3), (2, 4))]
    assert (most_in_flight(records), mean_in_flight(records)) == (2, 1.5)
    assert (most_in_flight([]), mean_in_flight([])) == (0, 0)


def test_requests_are_counted_exactly():
    """Too few and too many are different messages."""

    class Seen:
        def __init__(self, n):
            self.n = n

        def seen(self, kind):
            return [{}] * self.n

    few, right, many = (requests(2)(Seen(n)) for n in (1, 2, 3))
    assert right is None and "too early" in few.look and "more than once" in many.look


def test_a_function_may_use_up_its_list_of_questions(monkeypatch):
    """`while questions: ask(questions.pop())` is a fair way to work: the judges keep a list of their own."""
    monkeypatch.undo()

    def in_a_row(ask, questions, limit):
        with ThreadPoolExecutor(limit) as pool:
            futures = []
            while questions:
                futures.append(pool.submit(ask, questions.pop(0)))
            return [future.result() for future in futures]

    assert framework.check("3.1", in_a_row)
