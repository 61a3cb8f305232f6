"""Build both editions of every notebook from lessons/*.md.

    python -m lessons.tools.build                  build what has changed
    python -m lessons.tools.build --check          fail where what is built differs from what would be; runs nothing
    python -m lessons.tools.build --only 03        that lesson alone
    python -m lessons.tools.build --replace 03     overwrite that lesson's notebooks although somebody edited them

notebooks/NN_name.ipynb is the learner's edition: exercises open, no outputs, the same bytes at every build.
notebooks/solutions/NN_name.ipynb is the worked one: solved and executed. It is executed anew only when its lesson
or helpers change. A notebook that somebody edited or ran is never overwritten unasked.

A lesson is CommonMark plus `{code-cell}` with `:id:` and `:tags:`. A plain python fence is shown and never run.
`# solution` in a cell tagged `exercise` cuts to the cell's end; a cell tagged `solution` is for the worked edition.
"""

import argparse
import copy
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from jupytext.myst import MystMetadataParsingError
from nbformat import NotebookNode

from lessons.tools.glance import GlanceError, glance

ROOT = Path(__file__).resolve().parents[2]
TAGS = {"exercise", "solution", "raises-exception", "nbval-ignore-output"}
TODO = 'raise NotImplementedError("your turn")'
CUT = re.compile(r"^([ \t]*)# solution[ \t]*\n.*", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^[ \t]*# solution[ \t]*\n", re.MULTILINE)
FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})([^`]*)$")
ELSEWHERE_ONLY = re.compile(r"\+\+\+|%|\([\w-]+\)=\s*$")  # MyST's block breaks, comments, targets
ID = re.compile(r"[a-z0-9-]{1,60}")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
HELPERS = {".py", ".json", ".js", ".css", ".html"}
CELL_TIMEOUT = 120
WIDGET = "application/vnd.jupyter.widget-view+json"


class LessonError(ValueError):
    """A lesson breaks the rules of its dialect, or does not run; the message names the file and the line or cell."""


# From a lesson to cells


def walk(text: str) -> Iterator[tuple[int, str, str]]:
    """(number, line, kind) of each line: "prose", "open" (a fence's first), "code", at last "unclosed" if so."""
    fence, opened = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            yield number, line, "code"
            end = line.strip()
            fence = "" if end.startswith(fence) and not end.strip(fence[0]) else fence
        elif opening := FENCE.match(line):
            fence, opened = opening[1], number
            yield number, line, "open"
        else:
            yield number, line, "prose"
    if fence:
        yield opened, fence, "unclosed"


def code_cells_at(lesson: Path, text: str) -> list[int]:
    """The line of every code cell. Raises LessonError where the text leaves the dialect."""
    at = []
    for number, line, kind in walk(text):
        where = f"{lesson.name}:{number}: {line.strip()!r}"
        if kind == "unclosed":
            raise LessonError(f"{where} opens a fence that is not closed")
        if kind == "prose" and ELSEWHERE_ONLY.match(line):
            raise LessonError(
                f"{where} is MyST that JupyterLab does not show; lessons are CommonMark"
            )
        if kind == "open" and (line.lstrip()[0] == ":" or "{" in line):
            if line.rstrip() != "```{code-cell}":
                raise LessonError(
                    f"{where}; the only directive is ```{{code-cell}}, at the start of a line"
                )
            at.append(number)
    return at


def read(lesson: Path) -> list[NotebookNode]:
    """The cells of a lesson, each with a stable id: a code cell's own, else one made from its heading."""
    text = lesson.read_text(encoding="utf-8")
    lines = iter(code_cells_at(lesson, text))
    try:
        parsed = jupytext.reads(text, fmt="md:myst").cells
    except MystMetadataParsingError as error:
        raise LessonError(f"{lesson.name}: a code cell's options are not YAML: {error}") from None
    cells, after = [], "top"
    for cell in parsed:
        if cell.cell_type == "code":
            cells.append(
                _code(
                    f"{lesson.name}:{next(lines)}",
                    cell,
                    {c.id for c in cells if c.cell_type == "code"},
                )
            )
            after = cells[-1].id
        else:
            cells += [
                nbformat.v4.new_markdown_cell(part, id=_slug(part, after))
                for part in _sections(cell.source)
            ]
    _tell_apart(cells)
    return cells


def _code(where: str, cell: NotebookNode, used: set[str]) -> NotebookNode:
    options = dict(cell.metadata)
    name, tags = options.pop("id", None), options.pop("tags", [])
    if options:
        raise LessonError(f"{where}: unknown options {sorted(options)}; there are :id: and :tags:")
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise LessonError(f"{where}: :id: is {name!r}; it takes a-z, 0-9 and -")
    if name in used:
        raise LessonError(f"{where}: the id {name!r} is used twice")
    if not isinstance(tags, list) or not TAGS.issuperset(tags):
        raise LessonError(f"{where}: :tags: is {tags!r}; it takes a list of {sorted(TAGS)}")
    if ("exercise" in tags) != bool(CUT.search(cell.source)):
        raise LessonError(
            f"{where}: {name!r}: a `# solution` line and the tag exercise go together, one is missing"
        )
    return nbformat.v4.new_code_cell(cell.source, id=name, metadata={"tags": tags} if tags else {})


def _sections(text: str) -> list[str]:
    """Cut prose before each heading of level 1 or 2; a # inside a fence is a comment."""
    parts: list[list[str]] = [[]]
    for _, line, kind in walk(text):
        if kind == "prose" and re.match(r"##? ", line):
            parts.append([])
        parts[-1].append(line)
    return [joined for part in parts if (joined := "\n".join(part).strip())]


def _slug(part: str, after: str) -> str:
    heading = re.match(r"#+ (.+)", part)
    name = heading[1] if heading else f"after {after}"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:58].strip("-") or "text"


def _tell_apart(cells: list[NotebookNode]) -> None:
    """Number the text cells whose id is taken, in place."""
    used = {cell.id for cell in cells if cell.cell_type == "code"}
    for cell in cells:
        if cell.cell_type == "markdown":
            name, number = cell.id, 1
            while cell.id in used:
                number += 1
                cell.id = f"{name}-{number}"
            used.add(cell.id)


# From cells to notebooks


def edition(lesson: Path, *, solved: bool) -> NotebookNode:
    """One edition of a lesson, not executed. Raises LessonError."""
    kept = [
        cell for cell in read(lesson) if solved or "solution" not in cell.metadata.get("tags", [])
    ]
    for cell in kept:
        if cell.cell_type == "code":
            cell.source = (
                MARK.sub("", cell.source) if solved else CUT.sub(rf"\1{TODO}", cell.source)
            )
    notebook = nbformat.v4.new_notebook(cells=kept)
    notebook.metadata = metadata(built=fingerprint(notebook))
    nbformat.validate(notebook)
    return notebook


def metadata(**course: str) -> NotebookNode:
    """A notebook's metadata: nothing of the machine that it was built on."""
    return nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": course}
    )


