"""Build both editions of every notebook from lessons/*.md.

    python lessons/build.py                  build what has changed
    python lessons/build.py --check          fail where what is built differs from what would be; runs nothing
    python lessons/build.py --only 03        lessons whose name starts so
    python lessons/build.py --replace 03     overwrite notebooks/03… although it was edited

notebooks/NN_name.ipynb is the learner's edition: exercises open, no outputs, the same bytes at every build.
notebooks/solutions/NN_name.ipynb is the worked one: solved and executed. It is executed anew only when its lesson
or helpers change. A notebook that somebody edited or ran is never overwritten.

A lesson is CommonMark plus `{code-cell}` with `:id:` and `:tags:`. A plain python fence is shown and never run.
`# solution` in a cell tagged `exercise` cuts to the cell's end; a cell tagged `solution` is for the worked edition.
"""

import argparse
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

ROOT = Path(__file__).resolve().parent.parent
TAGS = {"exercise", "solution", "raises-exception", "nbval-ignore-output", "hide-input"}
TODO = 'raise NotImplementedError("your turn")'
CUT = re.compile(r"^([ \t]*)# solution[ \t]*\n.*", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^[ \t]*# solution[ \t]*\n", re.MULTILINE)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CELL_TIMEOUT = 120


class LessonError(ValueError):
    """A lesson breaks the rules of its dialect; the message names file and line."""


def check_dialect(lesson: Path, text: str) -> None:
    """Raise LessonError where a fence is not closed or names a directive other than code-cell."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r"(`{3,}|~{3,}|:{3,})(.*)", line)
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif opening:
            fence, what = opening[1], opening[2].strip()
            if fence[0] == ":" or (what.startswith("{") and what != "{code-cell}"):
                raise LessonError(f"{lesson.name}:{number}: {line.strip()!r}; the only directive is {{code-cell}}")
    if fence:
        raise LessonError(f"{lesson.name}: a fence is not closed")


def read(lesson: Path) -> list:
    """The cells of a lesson, each with a stable id: a code cell's own, else one made from its heading."""
    text = lesson.read_text(encoding="utf-8")
    check_dialect(lesson, text)
    cells, used = [], set()
    after = "top"
    for cell in jupytext.reads(text, fmt="md:myst").cells:
        if cell.cell_type == "code":
            cells.append(_code(lesson, text, cell))
            after = cells[-1].id
        else:
            cells += [nbformat.v4.new_markdown_cell(part, id=_slug(part, after)) for part in _sections(cell.source)]
    for cell in cells:
        if cell.id in used and cell.cell_type == "code":
            raise LessonError(f"{lesson.name}:{_line(text, cell.id)}: the id {cell.id!r} is used twice")
        while cell.id in used:
            cell.id = f"{cell.id[:58]}-more"
        used.add(cell.id)
    return cells


def _code(lesson: Path, text: str, cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    name, tags = cell.metadata.get("id"), cell.metadata.get("tags", [])
    first = cell.source.splitlines()[0] if cell.source else "an empty cell"
    if not name or not re.fullmatch(r"[a-z0-9-]{1,60}", str(name)):
        raise LessonError(f"{lesson.name}:{_line(text, first)}: :id: is {name!r}; it takes a-z, 0-9 and -")
    if unknown := set(tags) - TAGS:
        raise LessonError(f"{lesson.name}:{_line(text, name)}: unknown tags {sorted(unknown)}; there are {sorted(TAGS)}")
    return nbformat.v4.new_code_cell(cell.source, id=name, metadata={"tags": tags} if tags else {})


def _line(text: str, words: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if words in line), 0)


def _sections(text: str) -> list[str]:
    """Cut prose before each heading of level 1 or 2; a # inside a fence is a comment."""
    parts: list[list[str]] = [[]]
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and re.match(r"##? ", line):
            parts.append([])
        parts[-1].append(line)
    return [joined for part in parts if (joined := "\n".join(part).strip())]


def _slug(part: str, after: str) -> str:
    heading = re.match(r"#+ (.+)", part)
    name = heading[1] if heading else f"after {after}"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:58] or "text"


