"""A run in words and numbers, and the reasons for not trusting them."""

import re

import pytest

from helpers.charts.words import BUSY, FULL, LATE, LOOP_LATE, describe, doubts, numbers_html
from helpers.trace import summarise
from tests.charts.made_up import MadeUpRun, parsed, spans_of


def numbers_of(run):
    """The numbers by their names, as shown."""
    html = numbers_html(run, run.summary)
    return {item[0].text: item[1].text for item in parsed(f"<p>{html}</p>")[1]}


def test_a_run_is_described_with_every_end_that_there_was():
    """Answered, and failed and cancelled where there are any."""
    assert describe("gather", summarise(spans_of(4, 2), 2.0, 4)) == (
        "gather: 4 of 4 answered in 2.00 s, at most 2 in flight"
    )
    said = describe("gather", summarise(spans_of(4, 2, "failed"), 2.0, 4))
    assert said == "gather: 0 of 4 answered, 4 failed in 2.00 s, at most 2 in flight"


def test_the_numbers_are_those_of_the_run():
    """Six queries of 1 s, two at a time, in a run that took half as long again as it had to."""
    assert numbers_of(MadeUpRun(slower=1.5)) == {
        "elapsed": "4.50 s",
        "least possible with 2 in flight": "3.00 s",
        "over the least": "50%",
        "done": "6 of 6",
        "in flight": "at most 2",
        "throughput": "1.3 a second",
        "p50 / p95 of one agent": "1.00 / 1.00 s",
        "errors": "0",
    }


def test_progress_is_a_bar_with_a_name():
    """A screen reader says how many are done."""
    run = MadeUpRun()
    bar = parsed(f"<p>{numbers_html(run, run.summary)}</p>")[0]
    assert (bar.tag, bar.get("max"), bar.get("value")) == ("progress", "6", "6")
    assert bar.get("aria-label") == "queries done"


@pytest.mark.parametrize(
    "run",
    [MadeUpRun(state="failed"), MadeUpRun(outcome="stopped"), MadeUpRun(outcome="running")],
    ids=["failed", "stopped", "running"],
)
def test_only_a_run_that_answered_all_is_compared_with_the_ideal(run):
    """The ideal is the time for all of the questions."""
    assert numbers_of(run)["over the least"] == "–"


def test_what_nobody_has_measured_is_a_dash():
    """Without an answer there is no percentile; the failed ones are errors."""
    shown = numbers_of(MadeUpRun(state="failed"))
    assert (shown["p50 / p95 of one agent"], shown["errors"]) == ("–", "6")
    assert numbers_of(MadeUpRun(state="cancelled"))["errors"] == "0, 6 cancelled"


def test_a_live_run_says_how_many_are_in_flight_now():
    """And no longer, when it is over, that the last one has left."""
    assert numbers_of(MadeUpRun(over=False))["in flight"] == "0"


def test_a_run_on_an_idle_machine_raises_no_doubt():
    """Nor does one that is a little late."""
    run = MadeUpRun(lag=[(1.0, LOOP_LATE)], server={"late": {"p99": LATE}})
    assert doubts(run, BUSY, FULL) == []


@pytest.mark.parametrize(
    ("changes", "own", "whole", "words"),
    [
        ({}, BUSY + 0.01, 1.0, "Python used 86% of a processor"),
        ({}, 0.1, FULL + 0.01, "This computer was 94% busy, with other work too"),
        ({"lag": [(1.0, 0.4), (2.0, 0.1)]}, 0.0, 0.0, "The event loop was up to 0.40 s late"),
        ({"server": {"late": {"p99": 0.05}}}, 0.0, 0.0, "The fake LLM answered up to 50 ms late"),
    ],
    ids=["own work", "other work", "loop", "server"],
)
def test_each_doubt_has_its_reason(changes, own, whole, words):
    """One sentence that says what was busy or late, and by how much."""
    (said,) = doubts(MadeUpRun(**changes), own, whole)
    assert said.startswith(words) and re.search(r"[.]$", said)


def test_lateness_counts_against_the_length_of_a_reply():
    """The same 0.2 s are nothing where each reply takes a second."""
    late = {"lag": [(1.0, 0.2)], "server": {"late": {"p99": 0.2}}}
    assert len(doubts(MadeUpRun(**late), 0.0, 0.0)) == 2
    assert doubts(MadeUpRun(**late, behaviour={"latency": 1.0}), 0.0, 0.0) == []


def test_a_share_of_a_moment_is_no_reason():
    """In the first tenths of a second a processor is busy or idle by chance."""
    assert doubts(MadeUpRun(slower=0.05), 1.0, 1.0) == []
