"""What a rewritten lesson promises: a surprise, an empty guess, fair questions, its time."""

import ast
import math
import re

import pytest

from lessons.tools.dialect import instructor_notes, read
from tests.lessons.teaching import LESSONS, REWRITTEN, ROOT, code_cells, each_rewritten, prose_cells

WORDS_A_MINUTE = 200
MINUTES_AN_EXERCISE = 6
CELLS_MINUTES = 1  # a lesson runs in under half a minute, and somebody presses the keys
SHORTEST, LONGEST = 20, 40

OPTION = re.compile(r"<details><summary>([A-E])\. (.+?)</summary>(.*?)</details>", re.DOTALL)
_PICTURES = re.compile(r"\b(compare|throughput|Panel|doctor|course_map|panel|\w*chart\w*)\b")


def words(lesson):
    """All that there is to read in a lesson, its folds included."""
    text = " ".join(cell.learners for cell in prose_cells(lesson))
    text = re.sub(r"^(`{3,}).*?^\1\s*$", " ", text, flags=re.MULTILINE | re.DOTALL)
    return len(re.sub(r"<[^>]+>|!\[.*?\]\(.*?\)", " ", text, flags=re.DOTALL).split())


def exercises(lesson):
    return [cell for cell in code_cells(lesson) if "exercise" in cell.tags]


def minutes(lesson):
    """The estimate, by the rule, in steps of five."""
    reading = words(lesson) / WORDS_A_MINUTE
    whole = reading + MINUTES_AN_EXERCISE * len(exercises(lesson)) + CELLS_MINUTES
    return 5 * math.ceil(whole / 5)


def questions(lesson):
    """Of each question of *Check yourself* its options: (letter, text, reason)."""
    text = lesson.read_text(encoding="utf-8").split("## Check yourself")[1].split("\n## ")[0]
    return [OPTION.findall(each) for each in re.split(r"^\*\*\d\. ", text, flags=re.M)[1:]]


def in_order(text):
    """Where an option stands among others: numbers by their size, then words by the alphabet."""
    bare = re.sub(r"<[^>]+>|[`*_]", "", text).strip().casefold()
    number = re.match(r"[-−]?\d[\d,]*(\.\d+)?", bare)
    size = float(number[0].replace(",", "").replace("−", "-")) if number else 0.0
    return (number is None, size, bare)


@each_rewritten
def test_the_minutes_follow_the_rule(lesson):
    """200 words a minute, six minutes an exercise, and the cells' own time: 20 to 40 in all."""
    said = int(re.search(r"^(\d+) minutes", lesson.read_text(encoding="utf-8"), re.M)[1])
    assert said == minutes(lesson)
    assert SHORTEST <= said <= LONGEST


@each_rewritten
def test_readme_says_the_same_minutes(lesson):
    """README's table is what somebody plans an evening by."""
    row = re.search(
        rf"notebooks/{lesson.stem}\.ipynb\) \| (\d+) \|", (ROOT / "README.md").read_text()
    )
    assert int(row[1]) == minutes(lesson)


@each_rewritten
def test_a_lesson_has_one_surprise_that_asserts_its_size(lesson):
    """A comparison with a number, not only that something is so."""
    (surprise,) = [cell for cell in code_cells(lesson) if "surprise" in cell.tags]
    tree = ast.parse(surprise.worked)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    expected = [call.args[0] for call in calls if getattr(call.func, "id", "") == "expect"]
    sizes = [part for each in expected for part in ast.walk(each) if isinstance(part, ast.Compare)]
    assert sizes and any(isinstance(p, ast.Constant) for s in sizes for p in ast.walk(s))
    assert any(getattr(call.func, "id", "") == "print" for call in calls), "it prints no figure"


@each_rewritten
def test_a_prediction_is_empty_until_somebody_writes_it(lesson):
    """And what was guessed is said beside what was measured."""
    code = "\n".join(cell.worked for cell in code_cells(lesson))
    assigned = re.findall(r"^prediction = (\S+)", code, flags=re.MULTILINE)
    assert assigned and set(assigned) == {"None"}
    assert "your_guess(prediction" in code


