"""Reads the dialect that lessons are written in: cells with ids and tags, notes for the instructor.

A lesson is CommonMark plus two directives, `{code-cell}` and `{instructor}`, and a line
`<!-- id: why-you-care -->` before each piece of prose. CONTRIBUTING.md shows it all by example.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

CODE_TAGS = {
    "core",
    "exercise",
    "extra",
    "nbval-ignore-output",
    "raises-exception",
    "solution",
    "surprise",
}
PROSE_TAGS = {"core", "extra"}
STUB = 'raise NotImplementedError("your turn")'
ID_LONGEST = 60  # nbformat takes 64; the rest is for the number that tells two apart

_ID = re.compile(rf"[a-z0-9-]{{1,{ID_LONGEST}}}")
_ID_LINE = re.compile(r"<!--\s*id: ([^\s,]*)(?:, tags: ([^,>]*?))?\s*-->\s*$")
_LIKE_ID_LINE = re.compile(r"<!--\s*id\b")
_FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})([^`]*)$")
_DIRECTIVE = re.compile(r"`{3,}\{(code-cell|instructor)\}\s*$")
_OPTION = re.compile(r":([\w-]+):(.*)")
_LIST = re.compile(r"\[([^\[\]]*)\]")
# MyST's block breaks, comments and targets: JupyterLab would show them as they stand.
_MYST_ONLY = re.compile(r"\+\+\+|%|\([\w-]+\)=\s*$")
_MARK = re.compile(r"^([ \t]*)# (starter|solution)[ \t]*$", re.MULTILINE)
_CALLS_EXPECT = re.compile(r"^\s*expect\(", re.MULTILINE)


class LessonError(ValueError):
    """A lesson breaks a rule of its dialect, or does not run; the message says where."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a lesson, with its source in each of the two editions."""

    kind: Literal["code", "markdown"]
    id: str
    tags: tuple[str, ...]
    learners: str
    worked: str


@dataclass(frozen=True, slots=True)
class Note:
    """A block for the instructor, in Markdown; `after` is the id of the cell that it follows."""

    after: str
    minutes: int | None
    text: str


@dataclass(frozen=True, slots=True)
class LessonSource:
    """A lesson as it is written."""

    path: Path
    cells: tuple[Cell, ...]
    notes: tuple[Note, ...]


def read(path: Path) -> LessonSource:
    """The cells and notes of a lesson, in order. Raises LessonError where it leaves the dialect."""
    reader = _Reader(path.name)
    for piece in _pieces(path.name, path.read_text(encoding="utf-8")):
        reader.take(piece)
    reader.end_prose()
    return LessonSource(path, tuple(reader.cells), tuple(reader.notes))


def instructor_notes(path: Path) -> tuple[Note, ...]:
    """A lesson's blocks for the instructor, in order. Raises LessonError."""
    return read(path).notes


