"""lessons/tools/editions.py: what a built notebook says of itself, and what betrays an edit."""

import copy

import pytest

from lessons.tools.editions import edition, fingerprint, is_touched, is_unedited

LESSON = """<!-- id: top, tags: core -->
# 01 A lesson

```{code-cell}
:id: ex-1-1
:tags: [exercise]
def double(x):
    # solution
    return 2 * x
```

```{code-cell}
:id: shown
:tags: [solution]
double(21)
```
"""


@pytest.fixture
def lesson(tmp_path):
    """A small lesson."""
    path = tmp_path / "01_a.md"
    path.write_text(LESSON, encoding="utf-8")
    return path


@pytest.mark.parametrize("solved", [False, True])
def test_every_cell_carries_the_hash_of_its_source_in_that_edition(lesson, solved):
    """So an update can tell what a learner has changed, without the lesson's history."""
    assert all(is_unedited(cell) for cell in edition(lesson, solved=solved).cells)


def test_an_edit_shows_in_its_cell_alone(lesson):
    """Outputs are no edit; and a cell that a learner added has no hash."""
    top, code = edition(lesson, solved=False).cells
    code.execution_count = 1
    assert is_unedited(code)
    code.source += "\n"
    assert is_unedited(top) and not is_unedited(code)
    del top.metadata["course"]
    assert not is_unedited(top)


def test_the_two_editions_differ_where_the_solution_is(lesson):
    """Prose has the same hash in both, the exercise has not; `solution` is in one alone."""
    learners, worked = (edition(lesson, solved=solved).cells for solved in (False, True))
    assert [cell.id for cell in learners] == ["top", "ex-1-1"]
    assert [cell.id for cell in worked] == ["top", "ex-1-1", "shown"]
    same = [a.metadata.course.hash == b.metadata.course.hash for a, b in zip(learners, worked)]
    assert same == [True, False]
    assert learners[0].metadata.tags == ["core"] and learners[1].metadata.tags == ["exercise"]


def test_a_notebook_is_touched_when_it_was_edited_and_a_learners_when_it_ran(lesson):
    """A worked edition says what it was run with, so its outputs are no surprise."""
    built = edition(lesson, solved=True)
    ran, edited = copy.deepcopy(built), copy.deepcopy(built)
    ran.cells[1].execution_count = 1
    edited.cells[0].source += "x"
    assert [is_touched(notebook) for notebook in (built, ran, edited)] == [False, True, True]
    ran.metadata.course["helpers"] = "0123456789abcdef"
    assert not is_touched(ran) and is_touched(None)


def test_the_fingerprint_knows_the_order_of_cells(lesson):
    """Two cells that change places are an edit, although each keeps its hash."""
    built = edition(lesson, solved=True)
    before = fingerprint(built)
    built.cells.reverse()
    assert fingerprint(built) != before
