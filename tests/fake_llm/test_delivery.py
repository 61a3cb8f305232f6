"""How a reply leaves: at which times, and what each fault leaves of it."""

import pytest

from helpers.fake_llm import delivery
from helpers.fake_llm.chance import Plan
from helpers.fake_llm.envelope import Envelope
from helpers.fake_llm.wire import Request

TIMES = Plan(first=1.0, gap=0.5, total=3.0)
EVENTS = [b"data: %d\n\n" % i for i in range(5)]
# HTTP/1.0 has no chunks, so that what is sent can be read as it is.
BODY = b"0123456789a"


def plain(fault):
    """The body's bytes that arrive, the time, outcome and ending."""
    made = delivery.plain(Envelope(Request(None)), BODY, TIMES, fault)
    ((when, data),) = made.moments
    return data.partition(b"\r\n\r\n")[2], when, made.outcome, made.ending


def streamed(fault):
    """The events that arrive, their times, outcome and ending."""
    old = Envelope(Request(None, old=True))
    made = delivery.stream(old, iter(EVENTS), len(EVENTS), TIMES, fault)
    moments = list(made.moments)
    data = b"".join(data for _, data in moments).partition(b"\r\n\r\n")[2]
    return data, [when for when, _ in moments], made.outcome, made.ending


@pytest.mark.parametrize(
    ("fault", "body", "outcome", "ending"),
    [
        (None, BODY, "answered", "keep"),
        ("truncate", b"01234", "failed", "keep"),
        ("garbage", delivery.GARBAGE, "failed", "keep"),
        ("cut", b"01234", "failed", "drop"),
        ("stall", b"01234", "failed", "stall"),
    ],
)
def test_a_plain_reply_comes_at_its_time_whatever_is_left_of_it(fault, body, outcome, ending):
    """Half of it, rounded down, where it breaks off."""
    assert plain(fault) == (body, 3.0, outcome, ending)


@pytest.mark.parametrize(
    ("fault", "data", "times", "outcome", "ending"),
    [
        (None, b"".join(EVENTS), [1.0, 1.5, 2.0, 2.5, 3.0], "answered", "keep"),
        ("truncate", b"".join(EVENTS[:2]), [1.0, 1.5], "failed", "keep"),
        (
            "garbage",
            b"".join(EVENTS[:2]) + delivery.GARBAGE_EVENT,
            [1.0, 1.5, 2.0],
            "failed",
            "keep",
        ),
        ("cut", b"".join(EVENTS[:2]), [1.0, 1.5], "failed", "drop"),
        ("stall", b"".join(EVENTS[:2]), [1.0, 1.5], "failed", "stall"),
    ],
)
def test_a_stream_keeps_its_times_until_it_breaks_off(fault, data, times, outcome, ending):
    """Counted from the start of service, so that they do not drift."""
    assert streamed(fault) == (data, times, outcome, ending)


@pytest.mark.parametrize(("fault", "whole"), [("truncate", True), ("cut", False)])
def test_only_a_stream_that_is_cut_lacks_its_last_chunk(fault, whole):
    """A truncated one is good HTTP, and its client has to look for [DONE]."""
    made = delivery.stream(Envelope(Request(None)), iter(EVENTS), len(EVENTS), TIMES, fault)
    assert list(made.moments)[-1][1].endswith(b"0\r\n\r\n") == whole


def test_a_stream_too_short_to_break_in_the_middle_still_has_a_head():
    """Of one event, half is none."""
    made = delivery.stream(Envelope(Request(None)), iter(EVENTS[:1]), 1, TIMES, "truncate")
    ((when, data),) = made.moments
    assert when == 1.0 and data.startswith(b"HTTP/1.1 200 OK")


def test_what_vanishes_has_no_status():
    """The client gets a reset in place of a reply."""
    made = delivery.vanish(2.0)
    assert (list(made.moments), made.status, made.ending) == ([(2.0, b"")], None, "reset")