def fingerprint(notebook: NotebookNode) -> str:
    """A hash of what a person can edit: the cells' ids, kinds and sources."""
    cells = [[c.get("id"), c.cell_type, c.source] for c in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def helpers_hash(helpers: Path) -> str:
    """A hash of all that a worked edition runs besides its own cells."""
    digest = hashlib.sha256()
    for path in sorted(
        p for p in helpers.rglob("*") if p.suffix in HELPERS and "__pycache__" not in p.parts
    ):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(helpers).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def text_of(notebook: NotebookNode) -> str:
    """The exact text of a notebook's file."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def load(path: Path) -> NotebookNode | None:
    """A notebook as it is on disk; None when there is none, or when it cannot be read as one."""
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        return notebook if isinstance(notebook.get("cells"), list) else None
    except (OSError, ValueError, AttributeError):
        return None


def is_touched(notebook: NotebookNode | None) -> bool:
    """Whether somebody edited a notebook, or ran a learner's edition, since it was built. None counts as edited."""
    if notebook is None:
        return True
    course = notebook.metadata.get("course", {})
    ran = "helpers" not in course and any(
        c.get("outputs") or c.get("execution_count") for c in notebook.cells
    )
    return ran or course.get("built") != fingerprint(notebook)


def execute(notebook: NotebookNode, folder: Path, name: str) -> None:
    """Run every cell, in place. Raises LessonError that names the cell that failed."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    kept, at = copy.deepcopy(notebook.metadata), "before the first"

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell.id

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=remember,
        extra_arguments=["--log-level=ERROR"],
    )
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "COURSE_PROGRESS": str(Path(scratch, "progress.json")),
        }
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise LessonError(f"{name}, cell {at!r}: {error.ename}: {error.evalue}") from None
        except CellTimeoutError:
            raise LessonError(f"{name}, cell {at!r}: not done after {CELL_TIMEOUT} s") from None
        except RuntimeError as error:
            raise LessonError(f"{name}, cell {at!r}: the kernel is gone: {error}") from None
    notebook.metadata = kept
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        output.get("data", {}).pop(
            WIDGET, None
        )  # without its state it reads "model not found"; the text stays


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


# From notebooks to the folder


class Builder:
    """Builds, or checks, the notebooks of one course folder; `problems` are what keeps it from being as it should."""

    def __init__(self, root: Path, *, check: bool = False, replace: str = ""):
        self.root, self.check, self.replace = root, check, replace
        self.notebooks = root / "notebooks"
        self.helpers = helpers_hash(root / "helpers")
        self.problems: list[str] = []

    def build(self, only: str = "") -> list[str]:
        """Both editions of every lesson, or of one; returns the problems."""
        lessons = sorted(self.root.glob("lessons/[0-9][0-9]_*.md"))
        for name in filter(None, (only, self.replace)):
            if not any(_is(name, lesson) for lesson in lessons):
                return [
                    f"there is no lesson {name!r}; there are {', '.join(lesson.stem for lesson in lessons)}"
                ]
        for lesson in lessons:
            if not only or _is(only, lesson):
                try:
                    self._learner(lesson)
                    self._worked(lesson)
                except LessonError as error:
                    self.problems.append(str(error))
        self._find_orphans({lesson.stem for lesson in lessons})
        if not only and (self.root / "lessons" / "glossary.md").exists():
            self._glance()
        return self.problems

    def _glance(self) -> None:
        """The page that is built from all of them."""
        path = self.notebooks / "at_a_glance.md"
        try:
            page = glance(self.root)
        except GlanceError as error:
            self.problems.append(str(error))
            return
        if path.exists() and path.read_text(encoding="utf-8") == page:
            return
        if self.check:
            self.problems.append(
                f"{self._name(path)} is not what the lessons say: run `make notebooks`"
            )
            return
        write(path, page)
        print("built", self._name(path))

    def _find_orphans(self, stems: set[str]) -> None:
        """Report what a removed lesson left behind; a learner's own copy is no such thing."""
        for path in sorted(
            [*self.notebooks.glob("*.ipynb"), *self.notebooks.glob("solutions/*.ipynb")]
        ):
            if path.stem not in stems and not is_touched(load(path)):
                self.problems.append(
                    f"{self._name(path)} has no lesson; remove it, or write lessons/{path.stem}.md"
                )

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _learner(self, lesson: Path) -> None:
        path = self.notebooks / f"{lesson.stem}.ipynb"
        new = edition(lesson, solved=False)
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") == text_of(new):
            return
        if self._may_write(path, lesson, new):
            write(path, text_of(new))
            print("built", self._name(path))

    def _worked(self, lesson: Path) -> None:
        path = self.notebooks / "solutions" / f"{lesson.stem}.ipynb"
        new = edition(lesson, solved=True)
        new.metadata.course["helpers"] = self.helpers
        old = load(path)
        if old is not None and _without_outputs(old) == text_of(new):
            return
        if self._may_write(path, lesson, new):
            print("executing", self._name(path), flush=True)
            execute(new, self.notebooks, lesson.name)
            write(path, text_of(new))

    def _may_write(self, path: Path, lesson: Path, new: NotebookNode) -> bool:
        """Whether to write, said or not; in a check it never is, and the reason becomes a problem."""
        old = load(path)
        touched = path.exists() and is_touched(old)
        if self.check:
            self.problems.append(
                f"{self._name(path)} {_difference(path, lesson, old, new)}: run `make notebooks`"
            )
            return False
        if not touched or (self.replace and _is(self.replace, lesson)):
            return True
        number = lesson.name[:2]
        told = (
            f"{self._name(path)} was edited or run since it was built; it is left alone. To keep it, save it under "
            f"another name. To have it as {lesson.name} makes it: make notebooks REPLACE={number}"
        )
        if (
            old is not None
            and old.metadata.get("course", {}).get("built") == new.metadata.course.built
        ):
            print(told)  # the lesson is still the one that the learner worked on: nothing is missed
        else:
            self.problems.append(told)
        return False


def _is(name: str, lesson: Path) -> bool:
    """Whether 03, 03_threads or notebooks/03_threads.ipynb means this lesson."""
    return Path(name).stem in (lesson.stem, lesson.stem.split("_")[0])


def _without_outputs(notebook: NotebookNode) -> str:
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return text_of(bare)


def _difference(path: Path, lesson: Path, old: NotebookNode | None, new: NotebookNode) -> str:
    """Why a notebook is not what would be built."""
    if not path.exists():
        return f"is missing ({lesson.name} builds it)"
    if is_touched(old):
        return "was edited or run since it was built"
    if old.metadata.course.built != new.metadata.course.built:
        return f"was built from another {lesson.name}"
    if old.metadata.course.get("helpers") != new.metadata.course.get("helpers"):
        return "was executed with other helpers"
    return f"has other tags or metadata than {lesson.name} makes"


def main() -> int:
    """The command line; 0 when all is as it should be."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--check", action="store_true", help="fail where anything would be built; run nothing"
    )
    options.add_argument("--only", default="", metavar="NN", help="that lesson alone")
    options.add_argument(
        "--replace",
        default="",
        metavar="NN",
        help="overwrite that lesson's notebooks, edited or not",
    )
    chosen = options.parse_args()
    problems = Builder(ROOT, check=chosen.check, replace=chosen.replace).build(chosen.only)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
