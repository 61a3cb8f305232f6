"""What the fake LLM saw: a record of each request, in seconds on the server's own clock."""

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

LIMIT = 100_000
"""Records that are kept: about 35 MB, far more than any lesson makes."""

OUTCOMES = ("answered", "rejected", "failed", "disconnected")


@dataclass(slots=True, eq=False)
class Record:
    """One request; None is what is not known yet, or never will be.

    All times but `planned` and `retry_after` (durations) are seconds on the server's clock.
    `outcome` is None while the request is in flight. `key` is what its retries are known by, and
    `retry` says that it may be one.
    """

    number: int
    kind: str
    connection: int
    tag: str | None
    arrival: float
    key: str | None = None
    retry: bool = False
    started: float | None = None
    planned: float | None = None
    due: float | None = None
    first_byte: float | None = None
    end: float | None = None
    released: float | None = None
    status: int | None = None
    outcome: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retry_after: float | None = None

    @property
    def queued(self) -> float | None:
        """Seconds that it waited for a slot."""
        return None if self.started is None else self.started - self.arrival

    @property
    def took(self) -> float | None:
        """Seconds from its arrival to its end."""
        return None if self.end is None else self.end - self.arrival

    @property
    def late(self) -> float | None:
        """Seconds from when its first byte was due to when that was sent."""
        return None if self.due is None or self.first_byte is None else self.first_byte - self.due

    def as_dict(self) -> dict[str, Any]:
        """The record as the journal shows it."""
        return {
            "id": f"req_{self.number}",
            "kind": self.kind,
            "connection": self.connection,
            "tag": self.tag,
            "arrival": self.arrival,
            "queued": self.queued,
            "started": self.started,
            "planned": self.planned,
            "due": self.due,
            "first_byte": self.first_byte,
            "end": self.end,
            "released": self.released,
            "status": self.status,
            "outcome": self.outcome,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "late": self.late,
            "retry_after": self.retry_after,
        }


class Journal:
    """The last `limit` requests, and totals of all since the last `clear`."""

    def __init__(self, limit: int = LIMIT):
        self.limit = limit
        self.records: deque[Record] = deque()
        self.count = 0
        self.totals: Counter[tuple[str, str | None]] = Counter()  # by kind and outcome
        self._cleared_at = 0  # the count when the journal was last cleared
        self._kept_from = 0  # the first number that the bound has not dropped

    def open(
        self, kind: str, connection: int, tag: str | None, arrival: float, retried: bool = False
    ) -> Record:
        """A new record, in flight; `retried` says that the client calls it a retry itself."""
        record = Record(self.count, kind, connection, tag, arrival, tag, retried or tag is not None)
        self.count += 1
        self.totals[kind, None] += 1
        self.records.append(record)
        if len(self.records) > self.limit:
            self._kept_from = self.records.popleft().number + 1
        return record

    def close(self, record: Record, outcome: str, end: float) -> None:
        """The request has ended."""
        record.outcome = outcome
        record.end = end
        self.totals[record.kind, None] -= 1
        self.totals[record.kind, outcome] += 1

    def clear(self) -> None:
        """Forget all that has ended; what is in flight stays, and marks stay valid."""
        self.records = deque(r for r in self.records if r.outcome is None)
        self.totals = Counter({key: n for key, n in self.totals.items() if key[1] is None})
        self._cleared_at = self.count

    def since(self, mark: int, kind: str | None = None) -> list[Record]:
        """The kept records that arrived from this mark on, in order of arrival."""
        # From the end: a mark is usually a recent one, and the journal long.
        newest_first = takewhile(lambda r: r.number >= mark, reversed(self.records))
        return [r for r in newest_first if kind in (None, r.kind)][::-1]

    def stats(self, since: int = 0, kind: str | None = None) -> dict[str, Any]:
        """Counts and times of the requests since a mark, of one kind or of all.

        Since 0, the counts include what the bound has dropped.
        """
        records = self.since(since, kind)
        totals = self.totals if not since else Counter((r.kind, r.outcome) for r in records)
        outcomes: Counter[str | None] = Counter()
        kinds: Counter[str] = Counter()
        for (of_kind, outcome), count in totals.items():
            if count and kind in (None, of_kind):
                outcomes[outcome] += count
                kinds[of_kind] += count
        return {
            "requests": sum(kinds.values()),
            **{outcome: outcomes[outcome] for outcome in OUTCOMES},
            "in_flight": outcomes[None],
            **summary(records),
            "by_kind": dict(kinds),
            "dropped": max(0, self._kept_from - max(since, self._cleared_at)),
        }