@each_rewritten
def test_the_options_of_a_question_stand_in_alphabetical_order(lesson):
    """Numbers by their size. So where the right one stands says nothing; there is exactly one."""
    for options in questions(lesson):
        texts = [text for _, text, _ in options]
        assert texts == sorted(texts, key=in_order)
        assert [letter for letter, _, _ in options] == list("ABCDE"[: len(options)])
        assert sum(reason.strip().startswith("Right.") for _, _, reason in options) == 1, texts


def test_the_right_option_is_not_always_the_same():
    """Over all rewritten lessons no letter has more than half of them."""
    right = [
        letter
        for lesson in REWRITTEN
        for options in questions(lesson)
        for letter, _, reason in options
        if reason.strip().startswith("Right.")
    ]
    assert max(right.count(letter) for letter in "ABC") <= len(right) / 2


@each_rewritten
def test_the_last_question_reaches_back(lesson):
    """To an earlier lesson; the first lesson has none."""
    if lesson == LESSONS[0]:
        return
    text = lesson.read_text(encoding="utf-8").split("## Check yourself")[1]
    assert re.findall(r"^\*\*\d\. (.*)", text, flags=re.MULTILINE)[-1].startswith("Looking back to")


@each_rewritten
def test_only_pictures_go_unread(lesson):
    """nbval compares what every other cell prints; figures are replaced, words are not."""
    ignored = [cell for cell in code_cells(lesson) if "nbval-ignore-output" in cell.tags]
    assert [cell.id for cell in ignored if not _PICTURES.search(cell.worked)] == []


@each_rewritten
def test_verdicts_are_fair(lesson):
    """A tolerance of at most 25 %; a measured time or rate is the median of at least three runs."""
    calls = [
        node
        for cell in code_cells(lesson)
        if "verdicts(" in cell.worked
        for node in ast.walk(ast.parse(cell.worked))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim"
    ]
    assert calls
    for call in calls:
        given = {word.arg: word.value for word in call.keywords}
        number = call.args[0].value
        if "tolerance" in given:
            assert given["tolerance"].value <= 0.25, number
        unit = getattr(given.get("unit"), "value", "")
        rests_on_time = "measured" in given and re.match(r"(s|ms|x|a second|of)\b", unit)
        if rests_on_time:
            assert "runs" in given and given["runs"].value >= 3, (
                f"claim {number}: of how many runs?"
            )


@each_rewritten
def test_a_lesson_has_a_drawing_for_both_themes(lesson):
    """Drawn on paper of its own, with words for those who do not see it; nothing from elsewhere."""
    text = lesson.read_text(encoding="utf-8")
    drawings = re.findall(r"!\[([^\]]+)\]\((images/[\w.-]+\.svg)\)", text)
    assert drawings
    for words_for_it, name in drawings:
        assert len(words_for_it.split()) >= 8
        svg = (ROOT / "lessons" / name).read_text(encoding="utf-8")
        first = re.search(r"<(rect|path|text|line|g|circle)\b[^>]*>", svg)[0]
        assert first.startswith("<rect") and "<title>" in svg
        assert not re.search(r"<script|href|url\(http|@import", svg)


@each_rewritten
def test_an_instructor_finds_help(lesson):
    """Notes where people stumble, and cells for the shortest and the longest path."""
    assert len(instructor_notes(lesson)) >= 2
    tags = {tag for cell in read(lesson).cells for tag in cell.tags}
    assert {"core", "extra"} <= tags


@each_rewritten
def test_what_to_do_on_monday_needs_nothing_of_the_course(lesson):
    """The last code is about fifteen lines that work without `helpers`."""
    (practice,) = [cell for cell in code_cells(lesson) if cell.id == "in-practice"]
    assert "helpers" not in practice.worked
    assert len(practice.worked.splitlines()) <= 20


@pytest.mark.parametrize(
    ("options", "sorted_"),
    [
        (["20", "10", "40"], ["10", "20", "40"]),
        (["`b`", "a", "C"], ["a", "`b`", "C"]),
        (["The CPU", "2 s", "1.5 s"], ["1.5 s", "2 s", "The CPU"]),
    ],
)
def test_the_order_of_options(options, sorted_):
    """By what a reader sees."""
    assert sorted(options, key=in_order) == sorted_