# From text to pieces


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line of prose, or a whole fence from its first line to its last; lines count from 1."""

    line: int
    lines: tuple[str, ...]
    is_fence: bool


def _pieces(name: str, text: str) -> Iterator[_Piece]:
    numbered = iter(enumerate(text.splitlines(), 1))
    for number, line in numbered:
        if number == 1 and line == "---":
            _skip_front_matter(name, numbered)
        elif opening := _FENCE.match(line):
            lines = [line, *_until_closed(numbered, opening[1])]
            if len(lines) == 1 or not _closes(lines[-1], opening[1]):
                raise LessonError(f"{name}:{number}: {line!r} opens a fence that is not closed")
            yield _Piece(number, tuple(lines), True)
        else:
            yield _Piece(number, (line,), False)


def _skip_front_matter(name: str, numbered: Iterator[tuple[int, str]]) -> None:
    if not any(line == "---" for _, line in numbered):
        raise LessonError(f"{name}:1: '---' opens a front matter that is not closed")


def _until_closed(numbered: Iterator[tuple[int, str]], fence: str) -> Iterator[str]:
    for _, line in numbered:
        yield line
        if _closes(line, fence):
            return


def _closes(line: str, fence: str) -> bool:
    """Whether a line ends a fence: the same sign, at least as often, and nothing else."""
    end = line.strip()
    return end.startswith(fence) and not end.strip(fence[0])


# From pieces to cells


@dataclass(slots=True)
class _Prose:
    """A cell of prose while its lines come in."""

    where: str
    id: str
    tags: tuple[str, ...]
    lines: list[str] = field(default_factory=list)


class _Reader:
    """Takes a lesson's pieces one by one; `cells` and `notes` are what has been read."""

    def __init__(self, name: str):
        self.name = name
        self.cells: list[Cell] = []
        self.notes: list[Note] = []
        self._prose: _Prose | None = None

    def take(self, piece: _Piece) -> None:
        """Read one more piece. Raises LessonError."""
        first = piece.lines[0]
        where = f"{self.name}:{piece.line}"
        if piece.is_fence and ("{" in first or first.lstrip().startswith(":")):
            self._directive(where, piece)
        elif not piece.is_fence and _MYST_ONLY.match(first):
            raise LessonError(
                f"{where}: {first!r} is MyST that JupyterLab does not show; lessons are CommonMark"
            )
        elif not piece.is_fence and _LIKE_ID_LINE.match(first):
            self.end_prose()
            self._begin_prose(where, first)
        elif self._prose:
            self._prose.lines += piece.lines
        elif first.strip():
            raise LessonError(
                f"{where}: this prose has no id; begin it with a line "
                f"<!-- id: {self._suggestion(first)} -->"
            )

    def end_prose(self) -> None:
        """Keep the prose read so far, if any, as a cell. Raises LessonError where it is empty."""
        prose, self._prose = self._prose, None
        if prose is None:
            return
        source = "\n".join(prose.lines).strip()
        if not source:
            raise LessonError(f"{prose.where}: the id {prose.id!r} has no prose after it")
        self.cells.append(Cell("markdown", prose.id, prose.tags, source, source))

    def _begin_prose(self, where: str, line: str) -> None:
        given = _ID_LINE.match(line)
        if not given:
            raise LessonError(
                f"{where}: {line!r}; an id is given as <!-- id: why-you-care -->, "
                "or as <!-- id: why-you-care, tags: core -->"
            )
        tags = _checked(where, (given[2] or "").split(), PROSE_TAGS)
        self._prose = _Prose(where, self._new_id(where, given[1]), tags)

    def _directive(self, where: str, piece: _Piece) -> None:
        opening = _DIRECTIVE.match(piece.lines[0])
        if not opening:
            raise LessonError(
                f"{where}: {piece.lines[0]!r}; the directives are ```{{code-cell}} and "
                "```{instructor}, at the start of a line"
            )
        options, body = _options(piece.lines[1:-1])
        if opening[1] == "instructor":
            self._note(where, options, "\n".join(body).strip())
        else:
            self.end_prose()
            self._code(where, options, "\n".join(body))

    def _note(self, where: str, options: dict[str, str], text: str) -> None:
        minutes = options.pop("minutes", None)
        _no_other(where, options, ":minutes:")
        if minutes is not None and not re.fullmatch(r"[1-9]\d*", minutes):
            raise LessonError(
                f"{where}: :minutes: is {minutes!r}; it takes a whole number from 1 up"
            )
        if not text:
            raise LessonError(f"{where}: this block for the instructor has no words")
        after = self._last_id()
        if after is None:
            raise LessonError(f"{where}: this block for the instructor has no cell before it")
        self.notes.append(Note(after, int(minutes) if minutes else None, text))

    def _code(self, where: str, options: dict[str, str], source: str) -> None:
        given, tags = options.pop("id", None), options.pop("tags", "[]")
        _no_other(where, options, ":id: and :tags:")
        name = self._new_id(where, given)
        listed = _LIST.fullmatch(tags)
        if not listed:
            raise LessonError(
                f"{where}: :tags: is {tags!r}; it takes a list as in [core, surprise]"
            )
        chosen = _checked(where, re.findall(r"[^,\s]+", listed[1]), CODE_TAGS)
        if "surprise" in chosen:
            self._check_surprise(where, name, source)
        learners, worked = _both_editions(f"{where}: {name!r}", source, "exercise" in chosen)
        self.cells.append(Cell("code", name, chosen, learners, worked))

    def _check_surprise(self, where: str, name: str, source: str) -> None:
        if any("surprise" in cell.tags for cell in self.cells):
            raise LessonError(f"{where}: {name!r} is the second cell tagged surprise; one is meant")
        if not _CALLS_EXPECT.search(source):
            raise LessonError(
                f"{where}: {name!r} is tagged surprise, so it calls expect(...) on what it promises"
            )

    def _new_id(self, where: str, given: str | None) -> str:
        if given is None or not _ID.fullmatch(given):
            raise LessonError(
                f"{where}: the id is {given!r}; it takes up to {ID_LONGEST} of a-z, 0-9 and -"
            )
        if any(cell.id == given for cell in self.cells):
            raise LessonError(f"{where}: the id {given!r} is used twice")
        return given

    def _last_id(self) -> str | None:
        """The id of the cell that has been read, or is being read, last."""
        if self._prose:
            return self._prose.id
        return self.cells[-1].id if self.cells else None

    def _suggestion(self, line: str) -> str:
        """An id that is free: of a heading its words, of other prose the cell that it follows."""
        heading = re.match(r"#+ (.+)", line)
        words = heading[1] if heading else f"after {self._last_id() or 'top'}"
        name = re.sub(r"[^a-z0-9]+", "-", words.lower())[: ID_LONGEST - 3].strip("-") or "text"
        used = {cell.id for cell in self.cells}
        return next(i for i in (name, *(f"{name}-{n}" for n in range(2, 99))) if i not in used)


