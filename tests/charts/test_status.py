"""Statuses: the requests as the server saw them end."""

import pytest

from helpers import compare, run
from helpers.strategies import serial
from tests.charts.made_up import MadeUpRun


class Answered(MadeUpRun):
    """A run whose requests ended with these statuses, one a second."""

    statuses = ()

    def requests(self):
        return [
            {"arrival": second, "end": second + 0.5, "status": status}
            for second, status in enumerate(self.statuses)
        ]


def answered(*statuses):
    """A run whose requests ended so."""
    found = Answered()
    found.statuses = statuses
    return found


def test_the_table_counts_what_the_server_counted(runs):
    """Three requests a question, all of them answered."""
    rows = compare(*runs, show="status").rows
    assert rows == [("serial", "2xx", 18), ("gather", "2xx", 18)]


def test_a_failing_run_has_a_status_of_its_own(llm):
    """A 500 is not a 200."""
    failed = run(serial, llm=llm, questions=3, check=False, behaviour={"script": ["500"]})
    assert ("serial", "5xx", 1) in compare(failed, show="status").rows


@pytest.mark.parametrize(
    ("status", "name"),
    [(200, "2xx"), (429, "429"), (404, "4xx"), (503, "5xx"), (302, "3xx"), (None, "no answer")],
)
def test_statuses_are_counted_by_their_class(status, name):
    """Except that being refused for the rate, and leaving early, are stories of their own."""
    assert compare(answered(status), show="status").rows == [("made_up", name, 1)]


def test_requests_are_in_the_bar_of_their_time():
    """The first half second is half of the axis here, and each request is in one bar only."""
    (axis,) = compare(answered(200, 200), show="status").figure.axes
    filled = [(bar.get_x(), bar.get_height()) for bar in axis.patches if bar.get_height()]
    assert [height for _, height in filled] == [1, 1]
    assert filled[0][0] <= 0.5 < filled[0][0] + 1.5 / 40 and filled[1][0] < 1.5


def test_a_request_that_goes_on_is_not_counted():
    """It has no status yet."""
    run = answered(200)
    run.requests = lambda: [{"arrival": 0.0, "end": None, "status": None}]
    assert compare(run, show="status").rows == []
