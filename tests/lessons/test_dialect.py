"""lessons/tools/dialect.py: what a lesson may say, and what it is told where it says it wrongly."""

from pathlib import Path

import jupytext
import pytest

from lessons.tools.dialect import LessonError, Note, instructor_notes, read

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.md"))

LESSON = """---
kernelspec: {name: python3, display_name: Python 3, language: python}
---

<!-- id: why -->
# 01 A lesson

Some text.

```python
never_run()
<!-- id: not-an-id -->
```

### A heading that begins no cell

```{code-cell}
:id: ex-1-1
:tags: [exercise]
def double(x):
    # solution
    return 2 * x
```

<!-- id: after-ex-1-1, tags: extra -->
Text after it.
"""
STARTER = """    # starter
    return x + 2
    # solution
    return 2 * x
"""
NOTE = """````{instructor}
:minutes: 12
Ask first:

```python
double(2)
```
````
"""
SURPRISE = """```{code-cell}
:id: big
:tags: [surprise]
expect(2 > 1)
```
"""


@pytest.fixture
def lesson(tmp_path):
    """Writes LESSON with some of it replaced, and gives its path."""

    def written(*changes):
        text = LESSON
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "01_a.md"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def source_of(path, cell_id):
    """(the learner's, the worked edition's) source of a cell."""
    cell = next(cell for cell in read(path).cells if cell.id == cell_id)
    return cell.learners, cell.worked


def test_cells_begin_at_their_ids(lesson):
    """Prose goes to the next id line or code cell; neither fences nor headings begin a cell."""
    cells = read(lesson()).cells
    assert [(cell.id, cell.kind) for cell in cells] == [
        ("why", "markdown"),
        ("ex-1-1", "code"),
        ("after-ex-1-1", "markdown"),
    ]
    first = cells[0].worked
    assert first.startswith("# 01") and "<!-- id: not-an-id -->" in first
    assert first.endswith("### A heading that begins no cell")


def test_tags_stand_on_the_line_of_the_id_or_among_the_options(lesson):
    """Prose may be core or extra; code takes any of the tags, in the order given."""
    path = lesson(("[exercise]", "[exercise, core, nbval-ignore-output]"))
    tags = {cell.id: cell.tags for cell in read(path).cells}
    assert tags["after-ex-1-1"] == ("extra",) and tags["why"] == ()
    assert tags["ex-1-1"] == ("exercise", "core", "nbval-ignore-output")


def test_without_a_starter_a_stub_stands_for_the_solution(lesson):
    """What stands before the mark is in both editions."""
    learners, worked = source_of(lesson(), "ex-1-1")
    assert learners == 'def double(x):\n    raise NotImplementedError("your turn")'
    assert worked == "def double(x):\n    return 2 * x"


def test_a_starter_is_what_the_learner_repairs(lesson):
    """It stands in the learner's edition alone, the solution in the worked one, and no stub."""
    path = lesson(("    # solution\n    return 2 * x\n", STARTER))
    learners, worked = source_of(path, "ex-1-1")
    assert learners == "def double(x):\n    return x + 2"
    assert worked == "def double(x):\n    return 2 * x"


def test_a_note_for_the_instructor_is_in_no_cell(lesson):
    """It knows the cell that it follows, and may hold fences of its own."""
    path = lesson(("Some text.\n", f"Some text.\n\n{NOTE}"), ("Text after it.", "Last.\n\n" + NOTE))
    text = "Ask first:\n\n```python\ndouble(2)\n```"
    assert instructor_notes(path) == (Note("why", 12, text), Note("after-ex-1-1", 12, text))
    cells = read(path).cells
    assert not any("Ask first" in cell.worked for cell in cells)
    assert "```python\nnever_run()" in cells[0].worked


def test_a_note_needs_no_minutes_and_stays_out_of_code(lesson):
    """Behind a code cell it follows that one."""
    path = lesson(("<!-- id: after", "```{instructor}\nWait.\n```\n\n<!-- id: after"))
    assert instructor_notes(path) == (Note("ex-1-1", None, "Wait."),)


def test_one_cell_may_be_the_surprise(lesson):
    """It is tagged, and calls expect."""
    assert read(lesson(("<!-- id: after", SURPRISE + "\n<!-- id: after"))).cells[2].id == "big"


