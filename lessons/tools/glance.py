"""The course at a glance: its map, its glossary, and the verdict on every claim, in one page.

It is built from the lessons. The verdicts are those of the worked notebooks, so the page can be no
better than what was measured there.
"""

import html
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from helpers.exercises.course_map import Lesson, read_lessons

INTRO = """# The course at a glance

This page is built from the lessons: `make notebooks` writes it.

"""
NOT_JUDGED = "not judged"
_GLOSSARY_LINE = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)


class GlanceError(ValueError):
    """Lessons contradict each other or the glossary, or lack what the page shows."""


def glance(root: Path) -> str:
    """The page, in Markdown, of the course in `root`.

    Raises GlanceError where a lesson lacks its head, a term has no line in the glossary or no
    lesson, or two lessons reach different verdicts on a claim.
    """
    lessons = read_lessons(root / "lessons")
    for lesson in lessons:
        _check_head(lesson)
    glossary = (root / "lessons" / "glossary.md").read_text(encoding="utf-8")
    claims = json.loads((root / "helpers" / "claims.json").read_text(encoding="utf-8"))
    parts = (
        _map(lessons),
        _glossary(lessons, dict(_GLOSSARY_LINE.findall(glossary))),
        _verdicts(claims, _all_reached(root / "notebooks" / "solutions", lessons)),
    )
    return INTRO + "\n".join(parts)


def _check_head(lesson: Lesson) -> None:
    parts = {
        "title": lesson.title,
        "minutes": lesson.minutes,
        "line of what it builds on": lesson.builds_on,
        "goals": lesson.goals,
        "terms in its recap": lesson.terms,
    }
    if lacking := [name for name, part in parts.items() if not part]:
        raise GlanceError(f"lessons/{lesson.name}.md has no {', no '.join(lacking)}")


def _link(lesson: Lesson) -> str:
    """A lesson's number, as a link from the notebooks folder."""
    return f"[{lesson.number:02}]({lesson.name}.ipynb)"


def _row(*cells: str) -> str:
    """A row of a table; a bar would end a cell, so a slash stands for it."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


# The map


def _map(lessons: list[Lesson]) -> str:
    hours = sum(lesson.minutes for lesson in lessons) / 60
    rows = [
        _row(_link(x), x.title, str(x.minutes), x.builds_on, "; ".join(x.goals)) for x in lessons
    ]
    head = "| | Lesson | Minutes | Builds on | Afterwards you can |\n|---|---|---|---|---|"
    return "\n".join(["## Map\n", f"{len(lessons)} lessons, {hours:.0f} hours.\n", head, *rows, ""])


# The glossary


def _glossary(lessons: list[Lesson], meanings: dict[str, str]) -> str:
    """Every term with its meaning, and a link to the first lesson that names it."""
    first: dict[str, Lesson] = {}
    for lesson in lessons:
        for term in lesson.terms:
            first.setdefault(term, lesson)
    if lost := sorted(set(first) - set(meanings)):
        raise GlanceError(f"lessons/glossary.md lacks {', '.join(lost)}")
    if lost := sorted(set(meanings) - set(first)):
        raise GlanceError(
            f"no lesson's recap names {', '.join(lost)}, which lessons/glossary.md explains"
        )
    lines = [
        f"- **{term}**: {meanings[term]}. ({_link(first[term])})"
        for term in sorted(meanings, key=str.casefold)
    ]
    return "\n".join(["## Glossary\n", *lines, ""])


# The verdicts


@dataclass(frozen=True, slots=True)
class _Reached:
    """A verdict that a lesson reaches on a claim; `because` may be empty."""

    lesson: Lesson
    verdict: str
    because: str


def _verdicts(claims: list[dict], reached: dict[int, list[_Reached]]) -> str:
    judged = [(claim, reached.get(claim["number"], [])) for claim in claims]
    counts = Counter(_the_verdict(claim["number"], on_it) for claim, on_it in judged)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    rows = [_verdict_row(claim, on_it) for claim, on_it in judged]
    head = "| No. | The article says | Verdict | Because | Lesson |\n|---|---|---|---|---|"
    title = "## Every claim of the article, and its verdict\n"
    return "\n".join([title, f"Of {len(claims)}: {told}.\n", head, *rows, ""])


def _verdict_row(claim: dict, reached: list[_Reached]) -> str:
    verdict = _the_verdict(claim["number"], reached)
    # The last reason, because later lessons know more.
    because = next((one.because for one in reversed(reached) if one.because), "")
    links = ", ".join(dict.fromkeys(_link(one.lesson) for one in reached))
    return _row(str(claim["number"]), claim["text"], verdict, because, links)


def _the_verdict(number: int, reached: list[_Reached]) -> str:
    """The verdict that all lessons agree on. Raises GlanceError where they do not."""
    if len({one.verdict for one in reached}) > 1:
        told = ", ".join(f"{one.lesson.name}: {one.verdict}" for one in reached)
        raise GlanceError(f"claim {number} has more than one verdict: {told}")
    return reached[0].verdict if reached else NOT_JUDGED


def _all_reached(solutions: Path, lessons: list[Lesson]) -> dict[int, list[_Reached]]:
    """What the worked notebooks say on each claim, in the lessons' order."""
    found: dict[int, list[_Reached]] = {}
    for lesson in lessons:
        path = solutions / f"{lesson.name}.ipynb"
        if path.exists():
            for page in _verdict_tables(json.loads(path.read_text(encoding="utf-8"))):
                for number, verdict, because in _table_rows(page):
                    found.setdefault(number, []).append(_Reached(lesson, verdict, because))
    return found


def _verdict_tables(notebook: dict) -> list[str]:
    """The HTML of a notebook's tables of verdicts."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    return [page for page in pages if "<caption" in page and "Claim and verdict" in page]


def _table_rows(page: str) -> list[tuple[int, str, str]]:
    """(number, verdict, because) of each row; the first cell is the number, the last two these."""
    rows = []
    for row in _ROW.findall(page):
        cells = [html.unescape(cell) for cell in _CELL.findall(row)]
        if cells:  # the row of headings has none
            rows.append((int(cells[0]), cells[-2], cells[-1]))
    return rows
