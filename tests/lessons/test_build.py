"""lessons/tools/build.py on small courses of its own: what is written, what is left alone."""

import re

import nbformat
import pytest

from helpers import files
from lessons.tools import build
from lessons.tools.editions import edition, text_of

LESSON = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
---

<!-- id: a-lesson -->
# 01 A lesson

Some text.

```{code-cell}
:id: setup
from helpers.x import x
```

<!-- id: exercise -->
## Exercise

```{code-cell}
:id: ex-1-1
:tags: [exercise]
def double(x):
    # solution
    return 2 * x
```

```{code-cell}
:id: why
:tags: [solution]
print(double(21))
```
"""


@pytest.fixture
def course(tmp_path):
    """A course of one small lesson and two small helpers, of which the lesson imports one."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "helpers").mkdir()
    (tmp_path / "lessons" / "01_a.md").write_text(LESSON)
    (tmp_path / "helpers" / "__init__.py").write_text("_HOME = {}\n")
    (tmp_path / "helpers" / "x.py").write_text("x = 1\n")
    (tmp_path / "helpers" / "other.py").write_text("y = 1\n")
    return tmp_path


@pytest.fixture
def executed(monkeypatch):
    """Executes nothing and lists what would be: for rules that are not about outputs."""
    names = []
    monkeypatch.setattr(build, "execute", lambda notebook, root, name: names.append(name))
    return names


def notebook(course, solved=False):
    return course / "notebooks" / ("solutions/01_a.ipynb" if solved else "01_a.ipynb")


def change(course, old, new):
    """Edit the lesson."""
    lesson = course / "lessons" / "01_a.md"
    assert old in lesson.read_text()
    lesson.write_text(lesson.read_text().replace(old, new))


def cells(path):
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def edit(code):
    code.source = "def double(x):\n    return x + x"


def run(code):
    code.execution_count = 1


def work_on(path, how):
    """What a learner does to a notebook; its bytes then."""
    mine = nbformat.read(path, as_version=4)
    how(next(cell for cell in mine.cells if cell.id == "ex-1-1"))
    nbformat.write(mine, path)
    return path.read_bytes()


def test_the_learners_edition_is_open_and_the_worked_one_solved_and_executed(course):
    """Solution cells and outputs are in the worked edition only."""
    assert build.Builder(course).build() == []
    learner, worked = cells(notebook(course)), cells(notebook(course, solved=True))
    assert learner["ex-1-1"].source.endswith('raise NotImplementedError("your turn")')
    assert "why" not in learner and not any(cell.get("outputs") for cell in learner.values())
    assert worked["ex-1-1"].source.endswith("return 2 * x")
    assert worked["why"].outputs[0].text == "42\n"


def test_a_rebuild_changes_nothing(course, executed):
    """Both editions keep their bytes, and the check is content, while lesson and helpers stay."""
    build.Builder(course).build()
    before = [notebook(course, solved).read_bytes() for solved in (False, True)]
    assert build.Builder(course).build() == [] == build.Builder(course, check=True).build()
    assert [notebook(course, solved).read_bytes() for solved in (False, True)] == before
    assert executed == ["01_a.md"]


def test_a_changed_helper_asks_for_a_new_worked_edition_only(course, executed):
    """The check names the worked edition, and the learner's edition stays."""
    build.Builder(course).build()
    (course / "helpers" / "x.py").write_text("x = 2\n")
    problems = build.Builder(course, check=True).build()
    assert len(problems) == 1
    assert "solutions/01_a.ipynb was executed with other helpers" in problems[0]


@pytest.mark.parametrize(
    ("name", "content", "times"),
    [
        ("x.py", "x = 1\n", 1),
        ("x.py", "x = 1\r\n", 1),  # the line ends of a checkout on Windows
        ("x.py", "x = 2\n", 2),
        ("other.py", "y = 2\n", 1),
    ],
)
def test_a_worked_edition_is_executed_when_what_it_runs_has_changed(
    course, executed, name, content, times
):
    """And then only: a helper that the lesson does not use changes nothing."""
    build.Builder(course).build()
    (course / "helpers" / name).write_bytes(content.encode())
    build.Builder(course).build()
    assert len(executed) == times


def test_the_check_sees_an_edited_lesson_and_runs_nothing(course, executed):
    """Both editions are reported when the lesson changes, and neither is written."""
    build.Builder(course).build()
    before = notebook(course).read_bytes()
    change(course, "Some text", "Other text")
    problems = build.Builder(course, check=True).build()
    assert ["was built from another 01_a.md" in problem for problem in problems] == [True, True]
    assert notebook(course).read_bytes() == before and len(executed) == 1


def test_only_builds_that_lesson_alone(course, executed):
    """The other lesson's notebooks are not made."""
    (course / "lessons" / "02_b.md").write_text(LESSON)
    assert build.Builder(course).build(only="02") == []
    assert executed == ["02_b.md"] and not notebook(course).exists()


@pytest.mark.parametrize("how", [edit, run])
def test_a_learners_work_is_left_alone(course, executed, how):
    """Edited or run, it survives a changed lesson, and the message says what to do."""
    build.Builder(course).build()
    kept = work_on(notebook(course), how)
    change(course, "Some text", "Other text")
    problems = build.Builder(course).build()
    assert notebook(course).read_bytes() == kept
    assert len(problems) == 1 and "left alone" in problems[0] and "REPLACE=01" in problems[0]


