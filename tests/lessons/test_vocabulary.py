"""A technical word stands in prose only where it has been introduced, in bold, before.

The words are those of the glossary. Prose is read in the course's order, without headings, links,
code, and the head of a lesson, whose goals name what is still to come.
"""

import re

import pytest

from helpers.exercises.course_map import read_lessons
from tests.lessons.teaching import LESSONS, REWRITTEN, ROOT, each_rewritten, plain, prose_cells

GLOSSARY = (ROOT / "lessons" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^- \*\*(.+?)\*\*:", GLOSSARY, flags=re.MULTILINE)

# Words of the glossary that are everyday words too, and where they are meant so: (lesson, the
# word's place in its sentence) and why. A place is some words around it, as they stand in the text.
EVERYDAY = {}


def introduced(lesson):
    """Terms in bold in a piece of prose: the bold words, or their plural."""
    found = set()
    for bold in re.findall(r"\*\*(.+?)\*\*", lesson):
        found |= {term for term in TERMS if re.fullmatch(_pattern(term), bold.strip(".,:;"))}
    return found


def _pattern(term):
    """A term as a whole word, in the singular or plural, in any case."""
    words = re.escape(term).replace(r"\ ", r"[ -]").replace(r"\-", r"[ -]")
    return rf"(?i:{words}(?:s|es)?)"


def uses(term, text):
    """Places where a text has a term, each with some words around it."""
    found = re.finditer(rf"(?<![\w-]){_pattern(term)}(?![\w-])", text)
    return [text[max(0, place.start() - 30) : place.end() + 30] for place in found]


def _names_first():
    """The number of the lesson whose recap names a term first."""
    first = {}
    for lesson in read_lessons():
        for term in lesson.terms:
            first.setdefault(term, lesson.number)
    return first


def too_early(lesson):
    """(term, place) for each use of a glossary's term in a lesson before it was introduced."""
    known = set()
    for earlier in LESSONS[: LESSONS.index(lesson)]:
        for cell in prose_cells(earlier):
            known |= introduced(cell.worked)
    # A lesson that is not rewritten has no bold words: there the recap says what it introduced.
    rewritten = {int(path.name[:2]) for path in REWRITTEN}
    number = int(lesson.name[:2])
    first = _names_first()
    known |= {term for term in TERMS if first[term] < number and first[term] not in rewritten}
    head, *rest = prose_cells(lesson)
    known |= introduced(head.worked)
    for cell in rest:
        text = plain(cell.worked)
        for term in TERMS:
            if term in known:
                continue
            place = re.search(rf"\*\*{_pattern(term)}[.,:;]?\*\*", text)
            before = text[: place.start()] if place else text
            for use in uses(term, before):
                if not any(at == lesson.name[:2] and said in use for at, said in EVERYDAY):
                    yield f"{term}: …{use}… ({cell.id})"
        known |= introduced(cell.worked)


@each_rewritten
def test_no_word_stands_before_it_is_introduced(lesson):
    """In the lesson itself or in an earlier one, in bold."""
    assert list(too_early(lesson)) == []


@each_rewritten
def test_what_a_recap_names_was_introduced(lesson):
    """The field's names of a lesson are in bold where they are met, here or earlier."""
    met = set()
    for path in REWRITTEN[: REWRITTEN.index(lesson) + 1]:
        for cell in prose_cells(path):
            met |= introduced(cell.worked)
    (terms,) = [each.terms for each in read_lessons() if each.name == lesson.stem]
    assert [term for term in terms if term not in met] == []


def test_every_everyday_sense_still_stands_somewhere():
    """An exception whose sentence is gone is taken off the list."""
    prose = {
        path.name[:2]: " ".join(plain(cell.worked) for cell in prose_cells(path))
        for path in REWRITTEN
    }
    assert [said for at, said in EVERYDAY if said not in prose[at]] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two threads wait", 1),
        ("a thread-pool's threading", 0),
        ("Thread", 1),
        ("unthreaded", 0),
    ],
)
def test_a_term_is_found_as_a_whole_word(text, found):
    """In the plural and in any case too; not as a part of another word."""
    assert len(uses("thread", text)) == found
