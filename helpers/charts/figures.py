"""A figure for when the clock has stopped: matplotlib in one style, with its data as a table and words for it.

It is drawn dark on white; in a dark theme the page turns it over, so that colours keep their hue.
"""

import base64
import csv
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.charts.palette import in_order, kind_of
from helpers.tables import html_table, text_table

INK, FAINT, GRID = "#333333", "#6B6B6B", "#DDDDDD"
WIDTH = 8.4
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)))
_DARK = (
    '<style>[data-jp-theme-light="false"] .course-picture,.vscode-dark .course-picture'
    "{filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen}</style>"
)


class Chart:
    """A figure with its data: `head` and `rows` are the table, `alt` says in words what the picture shows.

    In a notebook it shows itself as a picture with alternative text, and its table below; print(chart) is the table.
    """

    def __init__(self, figure: Figure, alt: str, head: Sequence[str], rows: Sequence[Sequence]):
        self.figure, self.alt, self.head, self.rows = (
            figure,
            alt,
            tuple(head),
            [tuple(r) for r in rows],
        )
        FigureCanvasAgg(figure)

    def __repr__(self) -> str:
        return f"Chart with a table of {len(self.rows)} rows"

    def __str__(self) -> str:
        return text_table(self.head, self.rows)

    def save(self, path: str | Path) -> None:
        """Write the picture (.png, .svg) or the table (.csv). Raises ValueError for another ending."""
        path = Path(path)
        if path.suffix == ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([self.head, *self.rows])
        elif path.suffix in (".png", ".svg"):
            metadata = (
                {"Date": None, "Title": self.alt}
                if path.suffix == ".svg"
                else {"Description": self.alt}
            )
            with rc_context({"svg.hashsalt": "course"}):
                self.figure.savefig(path, dpi=150, metadata=metadata)
        else:
            raise ValueError(
                f"{path.name!r} ends in {path.suffix!r}; save takes .png, .svg or .csv"
            )

    def _repr_html_(self) -> str:
        data = io.BytesIO()
        self.figure.savefig(data, format="png", dpi=130)
        image = base64.b64encode(data.getvalue()).decode()
        picture = (
            f'<img class="course-picture" alt="{escape(self.alt)}" src="data:image/png;base64,{image}" '
            f'style="width:{WIDTH * 100:.0f}px;max-width:none">'
        )
        table = html_table("The same in numbers", self.head, self.rows)
        return f'{_DARK}<div style="overflow-x:auto" tabindex="0" role="group" aria-label="chart and table">{picture}{table}</div>'


def sheet(height: float, **options) -> tuple[Figure, list]:
    """A figure of the course's width (inches) with axes as `Figure.subplots` makes them, in a flat list."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(hspace=0.04)
    axes = figure.subplots(squeeze=False, **options).flatten().tolist()
    for axis in axes:
        for side in axis.spines.values():
            side.set_visible(False)
        axis.tick_params(colors=INK, labelsize=9, length=0)
        axis.set_axisbelow(True)
    return figure, axes


def grid(axis, which: str) -> None:
    """Faint lines across one axis ("x", "y" or "both")."""
    axis.grid(axis=which, color=GRID, linewidth=0.8)


def title(axis, words: str, more: str = "") -> None:
    """A title at the left, and beside it what is less important."""
    text = axis.set_title(words, loc="left", fontsize=11, color=INK, fontweight="bold", pad=6)
    if more:
        axis.annotate(more, xy=(1, 0), xycoords=text, xytext=(8, 0), textcoords="offset points", fontsize=10, color=FAINT,
                      va="bottom")  # fmt: skip


def bars(axis, kind: str, items: Sequence[tuple[int, float, float]], height: float = 0.82) -> None:
    """Bars (row, start, end) of one kind; rows count from 0 and are drawn at 1."""
    look = kind_of(kind)
    thick = height / (3 if kind == "waiting" else 1) / 2
    corners = [
        [(a, r + 1 - thick), (a, r + 1 + thick), (b, r + 1 + thick), (b, r + 1 - thick)]
        for r, a, b in items
    ]
    style = {"facecolor": look.colour, "linewidth": 0}
    if kind == "waiting":
        style = {"facecolor": "#E2E2E2", "linewidth": 0}
    elif look.hatch:
        style = {
            "facecolor": "white",
            "edgecolor": look.colour,
            "hatch": look.hatch,
            "linewidth": 0.6,
        }
    axis.add_collection(PolyCollection(corners, **style), autolim=False)


def key(figure: Figure, kinds: Sequence[str]) -> None:
    """The legend of the kinds of bar, above the figure."""
    handles = []
    for name in in_order(kinds):
        look = kind_of(name)
        plain = {"facecolor": "#E2E2E2" if name == "waiting" else look.colour, "edgecolor": "none"}
        hatched = {"facecolor": "white", "edgecolor": look.colour, "hatch": look.hatch}
        handles.append(
            Patch(label=look.word, **(hatched if look.hatch and name != "waiting" else plain))
        )
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles), frameon=False, labelcolor=INK, fontsize=9,
        handlelength=1.3, handleheight=0.8, columnspacing=1.6, borderpad=0.2,
    )  # fmt: skip
