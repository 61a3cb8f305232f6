"""Which exercises are solved: one JSON file beside the notebooks, and the course map that shows it.

COURSE_PROGRESS, an environment variable, names another file. What is solved stays solved.
"""

import json
import os
import re
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

from helpers.tables import Markup, html_table, text_table

ROOT = Path(__file__).resolve().parents[2]


def progress_file() -> Path:
    """Where progress is kept."""
    return Path(os.environ.get("COURSE_PROGRESS") or ROOT / "notebooks" / ".progress.json")


def solved() -> set[str]:
    """The ids of the solved exercises. A broken file is moved aside, and then nothing is solved.

    Raises OSError where the file cannot be read: to take it as empty would lose what it holds at the next write.
    """
    path = progress_file()
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))["solved"]
        if not isinstance(ids, list):
            raise ValueError("solved is no list")
        return {str(i) for i in ids}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError):
        path.replace(path.with_name(f"{path.name}.broken"))
        return set()


def keep(exercise_id: str) -> str:
    """Keep an exercise as solved; the text says what went wrong, and is empty where nothing did."""
    try:
        _write(solved() | {exercise_id})
    except OSError as error:
        return f"your progress could not be kept ({error.strerror or error})."
    return ""


def _write(ids: set[str]) -> None:
    """Replace the file as a whole, so that no reader and no crash ever sees half of it."""
    path = progress_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"solved": sorted(ids, key=_by_number)}, file, indent=1)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _by_number(exercise_id: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", exercise_id)]


@dataclass(frozen=True)
class Lesson:
    """A lesson as the map shows it: its number and name, title, minutes in words, and exercises with their titles."""

    name: str
    title: str
    minutes: str
    exercises: dict[str, str]


def lessons(titles: dict[str, str]) -> list[Lesson]:
    """Every lesson that there is, read from its source, with those of the exercises (id: title) that it holds."""
    found = []
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.md")):
        text = path.read_text(encoding="utf-8")
        heading = re.search(r"^# (?:\d+ )?(.+)$", text, re.MULTILINE)
        minutes = re.search(r"\b(\d+) minutes\b", text)
        own = {
            i: title for i, title in titles.items() if i.split(".")[0] == str(int(path.stem[:2]))
        }
        title = heading[1] if heading else path.stem
        found.append(Lesson(path.stem, title, f"{minutes[1]} min" if minutes else "", own))
    return found


class CourseMap:
    """Every lesson with its exercises, solved or open; shown as a table."""

    _HEAD = ("Lesson", "Time", "Exercises")

    def __init__(self, lessons: list[Lesson], solved: set[str]):
        self.lessons, self.solved = lessons, solved

    def __repr__(self) -> str:
        rows = [(f"{x.name[:2]} {x.title}", x.minutes, self._states(x)) for x in self.lessons]
        return f"{text_table(self._HEAD, rows)}\n{self._total}"

    def _repr_html_(self) -> str:
        rows = [(self._link(x), x.minutes, self._states(x)) for x in self.lessons]
        return html_table(f"Course map: {self._total}", self._HEAD, rows)

    @staticmethod
    def _link(lesson: Lesson) -> Markup:
        return Markup(f'<a href="{lesson.name}.ipynb">{lesson.name[:2]} {escape(lesson.title)}</a>')

    @property
    def _total(self) -> str:
        ids = [i for lesson in self.lessons for i in lesson.exercises]
        return f"{len(self.solved.intersection(ids))} of {len(ids)} exercises solved"

    def _states(self, lesson: Lesson) -> str:
        return (
            ", ".join(f"{i} {'solved' if i in self.solved else 'open'}" for i in lesson.exercises)
            or "none"
        )


def course_map() -> CourseMap:
    """Every lesson that there is, with its exercises solved or open."""
    from helpers.exercises import exercises

    try:
        done = solved()
    except OSError:
        done = set()
    return CourseMap(lessons({e.id: e.title for e in exercises().values()}), done)
