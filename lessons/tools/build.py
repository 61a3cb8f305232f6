"""Build both editions of every notebook, and the course at a glance, from lessons/*.md.

    python -m lessons.tools.build                  build what has changed
    python -m lessons.tools.build --check          run nothing; fail where anything would be built
    python -m lessons.tools.build --only 03        that lesson alone
    python -m lessons.tools.build --replace 03     overwrite that lesson's notebooks although
                                                   somebody edited them; what they did is kept
                                                   beside them, as 03_threads.edited-1.ipynb

notebooks/NN_name.ipynb is the learner's edition: exercises open, no outputs, the same bytes at
every build. notebooks/solutions/NN_name.ipynb is the worked one: solved and executed, and executed
anew only when its lesson changes or a file of helpers that it depends on. A notebook that somebody
edited or ran is never overwritten unasked. notebooks/images/ has the lessons' drawings.
"""

import argparse
import itertools
import sys
from pathlib import Path

from nbformat import NotebookNode

from helpers.files import write_whole
from lessons.tools.dependencies import Dependencies
from lessons.tools.dialect import LessonError, read
from lessons.tools.editions import edition, is_touched, load, text_of, without_outputs
from lessons.tools.executing import execute
from lessons.tools.glance import GlanceError, glance

ROOT = Path(__file__).resolve().parents[2]


class Builder:
    """Builds, or checks, the notebooks of one course folder.

    `problems` are what keeps the folder from being as it should be, in words for a person.
    """

    def __init__(self, root: Path, *, check: bool = False, replace: str = ""):
        self.root = root
        self.check = check
        self.replace = replace
        self.notebooks = root / "notebooks"
        self.problems: list[str] = []
        self._dependencies = Dependencies(root)

    def build(self, only: str = "") -> list[str]:
        """Both editions of every lesson, or of one; returns the problems."""
        lessons = sorted(self.root.glob("lessons/[0-9][0-9]_*.md"))
        for name in filter(None, (only, self.replace)):
            if not any(_means(name, lesson) for lesson in lessons):
                known = ", ".join(lesson.stem for lesson in lessons)
                return [f"there is no lesson {name!r}; there are {known}"]
        self._drawings()
        for lesson in lessons:
            if not only or _means(only, lesson):
                self._lesson(lesson)
        self._find_orphans({lesson.stem for lesson in lessons})
        if not only and (self.root / "lessons" / "glossary.md").exists():
            self._glance()
        return self.problems

    def _drawings(self) -> None:
        """Copies of the lessons' drawings, so that notebooks/ can be taken away by itself."""
        for drawing in sorted(self.root.glob("lessons/images/*.svg")):
            path = self.notebooks / "images" / drawing.name
            text = drawing.read_text(encoding="utf-8")
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            if self.check:
                self.problems.append(
                    f"{self._name(path)} is not what {self._name(drawing)} is: run `make notebooks`"
                )
                continue
            write_whole(path, text)
            print("built", self._name(path))

    def _lesson(self, lesson: Path) -> None:
        try:
            self._learners(lesson)
            self._worked(lesson)
        except LessonError as error:
            self.problems.append(str(error))

    def _learners(self, lesson: Path) -> None:
        path = self.notebooks / f"{lesson.stem}.ipynb"
        new = edition(lesson, solved=False)
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") == text_of(new):
            return
        if self._may_write(path, lesson, new):
            self._write(path, new)
            print("built", self._name(path))

    def _worked(self, lesson: Path) -> None:
        path = self.notebooks / "solutions" / f"{lesson.stem}.ipynb"
        new = edition(lesson, solved=True)
        new.metadata.course["helpers"] = self._dependencies.hash(read(lesson))
        old = load(path)
        if old is not None and text_of(without_outputs(old)) == text_of(new):
            return
        if self._may_write(path, lesson, new):
            print("executing", self._name(path), flush=True)
            execute(new, self.root, lesson.name)
            self._write(path, new)

    def _write(self, path: Path, new: NotebookNode) -> None:
        """Write a notebook that may be written; what somebody did to the old one is kept."""
        if path.exists() and is_touched(load(path)):
            print("kept", self._name(_keep_copy(path)))
        write_whole(path, text_of(new))

    def _may_write(self, path: Path, lesson: Path, new: NotebookNode) -> bool:
        """Whether a notebook that differs from `new` may be written; where not, it is told why.

        A check writes nothing. Somebody's work is a problem only where its lesson changed since.
        """
        old = load(path)
        if self.check:
            why = _difference(path, lesson, old, new)
            self.problems.append(f"{self._name(path)} {why}: run `make notebooks`")
            return False
        if not path.exists() or not is_touched(old):
            return True
        if self.replace and _means(self.replace, lesson):
            return True
        told = (
            f"{self._name(path)} was edited or run since it was built; it is left alone. "
            "To keep it, save it under another name. "
            f"To have it as {lesson.name} makes it: make notebooks REPLACE={lesson.name[:2]}"
        )
        if old is not None and _built_from(old) == _built_from(new):
            print(told)
        else:
            self.problems.append(told)
        return False

    def _find_orphans(self, stems: set[str]) -> None:
        """Report what a removed lesson left behind; a learner's own copy is no such thing."""
        for folder in (self.notebooks, self.notebooks / "solutions"):
            for path in sorted(folder.glob("*.ipynb")):
                if path.stem not in stems and not is_touched(load(path)):
                    self.problems.append(
                        f"{self._name(path)} has no lesson; "
                        f"remove it, or write lessons/{path.stem}.md"
                    )

    def _glance(self) -> None:
        """The page that is built from all lessons."""
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
        write_whole(path, page)
        print("built", self._name(path))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _means(name: str, lesson: Path) -> bool:
    """Whether 03, 03_threads or notebooks/03_threads.ipynb means this lesson."""
    return Path(name).stem in (lesson.stem, lesson.stem.split("_")[0])


def _built_from(notebook: NotebookNode) -> str | None:
    """The fingerprint that a notebook had when it was built."""
    return notebook.metadata.get("course", {}).get("built")


def _keep_copy(path: Path) -> Path:
    """Copy a notebook beside itself, under the first name that is free; the copy's path."""
    for number in itertools.count(1):
        copy = path.with_name(f"{path.stem}.edited-{number}.ipynb")
        try:
            with open(copy, "xb") as file:  # x: never over an earlier copy
                file.write(path.read_bytes())
            return copy
        except FileExistsError:
            continue


def _difference(path: Path, lesson: Path, old: NotebookNode | None, new: NotebookNode) -> str:
    """Why a notebook is not what would be built."""
    if not path.exists():
        return f"is missing ({lesson.name} builds it)"
    if is_touched(old):
        return "was edited or run since it was built"
    if _built_from(old) != _built_from(new):
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
        help="overwrite that lesson's notebooks, edited or not; edited ones are copied first",
    )
    chosen = options.parse_args()
    problems = Builder(ROOT, check=chosen.check, replace=chosen.replace).build(chosen.only)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
