"""The page that is built from all lessons: every lesson, every term and every claim is on it."""

import json
import re
from pathlib import Path

import pytest

from lessons.tools.glance import GlanceError, glance

ROOT = Path(__file__).parents[2]

LESSON = """
# {number} A lesson

20 minutes · builds on nothing · leads to more

After this lesson you can

- tell {name} from others.

## Recap

- The field's names: *{name}*.
"""


def page_of(root, **terms):
    """The page of a small course of its own with these terms in the glossary."""
    (root / "lessons" / "glossary.md").write_text(
        "".join(f"- **{term}**: {words}\n" for term, words in terms.items()), encoding="utf-8"
    )
    return glance(root)


@pytest.fixture
def course(tmp_path):
    """Two lessons that name latency and future; the second also names latency; one claim."""
    for folder in ("lessons", "helpers", "notebooks/solutions"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lessons" / "01_a.md").write_text(
        LESSON.format(number="01", name="latency"), encoding="utf-8"
    )
    two = LESSON.format(number="02", name="future").replace("*future*", "*future*, *latency*")
    (tmp_path / "lessons" / "02_b.md").write_text(two, encoding="utf-8")
    claims = [{"number": 1, "text": "It is fast | cheap"}, {"number": 2, "text": "It is new"}]
    (tmp_path / "helpers" / "claims.json").write_text(json.dumps(claims), encoding="utf-8")
    return tmp_path


def solve(course, stem, verdict):
    """A worked notebook that reaches a verdict on claim 1."""
    row = "".join(
        f"<td>{cell}</td>" for cell in ("1", "It is fast", "", "", "", verdict, "of A &amp; B")
    )
    page = f"<table><caption>Claim and verdict</caption><tr>{row}</tr></table>"
    cells = [{"outputs": [{"data": {"text/html": page}}]}]
    (course / "notebooks" / "solutions" / f"{stem}.ipynb").write_text(
        json.dumps({"cells": cells}), encoding="utf-8"
    )


def test_a_term_is_explained_once_and_leads_to_its_first_lesson(course):
    """Latency is in both lessons, and linked to the first."""
    page = page_of(course, latency="how long it takes", future="a promise")
    assert page.count("**latency**") == 1
    assert "- **latency**: how long it takes. ([01](01_a.ipynb))" in page
    assert "- **future**: a promise. ([02](02_b.ipynb))" in page


def test_a_claim_has_its_verdict_reason_and_lessons(course):
    """And one that no lesson judges says so."""
    solve(course, "01_a", "holds")
    solve(course, "02_b", "holds")
    page = page_of(course, latency="x", future="y")
    assert (
        "| 1 | It is fast / cheap | holds | of A & B | [01](01_a.ipynb), [02](02_b.ipynb) |" in page
    )
    assert "| 2 | It is new | not judged |  |  |" in page and "Of 2: 1 holds, 1 not judged." in page


def test_lessons_that_contradict_each_other_are_an_error(course):
    """The message names claim, lessons and verdicts."""
    solve(course, "01_a", "holds")
    solve(course, "02_b", "does not hold")
    with pytest.raises(
        GlanceError, match="claim 1 has more than one verdict: 01_a: holds, 02_b: does not hold"
    ):
        page_of(course, latency="x", future="y")


def test_a_term_without_a_line_or_a_lesson_is_an_error(course):
    """Either way round."""
    with pytest.raises(GlanceError, match="glossary.md lacks future"):
        page_of(course, latency="x")
    with pytest.raises(GlanceError, match="no lesson's recap names knee"):
        page_of(course, latency="x", future="y", knee="z")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("20 minutes", "lessons/01_a.md has no minutes, no line of what it builds on"),
        ("- tell latency from others.", "lessons/01_a.md has no goals"),
        ("- The field's names: *latency*.", "lessons/01_a.md has no terms in its recap"),
    ],
)
def test_a_lesson_without_its_head_is_an_error(course, line, says):
    """The message names the lesson and each part that it lacks."""
    path = course / "lessons" / "01_a.md"
    assert line in path.read_text()
    path.write_text(path.read_text().replace(line, ""), encoding="utf-8")
    with pytest.raises(GlanceError, match=says):
        page_of(course, latency="x", future="y")


def test_every_claim_of_the_article_has_a_verdict():
    """All 102, each from a lesson that is linked; and every link leads somewhere."""
    page = (ROOT / "notebooks" / "at_a_glance.md").read_text(encoding="utf-8")
    verdict = "holds|holds with a condition|does not hold"
    rows = re.findall(rf"^\| (\d+) \| .+ \| (?:{verdict}) \| .* \| \[", page, flags=re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 103))
    for link in set(re.findall(r"\]\(([^)]+)\)", page)):
        assert (ROOT / "notebooks" / link).is_file(), link
