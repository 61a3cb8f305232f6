"""What charts draw: Run fits as it is."""

from helpers.charts.drawn import Drawn
from tests.charts.made_up import MadeUpRun


def test_a_run_fits(runs):
    """It has every member, and what they are agrees: seconds, spans, and the server's records."""
    run = runs[0]
    assert isinstance(run, Drawn) and isinstance(MadeUpRun(), Drawn)
    assert run.over and run.now() == run.seconds == run.summary.seconds
    assert max(span.end for span in run.spans()) <= run.seconds
    assert len(run.requests()) == run.server["requests"]


def test_what_has_no_spans_does_not_fit():
    """A summary alone cannot be drawn."""
    assert not isinstance(MadeUpRun().summary, Drawn)
