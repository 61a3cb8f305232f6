"""SVG elements as text, for pictures that the browser draws while the clock runs."""

from html import escape

# The page's own colour of text, so that a chart is legible in the light theme and in the dark one.
INK = "currentColor"


def element(tag: str, *children: str, **attributes: object) -> str:
    """An element such as element("path", d="M0 0H9", stroke_width=2): <path d=… stroke-width=…/>.

    Underscores become hyphens; an attribute that is None is left out; a float keeps one decimal,
    which is a tenth of a pixel. Attributes are escaped, children are SVG already.
    """
    given = "".join(
        f' {name.strip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"


def _value(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else escape(str(value))


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
    """Words at a place (pixels, of the base line); anchor: which part of them stands there."""
    look = {"fill": INK, "opacity": 0.75 if faint else None, "font_weight": 600 if bold else None}
    place = {"x": float(x), "y": float(y), "text_anchor": anchor}
    return element("text", escape(words), **place, **look, **attributes)
