"""Every lesson keeps to the shape and the budgets that the course promises."""

import re

import pytest

from lessons.tools.build import Builder
from lessons.tools.dependencies import Dependencies
from lessons.tools.dialect import read
from tests.lessons.teaching import LESSONS, ROOT, code_cells

MORE = sorted((ROOT / "lessons").glob("[0-9][0-9]_more.md"))
SHAPE = [
    "Predict, then run",
    "Break it",
    "Build it",
    "Claim and verdict",
    "Check yourself",
    "Recap",
]
IN_ORDER = SHAPE[2:]  # a lesson may break before it predicts, and come back to either

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def headings(lesson):
    """(level, words) of every heading outside of fences."""
    prose = "\n".join(cell.worked for cell in read(lesson).cells if cell.kind == "markdown")
    bare = re.sub(r"^```.*?^```", "", prose, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^(#+) (.+)", bare, flags=re.MULTILINE)
    return [(len(level), words) for level, words in found]


def parts(lesson):
    """The parts of the shape that a lesson's headings begin, in its order."""
    found = [part for _, words in headings(lesson) for part in SHAPE if words.startswith(part)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("page", MORE, ids=lambda path: path.stem)
def test_an_optional_page_says_that_it_is_one(page):
    """Its lesson's number, its minutes, and that nobody needs it; nbval runs it as any other."""
    first = read(page).cells[0].worked
    assert re.match(rf"# {page.name[:2]} more: .+\n\n\d+ minutes · optional\b", first)
    assert any(lesson.name[:2] == page.name[:2] for lesson in LESSONS)


def test_what_is_committed_is_what_the_lessons_build():
    """`make notebooks-check` finds nothing to build."""
    assert Builder(ROOT, check=True).build() == []


@each_lesson
def test_a_lesson_has_the_whole_shape(lesson):
    """Each part of the shape has its heading; from Build it on they come in order."""
    assert set(parts(lesson)) == set(SHAPE)
    assert [part for part in parts(lesson) if part in IN_ORDER] == IN_ORDER


@each_lesson
def test_the_levels_of_headings_do_not_jump(lesson):
    """One title, then never more than one level deeper at a time."""
    levels = [level for level, _ in headings(lesson)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in zip(levels, levels[1:]))


@each_lesson
def test_a_lesson_says_how_long_it_takes(lesson):
    """Below its title stand the minutes, which the course map shows."""
    first = read(lesson).cells[0].worked
    assert re.match(r"# \d\d .+\n\n\d+ minutes · builds on ", first)


@each_lesson
def test_code_cells_are_short(lesson):
    """20 lines at most; the solution of an exercise may take more."""
    long = [
        (cell.id, lines)
        for cell in code_cells(lesson)
        if (lines := len(cell.worked.splitlines())) > 20 and "exercise" not in cell.tags
    ]
    assert long == []


@each_lesson
def test_every_code_cell_has_an_id_that_says_its_purpose(lesson):
    """No numbered cells; an exercise and its check are named after its number."""
    for cell in code_cells(lesson):
        assert re.match(r"[a-z]", cell.id) and not re.match(r"(cell|code)-?\d", cell.id)
        if "exercise" in cell.tags:
            assert re.fullmatch(r"ex-\d+-\d+(-.+)?", cell.id)


@each_lesson
def test_what_a_lesson_measures_it_expects_and_does_not_assert(lesson):
    """A slow minute in a learner's kernel is a note, not an AssertionError that stops the lesson.

    In exercises an assert may be part of the code that is taught.
    """
    measured = [cell for cell in code_cells(lesson) if "exercise" not in cell.tags]
    assert not [cell.id for cell in measured if re.search(r"^assert\b", cell.worked, re.MULTILINE)]


@each_lesson
def test_a_lesson_runs_a_fresh_python_in_one_way_only(lesson):
    """By run_python: under a kernel's FORCE_COLOR, Python 3.13 colours what a lesson reads."""
    assert not [cell.id for cell in code_cells(lesson) if "sys.executable" in cell.worked]


@each_lesson
def test_what_a_lesson_depends_on_is_found(lesson):
    """Every import leads somewhere; the fake LLM is among it, other lessons' exercises are not."""
    files = {path.relative_to(ROOT).as_posix() for path in Dependencies(ROOT).files(read(lesson))}
    declared = {name for name in files if re.search(r"exercises/lesson_\d\d", name)}
    assert "helpers/fake_llm/__main__.py" in files
    assert declared == {f"helpers/exercises/lesson_{lesson.name[:2]}.py"}


@each_lesson
def test_every_exercise_has_hints_a_check_and_a_solution(lesson):
    """Three graded hints and one check in each section; the solution is not the stub."""
    sections = re.split(r"^### Exercise ", lesson.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(sections) > 1
    for section in sections[1:]:
        number = section.split(":")[0].strip()
        hints = re.findall(r"<summary>Hint (\d)", section)
        assert hints == ["1", "2", "3"], number
        assert section.count(f'check("{number}"') == 1 and "# solution" in section, number


@each_lesson
def test_every_question_explains_every_option(lesson):
    """Three to five questions; each option is a fold with an explanation."""
    text = lesson.read_text(encoding="utf-8").split("## Check yourself")[1]
    questions = re.split(r"^\*\*\d\. ", text, flags=re.MULTILINE)[1:]
    assert 3 <= len(questions) <= 5
    option = re.compile(r"<details><summary>[A-E]\. .+?</summary>(.*?)</details>", re.DOTALL)
    for question in questions:
        reasons = option.findall(question)
        assert len(reasons) >= 2, question[:60]
        assert all(len(reason.split()) >= 3 for reason in reasons), question[:60]


@each_lesson
def test_every_picture_has_words(lesson):
    """No image without alternative text."""
    text = lesson.read_text(encoding="utf-8")
    assert not re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", text)