def _checked(where: str, tags: list[str], allowed: set[str]) -> tuple[str, ...]:
    """The tags of a cell, where they are allowed. Raises LessonError."""
    if not allowed.issuperset(tags):
        raise LessonError(f"{where}: tags are {tags}; they are out of {sorted(allowed)}")
    if {"core", "extra"}.issubset(tags):
        raise LessonError(f"{where}: a cell is core or extra, not both")
    return tuple(tags)


def _options(lines: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """(the options that a directive begins with, the lines after them)."""
    options = {}
    for place, line in enumerate(lines):
        given = _OPTION.match(line)
        if not given:
            return options, lines[place:]
        options[given[1]] = given[2].strip()
    return options, ()


def _no_other(where: str, options: dict[str, str], known: str) -> None:
    if options:
        raise LessonError(f"{where}: unknown options {sorted(options)}; there is {known}")


# An exercise: what it begins with, what the learner starts from, what solves it


def _both_editions(where: str, source: str, is_exercise: bool) -> tuple[str, str]:
    """(the learner's, the worked edition's) source of a code cell."""
    marks = list(_MARK.finditer(source))
    kinds = [mark[2] for mark in marks]
    if is_exercise != bool(marks):
        raise LessonError(
            f"{where}: a `# solution` line and the tag exercise go together, one is missing"
        )
    if not marks:
        return source, source
    if kinds not in (["solution"], ["starter", "solution"]):
        raise LessonError(
            f"{where}: its marks are {kinds}; an exercise has one `# solution`, "
            "and before it at most one `# starter`"
        )
    head, worked = source[: marks[0].start()], source[marks[-1].end() + 1 :]
    starter = source[marks[0].end() + 1 : marks[-1].start()] if len(marks) == 2 else None
    for kind, part in (("starter", starter), ("solution", worked)):
        if part is not None and not part.strip():
            raise LessonError(f"{where}: nothing stands after `# {kind}`")
    if starter is None:
        return f"{head}{marks[0][1]}{STUB}", head + worked
    return (head + starter).rstrip(), head + worked
