"""Every lesson keeps to the shape and the budgets that the course promises."""

import re
from pathlib import Path

import pytest

from lessons.tools import build

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.md"))
SHAPE = [
    "Predict, then run",
    "Break it",
    "Build it",
    "Claim and verdict",
    "Check yourself",
    "Recap",
]

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def headings(text):
    """(level, words) of every heading outside of fences."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [
        (len(level), words) for level, words in re.findall(r"^(#+) (.+)", prose, flags=re.MULTILINE)
    ]


def test_what_is_committed_is_what_the_lessons_build():
    """`make notebooks-check` finds nothing to build."""
    assert build.Builder(ROOT, check=True).build() == []


@each_lesson
def test_a_lesson_has_the_whole_shape(lesson):
    """Each part of CONTRIBUTING's list has its heading, in order, and levels do not jump."""
    found = headings(lesson.read_text(encoding="utf-8"))
    parts = [
        next(part for part in SHAPE if words.startswith(part))
        for _, words in found
        if any(words.startswith(part) for part in SHAPE)
    ]
    assert sorted(set(parts), key=SHAPE.index) == SHAPE
    assert [SHAPE.index(p) for p in parts if p in SHAPE[2:]] == sorted(
        SHAPE.index(p) for p in parts if p in SHAPE[2:]
    )
    levels = [level for level, _ in found]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))


@each_lesson
def test_a_lesson_says_how_long_it_takes(lesson):
    """Its third line starts with the minutes, which the course map shows."""
    assert re.search(
        r"^\d+ minutes · builds on ", lesson.read_text(encoding="utf-8"), flags=re.MULTILINE
    )


@each_lesson
def test_cells_and_lessons_are_short(lesson):
    """Budgets: 20 lines a code cell, 150 words a text cell outside of tables and folds, 60 cells, 2,500 words."""
    cells = build.edition(lesson, solved=True).cells
    for cell in cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 20 or "exercise" in cell.metadata.get(
                "tags", []
            ), cell.id
        else:
            open_text = re.sub(
                r"<details>.*?</details>|^\|.*$", "", cell.source, flags=re.MULTILINE | re.DOTALL
            )
            assert len(open_text.split()) <= 150, cell.id
    assert len(cells) <= 75
    assert sum(len(c.source.split()) for c in cells if c.cell_type == "markdown") <= 2500


@each_lesson
def test_every_exercise_has_hints_a_check_and_a_solution(lesson):
    """Three graded hints in each exercise's section, one check cell, and a solution that differs from the stub."""
    text = lesson.read_text(encoding="utf-8")
    sections = re.split(r"^### Exercise ", text, flags=re.MULTILINE)[1:]
    assert sections
    for section in sections:
        number = section.split(":")[0].strip()
        assert len(re.findall(r"<summary>Hint \d", section)) == 3, number
        assert f'check("{number}"' in section and "# solution" in section, number


@each_lesson
def test_every_question_explains_every_option(lesson):
    """Three to five questions; each option is a fold with an explanation."""
    text = lesson.read_text(encoding="utf-8").split("## Check yourself")[1]
    questions = re.split(r"^\*\*\d\. ", text, flags=re.MULTILINE)[1:]
    assert 3 <= len(questions) <= 5
    for question in questions:
        options = re.findall(
            r"<details><summary>[A-E]\. .+?</summary>(.*?)</details>", question, flags=re.DOTALL
        )
        assert len(options) >= 2 and all(len(option.split()) >= 3 for option in options), question[
            :60
        ]


@each_lesson
def test_every_picture_has_words(lesson):
    """No image without alternative text."""
    assert not re.search(
        r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", lesson.read_text(encoding="utf-8")
    )
