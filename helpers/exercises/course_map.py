"""A lesson's head, read; and the course map: every lesson, its exercises solved or open."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from helpers.exercises import catalogue
from helpers.exercises.exercise import Exercise
from helpers.exercises.progress import Progress, read_progress
from helpers.tables import Markup, html_table, text_table

LESSONS = Path(__file__).resolve().parents[2] / "lessons"

_NAME = re.compile(r"(\d\d)_.+")
_TITLE = re.compile(r"^# \d+ (.+)$", re.MULTILINE)
_LINE = re.compile(
    r"^(?P<minutes>\d+) minutes"
    r"(?: · builds on (?P<builds_on>.+?))?"
    r"(?: · leads to (?P<leads_to>.+))?$",
    re.MULTILINE,
)
_GOALS = re.compile(r"After this lesson you can\n\n((?:- .+\n)+)")
_GOAL = re.compile(r"^- (.+)[;.]$", re.MULTILINE)
_TERMS = re.compile(r"The field's names: (.+)\.$", re.MULTILINE)
_TERM = re.compile(r"\*(.+?)\*")
# An exercise that asks something else than before has a word after its number.
_CHECK = re.compile(r"^:id: check-(\d+)-(\d+)(?:-[a-z-]+)?$", re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """What a lesson says of itself. A part that it lacks is empty, and its minutes are then 0.

    name: its file's name without the ending, as in 03_threads. builds_on, leads_to: in words.
    goals: what a learner can do afterwards. terms: the field's names in its recap.
    exercises: the ids of those that it checks, in its order.
    """

    name: str
    number: int
    title: str = ""
    minutes: int = 0
    builds_on: str = ""
    leads_to: str = ""
    goals: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()


def read_lesson(path: Path) -> Lesson:
    """Read a lesson's source. Raises ValueError where the file is not named as 03_threads.md is."""
    named = _NAME.fullmatch(path.stem)
    if named is None:
        raise ValueError(f"path is {path.name!r}; a lesson's file is named as 03_threads.md is")
    text = path.read_text(encoding="utf-8")
    title = _TITLE.search(text)
    line = _LINE.search(text)
    goals = _GOALS.search(text)
    terms = _TERMS.search(text)
    return Lesson(
        name=path.stem,
        number=int(named[1]),
        title=title[1] if title else "",
        minutes=int(line["minutes"]) if line else 0,
        builds_on=(line["builds_on"] or "") if line else "",
        leads_to=(line["leads_to"] or "") if line else "",
        goals=tuple(_GOAL.findall(goals[1])) if goals else (),
        terms=tuple(_TERM.findall(terms[1])) if terms else (),
        exercises=tuple(".".join(numbers) for numbers in _CHECK.findall(text)),
    )


def read_lessons(folder: Path = LESSONS) -> list[Lesson]:
    """Every lesson in a folder, in their order; without the optional pages, such as 03_more.md."""
    paths = sorted(folder.glob("[0-9][0-9]_*.md"))
    return [read_lesson(path) for path in paths if not path.stem.endswith("_more")]


class CourseMap:
    """Every lesson with its exercises, solved or open; shown as a table."""

    _HEAD = ("Lesson", "Time", "Exercises")

    def __init__(
        self, lessons: Iterable[Lesson], known: Mapping[str, Exercise], progress: Progress
    ):
        self.lessons = list(lessons)
        self._known = known
        self._progress = progress

    def __repr__(self) -> str:
        table = text_table(self._HEAD, self._rows(self._title))
        return "\n".join([table, self._total, *self._progress.troubles])

    def _repr_html_(self) -> str:
        caption = f"Course map: {self._total}"
        notes = [f"<p>{escape(trouble)}</p>" for trouble in self._progress.troubles]
        return html_table(caption, self._HEAD, self._rows(self._link)) + "".join(notes)

    def _rows(self, title: Callable[[Lesson], str]) -> list[tuple[str, str, str]]:
        return [(title(each), self._time(each), self._states(each)) for each in self.lessons]

    @staticmethod
    def _title(lesson: Lesson) -> str:
        return f"{lesson.number:02} {lesson.title or lesson.name}"

    def _link(self, lesson: Lesson) -> Markup:
        return Markup(f'<a href="{lesson.name}.ipynb">{escape(self._title(lesson))}</a>')

    @staticmethod
    def _time(lesson: Lesson) -> str:
        return f"{lesson.minutes} min" if lesson.minutes else ""

    @property
    def _total(self) -> str:
        ids = [exercise_id for lesson in self.lessons for exercise_id in lesson.exercises]
        solved = sum(self._progress.is_solved(self._known[exercise_id]) for exercise_id in ids)
        return f"{solved} of {len(ids)} exercises solved"

    def _states(self, lesson: Lesson) -> str:
        return ", ".join(map(self._state, lesson.exercises)) or "none"

    def _state(self, exercise_id: str) -> str:
        exercise = self._known[exercise_id]
        if self._progress.is_solved(exercise):
            return f"{exercise_id} solved"
        if self._progress.was_solved(exercise):
            return f"{exercise_id} solved before it changed"
        return f"{exercise_id} open"


def course_map() -> CourseMap:
    """Every lesson that there is, with its exercises solved or open."""
    return CourseMap(read_lessons(), catalogue.exercises(), read_progress())
