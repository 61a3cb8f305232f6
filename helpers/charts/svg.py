"""Elements of SVG and HTML as text, for what the browser draws while the clock runs."""

from collections.abc import Sequence
from functools import cache
from itertools import chain

from helpers.tables import as_html

# The page's own colour of text, so that a chart is legible in the light theme and in the dark one.
INK = "currentColor"

# JupyterLab's font and colour of text; elsewhere, as on a page of documentation, its defaults.
_STYLE = (
    "display:block;width:100%;font:12px var(--jp-ui-font-family,sans-serif);"
    "color:var(--jp-content-font-color1,#222)"
)

# Elements that close themselves. In HTML no other may: it would swallow what follows.
_CLOSED = frozenset({"path", "rect", "circle", "img"})


def picture(width: float, height: float, words: str, *children: str, style: str = "") -> str:
    """A whole picture of so many pixels. words: what it shows, for people who do not see it.

    It is as wide as the place that it stands in; style: what else its CSS says.
    """
    return element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_label=words,
        style=f"{_STYLE};{style}" if style else _STYLE,
    )


def element(tag: str, *children: str, **attributes: object) -> str:
    """An element, such as element("path", d="M0 0H9", stroke_width=2).

    Underscores in names become hyphens, and class_ is class. An attribute that is None is left out.
    A float keeps a tenth, which is a tenth of a pixel; below 1 it is a share and keeps two digits.
    Attributes are shown as text (tables.as_html); children are markup already.
    """
    given = "".join(
        [
            f' {_name(name)}="{_value(value)}"'
            for name, value in attributes.items()
            if value is not None
        ]
    )
    if tag in _CLOSED:
        return f"<{tag}{given}/>"
    return f"<{tag}{given}>{''.join(children)}</{tag}>"


@cache
def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
    return as_html(value) if isinstance(value, str) else str(value)


def path(d: str, **attributes: object) -> str:
    """A path, or nothing where it has no points."""
    return element("path", d=d, **attributes) if d else ""


def line(d: str, **attributes: object) -> str:
    """A path that is not filled, in the page's colour of text unless `stroke` says another."""
    return path(d, **{"fill": "none", "stroke": INK} | attributes)


def repeated(pattern: str, rows: Sequence[tuple]) -> str:
    """A %-pattern, once for each row of values: one format for all is the quickest there is."""
    return pattern * len(rows) % tuple(chain.from_iterable(rows))


def text(
    x: float,
    y: float,
    words: str,
    anchor: str = "middle",
    *,
    faint: bool = False,
    bold: bool = False,
    **attributes: object,
) -> str:
    """Words at a place (pixels, of their base line). anchor: which part of them stands there."""
    look = {
        "x": float(x),
        "y": float(y),
        "text_anchor": anchor,
        "fill": INK,
        "opacity": 0.75 if faint else None,
        "font_weight": 600 if bold else None,
    }
    return element("text", as_html(words), **look | attributes)
