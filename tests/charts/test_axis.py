"""Round numbers for axes: near the value, few, and evenly apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.charts.axis import decimals, round_up, ticks

VALUES = st.floats(0.01, 1e6)


@given(VALUES)
def test_an_axis_ends_at_or_little_above_the_value(value):
    """Never below it, and so near that most of the picture is used."""
    assert value <= round_up(value) <= value * 1.51


def test_an_axis_has_an_end_where_nothing_is_yet():
    """Zero seconds need an axis, too."""
    assert round_up(0.0) == 0.01


@given(VALUES, st.integers(3, 20))
def test_ticks_start_at_zero_and_are_evenly_apart(value, most):
    """At most so many steps, the last of them inside of the axis or at its end."""
    end = round_up(value)
    marks = ticks(end, most)
    assert marks[0] == 0 and 2 <= len(marks) <= most + 1
    assert marks[-1] <= end * 1.001 < marks[-1] + 1.01 * marks[1]
    assert marks == pytest.approx([i * marks[1] for i in range(len(marks))])


@pytest.mark.parametrize(
    ("step", "digits"), [(20, 0), (1, 0), (0.5, 1), (0.05, 2), (0.002, 3), (0.0001, 3)]
)
def test_a_step_is_written_in_full(step, digits):
    """As many decimals as its multiples need, and three at most."""
    assert decimals(step) == digits