def summary(records: list[Record]) -> dict[str, Any]:
    """The times of some records, in order of arrival, and the manners of the clients."""
    return {**_times(records), **_manners(records)}


def _times(records: list[Record]) -> dict[str, Any]:
    ended = [r for r in records if r.end is not None]
    answered = [r.took for r in ended if r.outcome == "answered"]
    return {
        "peak": peak((r.arrival, r.end) for r in records),
        "peak_in_service": peak((r.started, r.released) for r in records if r.started is not None),
        "connections": len({r.connection for r in records}),
        "tokens": sum(r.prompt_tokens + r.completion_tokens for r in records),
        "seconds": max(r.end for r in ended) - records[0].arrival if ended else 0.0,
        "latency": percentiles(answered, "p50", "p95", "p99", "max"),
        "late": percentiles([r.late for r in records if r.late is not None], "p50", "p99"),
    }


def _manners(records: list[Record]) -> dict[str, Any]:
    """Retries, how long after the failure they came, and how long after Retry-After had ended."""
    retried = 0
    waits: list[float] = []
    grace: list[float] = []
    for record, before in _again(records):
        if before.outcome != "answered":
            retried += 1
            waits.append(record.arrival - before.end)
        if before.retry_after is not None:
            grace.append(record.arrival - before.end - before.retry_after)
    return {
        "retried": retried,
        "too_early": sum(seconds < 0 for seconds in grace),
        "retry_wait": percentiles(waits, "p50", "max"),
        "after_retry_after": percentiles(grace, "p50", "max"),
    }


def _again(records: list[Record]) -> Iterator[tuple[Record, Record]]:
    """Each request that may be a retry, with the one before it, which had ended by then."""
    last: dict[tuple[str, str], Record] = {}
    for record in records:
        if record.key is None:
            continue
        before = last.get((record.kind, record.key))
        last[record.kind, record.key] = record
        if before is None or not record.retry:
            continue
        # One that came while the other was in flight is a hedge, not a retry.
        if before.end is not None and before.end <= record.arrival:
            yield record, before


# The same as in helpers.trace, whose process is another one: a test holds them equal.


def peak(intervals: Iterable[tuple[float, float | None]]) -> int:
    """The most intervals (start, end or None for one that goes on) under way at one instant.

    One that ends at the instant at which another starts makes room for it: the two do not overlap.
    """
    starts: list[float] = []
    ends: list[float] = []
    for start, end in intervals:
        starts.append(start)
        ends.append(math.inf if end is None else end)
    starts.sort()
    ends.sort()
    most = over = 0
    for begun, start in enumerate(starts, 1):
        while over < begun - 1 and ends[over] <= start:
            over += 1
        most = max(most, begun - over)
    return most


def percentiles(values: list[float], *names: str) -> dict[str, float | None]:
    """Percentiles by nearest rank, by names such as "p95" and "max"; None where there is none."""
    ranked = sorted(values)
    return {name: _percentile(ranked, name) for name in names}


def _percentile(ranked: list[float], name: str) -> float | None:
    if not ranked:
        return None
    percent = 100 if name == "max" else int(name[1:])
    return ranked[math.ceil(len(ranked) * percent / 100) - 1]
