"""The article's headline table, measured: each row in a fresh process, against one fake LLM.

    bench = Benchmark(SMALL, llm=llm)
    bench.run()      # prints a line for each row; interrupt it, and run it again: what is done is kept
    bench            # the table

A row says how, how many in flight, how many requests and how long each takes. Rows are shown as 1,000 requests of
2 s would take: unscaled, and where a row stands for part of the requests only, extrapolated and marked.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from helpers.benchmark.client import HOWS
from helpers.process import own_environment
from helpers.tables import Varying, html_table, text_table
from helpers.trace import ideal_seconds, percentile

REQUESTS, LATENCY, TAIL = 1_000, 2.0, 0.5
LOOK = 0.04
HIDDEN = 100
CLIENT = Path(__file__).with_name("client.py")


@dataclass(frozen=True)
class Row:
    """One way to send requests.

    how: one of HOWS. limit: in flight at most, 0 for no limit. latency: mean seconds of a reply; tail: sigma of its
    lognormal spread. article: what the article says it takes (seconds, requests a second, MB), where it does.
    """

    name: str
    how: str
    limit: int
    requests: int = REQUESTS
    latency: float = LATENCY
    tail: float = 0.0
    article: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise ValueError(f"how is {self.how!r}; it takes one of {', '.join(HOWS)}")
        if self.requests < 1 or self.limit < 0:
            raise ValueError(
                f"requests is {self.requests}, limit {self.limit}; they take 1 and 0 or more"
            )

    @property
    def in_flight(self) -> int:
        """How many it can have in flight: aiohttp's own default is 100."""
        hidden = HIDDEN if self.how == "aiohttp's default" else self.requests
        return min(self.requests, self.limit or hidden)

    @property
    def part(self) -> bool:
        """Whether it sends a part of the requests only, so that its time is extrapolated."""
        return self.requests < REQUESTS


@dataclass(frozen=True)
class Result:
    """What one row gave, as it was run: seconds; memory in MB (peak USS: what this process alone uses); threads and
    connections at most; CPU seconds of the client; p50 and p95 from submission and from each one's own start.

    ideal: the least seconds for the replies that the server planned (Little's law).
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
        """How much slower the whole benchmark is than this row was run."""
        return LATENCY / self.row.latency

    @property
    def unscaled(self) -> float:
        """Seconds for all 1,000 requests of 2 s."""
        return self.seconds * self.scale * REQUESTS / self.row.requests

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


ARTICLE = {
    "serial": (2000, 0.5, 50),
    "10 threads": (200, 5, 150),
    "100 threads": (20, 50, 800),
    "async, no limit": (8, 125, 100),
    "async, limit 50": (10, 100, 80),
}


def _rows(part: dict[str, int], seconds: dict[str, float]) -> tuple[Row, ...]:
    """The seven ways and serial; how many requests of each, and how long each takes, where not 1,000 and 2 s."""
    ways = [
        ("serial", "serial", 1),
        ("10 threads", "threads", 10),
        ("100 threads", "threads", 100),
        ("1,000 threads", "threads", 1_000),
        ("async, no limit", "async", 0),
        ("aiohttp's default", "aiohttp's default", 0),
        ("async, limit 50", "async", 50),
        ("async, limit 200", "async", 200),
    ]
    return tuple(
        Row(n, how, c, part.get(n, REQUESTS), seconds.get(n, LATENCY), article=ARTICLE.get(n))
        for n, how, c in ways
    )


def _tailed(rows: Sequence[Row], seconds: dict[str, float]) -> tuple[Row, ...]:
    """These of the rows with a long tail of latencies."""
    return tuple(
        replace(r, name=f"{r.name}, long tail", latency=seconds[r.name], tail=TAIL)
        for r in rows
        if r.name in seconds
    )


_PLAIN = _rows(
    {"serial": 4, "10 threads": 40},
    {
        "serial": LATENCY / 8,
        "10 threads": LATENCY / 8,
        "100 threads": LATENCY / 4,
        "aiohttp's default": LATENCY / 6,
        "async, limit 50": LATENCY / 8,
        "async, limit 200": LATENCY / 4,
    },
)
SMALL = _PLAIN + _tailed(_PLAIN, {"async, no limit": LATENCY / 4, "async, limit 200": LATENCY / 8})
_WHOLE = _rows({"serial": 10, "10 threads": 200}, {})
FULL = _WHOLE + _tailed(
    _WHOLE,
    dict.fromkeys(
        ("100 threads", "async, no limit", "async, limit 50", "async, limit 200"), LATENCY
    ),
)


def measure(row: Row, llm: Any) -> Result:
    """Run a row in a process of its own. Raises RuntimeError with the client's last words if it fails."""
    before = llm.behaviour()
    llm.behave(latency=row.latency, tail=row.tail)
    mark = llm.mark()
    try:
        figures, memory, threads = _client(row, llm)
    finally:
        llm.behave(latency=before["latency"], tail=before["tail"])
    seen = llm.journal(since=mark)
    submitted, started = figures["from_submission"], figures["from_start"]
    return Result(
        row=row,
        seconds=figures["seconds"],
        ideal=ideal_seconds([r["planned"] for r in seen], row.in_flight),
        memory=memory,
        threads=threads,
        connections=len({r["connection"] for r in seen}),
        cpu=figures["cpu"],
        p50=percentile(submitted, 50),
        p95=percentile(submitted, 95),
        p50_from_start=percentile(started, 50),
        p95_from_start=percentile(started, 95),
    )


