"""The rows of the benchmark and what their results say, in numbers that were not measured."""

import pytest

from helpers.benchmark.rows import ARTICLE, FULL, SMALL, Row
from tests.benchmark.made_up import result

# Its ideal is 40 x 0.25 s / 10, one second: it took 4 % more.
SCALED = result(Row("10 threads", "threads", 10, 40, 0.25), seconds=1.04)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"how": "magic"}, "how is 'magic'; it takes one of serial, threads, async, aiohttp's"),
        ({"requests": 0}, "requests is 0; it takes a whole number from 1 up"),
        ({"limit": -1}, "limit is -1; async takes 0 or more"),
        ({"how": "threads", "limit": 0}, "limit is 0; threads takes 1 or more"),
    ],
)
def test_a_bad_row_is_refused(settings, says):
    """The message names the argument, what it got and what it takes."""
    with pytest.raises(ValueError, match=says):
        Row(**{"name": "x", "how": "async", "limit": 1, **settings})


@pytest.mark.parametrize(
    ("how", "limit", "requests", "in_flight"),
    [
        ("async", 50, 1_000, 50),
        ("async", 50, 20, 20),
        ("async", 0, 1_000, 1_000),
        ("aiohttp's default", 0, 1_000, 100),
        ("aiohttp's default", 0, 20, 20),
    ],
)
def test_in_flight_is_bounded_by_the_limit_the_requests_and_aiohttp(
    how, limit, requests, in_flight
):
    """No limit of ours means all of them, or with aiohttp's own connector a hundred."""
    assert Row("x", how, limit, requests).in_flight == in_flight


def test_a_scaled_row_is_shown_unscaled():
    """Times the scale, and times the requests that were not sent."""
    assert SCALED.row.part and SCALED.scale == 8
    assert SCALED.unscaled == pytest.approx(1.04 * 8 * 1_000 / 40)
    assert SCALED.unscaled_ideal == pytest.approx(200)
    assert SCALED.rate == pytest.approx(1_000 / 208)


def test_a_result_also_tells_what_was_run():
    """Throughput and overhead are of the row itself."""
    assert SCALED.throughput == pytest.approx(40 / 1.04)
    assert SCALED.overhead == pytest.approx(0.04)


def test_both_sizes_have_the_same_ways():
    """Serial and seven others, among them the article's five."""
    ways = [row.name for row in SMALL[:8]]
    assert ways == [row.name for row in FULL[:8]]
    assert set(ARTICLE) <= set(ways)
    assert all(row.article == ARTICLE.get(row.name) for row in (*SMALL[:8], *FULL[:8]))


def test_the_full_size_is_not_scaled_and_the_small_one_never_below_a_quarter_second():
    """Below that, what a client costs would be of the size of a reply."""
    assert {row.latency for row in FULL} == {2.0}
    assert min(row.latency for row in SMALL) == 0.25


def test_the_rows_with_a_long_tail_come_last_and_claim_to_be_as_the_others():
    """Each is another row with its own name, the same limit, and a tail."""
    for rows in (SMALL, FULL):
        plain = {row.name: row for row in rows[:8]}
        assert all(row.tail == 0 for row in plain.values())
        for row in rows[8:]:
            twin = plain[row.name.removesuffix(", long tail")]
            assert (row.limit, row.how, row.tail) == (twin.limit, twin.how, 0.5)
