"""lessons/build.py on small lessons of its own."""

import re
from pathlib import Path

import nbformat
import pytest

from lessons.tools import build

ROOT = Path(__file__).parents[2]

LESSON = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
---

# 01 A lesson

Some text.

```python
never_run()
```

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

Text after it.
"""


@pytest.fixture
def course(tmp_path):
    """A course of one small lesson and one small helper."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "helpers").mkdir()
    (tmp_path / "lessons" / "01_a.md").write_text(LESSON)
    (tmp_path / "helpers" / "x.py").write_text("x = 1\n")
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """Executes nothing, for rules that are not about outputs: a kernel takes two seconds to start."""
    monkeypatch.setattr(build, "execute", lambda *_: None)


def notebook(course, solved=False):
    return course / "notebooks" / ("solutions/01_a.ipynb" if solved else "01_a.ipynb")


def change(course, old, new):
    """Edit the lesson."""
    lesson = course / "lessons" / "01_a.md"
    assert old in lesson.read_text()
    lesson.write_text(lesson.read_text().replace(old, new))


def cells(path):
    return {c.id: c for c in nbformat.read(path, as_version=4).cells}


def test_the_learners_edition_is_open_and_the_worked_one_solved_and_executed(course):
    """An exercise is cut at `# solution`; solution cells and outputs are in the worked edition only."""
    assert build.Builder(course).build() == []
    learner, worked = cells(notebook(course)), cells(notebook(course, solved=True))
    assert learner["ex-1-1"].source.splitlines()[-1] == '    raise NotImplementedError("your turn")'
    assert "why" not in learner and not any(c.get("outputs") for c in learner.values())
    assert (
        worked["ex-1-1"].source.endswith("return 2 * x")
        and "# solution" not in worked["ex-1-1"].source
    )
    assert worked["why"].outputs[0].text == "42\n"


def test_a_rebuild_changes_nothing(course, quick):
    """Both editions keep their bytes, and the check is content, until the lesson or a helper changes."""
    build.Builder(course).build()
    before = [notebook(course, s).read_bytes() for s in (False, True)]
    assert build.Builder(course).build() == [] == build.Builder(course, check=True).build()
    assert [notebook(course, s).read_bytes() for s in (False, True)] == before


def test_ids_hold_when_text_is_added_before_them(course, quick):
    """A cell keeps its id when another part of the lesson changes."""
    build.Builder(course).build()
    before = set(cells(notebook(course)))
    change(course, "## Exercise", "## New\n\nMore.\n\n## Exercise")
    build.Builder(course).build()
    assert set(cells(notebook(course))) == before | {"new"}


def test_a_changed_helper_asks_for_a_new_worked_edition_only(course, quick):
    """The check names the worked edition when helpers change, and the learner's edition stays."""
    build.Builder(course).build()
    (course / "helpers" / "x.py").write_text("x = 2\n")
    problems = build.Builder(course, check=True).build()
    assert (
        len(problems) == 1 and "solutions/01_a.ipynb was executed with other helpers" in problems[0]
    )


def test_outputs_are_kept_until_lesson_or_helpers_change(course, monkeypatch):
    """A worked edition is executed when it must be, and only then."""
    executed = []
    monkeypatch.setattr(build, "execute", lambda *_: executed.append(1))
    for content, times in [("x = 1\n", 1), ("x = 1\n", 1), ("x = 2\n", 2), ("x = 2\r\n", 2)]:
        (course / "helpers" / "x.py").write_bytes(content.encode())
        build.Builder(course).build()
        assert len(executed) == times, content


def test_the_check_sees_an_edited_source_and_runs_nothing(course, quick):
    """Both editions are reported when the lesson changes, and neither is written."""
    build.Builder(course).build()
    before = notebook(course).read_bytes()
    change(course, "Some text", "Other text")
    problems = build.Builder(course, check=True).build()
    assert ["was built from another 01_a.md" in problem for problem in problems] == [True, True]
    assert notebook(course).read_bytes() == before


def edit(code):
    code.source = "def double(x):\n    return x + x"


def run(code):
    code.execution_count = 1


def work_on(path, how):
    """What a learner does to a notebook; its bytes then."""
    mine = nbformat.read(path, as_version=4)
    how(next(c for c in mine.cells if c.cell_type == "code"))
    nbformat.write(mine, path)
    return path.read_bytes()


@pytest.mark.parametrize("how", [edit, run])
def test_a_learners_work_is_left_alone(course, quick, how):
    """A notebook that was edited or run survives a changed lesson, with a message that says what to do."""
    build.Builder(course).build()
    kept = work_on(notebook(course), how)
    change(course, "Some text", "Other text")
    problems = build.Builder(course).build()
    assert notebook(course).read_bytes() == kept
    assert len(problems) == 1 and "left alone" in problems[0] and "REPLACE=01" in problems[0]


@pytest.mark.parametrize("how", [edit, run])
def test_work_on_the_newest_lesson_is_no_problem(course, quick, how, capsys):
    """While the lesson stays the same, a build leaves the learner's notebook alone and succeeds; it says so."""
    build.Builder(course).build()
    kept = work_on(notebook(course), how)
    assert build.Builder(course).build() == []
    assert notebook(course).read_bytes() == kept and "left alone" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["01", "01_a", "notebooks/01_a.ipynb"])
