"""lessons/build.py on small lessons of its own."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("build", ROOT / "lessons" / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

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


def cells(path):
    return {c.id: c for c in nbformat.read(path, as_version=4).cells}


def test_the_learners_edition_is_open_and_the_worked_one_solved_and_executed(course):
    """An exercise is cut at `# solution`; solution cells and outputs are in the worked edition only."""
    assert build.Builder(course).build() == []
    learner, worked = cells(notebook(course)), cells(notebook(course, solved=True))
    assert learner["ex-1-1"].source.splitlines()[-1] == '    raise NotImplementedError("your turn")'
    assert "why" not in learner and not any(c.get("outputs") for c in learner.values())
    assert worked["ex-1-1"].source.endswith("return 2 * x") and "# solution" not in worked["ex-1-1"].source
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
    lesson = course / "lessons" / "01_a.md"
    lesson.write_text(LESSON.replace("## Exercise", "## New\n\nMore.\n\n## Exercise"))
    build.Builder(course).build()
    assert set(cells(notebook(course))) == before | {"new"}


def test_a_changed_helper_asks_for_a_new_worked_edition_only(course, quick):
    """The check names the worked edition when helpers change, and the learner's edition stays."""
    build.Builder(course).build()
    (course / "helpers" / "x.py").write_text("x = 2\n")
    problems = build.Builder(course, check=True).build()
    assert len(problems) == 1 and "solutions/01_a.ipynb" in problems[0] and "make notebooks" in problems[0]


def test_the_check_sees_an_edited_source_and_runs_nothing(course, quick):
    """Both editions are reported when the lesson changes, and neither is written."""
    build.Builder(course).build()
    before = notebook(course).read_bytes()
    (course / "lessons" / "01_a.md").write_text(LESSON.replace("Some text", "Other text"))
    assert len(build.Builder(course, check=True).build()) == 2
    assert notebook(course).read_bytes() == before


@pytest.mark.parametrize("how", ["edited", "run"])
def test_a_learners_work_is_left_alone(course, quick, how):
    """A notebook that was edited or run survives a build; --replace overwrites it."""
    build.Builder(course).build()
    mine = nbformat.read(notebook(course), as_version=4)
    code = next(c for c in mine.cells if c.cell_type == "code")
    if how == "edited":
        code.source = "def double(x):\n    return x + x"
    else:
        code.execution_count = 1
    nbformat.write(mine, notebook(course))
    kept = notebook(course).read_bytes()
    (course / "lessons" / "01_a.md").write_text(LESSON.replace("Some text", "Other text"))
    problems = build.Builder(course).build()
    assert notebook(course).read_bytes() == kept
    assert len(problems) == 1 and "left alone" in problems[0] and "REPLACE=01" in problems[0]
    build.Builder(course, replace="01").build()
    assert "Other text" in notebook(course).read_text()


def test_a_failing_cell_is_named_and_the_old_edition_stays(course):
    """A worked edition that does not run is not written."""
    notebook(course, solved=True).parent.mkdir(parents=True)
    notebook(course, solved=True).write_text(build.text_of(build.edition(course / "lessons" / "01_a.md", solved=True)))
    before = notebook(course, solved=True).read_bytes()
    (course / "lessons" / "01_a.md").write_text(LESSON.replace("print(double(21))", "1 / 0"))
    problems = build.Builder(course).build()
    assert "ZeroDivisionError" in problems[0] and "01_a.md" in problems[0]
    assert notebook(course, solved=True).read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (":id: why\n", "", r"01_a\.md:\d+: :id: is None"),
        (":id: why", ":id: ex-1-1", r"01_a\.md:\d+: the id 'ex-1-1' is used twice"),
        ("[solution]", "[solutoin]", r"01_a\.md:\d+: unknown tags \['solutoin'\]"),
        ("[solution]", "[nbval-skip]", r"unknown tags \['nbval-skip'\]"),
        ("```python", "```{note}", r"01_a\.md:9: '```\{note\}'"),
        ("    # solution\n", "", r"'ex-1-1' has no `# solution`"),
    ],
)
def test_a_lesson_that_breaks_a_rule_is_an_error_that_says_where(course, quick, old, new, says):
    """Each rule of the dialect has an error that names the file."""
    (course / "lessons" / "01_a.md").write_text(LESSON.replace(old, new))
    problems = build.Builder(course).build()
    assert problems and re.search(says, problems[0])
    assert not notebook(course).exists()


def test_a_notebook_without_a_lesson_is_reported(course, quick):
    """What no lesson builds does not stay unnoticed."""
    build.Builder(course).build()
    (course / "lessons" / "01_a.md").rename(course / "lessons" / "02_b.md")
    assert any("01_a.ipynb has no lesson" in p for p in build.Builder(course).build())