@pytest.mark.parametrize("how", [edit, run])
def test_work_on_the_newest_lesson_is_no_problem(course, executed, how, capsys):
    """While the lesson stays the same, a build leaves the notebook alone, says so, and succeeds."""
    build.Builder(course).build()
    kept = work_on(notebook(course), how)
    assert build.Builder(course).build() == []
    assert notebook(course).read_bytes() == kept and "left alone" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["01", "01_a", "notebooks/01_a.ipynb"])
def test_replace_overwrites_on_purpose(course, executed, name):
    """A lesson named after --replace is built whatever was in its notebook."""
    build.Builder(course).build()
    work_on(notebook(course), edit)
    assert build.Builder(course, replace=name).build() == []
    assert cells(notebook(course))["ex-1-1"].source.endswith('NotImplementedError("your turn")')


def test_replace_keeps_a_copy_of_each_edited_notebook(course, executed):
    """Beside it, under a name that is free: a second copy does not overwrite the first."""
    build.Builder(course).build()
    kept = []
    for how in (edit, run):
        kept.append(work_on(notebook(course), how))
        build.Builder(course, replace="01").build()
    copies = [notebook(course).with_name(f"01_a.edited-{number}.ipynb") for number in (1, 2)]
    assert [copy.read_bytes() for copy in copies] == kept
    assert not list(course.glob("notebooks/solutions/*.edited-*"))


def test_a_file_that_is_no_notebook_is_left_alone(course, executed):
    """What cannot be read is not ours to overwrite, in either edition."""
    for solved in (False, True):
        notebook(course, solved).parent.mkdir(parents=True, exist_ok=True)
        notebook(course, solved).write_text("not JSON")
    assert len(build.Builder(course).build()) == 2
    assert notebook(course).read_text() == notebook(course, solved=True).read_text() == "not JSON"


def test_an_interrupted_write_leaves_the_old_file(course, executed, monkeypatch):
    """A notebook is written whole or not at all."""
    build.Builder(course).build()
    before = notebook(course).read_bytes()
    change(course, "Some text", "Other text")
    monkeypatch.setattr(files.os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build.Builder(course).build()
    assert notebook(course).read_bytes() == before and not list(course.rglob("*.part"))


def test_a_lesson_that_does_not_run_leaves_the_old_edition(course):
    """The problem names lesson and cell; what was there stays."""
    path = notebook(course, solved=True)
    files.write_whole(path, text_of(edition(course / "lessons" / "01_a.md", solved=True)))
    before = path.read_bytes()
    change(course, "print(double(21))", "1 / 0")
    assert build.Builder(course).build() == [
        "01_a.md, cell 'why': ZeroDivisionError: division by zero"
    ]
    assert path.read_bytes() == before


def test_what_a_lesson_writes_does_not_touch_what_a_learner_wrote(course):
    """Notebooks are executed in a folder of their own: a service.py of the learner stays."""
    build.Builder(course).build()
    mine = course / "notebooks" / "service.py"
    mine.write_text("my own\n")
    change(course, "print(double(21))", "%%writefile service.py\n1")
    assert build.Builder(course).build() == []
    assert mine.read_text() == "my own\n"
    assert "Writing service.py" in cells(notebook(course, solved=True))["why"].outputs[0].text


def test_a_lesson_that_breaks_a_rule_is_a_problem_and_the_others_are_built(course, executed):
    """The problem names file and line; of that lesson nothing is written."""
    (course / "lessons" / "02_b.md").write_text(LESSON)
    change(course, ":id: why\n", "")
    problems = build.Builder(course).build()
    assert len(problems) == 1 and re.match(r"01_a\.md:26: the id is None", problems[0])
    assert not notebook(course).exists() and executed == ["02_b.md"]


@pytest.mark.parametrize("where", [{"only": "07"}, {"replace": "07"}])
def test_a_lesson_that_is_not_there_is_an_error(course, executed, where):
    """A mistyped name builds nothing and lists the names there are."""
    problems = build.Builder(course, replace=where.get("replace", "")).build(where.get("only", ""))
    assert problems == ["there is no lesson '07'; there are 01_a"]
    assert not notebook(course).exists()


def test_a_removed_lesson_is_reported_and_a_learners_copy_is_not(course, executed):
    """A notebook without a lesson does not stay unnoticed, unless somebody made it theirs."""
    build.Builder(course).build()
    copy = notebook(course).with_name("01_mine.ipynb")
    copy.write_bytes(notebook(course).read_bytes())
    work_on(copy, edit)
    (course / "lessons" / "01_a.md").rename(course / "lessons" / "02_b.md")
    problems = build.Builder(course).build()
    assert [problem.split(" has no lesson")[0] for problem in problems] == [
        "notebooks/01_a.ipynb",
        "notebooks/solutions/01_a.ipynb",
    ]


def test_a_drawing_goes_where_both_editions_find_it(course, executed):
    """The worked edition stands one folder deeper; a check names what is missing."""
    (course / "lessons" / "images").mkdir()
    (course / "lessons" / "images" / "01_a.svg").write_text("<svg/>")
    change(course, "Some text.", "![A drawing.](images/01_a.svg)")
    assert any(
        "notebooks/images/01_a.svg" in told for told in build.Builder(course, check=True).build()
    )
    assert build.Builder(course).build() == []
    assert (course / "notebooks" / "images" / "01_a.svg").read_text() == "<svg/>"
    assert "](images/01_a.svg)" in notebook(course).read_text()
    assert "](../images/01_a.svg)" in notebook(course, solved=True).read_text()
    assert build.Builder(course, check=True).build() == []
