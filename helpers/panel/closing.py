"""Closes widgets with all that belongs to them, since ipywidgets keeps what was not closed."""

from collections.abc import Iterable

import ipywidgets as widgets


def parts(box: widgets.Box) -> list[widgets.Widget]:
    """All widgets inside of a box, the innermost first."""
    found: list[widgets.Widget] = []
    for child in box.children:
        if isinstance(child, widgets.Box):
            found += parts(child)
        found.append(child)
    return found


def close_all(closing: Iterable[widgets.Widget]) -> None:
    """Close widgets, and with each its layout and its style, which are widgets themselves."""
    for widget in closing:
        widget.close()
        for name in ("layout", "style"):
            if widget.has_trait(name):
                getattr(widget, name).close()