def _client(row: Row, llm: Any) -> tuple[dict, float, int]:
    """(the client's figures, its peak USS in MB, its most threads)."""
    job = {
        "how": row.how,
        "limit": row.limit,
        "requests": row.requests,
        "url": f"{llm.base_url}/chat/completions",
    }
    with fresh(str(CLIENT), json.dumps(job)) as client:
        memory, threads = _watch(client.pid)
        words, errors = client.communicate()
    if client.returncode:
        last = errors.strip().splitlines()[-1:] or ["it said nothing"]
        raise RuntimeError(f"{row.name}: the client failed: {last[0]}")
    return json.loads(words), memory, threads


@contextmanager
def fresh(*arguments: str) -> Iterator[subprocess.Popen]:
    """A fresh Python with these arguments; it is ended if we leave before it has."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=own_environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _watch(pid: int) -> tuple[float, int]:
    """(the most USS in MB, the most threads) of a process until it ends."""
    most, threads = 0.0, 1
    try:
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            most = max(most, process.memory_full_info().uss / 2**20)
            threads = max(threads, process.num_threads())
            time.sleep(LOOK)
    except psutil.Error:
        pass  # it has ended between two looks
    return most, threads


def measured_alone(*scripts: str) -> list[Any]:
    """Run each script in a fresh process, two at a time; what each printed, read as JSON. For memory, not for times.

    Raises RuntimeError with the last line of its error if one fails.
    """
    results: list[Any] = [None] * len(scripts)
    gate = threading.BoundedSemaphore(2)

    def one(place: int, script: str) -> None:
        with gate, fresh("-c", script) as process:
            words, errors = process.communicate()
            failed = process.returncode
        results[place] = (
            RuntimeError(errors.strip().splitlines()[-1]) if failed else json.loads(words)
        )

    workers = [threading.Thread(target=one, args=job, daemon=True) for job in enumerate(scripts)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if error := next((r for r in results if isinstance(r, Exception)), None):
        raise error
    return results


_HEAD = ("how", "seconds", "a second", "article", "ideal", "over ideal", "MB", "article's MB", "threads",
         "connections", "p95", "p95 from start", "CPU s", "run as")  # fmt: skip


@dataclass
class Benchmark:
    """Rows and what they gave. With `path`, results are kept in that file, and rows that it has are not run again."""

    rows: Sequence[Row]
    llm: Any = None
    path: Path | None = None
    results: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and Path(self.path).exists():
            self._load(json.loads(Path(self.path).read_text(encoding="utf-8")))

    def __getitem__(self, name: str) -> Result:
        """The result of the row of this name. Raises KeyError that lists the names."""
        if name not in self.results:
            raise KeyError(f"no result {name!r}; there are {', '.join(self.results) or 'none yet'}")
        return self.results[name]

    def __repr__(self) -> str:
        return f"Benchmark({len(self.results)} of {len(self.rows)} rows)"

    def __str__(self) -> str:
        return text_table(_HEAD, self._table())

    def _repr_html_(self) -> str:
        return html_table("1,000 requests of 2 s", _HEAD, self._table())

    @property
    def left(self) -> list[Row]:
        """The rows that have no result yet."""
        return [row for row in self.rows if row.name not in self.results]

    def run(self) -> "Benchmark":
        """Run what is left, a line for each row. An interrupt keeps what is done."""
        for row in self.left:
            expected = row.requests * row.latency / row.in_flight
            place = f"{len(self.results) + 1:2} of {len(self.rows)}"
            print(f"{place}  {row.name}: about {expected:.0f} s ...", end="", flush=True)
            result = self.results[row.name] = measure(row, self.llm)
            self._keep()
            print(f" {result.seconds:.1f} s", flush=True)
        return self

    def _keep(self) -> None:
        if self.path is None:
            return
        part = Path(self.path).with_suffix(".part")
        part.write_text(
            json.dumps([asdict(r) for r in self.results.values()], indent=1), encoding="utf-8"
        )
        os.replace(part, self.path)

    def _load(self, kept: list[dict]) -> None:
        """Take those results whose row is still the same."""
        known = {row.name: row for row in self.rows}
        for entry in kept:
            given = entry.pop("row")
            article = tuple(given["article"]) if given["article"] else None
            row = Row(**{**given, "article": article})
            if known.get(row.name) == row:
                self.results[row.name] = Result(row=row, **entry)

    def _table(self) -> list[tuple]:
        return [_line(self.results[row.name]) for row in self.rows if row.name in self.results]


def ideal_for_all(r: Result) -> float:
    """The ideal seconds of all 1,000 requests of 2 s."""
    return r.ideal * r.scale * REQUESTS / r.row.requests


def _line(r: Result) -> tuple:
    article = r.row.article
    seconds = [r.unscaled, r.rate, ideal_for_all(r), r.p95 * r.scale, r.p95_from_start * r.scale]  # fmt: skip
    total, rate, ideal, p95, own = (
        f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in seconds
    )
    scale = f"1/{r.scale:g}" if r.scale != 1 else "full"
    return (
        r.row.name,
        Varying(total),
        Varying(rate),
        f"{article[0]:,} s, {article[1]:g}/s" if article else "–",
        Varying(ideal),
        Varying(f"{r.overhead:+.0%}"),
        Varying(f"{r.memory:.0f}"),
        article[2] if article else "–",
        Varying(r.threads),
        Varying(r.connections),
        Varying("–" if r.row.part else p95),
        Varying(own),
        Varying(f"{r.cpu:.1f}"),
        f"{scale}, {r.row.requests:,} sent" if r.row.part else scale,
    )


def shipped(llm: Any = None) -> Benchmark:
    """The full-scale benchmark as it was run once when the course was made."""
    return Benchmark(FULL, llm, Path(__file__).with_name("full_scale.json"))


def same_ratios(
    small: Benchmark, full: Benchmark, base: str = "async, limit 50"
) -> dict[str, float]:
    """How far each row's time relative to `base` is off in the small benchmark, as a share of the full one's."""
    names = [name for name in full.results if name in small.results and not full[name].row.tail]
    return {
        name: (small[name].unscaled / small[base].unscaled)
        / (full[name].unscaled / full[base].unscaled)
        - 1
        for name in names
    }
