"""A lesson's two editions as notebooks, and whether somebody changed one of them since."""

import hashlib
import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lessons.tools.dialect import Cell, read

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
HASH_LENGTH = 16  # 64 bits: enough to tell a course's cells apart, short enough to read


def edition(lesson: Path, *, solved: bool) -> NotebookNode:
    """One edition of a lesson, not executed. Raises LessonError."""
    kept = [cell for cell in read(lesson).cells if solved or "solution" not in cell.tags]
    notebook = nbformat.v4.new_notebook(cells=[_built(cell, solved) for cell in kept])
    notebook.metadata = metadata(built=fingerprint(notebook))
    nbformat.validate(notebook)
    return notebook


def _built(cell: Cell, solved: bool) -> NotebookNode:
    source = cell.worked if solved else cell.learners
    if solved and cell.kind == "markdown":
        source = source.replace("](images/", "](../images/")  # it stands one folder deeper
    about = {"course": {"hash": short_hash(source)}}
    if cell.tags:
        about["tags"] = list(cell.tags)
    make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, id=cell.id, metadata=about)


def metadata(**course: str) -> NotebookNode:
    """A notebook's metadata: nothing of the machine that it was built on."""
    return nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": course}
    )


def short_hash(text: str) -> str:
    """A hash of a text, short enough to keep beside it."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def fingerprint(notebook: NotebookNode) -> str:
    """A hash of what a person can edit: the cells' ids, kinds and sources."""
    cells = [[cell.get("id"), cell.cell_type, cell.source] for cell in notebook.cells]
    return short_hash(json.dumps(cells))


def is_unedited(cell: NotebookNode) -> bool:
    """Whether a cell's source is the one it was built with; False for a cell that was added."""
    return cell.metadata.get("course", {}).get("hash") == short_hash(cell.source)


def is_touched(notebook: NotebookNode | None) -> bool:
    """Whether somebody edited a notebook since it was built, or ran a learner's edition.

    None, a file that cannot be read as a notebook, counts as touched: it is not ours to overwrite.
    """
    if notebook is None:
        return True
    course = notebook.metadata.get("course", {})
    is_learners = "helpers" not in course  # the worked edition alone says what it was run with
    has_run = any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    return (is_learners and has_run) or course.get("built") != fingerprint(notebook)


def text_of(notebook: NotebookNode) -> str:
    """The exact text of a notebook's file."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook as it is before it is executed."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def load(path: Path) -> NotebookNode | None:
    """A notebook as it is on disk; None when there is none, or when it cannot be read as one."""
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        return notebook if isinstance(notebook.get("cells"), list) else None
    except (OSError, ValueError, AttributeError):
        return None
