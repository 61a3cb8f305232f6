"""The lessons that are taught as the second edition teaches, and their prose and code, for tests.

The rules that hold those lessons are in test_ladder.py, test_vocabulary.py and test_teaching.py.
"""

import re
from pathlib import Path

import pytest

from lessons.tools.dialect import read

ROOT = Path(__file__).parents[2]
# In the course's order. The optional pages, such as 03_more.md, are no rungs of the ladder.
LESSONS = [
    path
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.md"))
    if not path.stem.endswith("_more")
]
# This list only shrinks: a lesson leaves it when it is rewritten, and is then held by every rule.
NOT_YET_REWRITTEN = {"08", "09", "10", "11", "12", "13"}
REWRITTEN = [path for path in LESSONS if path.name[:2] not in NOT_YET_REWRITTEN]

each_rewritten = pytest.mark.parametrize("lesson", REWRITTEN, ids=lambda path: path.stem)


def code_cells(lesson):
    """A lesson's code cells, in order."""
    return [cell for cell in read(lesson).cells if cell.kind == "code"]


def prose_cells(lesson):
    """A lesson's pieces of prose, in order."""
    return [cell for cell in read(lesson).cells if cell.kind == "markdown"]


def plain(markdown):
    """The words of prose that a reader reads on: no headings, code, links' targets, pictures, tags.

    What is bold stays marked as **bold**.
    """
    text = re.sub(r"^(`{3,}).*?^\1\s*$", " ", markdown, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^#+ .*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"<code>.*?</code>|`[^`]*`", " ", text, flags=re.DOTALL)
    text = re.sub(r"!\[.*?\]\(.*?\)", " ", text, flags=re.DOTALL)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", " ", text)
    text = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"\s+", " ", text).strip()
