"""The journal: what is counted adds up, is bounded, and is right."""

import random

import pytest

from helpers.fake_llm.journal import OUTCOMES, Journal, peak, percentiles


def record(journal, arrival, end, outcome="answered", **more):
    """A request that has ended, put into a journal."""
    r = journal.open(
        more.pop("kind", "chat"), more.pop("connection", 1), more.pop("tag", None), arrival
    )
    r.started = r.due = arrival
    r.released = r.first_byte = end
    for name, value in more.items():
        setattr(r, name, value)
    journal.close(r, outcome, end)
    return r


def filled(count, limit=100):
    """A journal of many random requests, some still in flight."""
    draw, journal = random.Random(5), Journal(limit)
    for i in range(count):
        kind = draw.choice(["chat", "search"])
        if draw.random() < 0.1:
            journal.open(kind, 1, None, float(i))
        else:
            record(journal, float(i), i + draw.random() * 5, draw.choice(OUTCOMES), kind=kind)
    return journal


@pytest.mark.parametrize("kind", [None, "chat", "search"])
def test_counts_add_up_even_when_records_are_dropped(kind):
    """arrived = answered + rejected + failed + disconnected + in flight, whatever the bound has dropped."""
    stats = filled(1_000).stats(kind=kind)
    assert stats["requests"] == sum(stats[o] for o in OUTCOMES) + stats["in_flight"]
    assert kind is not None or stats["requests"] == 1_000
    assert stats["dropped"] == 900


def test_the_journal_is_bounded():
    """It keeps the last requests and says how many it dropped since the mark."""
    journal = filled(1_000)
    assert [r.number for r in journal.since(0)] == list(range(900, 1_000))
    assert journal.stats(since=850)["dropped"] == 50
    assert journal.stats(since=950)["dropped"] == 0


def test_a_mark_separates_what_came_before():
    """An exercise reads only its own requests."""
    journal = Journal()
    record(journal, 0.0, 1.0)
    mark = journal.count
    record(journal, 2.0, 3.0, "failed")
    assert [r.outcome for r in journal.since(mark)] == ["failed"]
    assert journal.stats(since=mark)["requests"] == 1


def test_clearing_keeps_what_is_in_flight():
    """A request under way when the journal is cleared is still counted once, when it ends."""
    journal = Journal()
    record(journal, 0.0, 1.0)
    waiting = journal.open("chat", 1, None, 0.5)
    journal.clear()
    journal.close(waiting, "answered", 2.0)
    assert (journal.stats()["requests"], journal.stats()["answered"]) == (1, 1)


def test_peak_agrees_with_counting_at_every_instant():
    """The sweep gives the same as counting the open spans at each start."""
    draw = random.Random(4)
    for _ in range(200):
        spans = [(a := draw.randrange(50), a + draw.randrange(1, 20)) for _ in range(30)]
        assert peak(spans) == max(sum(a <= at < b for a, b in spans) for at, _ in spans)


def test_a_span_that_ends_where_another_starts_does_not_overlap_it():
    """One slot handed over at one instant is one slot."""
    assert peak([(0.0, 1.0), (1.0, 2.0), (2.0, None)]) == 1


def test_percentiles_are_by_nearest_rank():
    """p50 of 1..100 is 50, p99 is 99; of nothing there are none."""
    values = list(range(1, 101))
    assert percentiles(values, "p50", "p95", "p99", "max") == {
        "p50": 50,
        "p95": 95,
        "p99": 99,
        "max": 100,
    }
    assert percentiles([], "p50") == {"p50": None}


def test_the_same_tag_after_a_failure_is_a_retry():
    """After an answer it is not; and a hedge, sent while the first is under way, is not."""
    journal = Journal()
    record(journal, 0.0, 1.0, "failed", tag="a")
    record(journal, 1.5, 2.0, tag="a")
    record(journal, 3.0, 5.0, tag="a")
    record(journal, 4.0, 4.5, "failed", tag="a")
    stats = journal.stats()
    assert stats["retried"] == 1
    assert stats["retry_wait"]["max"] == 0.5


def test_coming_back_before_retry_after_is_seen():
    """Two retries, one 0.4 s too early and one 0.5 s after its time."""
    journal = Journal()
    record(journal, 0.0, 0.1, "rejected", tag="a", retry_after=1.0)
    record(journal, 0.7, 0.8, "rejected", tag="a", retry_after=1.0)
    record(journal, 2.3, 2.4, tag="a")
    stats = journal.stats()
    assert (stats["retried"], stats["too_early"]) == (2, 1)
    assert stats["after_retry_after"]["max"] == pytest.approx(0.5)


def test_a_record_shows_every_field_of_the_contract():
    """The names that lessons and exercises read."""
    shown = record(Journal(), 1.0, 2.0).as_dict()
    names = (
        "id kind connection tag arrival queued started planned due first_byte end status outcome"
    )
    assert (
        set(names.split()) | {"prompt_tokens", "completion_tokens", "late", "retry_after"}
        <= shown.keys()
    )
