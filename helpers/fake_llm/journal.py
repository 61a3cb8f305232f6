"""What the fake LLM saw: a record of each request, in seconds on the server's own clock.

Each participant has a journal. Records are numbered for all of them together, so that a mark means
the same moment in each. What looks at many records does so in steps, a generator that yields after
each: whoever runs it lets others go between them.
"""

import math
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

LIMIT = 100_000
"""Records that are kept: about 35 MB, far more than any lesson makes."""

AT_ONCE = 500
"""Records that are looked at in one step: a millisecond of work."""

OUTCOMES = ("answered", "rejected", "failed", "disconnected")

Result = TypeVar("Result")
Steps = Generator[None, None, Result]

_number = attrgetter("number")


@dataclass(slots=True, eq=False)
class Record:
    """One request; None is what is not known yet, or never will be.

    All times but `planned` and `retry_after` (durations) are seconds on the server's clock.
    `outcome` is None while the request is in flight. `participant` is the name of who sent it, ""
    for the one without a name. `key` is what its retries are known by, and `retry` says that it may
    be one.
    """

    number: int
    kind: str
    connection: int
    tag: str | None
    arrival: float
    participant: str = ""
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


class Numbers:
    """How many requests there have been, whoever sent them: the next one's number."""

    def __init__(self) -> None:
        self.count = 0


class Journal:
    """The last `limit` requests of one participant, and totals of all since the last `clear`."""

    def __init__(self, numbers: Numbers | None = None, limit: int = LIMIT):
        self.numbers = Numbers() if numbers is None else numbers
        self.limit = limit
        self.records: deque[Record] = deque()
        self.totals: Counter[tuple[str, str | None]] = Counter()  # by kind and outcome
        self._dropped = 0  # records that the bound has dropped since the last clear
        self._kept_from = 0  # the first number that it has not dropped

    def open(
        self,
        kind: str,
        connection: int,
        tag: str | None,
        arrival: float,
        *,
        retried: bool = False,
        participant: str = "",
    ) -> Record:
        """A new record, in flight; `retried` says that the client calls it a retry itself."""
        number = self.numbers.count
        self.numbers.count += 1
        may_be_retry = retried or tag is not None
        record = Record(number, kind, connection, tag, arrival, participant, tag, may_be_retry)
        self.totals[kind, None] += 1
        self.records.append(record)
        if len(self.records) > self.limit:
            self._drop_oldest()
        return record

    def _drop_oldest(self) -> None:
        while len(self.records) > self.limit:
            self._kept_from = self.records.popleft().number + 1
            self._dropped += 1

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
        self._dropped = 0

    def since(self, mark: int = 0, kind: str | None = None) -> list[Record]:
        """The kept records that arrived from this mark on, in order of arrival."""
        records = list(self.records)
        records = records[bisect_left(records, mark, key=_number) :]
        return records if kind is None else [r for r in records if r.kind == kind]

    def dropped(self, since: int) -> int:
        """Records that the bound has dropped, if a mark is so old that they may be missed."""
        return self._dropped if since < self._kept_from else 0


def merged(journals: Sequence[Journal], since: int = 0, kind: str | None = None) -> list[Record]:
    """The records of several journals from a mark on, in order of arrival."""
    if len(journals) == 1:
        return journals[0].since(since, kind)
    return sorted(chain(*(j.since(since, kind) for j in journals)), key=_number)


def page(
    journals: Sequence[Journal], since: int, limit: int = AT_ONCE
) -> tuple[list[Record], int | None]:
    """At most so many records from a mark on, and the mark of the next page, None at the end."""
    first = [journal.since(since)[: limit + 1] for journal in journals]
    records = sorted(chain(*first), key=_number)
    return records[:limit], records[limit].number if len(records) > limit else None


