"""A storm's chart: requests and answers a second, with the outage, and what was seen at the end."""

import pytest

from helpers.charts.storms import per_second, storm_chart
from helpers.storms import Scene, Storm

SCENE = Scene(before=0.5, outage=0.5, after=1.0, look=0.5, load=0.8, slots=5, latency=0.1)


def made_up(name="naive", requests=80):
    """A storm with 20 requests in its first half second, none answered, 40 a second as its rate."""
    asked = [place * 0.025 for place in range(20)]
    server = {"requests": requests, "answered": 0}
    return Storm(name, SCENE, asked=asked, answered=[(0.1, 1.6)], server=server)


def test_each_storm_has_a_picture_with_two_lines_and_its_outage():
    """One above the other, with the same seconds across."""
    chart = storm_chart(made_up(), made_up("budget", requests=20))
    assert [len(axis.lines) for axis in chart.figure.axes] == [2, 2]
    assert [axis.get_xlim() for axis in chart.figure.axes] == [(0, 2.0)] * 2


def test_the_table_says_what_was_asked_and_answered_at_the_end():
    """For a hundred questions that came."""
    chart = storm_chart(made_up())
    assert chart.rows == [("naive", "40", "400", "5")]
    assert "400 requests and 5 answers for 100 questions" in chart.alt


def test_rates_are_of_a_second_and_what_comes_after_the_end_is_left_out():
    """In steps of a quarter of a second."""
    storm = made_up()
    assert per_second(storm.asked, storm)[:3] == [(0.125, 40.0), (0.375, 40.0), (0.625, 0.0)]
    assert sum(rate for _, rate in per_second([5.0], storm)) == 0


def test_a_peak_above_the_picture_is_said_in_words():
    """So that the usual rate stays legible."""
    storm = made_up()
    storm.asked = [1.0] * 100
    words = [text.get_text() for text in storm_chart(storm).figure.axes[0].texts]
    assert "up to 400 a second" in words


def test_no_storm_is_a_clear_error():
    """It takes one at least."""
    with pytest.raises(ValueError, match="one storm or more"):
        storm_chart()
