"""lessons/tools/dependencies.py on a small tree of helpers: which files count for a lesson."""

import pytest

from lessons.tools.dependencies import Dependencies
from lessons.tools.dialect import LessonError, read

HELPERS = {
    "__init__.py": '_HOME = {"run": "runs", "Panel": "panel", "check": "exercises"}\n',
    "runs.py": '"""helpers.docs is only words here."""\n\nfrom helpers.trace import Span\n',
    "trace.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from helpers.typed import Only\n"
        "else:\n    from . import late\n"
    ),
    "late.py": "def load():\n    import helpers.later\n",
    "later.py": "",
    "typed.py": "",
    "docs.py": "",
    "panel/__init__.py": "from helpers.panel import screen\n",
    "panel/screen.py": 'from pathlib import Path\nJS = Path(__file__).with_name("screen.js")\n',
    "panel/screen.js": "export default {}\n",
    "panel/other.js": "\n",
    "server/__init__.py": "",
    "server/__main__.py": "import helpers.server.wire\n",
    "server/wire.py": "",
    "handle.py": 'start("helpers.server")\n',
    "program/__init__.py": 'HOME = Path(__file__).parent / "steps"\nROOT = HOME / "/" / ".." / 2\n',
    "program/steps/one.py": "import helpers.later\n",
    "program/steps/data.json": "{}\n",
    "exercises/__init__.py": 'import_module(f"helpers.exercises.{name}")\n',
    "exercises/judges.py": "",
    "exercises/lesson_01.py": "import helpers.docs\n",
    "exercises/lesson_02.py": "import helpers.typed\n",
}


@pytest.fixture
def course(tmp_path):
    """The tree above."""
    for name, content in HELPERS.items():
        path = tmp_path / "helpers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (tmp_path / "lessons").mkdir()
    return tmp_path


def lesson(course, code, stem="01_a"):
    """A lesson of one code cell."""
    path = course / "lessons" / f"{stem}.md"
    path.write_text(f"```{{code-cell}}\n:id: setup\n{code}\n```\n", encoding="utf-8")
    return read(path)


def files(course, code, stem="01_a"):
    """The names of the files that a lesson of this one cell depends on."""
    found = Dependencies(course).files(lesson(course, code, stem))
    return {path.relative_to(course / "helpers").as_posix() for path in found}


RUNS = {"__init__.py", "runs.py", "trace.py", "late.py", "later.py"}
PANEL = {"__init__.py", "panel/__init__.py", "panel/screen.py", "panel/screen.js"}
SERVER = {"server/__init__.py", "server/__main__.py", "server/wire.py"}


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("import json", set()),
        ("from helpers import run", RUNS),
        ("from helpers import Panel", PANEL),
        ("from helpers.panel import screen", PANEL),
        ("from helpers import trace", RUNS - {"runs.py"}),
        ("import helpers.later as x", {"__init__.py", "later.py"}),
        ("if True:\n    from helpers import run", RUNS),
        ("import helpers.handle", {"__init__.py", "handle.py", *SERVER}),
        ("import helpers.server", {"__init__.py", "server/__init__.py"}),
        ('run_python("-m", "helpers.server")', {"__init__.py", *SERVER}),
        ("script = '''\nfrom helpers import run\n'''", RUNS),
        ("%%writefile x.py\n\nfrom helpers import run", RUNS),
        ("%time await f()\nfrom helpers import run", RUNS),
        (
            "import helpers.program",
            {
                *("__init__.py", "later.py", "program/__init__.py"),
                *("program/steps/one.py", "program/steps/data.json"),
            },
        ),
        (
            "from helpers import check",
            {
                *("__init__.py", "docs.py"),
                *("exercises/__init__.py", "exercises/judges.py", "exercises/lesson_01.py"),
            },
        ),
    ],
)
def test_a_lesson_depends_on_what_it_reaches_and_on_nothing_else(course, code, needs):
    """By import, by a public name, by a string that names a module, a file, a folder or is code.

    Docstrings, and imports for type checkers alone, lead nowhere.
    """
    assert files(course, code) == needs


def test_a_check_needs_the_exercises_of_its_own_lesson_alone(course):
    """Lesson 02's with what they import, not lesson 01's."""
    needs = files(course, "from helpers import check", stem="02_b")
    assert {"exercises/lesson_02.py", "typed.py"} < needs
    assert not {"exercises/lesson_01.py", "docs.py"} & needs


@pytest.mark.parametrize(
    ("changed", "is_other"),
    [("later.py", True), ("runs.py", True), ("panel/screen.js", False), ("typed.py", False)],
)
def test_the_hash_follows_the_files(course, changed, is_other):
    """A change far down the imports changes it, one elsewhere does not."""
    source = lesson(course, "from helpers import run")
    before = Dependencies(course).hash(source)
    path = course / "helpers" / changed
    path.write_text(path.read_text() + "\nx = 1\n")
    assert (Dependencies(course).hash(source) != before) is is_other


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def f(:", r"01_a\.md, cell 'setup' is not Python: line 1"),
        ("from helpers import nothing", r"01_a\.md, cell 'setup' imports helpers\.nothing, and"),
        ("import helpers.no.where", r"cell 'setup' imports helpers\.no\.where, and there is no"),
        ("script = 'import helpers.no'", r"cell 'setup' imports helpers\.no, and there is no"),
    ],
)
def test_what_cannot_be_followed_is_an_error_that_names_the_cell(course, code, says):
    """An import that leads nowhere would fail a reader, too."""
    with pytest.raises(LessonError, match=says):
        files(course, code)


def test_an_import_that_leads_nowhere_is_found_in_a_module(course):
    """The message names the module."""
    (course / "helpers" / "trace.py").write_text("from helpers.gone import x\n")
    with pytest.raises(LessonError, match=r"helpers/trace\.py imports helpers\.gone, and there"):
        files(course, "from helpers import run")