SOLUTION = "    # solution\n    return 2 * x\n"
AFTER = "<!-- id: after-ex-1-1, tags: extra -->\n"
BREAKS = {
    "no id": (":id: ex-1-1\n", "", r"01_a\.md:17: the id is None"),
    "a bad id": (":id: ex-1-1", ":id: Ex?", r"01_a\.md:17: the id is 'Ex\?'"),
    "an id twice": (":id: ex-1-1", ":id: why", r"01_a\.md:17: the id 'why' is used twice"),
    "prose twice": ("id: after-ex-1-1", "id: why", r"01_a\.md:25: the id 'why' is used twice"),
    "an option": (":id: ex", ":linenos:\n:id: ex", r"01_a\.md:17: unknown options \['linenos'\]"),
    "half a list": ("[exercise]", "[exercise", r"01_a\.md:17: :tags: is '\[exercise'; it takes"),
    "a word": ("[exercise]", "exercise", r"01_a\.md:17: :tags: is 'exercise'; it takes"),
    "a wrong tag": ("[exercise]", "[exercsie]", r"01_a\.md:17: tags are \['exercsie'\]"),
    "no skipping": ("[exercise]", "[nbval-skip]", r"01_a\.md:17: tags are \['nbval-skip'\]"),
    "both": ("[exercise]", "[exercise, core, extra]", r"01_a\.md:17: .* core or extra, not both"),
    "prose's tag": ("tags: extra", "tags: solution", r"01_a\.md:25: tags are \['solution'\]"),
    "prose, both": ("tags: extra", "tags: core extra", r"01_a\.md:25: .* core or extra, not"),
    "a broken id line": ("<!-- id: why -->", "<!-- id why -->", r"01_a\.md:5: .*id is given as"),
    "no prose": ("Text after it.", "", r"01_a\.md:25: the id 'after-ex-1-1' has no prose"),
    "no id line": (AFTER, "", r"01_a\.md:25: .* no id; .*<!-- id: after-ex-1-1 -->"),
    "a heading": (AFTER, "## So: what?\n", r"01_a\.md:25: .*<!-- id: so-what -->"),
    "a taken id": (AFTER, "## Why\n", r"01_a\.md:25: .*<!-- id: why-2 -->"),
    "a directive": ("```python", "```{note}", r"01_a\.md:10: '```\{note\}'"),
    "colons": ("```python", ":::{note}\n:::\n\n```", r"01_a\.md:10: ':::\{note\}'"),
    "indented": ("```{code-cell}", "  ```{code-cell}", r"01_a\.md:17: .*at the start of a line"),
    "a target": ("Some text.", "(target)=", r"01_a\.md:8: '\(target\)='"),
    "an open fence": ("Text after it.", "~~~\nno end", r"01_a\.md:26: '~~~' opens a fence that"),
    "an open head": ("language: python}\n---", "}", r"01_a\.md:1: .* front matter .* not closed"),
    "no solution": ("    # solution\n", "", r"01_a\.md:17: 'ex-1-1'.*`# solution`"),
    "no tag": ("[exercise]", "[]", r"01_a\.md:17: 'ex-1-1'.*`# solution`"),
    "an empty solution": ("    return 2 * x\n", "", r"01_a\.md:17: .*after `# solution`"),
    "an empty starter": (
        SOLUTION,
        "    # starter\n" + SOLUTION,
        r"01_a\.md:17: .*after `# starter`",
    ),
    "two solutions": (SOLUTION, SOLUTION * 2, r"01_a\.md:17: 'ex-1-1'.*one `# solution`"),
    "two starters": (SOLUTION, STARTER.replace("  #", "  # starter\n  #", 1), "'ex-1-1'.*marks"),
    "starter last": (SOLUTION, SOLUTION + "    # starter\n    x\n", "'ex-1-1'.*at most one"),
    "starter alone": (SOLUTION, "    # starter\n    return x\n", "'ex-1-1'.*one `# solution`"),
    "minutes": (AFTER, NOTE.replace("12", "a few") + AFTER, r"01_a\.md:25: :minutes: is 'a few'"),
    "an empty note": (AFTER, "```{instructor}\n```\n" + AFTER, r"01_a\.md:25: .*no words"),
    "a first note": ("<!-- id: why", NOTE + "<!-- id: why", r"01_a\.md:5: .*no cell before it"),
    "a note's option": (AFTER, NOTE.replace("minutes", "time") + AFTER, r":25: unknown options"),
    "two surprises": (
        AFTER,
        SURPRISE + SURPRISE.replace("big", "bigger") + AFTER,
        r"01_a\.md:30: 'bigger' is the second",
    ),
    "no promise": (AFTER, SURPRISE.replace("expect", "print") + AFTER, r"01_a\.md:25: 'big' .*ex"),
}


@pytest.mark.parametrize(("old", "new", "says"), BREAKS.values(), ids=BREAKS)
def test_a_lesson_that_breaks_a_rule_is_an_error_that_says_where(lesson, old, new, says):
    """Each rule of the dialect has a message with the file, and the line or the cell."""
    with pytest.raises(LessonError, match=says):
        read(lesson((old, new)))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_jupytext_reads_the_same_code_cells(path):
    """Lessons are MyST Markdown that other tools can open: the code is where they look for it."""
    theirs = jupytext.read(path, fmt="md:myst").cells
    ours = {cell.id: cell for cell in read(path).cells if cell.kind == "code"}
    code = {cell.metadata["id"]: cell.source for cell in theirs if cell.cell_type == "code"}
    assert list(code) == list(ours)
    for name in set(code) - {name for name, cell in ours.items() if "exercise" in cell.tags}:
        assert code[name] == ours[name].worked
