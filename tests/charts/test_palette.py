"""The look of charts: told apart without colour, and legible on both themes."""

import pytest

from helpers.charts.palette import ACCENT, KINDS, OTHER, WARN, in_order, kind_of


def contrast(one, other):
    """The contrast ratio of two colours, as the Web Content Accessibility Guidelines define it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    """The relative luminance of #RGB or #RRGGBB (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_no_two_kinds_look_the_same():
    """Neither by word nor by colour."""
    kinds = [*KINDS.values(), OTHER]
    assert len({kind.word for kind in kinds}) == len({kind.colour for kind in kinds}) == len(kinds)


def test_waits_and_bad_ends_are_told_apart_without_colour():
    """Each has a hatching of its own."""
    hatches = [KINDS[name].hatch for name in ("waiting", "retry", "failed", "cancelled")]
    assert all(hatches) and len(set(hatches)) == 4


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.hatch])
def test_words_on_a_bar_are_legible(name):
    """4.5 : 1, as text of this size needs."""
    assert contrast(KINDS[name].ink, KINDS[name].colour) >= 4.5


@pytest.mark.parametrize("colour", [ACCENT, WARN])
@pytest.mark.parametrize("page", ["#fff", "#111"])
def test_lines_are_legible_in_both_themes(colour, page):
    """3 : 1, as what is no text needs, on white and on JupyterLab's darkest grey."""
    assert contrast(colour, page) >= 3


def test_kinds_come_in_the_order_in_which_a_query_meets_them():
    """Each once, unknown ones last."""
    assert in_order(["ponder", "model", "waiting", "model"]) == ["waiting", "model", "ponder"]
    assert kind_of("ponder") is OTHER
