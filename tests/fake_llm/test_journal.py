"""The journal: what is counted adds up, is bounded, and is right."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import trace
from helpers.fake_llm.journal import (
    OUTCOMES,
    Journal,
    Numbers,
    finished,
    merged,
    page,
    peak,
    percentiles,
)
from helpers.fake_llm.journal import stats as stats_in_steps

TIMES = st.floats(0, 100) | st.integers(0, 5).map(float)  # some of them are equal


def stats_of(*journals, **of):
    """Their stats, all steps done."""
    return finished(stats_in_steps(journals, **of))


def record(journal, arrival, end, outcome="answered", **more):
    """A request that has ended, put into a journal."""
    made = journal.open(more.pop("kind", "chat"), 1, more.pop("tag", None), arrival)
    made.started = made.due = arrival
    made.released = made.first_byte = end
    for name, value in more.items():
        setattr(made, name, value)
    journal.close(made, outcome, end)
    return made


def filled(count, limit=100):
    """A journal of many random requests, some still in flight."""
    draw, journal = random.Random(5), Journal(limit=limit)
    for i in range(count):
        kind = draw.choice(["chat", "search"])
        if draw.random() < 0.1:
            journal.open(kind, 1, None, float(i))
        else:
            record(journal, float(i), i + draw.random() * 5, draw.choice(OUTCOMES), kind=kind)
    return journal


@pytest.mark.parametrize("kind", [None, "chat", "search"])
def test_counts_add_up_even_when_records_are_dropped(kind):
    """Those that arrived are those in flight and of each outcome, also beyond the bound."""
    stats = stats_of(filled(1_000), kind=kind)
    assert stats["requests"] == sum(stats[o] for o in OUTCOMES) + stats["in_flight"]
    assert kind is not None or stats["requests"] == 1_000
    assert stats["dropped"] == 900


def test_the_journal_is_bounded():
    """It keeps the last requests, and says how many it dropped where they may be missed."""
    journal = filled(1_000)
    assert [r.number for r in journal.since(0)] == list(range(900, 1_000))
    assert stats_of(journal, since=850)["dropped"] == 900
    assert stats_of(journal, since=950)["dropped"] == 0
    journal.clear()
    assert stats_of(journal)["dropped"] == 0


def test_a_mark_separates_what_came_before():
    """An exercise reads only its own requests."""
    journal = Journal()
    record(journal, 0.0, 1.0)
    mark = journal.numbers.count
    record(journal, 2.0, 3.0, "failed")
    assert [r.outcome for r in journal.since(mark)] == ["failed"]
    assert stats_of(journal, since=mark)["requests"] == 1


def test_clearing_keeps_what_is_in_flight():
    """A request under way when the journal is cleared is still counted once, when it ends."""
    journal = Journal()
    record(journal, 0.0, 1.0)
    waiting = journal.open("chat", 1, None, 0.5)
    journal.clear()
    journal.close(waiting, "answered", 2.0)
    stats = stats_of(journal)
    assert (stats["requests"], stats["answered"]) == (1, 1)


@given(st.lists(st.tuples(TIMES, st.none() | TIMES)))
def test_the_peak_is_the_same_as_the_traces(pairs):
    """The server has a copy of its own, since it imports nothing of the course."""
    intervals = [(a, b if b is None else max(a, b)) for a, b in pairs]
    assert peak(intervals) == trace.peak(intervals)


@given(st.lists(TIMES), st.integers(1, 100))
def test_percentiles_are_the_same_as_the_traces(values, percent):
    """By nearest rank, of nothing None; "max" is the hundredth."""
    assert percentiles(values, f"p{percent}", "max") == {
        f"p{percent}": trace.percentile(values, percent),
        "max": trace.percentile(values, 100),
    }


def test_the_same_tag_after_a_failure_is_a_retry():
    """After an answer it is not; and a hedge, sent while the first is under way, is not."""
    journal = Journal()
    record(journal, 0.0, 1.0, "failed", tag="a")
    record(journal, 1.5, 2.0, tag="a")
    record(journal, 3.0, 5.0, tag="a")
    record(journal, 4.0, 4.5, "failed", tag="a")
    stats = stats_of(journal)
    assert stats["retried"] == 1
    assert stats["retry_wait"]["max"] == 0.5


def test_coming_back_before_retry_after_is_seen():
    """Two retries, one 0.4 s too early and one 0.5 s after its time."""
    journal = Journal()
    record(journal, 0.0, 0.1, "rejected", tag="a", retry_after=1.0)
    record(journal, 0.7, 0.8, "rejected", tag="a", retry_after=1.0)
    record(journal, 2.3, 2.4, tag="a")
    stats = stats_of(journal)
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


# Several journals.


def two():
    """Ten requests of two who took turns."""
    numbers = Numbers()
    both = Journal(numbers), Journal(numbers)
    for i in range(10):
        record(both[i % 2], float(i), i + 0.5, tag="same")
    return both


def test_a_mark_means_the_same_moment_in_each_journal():
    """They are numbered together, and each shows its own."""
    odd, even = two()
    assert [r.number for r in odd.since(5)] == [6, 8]
    assert [r.number for r in even.since(5)] == [5, 7, 9]
    assert [r.number for r in merged((odd, even), 5)] == [5, 6, 7, 8, 9]


def test_the_stats_of_all_are_the_sum_of_the_stats_of_each():
    """Counts and totals; the same tag of another is no retry."""
    numbers = Numbers()
    one, other = Journal(numbers), Journal(numbers)
    for journal, name in ((one, "one"), (other, "other")):
        failed = journal.open("chat", 1, "same", 0.0, participant=name)
        journal.close(failed, "failed", 0.5)
    assert stats_of(one, other)["requests"] == stats_of(one, other, since=0)["failed"] == 2
    assert stats_of(one, other)["retried"] == 0


@pytest.mark.parametrize("limit", [1, 3, 10, 100])
def test_pages_together_are_the_whole(limit):
    """Each tells where the next begins, the last that there is none."""
    journals, found, mark = two(), [], 0
    while mark is not None:
        records, mark = page(journals, mark, limit)
        assert len(records) <= limit
        found += [r.number for r in records]
    assert found == list(range(10))


def test_stats_are_made_in_steps():
    """So that whoever asks for those of 100,000 records does not hold up the others."""
    assert len(list(stats_in_steps([filled(20_000, limit=20_000)]))) > 80
