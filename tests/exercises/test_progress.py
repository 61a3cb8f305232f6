"""Nothing solved is ever lost: by writers at one time, by a full disk, by what is in the way."""

import json
import os
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from helpers.exercises import catalogue, course_map
from helpers.exercises.exercise import Exercise
from helpers.exercises.progress import keep, read_progress, solved
from helpers.process import run_python

WRITERS = 4
EACH = 10


def exercise(exercise_id="9.1", version=1):
    """An exercise of which nothing matters but its id and its version."""
    return Exercise(exercise_id, "title", "f()", len, [], "seen", version=version)


def known(monkeypatch, *exercises):
    """Let these be all exercises of the course."""
    by_id = {one.id: one for one in exercises}
    monkeypatch.setattr(catalogue, "exercises", lambda: by_id)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The folder in which a test's progress is kept; nobody has made it yet."""
    folder = tmp_path / "progress"
    monkeypatch.setenv("COURSE_PROGRESS", str(folder))
    return folder


def use(barrier):
    """Let the writers of this process start when all are ready."""
    global ready
    ready = barrier


def keep_several(writer):
    """Keep ten exercises of this writer's own, when all writers are ready; what keep() said."""
    ready.wait(60)  # seconds, for a writer that never comes
    return [keep(exercise(f"{writer}.{number}")) for number in range(EACH)]


ALL = {f"{writer}.{number}" for writer in range(WRITERS) for number in range(EACH)}


def test_of_forty_kept_by_threads_at_one_time_forty_are_kept():
    """A kernel may check in several threads."""
    use(threading.Barrier(WRITERS))
    with ThreadPoolExecutor(WRITERS) as pool:
        said = list(pool.map(keep_several, range(WRITERS)))
    assert said == [[""] * EACH] * WRITERS
    assert set(read_progress().versions) == ALL and read_progress().troubles == ()


def test_of_forty_kept_by_processes_at_one_time_forty_are_kept():
    """Two kernels share the folder, and so do the workers of a test run."""
    context = get_context("spawn")
    together = {"initializer": use, "initargs": (context.Barrier(WRITERS),)}
    with ProcessPoolExecutor(WRITERS, mp_context=context, **together) as pool:
        said = list(pool.map(keep_several, range(WRITERS)))
    assert said == [[""] * EACH] * WRITERS
    assert set(read_progress().versions) == ALL and read_progress().troubles == ()


def test_the_same_exercise_kept_by_all_at_one_time_is_kept():
    """Whoever comes second finds it kept."""
    barrier = threading.Barrier(WRITERS)

    def keep_the_same(_):
        barrier.wait(30)
        return keep(exercise())

    with ThreadPoolExecutor(WRITERS) as pool:
        assert list(pool.map(keep_the_same, range(WRITERS))) == [""] * WRITERS
    assert read_progress().versions == {"9.1": 1}


def test_a_record_says_what_was_solved_and_when(place):
    """And the first time counts: keeping it again changes nothing."""
    keep(exercise())
    (path,) = place.iterdir()
    first = path.read_bytes()
    record = json.loads(first)
    assert (record["exercise"], record["version"]) == ("9.1", 1)
    assert record["solved"].startswith("20") and record["solved"].endswith("+00:00")
    path.write_text(json.dumps(record | {"solved": "2026-01-01T00:00:00+00:00"}))
    assert keep(exercise()) == "" and "2026-01-01" in path.read_text()


def test_an_exercise_that_has_changed_is_open_again(monkeypatch):
    """An old solution is not taken for an answer to a new question, nor forgotten."""
    keep(exercise(version=1))
    changed = exercise(version=2)
    known(monkeypatch, changed)
    assert solved() == set() and read_progress().was_solved(changed)
    keep(changed)
    assert solved() == {"9.1"} and not read_progress().was_solved(changed)


def test_a_kernel_with_the_old_edition_does_not_undo_the_new_one():
    """It keeps what it knows; the newest version counts."""
    keep(exercise(version=2))
    keep(exercise(version=1))
    assert read_progress().versions == {"9.1": 2}


def test_the_first_editions_file_is_honoured_and_left_alone(tmp_path, monkeypatch):
    """The variable named a file then: it counts as version 1, and records go to a folder beside."""
    old = tmp_path / "progress.json"
    old.write_text('{"solved": ["1.1", "9.1"]}')
    monkeypatch.setenv("COURSE_PROGRESS", str(old))
    known(monkeypatch, exercise("1.1"), exercise("9.1", version=2), exercise("9.2"))
    assert keep(exercise("9.2")) == ""
    assert solved() == {"1.1", "9.2"} and read_progress().was_solved(exercise("9.1", version=2))
    assert old.read_text() == '{"solved": ["1.1", "9.1"]}'
    assert [path.name for path in (tmp_path / "progress.json.d").iterdir()] == ["9.2.v1.json"]


