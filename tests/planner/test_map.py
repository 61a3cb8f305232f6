"""The map of choices: borders where rate times latency says, and the same in words."""

import pytest

from helpers.planner import Job, choice_map


@pytest.fixture(scope="module")
def chart(machine):
    """The map of a job that the provider does not limit."""
    return choice_map(Job(), machine)


def test_its_borders_are_slanted(chart):
    """At a low rate a long latency needs another model than a short one."""
    models = {row[0]: list(row[1:]) for row in chart.rows}
    assert models["0.0316"] == ["serial", "serial", "serial", "threads", "async"]
    assert models["10"] == ["threads", "threads", "threads", "async", "async"]


def test_every_point_is_drawn_once(chart):
    """33 peaks by 21 latencies, each in the colour of one model."""
    drawn = [line for line in chart.figure.axes[0].lines if line.get_marker() == "s"]
    points = [point for line in drawn for point in zip(*line.get_data())]
    assert len(points) == len(set(points)) == 33 * 21
    assert [line.get_label() for line in drawn] == ["serial", "threads", "async"]


def test_the_articles_thresholds_are_lines(chart):
    """With words beside them."""
    said = [note.get_text() for note in chart.figure.axes[0].texts]
    assert {"the article: 50", "the article: 100"} <= set(said)


def test_it_says_in_words_what_it_shows(chart):
    """A sentence for each latency of the table."""
    assert "At 0.0316 s: serial at 0.1/s, serial at 1/s" in chart.alt
    assert chart.alt.count("At ") == len(chart.rows)


def test_where_the_provider_allows_less_there_is_none(machine):
    """And no model is in the table that cannot hold the peak."""
    rows = choice_map(Job(rate=5), machine).rows
    assert all(row[3:] == ("none", "none", "none") for row in rows)
