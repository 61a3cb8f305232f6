"""The article's claims, and the verdict that a lesson reaches on each.

    verdicts(
        claim(81, claimed=20, theory=20, measured=run.seconds * 10, unit="s"),
        claim(83, claimed=10, theory=40, measured=slow.seconds * 10, unit="s",
              because="50 in flight give 25/s"),
        claim(39, verdict="holds with a condition", because="one exception loses every answer"),
    )

Numbers are those of claims.json, which lists all 102. (The module is not named after its function:
`from helpers import verdicts` would then give the module or the function, depending on what was
imported first.)
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from helpers.tables import Varying, figure, html_table, text_table

HOLDS = "holds"
CONDITION = "holds with a condition"
FAILS = "does not hold"
UNTESTED = "cannot be tested"
_VERDICTS = (HOLDS, CONDITION, FAILS, UNTESTED)
# Why a verdict without a reason is refused: what a reader would ask next.
_NEEDS_A_REASON = {CONDITION: "say which in because=", UNTESTED: "say what is missing in because="}
# A table of a few rows is read; the rest is for who wants to look something up.
IN_SIGHT = 6
_HEAD = (
    "No.",
    "The article says",
    "Claimed",
    "Theory allows",
    "Measured here",
    "Verdict",
    "Because",
)


@functools.cache
def all_claims() -> dict[int, dict]:
    """Every claim by its number: its "lines" in the article, and its "text" in a few words."""
    shipped = json.loads(Path(__file__).with_name("claims.json").read_text(encoding="utf-8"))
    return {entry["number"]: entry for entry in shipped}


@dataclass(frozen=True)
class Claim:
    """One row of a table of verdicts."""

    number: int
    text: str
    verdict: str
    claimed: str = ""
    theory: str = ""
    measured: str = ""
    because: str = ""


def claim(
    number: int,
    text: str | None = None,
    *,
    claimed: float | str = "",
    theory: float | str = "",
    measured: float | str = "",
    unit: str = "",
    compare: str = "about",
    tolerance: float = 0.25,  # a learner's machine and ours are seldom closer
    runs: int | None = None,
    verdict: str | None = None,
    because: str = "",
) -> Claim:
    """A claim and its verdict, which is computed from `claimed` and `measured`, or given.

    text: what it says, by default the words of the list. unit: of the three figures.
    compare: "about" (within `tolerance`, a share of the claimed figure), "at least" or "at most".
    runs: of how many runs the measured figure is the median; None where it is a count.
    because: the reason, the condition, or what is missing, in a few words; "holds with a condition"
    and "cannot be tested" have to be given.
    Raises ValueError on an unknown number or verdict, or where there is nothing to compute it from.
    """
    if number not in all_claims():
        raise ValueError(
            f"claim {number!r} does not exist; they have the numbers 1 to {len(all_claims())}"
        )
    if verdict is None:
        verdict = HOLDS if _fits(number, claimed, measured, compare, tolerance) else FAILS
    if verdict not in _VERDICTS:
        raise ValueError(
            f"claim {number}: verdict is {verdict!r}; it takes one of {', '.join(_VERDICTS)}"
        )
    if verdict in _NEEDS_A_REASON and not because:
        raise ValueError(f"claim {number}: it {verdict}; {_NEEDS_A_REASON[verdict]}")
    figures = [_figure(value, unit) for value in (claimed, theory, measured)]
    if runs is not None:
        figures[-1] += f" (median of {runs})"
    return Claim(number, text or all_claims()[number]["text"], verdict, *figures, because)


def _fits(
    number: int, claimed: float | str, measured: float | str, compare: str, tolerance: float
) -> bool:
    if isinstance(claimed, str) or isinstance(measured, str):
        raise ValueError(
            f"claim {number}: give two numbers, claimed= and measured=, or give verdict="
        )
    rules = {
        "about": abs(measured - claimed) <= tolerance * abs(claimed),
        "at least": measured >= claimed,
        "at most": measured <= claimed,
    }
    if compare not in rules:
        raise ValueError(
            f"claim {number}: compare is {compare!r}; it takes one of {', '.join(rules)}"
        )
    return rules[compare]


def _figure(value: float | str, unit: str) -> str:
    return value if isinstance(value, str) else f"{figure(value)} {unit}".strip()


class Verdicts:
    """A table of claims and verdicts: the first six in sight, the others folded under them.

    Its repr holds no measured figure, so it is the same on every run. Raises TypeError for a row
    that is no claim.
    """

    def __init__(self, *rows: Claim) -> None:
        for row in rows:
            if not isinstance(row, Claim):
                raise TypeError(f"{row!r} is no claim; make each row with claim(number, ...)")
        self.rows = rows

    def __repr__(self) -> str:
        rows = [(row.number, row.verdict, row.text, row.because) for row in self.rows]
        return text_table(("No.", "Verdict", "The article says", "Because"), rows)

    def __str__(self) -> str:
        return text_table(_HEAD, map(_cells, self.rows))

    def _repr_html_(self) -> str:
        seen, folded = self.rows[:IN_SIGHT], self.rows[IN_SIGHT:]
        page = html_table("Claim and verdict", _HEAD, map(_cells, seen))
        if not folded:
            return page
        more = html_table("Claim and verdict, the others", _HEAD, map(_cells, folded))
        summary = f"<summary>{len(folded)} more of this lesson</summary>"
        return f"{page}<details>{summary}{more}</details>"


def _cells(row: Claim) -> tuple[object, ...]:
    """A row under _HEAD."""
    return (
        row.number,
        row.text,
        row.claimed,
        row.theory,
        Varying(row.measured),
        row.verdict,
        row.because,
    )


def verdicts(*rows: Claim) -> Verdicts:
    """The table of these claims and their verdicts, the most important first."""
    return Verdicts(*rows)
