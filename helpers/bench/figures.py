"""What a performance table is made of: figures, each declared once with its unit and its bar."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from helpers.tables import figure as as_number

NOTHING = "–"


class Unit(Enum):
    """How a figure is shown: what stands after its name, and how much of it a measured one is.

    Measured are seconds, bytes and counts.
    """

    COUNT = ("", 1.0)
    SECONDS = (", s", 1.0)
    MILLISECONDS = (" ms", 1_000.0)
    MEGABYTES = (", MB", 1 / 2**20)


@dataclass(frozen=True)
class Figure:
    """One row of a table. bar: what it may be, with what we would like it to be in brackets."""

    name: str
    unit: Unit
    bar: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.unit.value[0]}"

    def shown(self, value: float | None) -> str:
        """A measured value in the figure's unit; None is one that is not measured here."""
        return NOTHING if value is None else as_number(value * self.unit.value[1])


Measured = Mapping[Figure, float | None]
"""What one round of measuring gave; None stands for a figure that was not to be measured."""


def medians(rounds: Sequence[Measured]) -> dict[Figure, float | None]:
    """The median of each figure. Raises KeyError where a round lacks one that another has."""
    found = {figure for measured in rounds for figure in measured}
    return {figure: _median([measured[figure] for measured in rounds]) for figure in found}


def _median(values: Sequence[float | None]) -> float | None:
    return None if None in values else statistics.median(values)


def print_table(title: str, figures: Sequence[Figure], columns: Mapping[str, Measured]) -> None:
    """Print a table in Markdown: a row for each figure, a column for each server.

    Raises ValueError where a column lacks a figure, or has one that the table does not.
    """
    for name, measured in columns.items():
        _check(name, figures, measured)
    print(f"{title}\n")
    print_head("", *columns, "bar (moonshot)")
    for figure in figures:
        cells = [figure.shown(measured[figure]) for measured in columns.values()]
        print_row(figure, *cells, figure.bar)
    print()


def _check(column: str, figures: Sequence[Figure], measured: Measured) -> None:
    if missing := [figure for figure in figures if figure not in measured]:
        raise ValueError(f"{column} lacks {'; '.join(map(str, missing))}")
    if unknown := [figure for figure in measured if figure not in figures]:
        raise ValueError(f"{column} has what is not in the table: {'; '.join(map(str, unknown))}")


def print_head(*cells: object) -> None:
    """Print the head of a table in Markdown."""
    print_row(*cells)
    print(f"|{'---|' * len(cells)}")


def print_row(*cells: object) -> None:
    """Print a row of a table in Markdown, at once: the next may take a minute to measure."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
