"""How a reply leaves: which bytes when, and what a fault makes of them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

from helpers.fake_llm.chance import Plan
from helpers.fake_llm.envelope import JSON, Envelope

EVENTS = b"text/event-stream; charset=utf-8"
# What a proxy in front of a service answers when that is down: the commonest reply without JSON.
GARBAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"
GARBAGE_EVENT = b'data: {"id": <html>\n\n'
Ending = Literal["keep", "drop", "reset", "stall"]


@dataclass(slots=True)
class Delivery:
    """(time, bytes) in turn, times in seconds from the start of service; then the ending.

    ending: what becomes of the connection: "keep", "drop" (closed), "reset", or "stall" (nothing
    happens any more). status: HTTP's, None where there is no reply.
    """

    moments: Iterator[tuple[float, bytes]]
    status: int | None = 200
    outcome: str = "answered"
    ending: Ending = "keep"


def whole(
    envelope: Envelope, status: int, body: bytes, seconds: float, outcome: str = "answered"
) -> Delivery:
    """A reply sent at one time."""
    return Delivery(iter([(seconds, envelope.whole(status, JSON, body))]), status, outcome)


def plain(envelope: Envelope, body: bytes, times: Plan, fault: str | None) -> Delivery:
    """A completion in one piece, with a fault or without one."""
    match fault:
        case "garbage":
            return whole(envelope, 200, GARBAGE, times.total, "failed")
        case "truncate":
            return whole(envelope, 200, body[: len(body) // 2], times.total, "failed")
        case "cut" | "stall":
            data = envelope.whole(200, JSON, body)
            # Half of the body; the head, which promises all of it, is whole.
            missing = (len(body) + 1) // 2
            moments = iter([(times.total, data[: len(data) - missing])])
            return Delivery(moments, 200, "failed", _broken_off(fault))
    return whole(envelope, 200, body, times.total)


def stream(
    envelope: Envelope, events: Iterator[bytes], count: int, times: Plan, fault: str | None
) -> Delivery:
    """A completion as `count` server-sent events, each built when the one before it has left."""
    if fault is None:
        return Delivery(_pieces(envelope, events, count, times))
    half = count // 2
    match fault:
        case "garbage":
            events = chain(islice(events, half), [GARBAGE_EVENT])
            return Delivery(_pieces(envelope, events, half + 1, times), 200, "failed")
        case "truncate":
            return Delivery(_pieces(envelope, events, half, times), 200, "failed")
    pieces = _pieces(envelope, events, half, times, closing=False)
    return Delivery(pieces, 200, "failed", _broken_off(fault))


def vanish(seconds: float) -> Delivery:
    """No reply: at this time the connection is reset."""
    return Delivery(iter([(seconds, b"")]), None, "failed", "reset")


def _broken_off(fault: str) -> Ending:
    return "drop" if fault == "cut" else "stall"


def _pieces(
    envelope: Envelope, events: Iterator[bytes], count: int, times: Plan, closing: bool = True
) -> Iterator[tuple[float, bytes]]:
    """The first `count` events, each at its time; the head goes with the first of them."""
    data = envelope.opening(EVENTS)
    last = envelope.closing if closing else b""
    if not count:
        yield times.first, data + last
    for i, event in enumerate(islice(events, count)):
        data += envelope.piece(event)
        # From the start of service, not from the event before: what is late once does not add up.
        yield times.first + i * times.gap, data + last if i == count - 1 else data
        data = b""
