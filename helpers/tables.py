"""Small tables and notes for a notebook and a terminal: the same as accessible HTML and as text."""

from collections.abc import Iterable, Sequence
from html import escape

from helpers.fake_llm.visible import BLOCK, visible

# The class of what differs from run to run; tests/nbval.cfg skips it where it compares outputs.
VARIES = "varies"
# JupyterLab's own colours, light and dark, and where there is no JupyterLab the light ones.
_COLOURS = {"good": "var(--jp-success-color1, #2e7d32)", "bad": "var(--jp-warn-color1, #b45309)"}
# Jupyter sets tables flush right, which is for figures alone.
_LEFT = "text-align:left"


def figure(value: float) -> str:
    """A number as a person reads it: three digits, thousands apart, and no powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def as_html(text: str, keep: str = "") -> str:
    """Text for a page: none of it is markup, and of what cannot be seen only `keep` stays."""
    return escape(visible(text, keep))


class Markup(str):
    """A cell whose text is HTML already."""


class Varying(str):
    """A cell that differs from run to run: its HTML says so, and a comparison can skip it."""


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a caption and scoped headers; every cell is escaped unless it is Markup."""
    names = "".join(f'<th scope="col" style="{_LEFT}">{as_html(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    # What may have to be scrolled sideways must be reached by the keyboard, and have a name.
    name = as_html(caption)
    title = f'<caption style="{_LEFT};font-weight:bold">{name}</caption>'
    table = f"<table>{title}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    return (
        f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto">{table}</div>'
    )


def _cell(value: object) -> str:
    mark = f' class="{VARIES}"' if isinstance(value, Varying) else ""
    text = value if isinstance(value, Markup) else as_html(str(value), BLOCK)
    return f'<td style="{_LEFT}"{mark}>{text}</td>'


def text_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same as aligned columns of text, where a cell has one line."""
    lines = [[visible(str(cell)) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()


def note_html(title: str, parts: Iterable[tuple[str, str]], *, good: bool) -> str:
    """A titled note with named parts; the colour of its edge only repeats what the title says."""
    edge = f"border-left:4px solid {_COLOURS['good' if good else 'bad']}"
    rows = "".join(
        f"<dt><b>{as_html(name)}</b></dt><dd>{as_html(text, BLOCK)}</dd>" for name, text in parts
    )
    body = f'<dl style="margin:0.3em 0 0">{rows}</dl>' if rows else ""
    return (
        f'<div role="status" style="{edge};padding:0.4em 0.8em;margin:0.3em 0">'
        f"<strong>{as_html(title)}</strong>{body}</div>"
    )


def note_text(title: str, parts: Iterable[tuple[str, str]]) -> str:
    """The same as lines of text."""
    lines = [visible(title)]
    lines += [f"  {visible(name)}: {visible(text, BLOCK)}" for name, text in parts]
    return "\n".join(lines)


class Table:
    """A table as the result of a cell: HTML in a notebook, aligned text where it is printed.

    Its repr holds no measured figure, so it is the same on every run. about: what the repr says.
    """

    def __init__(
        self,
        caption: str,
        head: Sequence[str],
        rows: Iterable[Sequence[object]],
        about: str = "",
    ) -> None:
        self.caption = caption
        self.head = tuple(head)
        self.rows = [tuple(row) for row in rows]
        self._about = about or f"{caption}: a table of {len(self.rows)} rows"

    def __repr__(self) -> str:
        return self._about

    def __str__(self) -> str:
        return text_table(self.head, self.rows)

    def _repr_html_(self) -> str:
        return html_table(self.caption, self.head, self.rows)
