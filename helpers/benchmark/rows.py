"""The rows of the benchmark: what each sends and how, what it gave, what the article says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from helpers.benchmark.client import HOWS

# The article's own experiment: so many requests to a model that takes so many seconds on average.
REQUESTS = 1_000
LATENCY = 2.0

# Sigma of the lognormal for a long tail: the slowest of a thousand then takes four times the mean.
TAIL = 0.5

# aiohttp's TCPConnector opens no more connections than this unless it is told another limit.
AIOHTTP_LIMIT = 100


class Said(NamedTuple):
    """What the article says of a row: seconds, requests a second, and memory in MB."""

    seconds: float
    rate: float
    memory: float


ARTICLE = {
    "serial": Said(2000, 0.5, 50),
    "10 threads": Said(200, 5, 150),
    "100 threads": Said(20, 50, 800),
    "async, no limit": Said(8, 125, 100),
    "async, limit 50": Said(10, 100, 80),
}


@dataclass(frozen=True)
class Row:
    """One way to send requests.

    how: one of HOWS. limit: in flight at most, 0 for no limit. latency: mean seconds of a reply;
    tail: sigma of its lognormal spread. article: what the article says of this row, if it does.
    Raises ValueError where `how`, `requests` or `limit` is none of what it takes.
    """

    name: str
    how: str
    limit: int
    requests: int = REQUESTS
    latency: float = LATENCY
    tail: float = 0.0
    article: Said | None = None

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise ValueError(f"how is {self.how!r}; it takes one of {', '.join(HOWS)}")
        if self.requests < 1:
            raise ValueError(f"requests is {self.requests}; it takes a whole number from 1 up")
        if self.limit < 0 or (self.how == "threads" and self.limit < 1):
            least = 1 if self.how == "threads" else 0
            raise ValueError(f"limit is {self.limit}; {self.how} takes {least} or more")

    @property
    def in_flight(self) -> int:
        """How many requests it can have in flight."""
        own = AIOHTTP_LIMIT if self.how == "aiohttp's default" else self.requests
        return min(self.requests, self.limit or own)

    @property
    def part(self) -> bool:
        """Whether it sends a part of the requests only, so that its time is extrapolated."""
        return self.requests < REQUESTS


@dataclass(frozen=True)
class Result:
    """What one row gave, as it was run; times in seconds.

    ideal: the least seconds for the replies that the server planned, by Little's law.
    memory: the peak in MB of what the process had for itself (USS).
    threads, connections: the most that there were. cpu: CPU seconds of the client's process.
    p50, p95: of a request from the submission of all; the others from its own start.
    """

    row: Row
    seconds: float
    ideal: float
    memory: float
    threads: int
    connections: int
    cpu: float
    p50: float
    p95: float
    p50_from_start: float
    p95_from_start: float

    @property
    def scale(self) -> float:
        """How many times longer a reply takes in the article's experiment than in this row."""
        return LATENCY / self.row.latency

    @property
    def unscaled(self) -> float:
        """Seconds for all 1,000 requests of 2 s."""
        return self._for_all(self.seconds)

    @property
    def unscaled_ideal(self) -> float:
        """The ideal seconds for all 1,000 requests of 2 s."""
        return self._for_all(self.ideal)

    @property
    def rate(self) -> float:
        """Requests a second for 1,000 requests of 2 s."""
        return REQUESTS / self.unscaled

    @property
    def throughput(self) -> float:
        """Requests a second, as it was run."""
        return self.row.requests / self.seconds

    @property
    def overhead(self) -> float:
        """Share of time beyond the ideal, as it was run."""
        return self.seconds / self.ideal - 1

    def _for_all(self, seconds: float) -> float:
        return seconds * self.scale * REQUESTS / self.row.requests


# Name, how, and how many in flight at most. Seven ways overlap; serial is there for comparison.
_WAYS = (
    ("serial", "serial", 1),
    ("10 threads", "threads", 10),
    ("100 threads", "threads", 100),
    ("1,000 threads", "threads", 1_000),
    ("async, no limit", "async", 0),
    ("aiohttp's default", "aiohttp's default", 0),
    ("async, limit 50", "async", 50),
    ("async, limit 200", "async", 200),
)


def _rows(requests: dict[str, int], latency: dict[str, float]) -> tuple[Row, ...]:
    """A row for each way, with 1,000 requests of 2 s where these do not name another number."""
    return tuple(
        Row(
            name,
            how,
            limit,
            requests=requests.get(name, REQUESTS),
            latency=latency.get(name, LATENCY),
            article=ARTICLE.get(name),
        )
        for name, how, limit in _WAYS
    )


def _with_long_tail(rows: Sequence[Row], latency: dict[str, float]) -> tuple[Row, ...]:
    """Those of the rows that `latency` names, with a long tail and these mean seconds."""
    return tuple(
        replace(row, name=f"{row.name}, long tail", latency=latency[row.name], tail=TAIL)
        for row in rows
        if row.name in latency
    )


# Sooner replies change nothing in a row that mostly waits; the more CPU it needs beside waiting,
# the less it may be scaled. 1,000 threads and async without a limit are mostly CPU, so they are not
# scaled at all. Serial and 10 threads send a part, since each further request adds the same.
_SMALL = _rows(
    requests={"serial": 4, "10 threads": 40},
    latency={
        "serial": LATENCY / 8,
        "10 threads": LATENCY / 8,
        "100 threads": LATENCY / 4,
        "aiohttp's default": LATENCY / 6,
        "async, limit 50": LATENCY / 8,
        "async, limit 200": LATENCY / 4,
    },
)
SMALL = _SMALL + _with_long_tail(
    _SMALL, {"async, no limit": LATENCY / 4, "async, limit 200": LATENCY / 8}
)

# Nothing is scaled. Serial alone would take 33 minutes, so here too these two send a part.
_FULL = _rows(requests={"serial": 10, "10 threads": 200}, latency={})
FULL = _FULL + _with_long_tail(
    _FULL,
    {
        "100 threads": LATENCY,
        "async, no limit": LATENCY,
        "async, limit 50": LATENCY,
        "async, limit 200": LATENCY,
    },
)
