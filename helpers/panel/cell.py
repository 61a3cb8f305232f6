"""What a panel leaves in its cell: a picture that a saved notebook keeps, and only one panel."""

import weakref
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import DisplayHandle, display

from helpers.charts.figures import Chart

_shown: "dict[str, weakref.ref[widgets.Widget]]" = {}


class Picture:
    """The last chart as an ordinary output below the panel; a saved notebook keeps it.

    Widgets are not kept, so without it nothing would be seen there, nor on a page made of it.
    """

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is an output to show something in: not so in a script."""
        return self._handle is not None

    def open(self) -> None:
        """Put it into the cell that runs now, empty."""
        self._handle = display({"text/plain": "no run yet"}, raw=True, display_id=True)

    def show(self, chart: Chart, *, once: bool) -> None:
        """Show a chart. once: beside a panel that shows the same live, only its table is seen."""
        look = "course-once" if once else "course-kept"
        page = f'<div class="{look}">{chart._repr_html_()}</div>'
        self._handle.update({"text/html": page, "text/plain": "the last run"}, raw=True)


def replace_panel(panel: widgets.Widget) -> None:
    """Close the panel that this cell made when it ran before, so that nothing of it is left."""
    cell = _running_cell()
    if cell is None:
        return
    reference = _shown.get(cell)
    before = None if reference is None else reference()
    if before is not None and before is not panel:
        before.close()
    _shown[cell] = weakref.ref(panel)


def _running_cell() -> str | None:
    """The id of the cell that runs now; None outside of a notebook."""
    shell = get_ipython()
    parent: Any = getattr(shell, "parent_header", None)
    if hasattr(shell, "get_parent"):
        parent = shell.get_parent()
    return ((parent or {}).get("metadata") or {}).get("cellId")
