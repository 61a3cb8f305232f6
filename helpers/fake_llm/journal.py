"""What the fake LLM saw: one record per request, on one clock, in seconds from the server's start."""

from collections import Counter, deque
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

LIMIT = 100_000
OUTCOMES = ("answered", "rejected", "failed", "disconnected")


class Record:
    """One request. `outcome` is None while it is in flight."""

    __slots__ = (
        "arrival",
        "completion_tokens",
        "connection",
        "due",
        "end",
        "first_byte",
        "key",
        "kind",
        "number",
        "outcome",
        "planned",
        "prompt_tokens",
        "released",
        "retry",
        "retry_after",
        "started",
        "status",
        "tag",
    )  # fmt: skip

    def __init__(self, number: int, kind: str, connection: int, tag: str | None, arrival: float):
        self.number, self.kind, self.connection, self.tag, self.arrival = (
            number,
            kind,
            connection,
            tag,
            arrival,
        )
        self.started = self.planned = self.due = self.first_byte = self.end = self.released = None
        self.status = self.outcome = self.retry_after = None
        self.prompt_tokens = self.completion_tokens = 0
        self.key, self.retry = tag, tag is not None

    @property
    def late(self) -> float | None:
        """First byte after it was due, in seconds."""
        return None if self.due is None or self.first_byte is None else self.first_byte - self.due

    def as_dict(self) -> dict[str, Any]:
        """The record as the journal shows it."""
        return {
            "id": f"req_{self.number}", "kind": self.kind, "connection": self.connection, "tag": self.tag,
            "arrival": self.arrival, "queued": None if self.started is None else self.started - self.arrival,
            "started": self.started, "planned": self.planned, "due": self.due, "first_byte": self.first_byte,
            "end": self.end, "released": self.released, "status": self.status, "outcome": self.outcome,
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens, "late": self.late,
            "retry_after": self.retry_after,
        }  # fmt: skip


class Journal:
    """The last `limit` requests, and totals of all since the last `clear`."""

    def __init__(self, limit: int = LIMIT):
        self.limit = limit
        self.records: deque[Record] = deque()
        self.count = 0
        self.totals: Counter = Counter()
        self._first = self._kept = 0

    def open(self, kind: str, connection: int, tag: str | None, arrival: float) -> Record:
        """A new record, in flight."""
        record = Record(self.count, kind, connection, tag, arrival)
        self.count += 1
        self.totals[kind, None] += 1
        self.records.append(record)
        if len(self.records) > self.limit:
            self._kept = self.records.popleft().number + 1
        return record

    def close(self, record: Record, outcome: str, end: float) -> None:
        """The request has ended."""
        record.outcome, record.end = outcome, end
        self.totals[record.kind, None] -= 1
        self.totals[record.kind, outcome] += 1

    def clear(self) -> None:
        """Forget all that has ended; what is in flight stays, and marks stay valid."""
        self.records = deque(r for r in self.records if r.outcome is None)
        self.totals = Counter({key: n for key, n in self.totals.items() if key[1] is None})
        self._first = self.count

    def since(self, mark: int, kind: str | None = None) -> list[Record]:
        """The kept records that arrived from this mark on, in order of arrival."""
        newest_first = takewhile(lambda r: r.number >= mark, reversed(self.records))
        return [r for r in newest_first if kind in (None, r.kind)][::-1]

    def stats(self, since: int = 0, kind: str | None = None) -> dict[str, Any]:
        """Counts and times of the requests since a mark; since 0, the counts include what the bound dropped."""
        records = self.since(since, kind)
        totals = self.totals if not since else Counter((r.kind, r.outcome) for r in records)
        counts, kinds = Counter(), Counter()
        for (of_kind, outcome), n in totals.items():
            if n and kind in (None, of_kind):
                counts[outcome] += n
                kinds[of_kind] += n
        return {
            "requests": sum(kinds.values()),
            **{outcome: counts[outcome] for outcome in OUTCOMES},
            "in_flight": counts[None],
            **summary(records),
            "by_kind": dict(kinds),
            "dropped": max(0, self._kept - max(since, self._first)),
        }


def summary(records: list[Record]) -> dict[str, Any]:
    """The times of some records, and the manners of the clients."""
    return {**_times(records), **_manners(records)}


def _times(records: list[Record]) -> dict[str, Any]:
    ended = [r for r in records if r.end is not None]
    answered = [r.end - r.arrival for r in ended if r.outcome == "answered"]
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
    retried, waits, grace = 0, [], []
    last: dict[tuple, Record] = {}
    for r in records:
        if r.key is None:
            continue
        before = last.get((r.kind, r.key))
        last[r.kind, r.key] = r
        if not r.retry or before is None or before.end is None or before.end > r.arrival:
            continue
        if before.outcome != "answered":
            retried += 1
            waits.append(r.arrival - before.end)
        if before.retry_after is not None:
            grace.append(r.arrival - before.end - before.retry_after)
    return {
        "retried": retried,
        "too_early": sum(seconds < 0 for seconds in grace),
        "retry_wait": percentiles(waits, "p50", "max"),
        "after_retry_after": percentiles(grace, "p50", "max"),
    }


def peak(spans: Iterable[tuple[float, float | None]]) -> int:
    """The most spans (start, end or None) that overlap; one that ends when another starts does not."""
    events = []
    for start, end in spans:
        events.append((start, 1))
        if end is not None:
            events.append((end, -1))
    most = now = 0
    for _, step in sorted(events):
        now += step
        most = max(most, now)
    return most


def percentiles(values: list[float], *names: str) -> dict[str, float | None]:
    """Percentiles by nearest rank, by names such as "p95" and "max"; None where there are no values."""
    ordered = sorted(values)
    return {name: _percentile(ordered, name) for name in names}


def _percentile(ordered: list[float], name: str) -> float | None:
    if not ordered:
        return None
    percent = 100 if name == "max" else int(name[1:])
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]
