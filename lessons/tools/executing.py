"""Running every cell of a worked edition, in a folder where there is nothing to overwrite."""

import copy
import os
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from helpers.measured import STRICT
from lessons.tools.dialect import LessonError

# Seconds. A whole lesson takes under 30; four times that is a cell that hangs, not a busy machine.
CELL_TIMEOUT = 120
WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(notebook: NotebookNode, root: Path, name: str) -> None:
    """Run every cell, in place, with the `helpers` of the course in `root`.

    Raises LessonError that names the lesson and the cell that failed.
    """
    built = copy.deepcopy(notebook.metadata)
    # Windows deletes no folder in which a process still is, and a lesson's service may be ending.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        _run(notebook, root, Path(scratch), name)
    notebook.metadata = built  # the client adds the version of Python and more of this machine
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # Without its state a widget reads "model not found"; its text stays.
            output.get("data", {}).pop(WIDGET, None)


def _run(notebook: NotebookNode, root: Path, scratch: Path, name: str) -> None:
    at = "before the first"

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell.id

    work = scratch / "notebooks"
    work.mkdir()
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(work)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=remember,
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute(env=_environment(root, scratch))
    except CellExecutionError as error:
        raise LessonError(f"{name}, cell {at!r}: {error.ename}: {error.evalue}") from None
    except CellTimeoutError:
        raise LessonError(f"{name}, cell {at!r}: not done after {CELL_TIMEOUT} s") from None
    except RuntimeError as error:
        raise LessonError(f"{name}, cell {at!r}: the kernel is gone: {error}") from None


def _environment(root: Path, scratch: Path) -> dict[str, str]:
    """The kernel's: it finds the course's helpers, and what it solves is nobody's progress."""
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    return {
        **os.environ,
        "COURSE_PROGRESS": str(scratch / "progress.json"),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": path,
        STRICT: "1",
    }