def test_replace_overwrites_on_purpose(course, quick, name):
    """A lesson named after --replace is built whatever was in its notebook."""
    build.Builder(course).build()
    work_on(notebook(course), edit)
    assert build.Builder(course, replace=name).build() == []
    assert cells(notebook(course))["ex-1-1"].source.endswith('NotImplementedError("your turn")')


def test_a_file_that_is_no_notebook_is_left_alone(course, quick):
    """What cannot be read is not ours to overwrite, in either edition."""
    for solved in (False, True):
        notebook(course, solved).parent.mkdir(parents=True, exist_ok=True)
        notebook(course, solved).write_text("not JSON")
    assert len(build.Builder(course).build()) == 2
    assert notebook(course).read_text() == notebook(course, solved=True).read_text() == "not JSON"


def test_an_interrupted_write_leaves_the_old_file(course, quick, monkeypatch):
    """A notebook is written whole or not at all."""
    build.Builder(course).build()
    before = notebook(course).read_bytes()
    change(course, "Some text", "Other text")
    monkeypatch.setattr(build.os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build.Builder(course).build()
    assert notebook(course).read_bytes() == before and not list(course.rglob("*.part"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", "the kernel is gone"),
    ],
)
def test_a_failing_cell_is_named_and_the_old_edition_stays(course, line, says):
    """A worked edition that does not run is not written."""
    path = notebook(course, solved=True)
    build.write(path, build.text_of(build.edition(course / "lessons" / "01_a.md", solved=True)))
    before = path.read_bytes()
    change(course, "print(double(21))", line)
    problems = build.Builder(course).build()
    assert problems[0].startswith("01_a.md, cell 'why': ") and says in problems[0]
    assert path.read_bytes() == before


def test_a_worked_edition_keeps_no_widget(course):
    """A widget without its state reads "model not found"; its text is kept instead."""
    change(course, "print(double(21))", "import ipywidgets; ipywidgets.IntSlider()")
    assert build.Builder(course).build() == []
    assert "widget" not in notebook(course, solved=True).read_text().replace(
        "import ipywidgets; ipywidgets.", ""
    )
    assert (
        cells(notebook(course, solved=True))["why"]
        .outputs[0]
        .data["text/plain"]
        .startswith("IntSlider(")
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (":id: why\n", "", r"01_a\.md:23: :id: is None"),
        (":id: why", ":id: Why?", r"01_a\.md:23: :id: is 'Why\?'"),
        (":id: why", ":id: ex-1-1", r"01_a\.md:23: the id 'ex-1-1' is used twice"),
        (":id: why", ":id: why\n:linenos:", r"01_a\.md:23: unknown options \['linenos'\]"),
        ("[solution]", "[solution", r"01_a\.md: a code cell's options are not YAML"),
        ("[solution]", "[solutoin]", r"01_a\.md:23: :tags: is \['solutoin'\]"),
        ("[solution]", "[nbval-skip]", r"01_a\.md:23: :tags: is \['nbval-skip'\]"),
        ("```python", "```{note}", r"01_a\.md:9: '```\{note\}'"),
        ("```python", ":::{note}", r"01_a\.md:9: ':::\{note\}'"),
        ("```{code-cell}", "  ```{code-cell}", r"01_a\.md:15: .*at the start of a line"),
        ("Some text.", "(target)=", r"01_a\.md:7: '\(target\)='"),
        ("Text after it.", "~~~\nno end", r"01_a\.md:29: '~~~' opens a fence that is not closed"),
        ("    # solution\n", "", r"01_a\.md:15: 'ex-1-1'.*`# solution`"),
        ("[exercise]", "[]", r"01_a\.md:15: 'ex-1-1'.*`# solution`"),
    ],
)
def test_a_lesson_that_breaks_a_rule_is_an_error_that_says_where(course, quick, old, new, says):
    """Each rule of the dialect has an error that names file and line, and nothing is built."""
    change(course, old, new)
    problems = build.Builder(course).build()
    assert problems and re.search(says, problems[0])
    assert not notebook(course).exists()


@pytest.mark.parametrize("where", [{"only": "07"}, {"replace": "07"}])
def test_a_lesson_that_is_not_there_is_an_error(course, quick, where):
    """A mistyped name builds nothing and lists the names there are."""
    problems = build.Builder(course, replace=where.get("replace", "")).build(where.get("only", ""))
    assert problems == ["there is no lesson '07'; there are 01_a"]
    assert not notebook(course).exists()


def test_two_equal_headings_get_two_ids(course, quick):
    """Text cells are told apart by a number; code cells keep the ids they have."""
    change(course, "Text after it.", "## Exercise\n\n## Why\n\n## Exercise")
    build.Builder(course).build()
    assert {"exercise", "exercise-2", "exercise-3", "why-2"} <= set(
        cells(notebook(course, solved=True))
    )


def test_a_removed_lesson_is_reported_and_a_learners_copy_is_not(course, quick):
    """A notebook without a lesson does not stay unnoticed, unless somebody made it theirs."""
    build.Builder(course).build()
    copy = notebook(course).with_name("01_mine.ipynb")
    copy.write_bytes(notebook(course).read_bytes())
    work_on(copy, edit)
    (course / "lessons" / "01_a.md").rename(course / "lessons" / "02_b.md")
    problems = build.Builder(course).build()
    assert [p.split(" has no lesson")[0] for p in problems] == [
        "notebooks/01_a.ipynb",
        "notebooks/solutions/01_a.ipynb",
    ]
