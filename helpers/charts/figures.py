"""Figures for when the clock has stopped: matplotlib in one style, with the data as a table.

They are drawn dark on white. In a dark theme the page inverts them, so that colours keep their hue.
"""

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

from helpers.charts.bars import Bar
from helpers.charts.palette import in_order, kind_of
from helpers.charts.svg import element
from helpers.tables import html_table, text_table, visible

INK = "#333333"  # words
FAINT = "#6B6B6B"  # less important words; still 5 : 1 against white
_GRID = "#DDDDDD"
# On white, waiting is a shade of the paper, so that work stands out.
_WAITING = "#E2E2E2"

# Inches: a notebook's page on a laptop, at 100 pixels an inch.
WIDTH = 8.4
_PIXELS_PER_INCH = 100
# Finer than it is shown, for screens with more pixels; finer still in a file, which may be printed.
_DPI_SHOWN = 130
_DPI_SAVED = 150

# Of lines that need no meaning of their own: Okabe and Ito's colours, the darker ones first. The
# dashes differ, too, so that nobody needs the colours.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)))

# Points: of titles, of what stands beside them, and of all else.
_LARGE, _MIDDLE, _SMALL = 11, 10, 9

_INVERTED_IN_THE_DARK = element(
    "style",
    '[data-jp-theme-light="false"] .course-picture,.vscode-dark .course-picture'
    "{filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen}",
)


class Chart:
    """A figure with its data.

    head, rows: the data as a table. alt: what the picture shows, in words.
    In a notebook it shows itself, with its table below; print(chart) prints the table.
    """

    def __init__(self, figure: Figure, alt: str, head: Sequence[str], rows: Iterable[Sequence]):
        self.figure = figure
        self.alt = visible(alt)
        self.head = tuple(head)
        self.rows = [tuple(row) for row in rows]
        # What pyplot would do; but pyplot keeps every figure alive and bears no second thread.
        FigureCanvasAgg(figure)

    def __repr__(self) -> str:
        return f"Chart with a table of {len(self.rows)} rows"

    def __str__(self) -> str:
        return text_table(self.head, self.rows)

    def save(self, path: str | Path) -> None:
        """Write the picture (.png, .svg) or the table (.csv).

        Raises ValueError for another ending.
        """
        path = Path(path)
        if path.suffix == ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([self.head, *self.rows])
        elif path.suffix == ".png":
            self.figure.savefig(path, dpi=_DPI_SAVED, metadata={"Description": self.alt})
        elif path.suffix == ".svg":
            # Neither the date nor random ids: the same chart is the same file.
            with rc_context({"svg.hashsalt": "course"}):
                self.figure.savefig(
                    path, dpi=_DPI_SAVED, metadata={"Date": None, "Title": self.alt}
                )
        else:
            raise ValueError(
                f"{path.name!r} ends in {path.suffix!r}; save takes .png, .svg or .csv"
            )

    def _repr_html_(self) -> str:
        png = io.BytesIO()
        self.figure.savefig(png, format="png", dpi=_DPI_SHOWN)
        picture = element(
            "img",
            class_="course-picture",
            alt=self.alt,
            src=f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}",
            style=f"width:{WIDTH * _PIXELS_PER_INCH:.0f}px;max-width:none",
        )
        table = html_table("The same in numbers", self.head, self.rows)
        # tabindex: who uses no mouse can scroll what is too wide.
        return _INVERTED_IN_THE_DARK + element(
            "div",
            picture,
            table,
            style="overflow-x:auto",
            tabindex=0,
            role="group",
            aria_label="chart and table",
        )


def figure_with_axes(height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """An empty figure of the course's width, and its axes in reading order.

    height: in inches. options: as for `Figure.subplots`.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(hspace=0.04)
    axes = figure.subplots(squeeze=False, **options).flatten().tolist()
    for axis in axes:
        for side in axis.spines.values():
            side.set_visible(False)
        axis.tick_params(colors=INK, labelsize=_SMALL, length=0)
        axis.set_axisbelow(True)
    return figure, axes


def grid(axis: Axes, which: str) -> None:
    """Faint lines across one axis ("x", "y" or "both")."""
    axis.grid(axis=which, color=_GRID, linewidth=0.8)


def title(axis: Axes, words: str, more: str = "") -> None:
    """A title at the left. more: beside it, what is less important."""
    text = axis.set_title(words, loc="left", fontsize=_LARGE, color=INK, fontweight="bold", pad=6)
    _as_text(text)
    if more:
        beside = axis.annotate(
            more,
            xy=(1, 0),
            xycoords=text,
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=_MIDDLE,
            color=FAINT,
            va="bottom",
        )
        _as_text(beside)


def label(axis: Axes, across: str = "", up: str = "") -> None:
    """What the axes are, and in which unit."""
    if across:
        _as_text(axis.set_xlabel(across, color=FAINT, fontsize=_SMALL))
    if up:
        _as_text(axis.set_ylabel(up, color=FAINT, fontsize=_SMALL))


def legend(where: Axes | Figure, place: str = "best", **options: Any) -> None:
    """The labels of what was drawn. place: as matplotlib's `loc`."""
    shown = where.legend(loc=place, frameon=False, fontsize=_SMALL, labelcolor=INK, **options)
    for words in shown.get_texts():
        _as_text(words)


def _as_text(words: Text) -> None:
    """Show words as they are: "$" is no formula, and a control cannot spoil an SVG."""
    words.set_text(visible(words.get_text()))
    words.set_parse_math(False)


def look_of(kind: str) -> dict[str, str]:
    """How matplotlib fills a kind of bar."""
    look = kind_of(kind)
    if kind == "waiting":
        return {"facecolor": _WAITING, "edgecolor": "none"}
    if look.hatch:
        return {"facecolor": "white", "edgecolor": look.colour, "hatch": look.hatch}
    return {"facecolor": look.colour, "edgecolor": "none"}


def draw_bars(axis: Axes, kind: str, bars: Sequence[Bar]) -> None:
    """Bars of one kind. Their rows count from 0 and are drawn from 1, as people count queries."""
    # Of a row's height of 1: a bar leaves a gap, and a wait is a thin line.
    half = 0.82 / (3 if kind == "waiting" else 1) / 2
    corners = []
    for row, start, end in bars:
        low, high = row + 1 - half, row + 1 + half
        corners.append([(start, low), (start, high), (end, high), (end, low)])
    look = look_of(kind)
    width = 0.6 if "hatch" in look else 0  # without an edge, hatching frays
    axis.add_collection(PolyCollection(corners, linewidth=width, **look), autolim=False)


def legend_of_kinds(figure: Figure, kinds: Iterable[str]) -> None:
    """What each kind of bar means, above the figure."""
    handles = [Patch(label=kind_of(name).word, **look_of(name)) for name in in_order(kinds)]
    legend(
        figure,
        "outside upper left",
        handles=handles,
        ncols=len(handles),
        handlelength=1.3,
        handleheight=0.8,
        columnspacing=1.6,
        borderpad=0.2,
    )