def test_without_the_variable_both_stand_beside_the_notebooks(tmp_path, monkeypatch):
    """A learner who comes from the first edition keeps what they have solved."""
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr("helpers.exercises.progress.NOTEBOOKS", tmp_path)
    (tmp_path / ".progress.json").write_text('{"solved": ["1.1"]}')
    assert keep(exercise("9.1")) == ""
    assert set(read_progress().versions) == {"1.1", "9.1"}
    assert (tmp_path / ".progress" / "9.1.v1.json").is_file()


def a_directory(path):
    """With something in it."""
    path.mkdir()
    (path / "content").write_text("x")


def a_link_to_itself(path):
    """Whoever follows it never arrives."""
    path.symlink_to(path.name)


def a_link_to_nowhere(path):
    """Whoever writes through it makes a file elsewhere."""
    path.symlink_to("nowhere")


def a_pipe(path):
    """Whoever opens it waits for a writer."""
    os.mkfifo(path)


def a_json_bomb(path):
    """Lists in lists, deeper than the reader can go."""
    path.write_text("[" * 10_000 + "]" * 5_000)


def binary_junk(path):
    """Neither text nor JSON."""
    path.write_bytes(bytes(range(256)) * 8)


def a_huge_file(path):
    """A gigabyte of nothing, which takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2**30)


def another_record(path):
    """JSON, and of another exercise."""
    path.write_text('{"exercise": "1.1", "version": 1}')


def other_json(path):
    """JSON, and nothing that we know."""
    path.write_text('{"solved": 42}')


def can_be_made(obstacle):
    """Windows has no such pipes, and not everybody may make links there."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            obstacle(Path(folder, "x"))
        except (AttributeError, OSError):
            return False
    return True


LINKS = [a_link_to_itself, a_link_to_nowhere]
FILES = [a_json_bomb, binary_junk, a_huge_file, other_json]
OBSTACLES = [each for each in [a_directory, a_pipe, *LINKS, *FILES] if can_be_made(each)]
NO_FOLDER = [each for each in [binary_junk, *LINKS] if can_be_made(each)]


def looks(path):
    """What can be seen of a thing without changing it."""
    found = path.lstat()
    inside = sorted(path.iterdir()) if path.is_dir() and not path.is_symlink() else None
    return found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino, inside


@pytest.mark.parametrize("obstacle", [*OBSTACLES, another_record])
def test_what_stands_in_the_place_of_a_record_is_told_and_stays(place, obstacle):
    """The note names it, the other exercises are kept, and it is never touched."""
    place.mkdir()
    path = place / "9.1.v1.json"
    obstacle(path)
    before = looks(path)
    note = keep(exercise("9.1"))
    assert "could not be kept" in note and str(path) in note
    assert keep(exercise("9.2")) == "" and read_progress().versions["9.2"] == 1
    assert looks(path) == before and [p.name for p in place.glob("*.part")] == []


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_stands_in_the_place_of_the_first_editions_file_is_told_and_stays(
    tmp_path, monkeypatch, obstacle
):
    """What is solved from now on is kept all the same."""
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr("helpers.exercises.progress.NOTEBOOKS", tmp_path)
    path = tmp_path / ".progress.json"
    obstacle(path)
    before = looks(path)
    keep(exercise("9.1"))
    assert read_progress().versions == {"9.1": 1} and looks(path) == before


@pytest.mark.parametrize("obstacle", NO_FOLDER)
def test_what_stands_in_the_place_of_the_folder_is_told_and_stays(tmp_path, monkeypatch, obstacle):
    """It is as with a folder in which nobody may write: nothing is kept, and that is said."""
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr("helpers.exercises.progress.NOTEBOOKS", tmp_path)
    path = tmp_path / ".progress"
    obstacle(path)
    before = looks(path)
    assert "could not be kept" in keep(exercise())
    assert read_progress().versions == {} and looks(path) == before


FULL_DISK = """
import resource
from helpers.exercises.exercise import Exercise
from helpers.exercises.progress import keep
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))  # bytes; a record has about a hundred
print(keep(Exercise("9.1", "title", "f()", len, [], "seen")))
"""


if os.name == "posix":  # Windows cannot limit the size of a file

    def test_a_full_disk_is_told_and_leaves_nothing_behind(place):
        """No half a record, which the next kernel would stumble over."""
        done = run_python("-c", FULL_DISK, environment={"COURSE_PROGRESS": str(place)})
        assert "could not be kept" in done.stdout, done.stderr
        assert list(place.iterdir()) == []


def test_unreadable_progress_is_said_below_the_course_map(place):
    """Or a learner would wonder where everything has gone."""
    place.mkdir()
    binary_junk(place / "1.1.v1.json")
    shown = course_map()
    assert "1.1.v1.json could not be read as progress (it is not JSON" in repr(shown)
    assert "it was left as it is" in shown._repr_html_()
