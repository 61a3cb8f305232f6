"""The one parser of a lesson's head, and the course map."""

from pathlib import Path

import pytest

from helpers.exercises import course_map, exercises
from helpers.exercises.course_map import CourseMap, Lesson, read_lesson, read_lessons
from helpers.exercises.exercise import Exercise
from helpers.exercises.progress import Progress

HEAD = """---
kernelspec: {name: python3}
---

# 03 Threads & pools

35 minutes · builds on 01 and 02 · leads to 05, the same without threads

After this lesson you can

- run an agent in a pool; and wait for it;
- keep the results.

```{code-cell}
:id: check-3-1
check("3.1", ask_all)
```

```{code-cell}
:id: check-planner
# 04 A comment is no title
```

## Recap

- 10 minutes are enough.
- The field's names: *thread pool*, *GIL*.
"""


def written(folder: Path, name: str, text: str) -> Path:
    """A lesson's file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lesson_is_read_whole(tmp_path):
    """Every part of the head, the names in the recap, and the exercises that it checks."""
    assert read_lesson(written(tmp_path, "03_threads.md", HEAD)) == Lesson(
        name="03_threads",
        number=3,
        title="Threads & pools",
        minutes=35,
        builds_on="01 and 02",
        leads_to="05, the same without threads",
        goals=("run an agent in a pool; and wait for it", "keep the results"),
        terms=("thread pool", "GIL"),
        exercises=("3.1",),
    )


def test_what_a_lesson_lacks_is_empty(tmp_path):
    """A small lesson of a test or a draft has a head of its own."""
    assert read_lesson(written(tmp_path, "07_draft.md", "## Nothing yet\n")) == Lesson(
        "07_draft", 7
    )


def test_a_file_that_is_no_lesson_is_an_error(tmp_path):
    """The message says how a lesson is named."""
    with pytest.raises(ValueError, match=r"'glossary.md'; a lesson's file is named as 03_threads"):
        read_lesson(written(tmp_path, "glossary.md", ""))


def test_every_lesson_says_everything_of_itself():
    """No part of any head is missing, and numbers are those of the files, one after the other."""
    found = read_lessons()
    assert [lesson.number for lesson in found] == list(range(len(found)))
    for lesson in found:
        assert all((lesson.title, lesson.builds_on, lesson.leads_to, lesson.goals, lesson.terms)), (
            lesson
        )
        assert 15 <= lesson.minutes <= 60


def test_the_lessons_check_exactly_the_exercises_that_there_are():
    """An exercise without a lesson is never tried, a check without an exercise fails."""
    checked = [exercise_id for lesson in read_lessons() for exercise_id in lesson.exercises]
    assert checked == list(exercises())


def test_the_course_map_shows_what_is_solved():
    """Text and HTML name each lesson, its minutes, and its exercises in words."""
    lesson = Lesson("03_threads", 3, "Threads & pools", 30, exercises=("3.1", "3.2", "3.3"))
    versions = {"3.1": 1, "3.2": 1, "3.3": 2}
    known = {
        exercise_id: Exercise(exercise_id, "title", "f()", len, [], "seen", version=version)
        for exercise_id, version in versions.items()
    }
    shown = CourseMap([lesson], known, Progress({"3.1": 1, "3.3": 1}))
    assert "30 min  3.1 solved, 3.2 open, 3.3 solved before it changed" in repr(shown)
    assert "1 of 3 exercises solved" in repr(shown)
    html = shown._repr_html_()
    assert '<a href="03_threads.ipynb">03 Threads &amp; pools</a>' in html and "<caption" in html


def test_the_course_map_has_every_lesson():
    """A line for each."""
    lines = repr(course_map()).splitlines()
    names = [f"{lesson.number:02} {lesson.title} " for lesson in read_lessons()]
    assert [name for line in lines for name in names if line.startswith(name)] == names
