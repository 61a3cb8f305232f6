"""What a job may ask for."""

import pytest

from helpers.planner import Job


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"per_day": 0}, "per_day is 0; it takes a number above 0"),
        ({"peak": 0}, "peak is 0; it takes a number above 0"),
        ({"latency": -1}, "latency is -1; it takes a number above 0"),
        ({"deadline": float("nan")}, "deadline is nan; it takes a number above 0"),
        ({"tail": 4}, "tail is 4; it takes a number from 0 to 3"),
        ({"cpu_share": 1}, "cpu_share is 1; it takes a share from 0 to below 1"),
        ({"rate": -1}, "rate is -1; it takes a number above 0, or None"),
        ({"capacity": 0}, "capacity is 0; it takes a whole number above 0, or None"),
        ({"capacity": 2.5}, "capacity is 2.5; it takes a whole number above 0, or None"),
        ({"team": "b"}, "team is 'b'; it takes one of new to async, knows async"),
    ],
)
def test_a_wrong_setting_is_named(settings, says):
    """With what it got and what it takes."""
    with pytest.raises(ValueError, match=says):
        Job(**settings)


def test_the_share_of_your_own_cpu_is_of_the_whole_query():
    """A fifth of it beside 2 s of waiting is half a second, a fifth of two and a half."""
    assert Job(latency=2.0, cpu_share=0.2).own_cpu == pytest.approx(0.5)
    assert Job(latency=2.0).own_cpu == 0