def finished(steps: Steps[Result]) -> Result:
    """What these steps come to, all done at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def stats(
    journals: Sequence[Journal], since: int = 0, kind: str | None = None
) -> Steps[dict[str, Any]]:
    """Counts and times of the requests since a mark, of one kind or of all.

    Since 0, the counts include what the bound has dropped.
    """
    records = merged(journals, since, kind)
    seen = _Seen()
    totals = sum((j.totals for j in journals), Counter()) if not since else seen.totals
    yield from seen.add_all(records)
    outcomes: Counter[str | None] = Counter()
    kinds: Counter[str] = Counter()
    for (of_kind, outcome), count in totals.items():
        if count and kind in (None, of_kind):
            outcomes[outcome] += count
            kinds[of_kind] += count
    summed = yield from seen.summary()
    return {
        "requests": sum(kinds.values()),
        **{outcome: outcomes[outcome] for outcome in OUTCOMES},
        "in_flight": outcomes[None],
        **summed,
        "by_kind": dict(kinds),
        "dropped": sum(journal.dropped(since) for journal in journals),
    }


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """The times of some records, in order of arrival, and the manners of the clients."""
    seen = _Seen()
    finished(seen.add_all(records))
    return finished(seen.summary())


class _Intervals:
    """Intervals of time, of which each may overlap others."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.ends: list[float] = []

    def add(self, start: float, end: float | None) -> None:
        self.starts.append(start)
        self.ends.append(math.inf if end is None else end)

    def peak(self) -> Steps[int]:
        """The most of them under way at one instant.

        One that ends at the instant at which another starts makes room for it: the two do not
        overlap.
        """
        self.starts.sort()
        yield
        self.ends.sort()
        most = over = 0
        for begun, start in enumerate(self.starts, 1):
            while over < begun - 1 and self.ends[over] <= start:
                over += 1
            most = max(most, begun - over)
            if begun % AT_ONCE == 0:
                yield
        return most


class _Seen:
    """What has been seen of some records, added in order of arrival."""

    def __init__(self) -> None:
        self.totals: Counter[tuple[str, str | None]] = Counter()  # by kind and outcome
        self._in_flight = _Intervals()
        self._in_service = _Intervals()
        self._connections: set[int] = set()
        self._tokens = 0
        self._first: float | None = None  # arrival
        self._last = -math.inf  # end
        self._latencies: list[float] = []
        self._late: list[float] = []
        # Of retries: how long after the failure they came, and how long after Retry-After ended.
        self._waits: list[float] = []
        self._grace: list[float] = []
        self._before: dict[tuple[str, str, str], Record] = {}

    def add_all(self, records: Sequence[Record]) -> Steps[None]:
        """Look at all these."""
        for start in range(0, len(records), AT_ONCE):
            for record in records[start : start + AT_ONCE]:
                self._add(record)
            yield

    def _add(self, record: Record) -> None:
        self.totals[record.kind, record.outcome] += 1
        self._connections.add(record.connection)
        self._tokens += record.prompt_tokens + record.completion_tokens
        self._in_flight.add(record.arrival, record.end)
        if self._first is None:
            self._first = record.arrival
        if record.started is not None:
            self._in_service.add(record.started, record.released)
        if record.end is not None:
            self._last = max(self._last, record.end)
            if record.outcome == "answered":
                self._latencies.append(record.took)
        if record.late is not None:
            self._late.append(record.late)
        if record.key is not None:
            self._add_manners(record, (record.participant, record.kind, record.key))

    def _add_manners(self, record: Record, series: tuple[str, str, str]) -> None:
        before = self._before.get(series)
        self._before[series] = record
        if before is None or not record.retry:
            return
        # One that came while the other was in flight is a hedge, not a retry.
        if before.end is None or before.end > record.arrival:
            return
        if before.outcome != "answered":
            self._waits.append(record.arrival - before.end)
        if before.retry_after is not None:
            self._grace.append(record.arrival - before.end - before.retry_after)

    def summary(self) -> Steps[dict[str, Any]]:
        """The times of what has been seen, and the manners of the clients."""
        peak_in_flight = yield from self._in_flight.peak()
        peak_in_service = yield from self._in_service.peak()
        latency = percentiles(self._latencies, "p50", "p95", "p99", "max")
        yield
        late = percentiles(self._late, "p50", "p99")
        yield
        return {
            "peak": peak_in_flight,
            "peak_in_service": peak_in_service,
            "connections": len(self._connections),
            "tokens": self._tokens,
            "seconds": self._last - self._first if self._last > -math.inf else 0.0,
            "latency": latency,
            "late": late,
            "retried": len(self._waits),
            "too_early": sum(seconds < 0 for seconds in self._grace),
            "retry_wait": percentiles(self._waits, "p50", "max"),
            "after_retry_after": percentiles(self._grace, "p50", "max"),
        }


# The same as in helpers.trace, whose process is another one: a test holds them equal.


def peak(intervals: Iterable[tuple[float, float | None]]) -> int:
    """The most intervals (start, end or None for one that goes on) under way at one instant."""
    all_of_them = _Intervals()
    for start, end in intervals:
        all_of_them.add(start, end)
    return finished(all_of_them.peak())


def percentiles(values: list[float], *names: str) -> dict[str, float | None]:
    """Percentiles by nearest rank, by names such as "p95" and "max"; None where there is none."""
    ranked = sorted(values)
    return {name: _percentile(ranked, name) for name in names}


def _percentile(ranked: list[float], name: str) -> float | None:
    if not ranked:
        return None
    percent = 100 if name == "max" else int(name[1:])
    return ranked[math.ceil(len(ranked) * percent / 100) - 1]
