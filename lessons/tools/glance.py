"""The course at a glance: its map, its glossary, and the verdict on every claim, in one page built from the lessons.

The verdicts are those of the worked notebooks, so the page can be no better than what was measured there.
"""

import html
import json
import re
from pathlib import Path
from typing import NamedTuple

INTRO = """# The course at a glance

This page is built from the lessons: `make notebooks` writes it.

"""


class Lesson(NamedTuple):
    """What a lesson says of itself."""

    stem: str
    title: str
    minutes: str
    builds: str
    leads: str
    goals: list[str]
    names: list[str]

    @property
    def link(self) -> str:
        """Its number, as a link from the notebooks folder."""
        return f"[{self.stem[:2]}]({self.stem}.ipynb)"


class GlanceError(ValueError):
    """The lessons do not agree with each other, or with the glossary."""


def glance(root: Path) -> str:
    """The page, in Markdown. Raises GlanceError where a term has no line in the glossary, or two verdicts differ."""
    lessons = [_read(path) for path in sorted(root.glob("lessons/[0-9][0-9]_*.md"))]
    terms = _terms(root / "lessons" / "glossary.md")
    claims = json.loads((root / "helpers" / "claims.json").read_text(encoding="utf-8"))
    return INTRO + "\n".join(
        [_map(lessons), _glossary(lessons, terms), _verdicts(root, lessons, claims)]
    )


def _read(path: Path) -> Lesson:
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^# \d\d (.+)$", text, flags=re.MULTILINE)[1]
    minutes, builds, leads = re.search(
        r"^(\d+) minutes · builds on (.+?) · leads to (.+)$", text, flags=re.MULTILINE
    ).groups()
    goals = re.search(r"After this lesson you can\n\n((?:- .+\n)+)", text)[1]
    names = re.search(r"The field's names: (.+)\.$", text, flags=re.MULTILINE)[1]
    return Lesson(
        path.stem, title, minutes, builds, leads, re.findall(r"- (.+)[;.]", goals), re.findall(r"\*(.+?)\*", names)
    )  # fmt: skip


def _map(lessons: list[Lesson]) -> str:
    rows = [
        f"| {x.link} | {x.title} | {x.minutes} | {x.builds} | {'; '.join(x.goals)} |"
        for x in lessons
    ]
    total = sum(int(x.minutes) for x in lessons)
    head = "| | Lesson | Minutes | Builds on | Afterwards you can |\n|---|---|---|---|---|"
    return (
        f"## Map\n\n{len(lessons)} lessons, {total / 60:.0f} hours.\n\n{head}\n"
        + "\n".join(rows)
        + "\n"
    )


def _terms(path: Path) -> dict[str, str]:
    return dict(
        re.findall(r"^- \*\*(.+?)\*\*: (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    )


def _glossary(lessons: list[Lesson], terms: dict[str, str]) -> str:
    first = {name: lesson for lesson in reversed(lessons) for name in lesson.names}
    if lost := sorted(set(first) - set(terms)):
        raise GlanceError(f"lessons/glossary.md lacks {', '.join(lost)}")
    if lost := sorted(set(terms) - set(first)):
        raise GlanceError(
            f"no lesson's recap names {', '.join(lost)}, which lessons/glossary.md explains"
        )
    lines = [
        f"- **{term}**: {terms[term]}. ({first[term].link})"
        for term in sorted(terms, key=str.casefold)
    ]
    return "## Glossary\n\n" + "\n".join(lines) + "\n"


def _verdicts(root: Path, lessons: list[Lesson], claims: list[dict]) -> str:
    found: dict[int, list[tuple[Lesson, str, str]]] = {}
    for lesson in lessons:
        for number, verdict, because in _reached(
            root / "notebooks" / "solutions" / f"{lesson.stem}.ipynb"
        ):
            found.setdefault(number, []).append((lesson, verdict, because))
    rows = [_row(claim, found.get(claim["number"], [])) for claim in claims]
    counts = {
        word: sum(row[1] == word for row in rows) for word in dict.fromkeys(row[1] for row in rows)
    }
    words = ", ".join(
        f"{count} {word}" for word, count in sorted(counts.items(), key=lambda item: -item[1])
    )
    head = "| No. | The article says | Verdict | Because | Lesson |\n|---|---|---|---|---|"
    body = "\n".join(row[0] for row in rows)
    return f"## Every claim of the article, and its verdict\n\nOf {len(rows)}: {words}.\n\n{head}\n{body}\n"


def _row(claim: dict, reached: list[tuple[Lesson, str, str]]) -> tuple[str, str]:
    """(a row of the table, its verdict)."""
    if len({verdict for _, verdict, _ in reached}) > 1:
        told = ", ".join(f"{lesson.stem}: {verdict}" for lesson, verdict, _ in reached)
        raise GlanceError(f"claim {claim['number']} has more than one verdict: {told}")
    verdict = reached[0][1] if reached else "not judged"
    because = next((because for *_, because in reversed(reached) if because), "")
    links = ", ".join(dict.fromkeys(lesson.link for lesson, *_ in reached))
    cells = (str(claim["number"]), claim["text"], verdict, because, links)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |", verdict


def _reached(path: Path) -> list[tuple[int, str, str]]:
    """(number, verdict, because) of each claim in a worked notebook's tables of verdicts."""
    rows = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []:
        for output in cell.get("outputs", []):
            page = "".join(output.get("data", {}).get("text/html", ""))
            if "<caption" in page and "Claim and verdict" in page:
                for row in re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL):
                    cells = re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL)
                    if cells:
                        number, *_, verdict, because = (html.unescape(cell) for cell in cells)
                        rows.append((int(number), verdict, because))
    return rows
