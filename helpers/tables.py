"""Small tables for a notebook and a terminal: the same rows as accessible HTML and as plain text."""

from collections.abc import Iterable, Sequence
from html import escape

VARIES = "varies"
_COLOURS = {"good": "var(--jp-success-color1, #2e7d32)", "bad": "var(--jp-warn-color1, #b45309)"}


def figure(value: float) -> str:
    """A number as a person reads it: three digits, thousands apart, and no powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Markup(str):
    """A cell whose text is HTML already."""


class Varying(str):
    """A cell that differs from run to run: its HTML is marked, so that a comparison of outputs can skip it."""


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a caption and scoped headers; every cell is escaped unless it is Markup."""
    top = "".join(f'<th scope="col" style="text-align:left">{escape(h)}</th>' for h in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f'<caption style="text-align:left;font-weight:bold">{escape(caption)}</caption>'
    table = f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    name = escape(caption, quote=True)
    return (
        f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto">{table}</div>'
    )


def _cell(value: object) -> str:
    mark = f' class="{VARIES}"' if isinstance(value, Varying) else ""
    text = value if isinstance(value, Markup) else escape(str(value))
    return f'<td style="text-align:left"{mark}>{text}</td>'


def text_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same as aligned columns of text."""
    lines = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in lines)


def note_html(title: str, parts: Iterable[tuple[str, str]], *, good: bool) -> str:
    """A titled note with named parts; the colour of its edge only repeats what the title says."""
    colour = _COLOURS["good" if good else "bad"]
    rows = "".join(f"<dt><b>{escape(name)}</b></dt><dd>{escape(text)}</dd>" for name, text in parts)
    body = f'<dl style="margin:0.3em 0 0">{rows}</dl>' if rows else ""
    return (
        f'<div role="status" style="border-left:4px solid {colour};padding:0.4em 0.8em;margin:0.3em 0">'
        f"<strong>{escape(title)}</strong>{body}</div>"
    )


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
    ):
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