def edition(lesson: Path, *, solved: bool) -> nbformat.NotebookNode:
    """One edition of a lesson, not executed."""
    kept = []
    for cell in read(lesson):
        tags = cell.metadata.get("tags", [])
        if not solved and "solution" in tags:
            continue
        if "exercise" in tags and not CUT.search(cell.source):
            raise LessonError(f"{lesson.name}: the exercise cell {cell.id!r} has no `# solution` line")
        if cell.cell_type == "code":
            cell.source = MARK.sub("", cell.source) if solved else CUT.sub(rf"\1{TODO}", cell.source)
        kept.append(cell)
    notebook = nbformat.v4.new_notebook(cells=kept)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": {"built": fingerprint(notebook)}}
    )
    nbformat.validate(notebook)
    return notebook


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """A hash of what a person can edit: the cells' ids, kinds and sources."""
    cells = [[c.get("id"), c.cell_type, c.source] for c in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def origin(lesson: Path, helpers: Path) -> str:
    """A hash of what a worked edition is made from: its lesson, and all of helpers."""
    digest = hashlib.sha256(_unix(lesson))
    kinds = {".py", ".json", ".js", ".css"}
    for path in sorted(p for p in helpers.rglob("*") if p.suffix in kinds and "__pycache__" not in p.parts):
        digest.update(path.relative_to(helpers).as_posix().encode() + b"\0" + _unix(path))
    return digest.hexdigest()[:16]


def _unix(path: Path) -> bytes:
    return path.read_bytes().replace(b"\r\n", b"\n")


def text_of(notebook: nbformat.NotebookNode) -> str:
    """The exact text of a notebook's file."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def is_touched(path: Path) -> bool:
    """Whether a notebook was edited or run since it was built, or was not built by us."""
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        return notebook.metadata.get("course", {}).get("built") != fingerprint(notebook) or _ran(notebook)
    except (ValueError, AttributeError, KeyError):
        return True


def _ran(notebook: nbformat.NotebookNode) -> bool:
    worked = "made_from" in notebook.metadata["course"]
    return not worked and any(c.get("outputs") or c.get("execution_count") for c in notebook.cells)


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


def execute(notebook: nbformat.NotebookNode, folder: Path, name: str) -> None:
    """Run every cell, in place. Raises LessonError that names the cell that failed."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "COURSE_PROGRESS": str(Path(scratch, "progress.json"))}
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise LessonError(f"{name}, worked edition: {str(error).strip()[-1500:]}") from None
    course = notebook.metadata["course"]
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": course})


class Builder:
    """Builds, or checks, the notebooks of one course folder. `problems` collects what went wrong or was left alone."""

    def __init__(self, root: Path, *, check: bool = False, replace: str | None = None):
        self.root, self.check, self.replace = root, check, replace
        self.notebooks = root / "notebooks"
        self.problems: list[str] = []

    def build(self, only: str = "") -> list[str]:
        """Both editions of every lesson whose name starts with `only`; returns the problems."""
        lessons = sorted(self.root.glob("lessons/[0-9][0-9]_*.md"))
        for lesson in lessons:
            if lesson.name.startswith(only):
                try:
                    self._learner(lesson)
                    self._worked(lesson)
                except LessonError as error:
                    self.problems.append(str(error))
        known = {lesson.stem for lesson in lessons}
        for path in sorted([*self.notebooks.glob("[0-9]*.ipynb"), *self.notebooks.glob("solutions/*.ipynb")]):
            if path.stem not in known:
                self.problems.append(f"{self._name(path)} has no lesson; remove it or write lessons/{path.stem}.md")
        return self.problems

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _learner(self, lesson: Path) -> None:
        path = self.notebooks / f"{lesson.stem}.ipynb"
        new = text_of(edition(lesson, solved=False))
        if path.exists() and path.read_text(encoding="utf-8") == new:
            return
        if self.check:
            self.problems.append(f"{self._name(path)} is not what {lesson.name} builds: run `make notebooks`")
        elif self._may_write(path, lesson):
            write(path, new)
            print("built", self._name(path))

    def _worked(self, lesson: Path) -> None:
        path = self.notebooks / "solutions" / f"{lesson.stem}.ipynb"
        new = edition(lesson, solved=True)
        new.metadata["course"]["made_from"] = origin(lesson, self.root / "helpers")
        if path.exists() and self._same_but_outputs(path, new):
            return
        if self.check:
            self.problems.append(
                f"{self._name(path)} was made from another {lesson.name} or other helpers: run `make notebooks`"
            )
        elif self._may_write(path, lesson):
            print("executing", self._name(path), flush=True)
            execute(new, self.notebooks, lesson.name)
            write(path, text_of(new))

    def _same_but_outputs(self, path: Path, new: nbformat.NotebookNode) -> bool:
        old = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        for notebook in (old, new):
            for cell in notebook.cells:
                if cell.cell_type == "code" and notebook is old:
                    cell.outputs, cell.execution_count = [], None
        return text_of(old) == text_of(new)

    def _may_write(self, path: Path, lesson: Path) -> bool:
        named = self.replace is not None and (path.stem.startswith(self.replace) or self._name(path) == self.replace)
        if not path.exists() or named or not is_touched(path):
            return True
        self.problems.append(
            f"{self._name(path)} was edited or run and {lesson.name} has changed since; it is left alone. "
            f"Keep it: save it under another name. Replace it: make notebooks REPLACE={path.stem[:2]}"
        )
        return False


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="fail where anything would be built; run nothing")
    options.add_argument("--only", default="", metavar="NN", help="lessons whose name starts so")
    options.add_argument("--replace", metavar="NN", help="overwrite the notebooks that start so, edited or not")
    chosen = options.parse_args()
    problems = Builder(ROOT, check=chosen.check, replace=chosen.replace).build(chosen.only)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
