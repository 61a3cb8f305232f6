"""A run as charts and tables see it, from a journal that was written by hand."""

import pytest

from helpers.agents import questions
from helpers.charts import compare
from helpers.charts.drawn import Drawn
from helpers.migration import table, timed
from helpers.migration.research.common import headers
from helpers.migration.result import Timed

ASKED = questions(3, kind="lookup")


def record(question, kind, arrival, end, outcome="answered"):
    """As the server's journal has it."""
    tag = headers(question)["x-tag"]
    return {"tag": tag, "kind": kind, "arrival": arrival, "end": end, "outcome": outcome}


def made_up(journal, **more):
    """A run of three questions, two seconds long, with a handshake of a second."""
    given = {
        "name": "step_4",
        "questions": ASKED,
        "limit": 3,
        "behaviour": {"search_latency": 1.0, "latency": 2.0, "capacity": None},
        "handshake": 1.0,
        "seconds": 2.0,
        "error": None,
        "stored": 1,
        "lag": [],
        "server": {"requests": 5, "connections": 3, "peak": 2},
        "journal": journal,
    }
    return Timed(**given | more)


def test_the_first_request_arrives_a_handshake_after_the_start():
    """Whatever the server's clock says."""
    journal = [record(ASKED[0], "search", 500.0, 500.25), record(ASKED[0], "chat", 500.5, 501.0)]
    spans = [(span.step, span.start, span.end) for span in made_up(journal).spans()]
    assert spans == [("query", 1.0, 2.0), ("retrieve", 1.0, 1.25), ("model", 1.5, 2.0)]


def test_a_question_ends_as_its_last_request_did():
    """And one that only has its search, however well that went, was cancelled."""
    journal = [
        record(ASKED[0], "search", 0.0, 0.1),
        record(ASKED[1], "search", 0.0, 0.1),
        record(ASKED[2], "search", 0.0, 0.1, "rejected"),
        record(ASKED[0], "chat", 0.1, 0.9, "disconnected"),
    ]
    whole = [span for span in made_up(journal).spans() if span.step == "query"]
    assert [span.state for span in whole] == ["cancelled", "cancelled", "failed"]


def test_the_ideal_is_that_of_the_peak_in_the_journal():
    """Three questions of 3 s, two at a time, take 4.5 s; on a server with one slot 9 s."""
    journal = [record(question, "search", 0.0, 1.0) for question in ASKED[:2]]
    assert made_up(journal).ideal == pytest.approx(4.5)
    one = {"search_latency": 1.0, "latency": 2.0, "capacity": 1}
    assert made_up(journal, behaviour=one).ideal == pytest.approx(9.0)


def test_a_run_in_which_nothing_arrived_has_no_spans():
    """It failed before its first request, and still can be looked at."""
    failed = made_up([], error=OSError("no database"))
    assert failed.spans() == [] and failed.summary.answered == 0
    assert failed.outcome == "failed" and failed.ideal == pytest.approx(9.0)


def test_the_table_holds_what_was_measured_and_marks_what_varies():
    """A row for each run; its repr is the same on every run."""
    runs = made_up([]), made_up([], name="step_5", lag=[(0.1, 0.02), (0.2, 0.25)])
    shown = table(*runs)
    assert repr(shown) == "Table of 2 runs"
    assert [line.split() for line in str(shown).splitlines()[1:]] == [
        ["step_4", "2.00", "5", "3", "2", "1", "of", "3", "–"],
        ["step_5", "2.00", "5", "3", "2", "1", "of", "3", "250"],
    ]
    assert shown._repr_html_().count('class="varies"') == 12


def test_charts_draw_a_timed_run(llm):
    """It fits what they need of a run, and is drawn with its name."""
    done = timed(5, llm=llm, questions=4)
    assert isinstance(done, Drawn)
    assert "step_5" in str(compare(done).alt).replace(" ", "_")
