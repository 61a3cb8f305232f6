"""The judges that many exercises share, and the numbers that they take from the journal."""

from dataclasses import replace

import pytest

from helpers.exercises.judges import (
    answers,
    connections,
    describe,
    mean_in_flight,
    most_in_flight,
    overlapped,
    peak,
    remedy,
    replies,
    requests,
)
from helpers.exercises.trial import Evidence
from helpers.trace import Trace


class Answer:
    """What an agent gives: it has a text."""

    def __init__(self, text):
        self.text = text


def record(arrival, end, connection=1, kind="chat"):
    """A journal's record; times in seconds."""
    return {"arrival": arrival, "end": end, "connection": connection, "kind": kind}


def evidence(returned=None, journal=(), expected=(), most_asked=0):
    """A trial in which the questions a, b and c were answered by A, B and C."""
    given = {question: Answer(question.upper()) for question in "abc"}
    return Evidence(
        returned=[given.get(item, item) for item in returned] if returned else returned,
        questions=list(given),
        expected=list(expected),
        observed=None,
        journal=list(journal),
        trace=Trace(),
        most_asked=most_asked,
        answers=given,
    )


def test_in_flight_is_read_from_the_journal():
    """The peak at one instant and the mean over time; one that ends as another begins is apart."""
    records = [record(0, 2), record(1, 3), record(2, 4)]
    assert (most_in_flight(records), mean_in_flight(records)) == (2, 1.5)
    assert (most_in_flight([]), mean_in_flight([])) == (0, 0)


def test_a_request_without_an_end_is_in_flight_to_the_last_arrival():
    """The server may not have noted its end yet."""
    records = [record(0, None), record(2, 3)]
    assert (most_in_flight(records), mean_in_flight(records)) == (2, 1)


def test_requests_are_counted_exactly():
    """Too few and too many are different messages."""
    few, right, many = (
        requests(2)(evidence(journal=[record(0, 1)] * count)) for count in (1, 2, 3)
    )
    assert right is None and "too early" in few.look and "more than once" in many.look


def test_a_peak_has_a_lower_and_an_upper_bound():
    """Where the agents had more under way than the server ever saw, theirs counts."""
    three = [record(0, 1)] * 3
    assert peak(3, 3)(evidence(journal=three)) is None
    assert "overlap" in peak(4, 5)(evidence(journal=three)).look
    assert peak(4, 5)(evidence(journal=three, most_asked=4)) is None
    assert "bounds" in peak(1, 2)(evidence(journal=three)).look


def test_slots_that_stand_empty_are_found():
    """Three in a row never use three slots; three at once do."""
    in_a_row = [record(number, number + 0.5) for number in range(3)]
    side_by_side = [record(number / 10, 1) for number in range(3)]
    assert "free slot" in overlapped(3)(evidence(journal=in_a_row)).look
    assert overlapped(3)(evidence(journal=side_by_side)) is None


def test_connections_are_those_that_the_server_saw():
    """Each counts once, however many requests it carried."""
    journal = [record(0, 1, connection=number % 2) for number in range(6)]
    assert connections(2)(evidence(journal=journal)) is None
    assert "2 connections" in connections(1)(evidence(journal=journal)).seen


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("abc", None),
        (None, "without one returns None"),
        ("ab", "list of length 2"),
        ("bac", "in another order"),
        (["a", "b", ValueError("x")], "question 2 got ValueError"),
        (["a", "A", "c"], "question 1 got str 'A'"),
    ],
)
def test_answers_are_the_agents_own_in_their_order(returned, message):
    """Each way to be wrong has its message."""
    finding = answers(evidence(returned))
    assert (finding is None) if message is None else (message in " ".join(finding))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (["x", "y"], None),
        (["y", "x"], "in another order"),
        (["x", "z"], "messages"),
        (["x", None], "what you return"),
        ("xy", "a list of 2 texts"),
    ],
)
def test_replies_are_the_models_own_texts_in_their_order(returned, message):
    """Each way to be wrong has its message."""
    finding = replies(replace(evidence(expected=["x", "y"]), returned=returned))
    assert (finding is None) if message is None else (message in " ".join(finding))


async def _coroutine():
    pass


def test_a_value_is_described_in_a_line():
    """Its kind and the beginning of it; nothing is cut without a sign."""
    unawaited = _coroutine()
    assert describe(unawaited) == "a coroutine that nobody awaited"
    unawaited.close()
    assert describe(["x", "y"]) == "a list of length 2 of str objects"
    assert describe("x" * 100) == f"str '{'x' * 59}..."


def test_a_remedy_looks_at_what_came_first():
    """The usual slips have a hint each."""
    assert ".result()" in remedy([type("Future", (), {})()])
    assert "list(...)" in remedy(map(str, []))
    assert "the exception that stands" in remedy([ValueError()])
