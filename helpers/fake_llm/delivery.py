"""How a reply leaves: which bytes when, and what a fault makes of them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from helpers.fake_llm.behaviour import Plan
from helpers.fake_llm.wire import JSON, Envelope

EVENTS = b"text/event-stream; charset=utf-8"
GARBAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"


@dataclass(slots=True)
class Delivery:
    """(time, bytes) in turn, times in seconds from the start of service; then what becomes of the connection:
    "keep", "drop" (closed), "reset" or "stall" (nothing happens any more)."""

    moments: Iterator[tuple[float, bytes]]
    status: int | None = 200
    outcome: str = "answered"
    ending: str = "keep"


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
            ending = "drop" if fault == "cut" else "stall"
            return Delivery(iter([(times.total, data[: -len(body) // 2])]), 200, "failed", ending)
    return whole(envelope, 200, body, times.total)


def stream(
    envelope: Envelope, events: Iterator[bytes], count: int, times: Plan, fault: str | None
) -> Delivery:
    """A completion as `count` server-sent events, each built when the one before it has left."""
    match fault:
        case None:
            return Delivery(_events(envelope, events, count, times, True))
        case "garbage":
            events = chain(islice(events, count // 2), [b'data: {"id": <html>\n\n'])
            return Delivery(_events(envelope, events, count // 2 + 1, times, True), 200, "failed")
        case "truncate":
            return Delivery(_events(envelope, events, count // 2, times, True), 200, "failed")
    ending = "drop" if fault == "cut" else "stall"
    return Delivery(_events(envelope, events, count // 2, times, False), 200, "failed", ending)


def vanish(seconds: float) -> Delivery:
    """No reply: at this time the connection is reset."""
    return Delivery(iter([(seconds, b"")]), None, "failed", "reset")


def _events(
    envelope: Envelope, events: Iterator[bytes], count: int, times: Plan, closing: bool
) -> Iterator[tuple[float, bytes]]:
    data = envelope.opening(EVENTS)
    last = envelope.closing if closing else b""
    for i, event in enumerate(islice(events, count)):
        data += envelope.piece(event)
        yield times.first + i * times.gap, data + last if i == count - 1 else data
        data = b""
    if not count:
        yield times.first, data + last
