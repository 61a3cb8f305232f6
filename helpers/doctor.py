"""Is this machine fit for the course? `doctor()` looks in a few seconds and says what to do.

    from helpers.doctor import doctor
    doctor()

In a shell: python -m helpers.doctor
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import requests
from packaging.requirements import InvalidRequirement, Requirement

from helpers.machine import Load, last_minute, quota
from helpers.process import raise_file_limit
from helpers.tables import Varying, html_table, text_table

OLDEST = (3, 11)
LOCK = Path(__file__).resolve().parents[1] / "requirements.txt"
# The benchmark of lesson 11 has 1,000 connections at one time, each of them a file; as many again
# are for whatever else a notebook has open.
FILES_ENOUGH = 2048
FILES_WANTED = 4096  # what to ask for: it leaves room, and no system refuses it
# Seconds for which the processors are watched: fifty ticks of the 10 ms in which they are counted.
MOMENT = 0.5
# From there on a program that is due waits for its turn, and the lessons' figures grow.
BUSY = 0.85
STOLEN = 0.05
THROTTLED = 0.05
# Most systems end a sleep 0.1 ms late. At 5 ms the shortest times in a lesson, of 20 ms, would be
# wrong by a quarter.
LATEST_SLEEP = 0.005
# About ten times the usual. Twenty requests at this price take 200 ms of the processor, as long as
# the reply for which they wait: then nothing is won by waiting for many at once.
DEAREST_REQUEST = 0.01

# What a look gives: (what was found, what to do, or nothing).
Found = tuple[str, str]


@dataclass(frozen=True)
class Point:
    """One thing looked at.

    says: what was found; it differs between machines. do: what to do, empty where all is well.
    passing: whether it tells of this minute rather than of this machine.
    """

    name: str
    says: str
    do: str = ""
    passing: bool = False


class Report:
    """What the doctor found.

    Its repr names only what needs doing for good, so it is the same on every fit machine and at
    every minute. What passes, such as other programs that keep the processors busy, is told with
    what to do about it where a person reads: in the HTML, and in the str.
    """

    _HEAD = ("Looked at", "Found", "What to do")

    def __init__(self, points: list[Point]) -> None:
        self.points = points

    @property
    def fit(self) -> bool:
        """Whether nothing needs doing for good; a busy minute makes no machine unfit."""
        return not any(point.do for point in self.points if not point.passing)

    def __repr__(self) -> str:
        lines = []
        for point in self.points:
            needed = "" if point.passing else point.do
            lines.append(f"{point.name}: {needed or 'fine'}")
        return "\n".join([*lines, self._conclusion])

    def __str__(self) -> str:
        rows = [(point.name, point.says, point.do or "nothing") for point in self.points]
        return f"{text_table(self._HEAD, rows)}\n{self._conclusion}"

    def _repr_html_(self) -> str:
        rows = []
        for point in self.points:
            do = point.do or "nothing"
            rows.append((point.name, Varying(point.says), Varying(do) if point.passing else do))
        return html_table(self._conclusion, self._HEAD, rows)

    @property
    def _conclusion(self) -> str:
        if self.fit:
            return "This machine is fit for the course."
        return "This machine needs a little attention first."


def doctor() -> Report:
    """Look at this machine. A look that fails is a point of the report; nothing is raised."""
    return Report([_look(name, look) for name, look in _LOOKS.items()])


def _look(name: str, look: Callable[[], Found]) -> Point:
    try:
        says, do = look()
    except Exception as error:
        says = f"{type(error).__name__}: {error}"
        return Point(name, says, "read what was found; the rest of the course needs this.")
    return Point(name, says, do, passing=name in _PASSING)


def _python() -> Found:
    # Short where it is the course's own, and then the same whoever's folder the course is in.
    place = Path(sys.executable)
    course = LOCK.parent
    shown = place.relative_to(course) if place.is_relative_to(course) else place
    found = f"Python {sys.version.split()[0]} at {shown}"
    if sys.version_info >= OLDEST:
        return found, ""
    oldest = ".".join(map(str, OLDEST))
    return found, f"install Python {oldest} or newer, and make the environment again."


def packages(lock: Path) -> Found:
    """Compare what is installed with the lock; another version is told, but is no fault."""
    if not lock.exists():
        return "no requirements.txt, so nothing to compare with", ""
    wanted = [_requirement(line) for line in lock.read_text(encoding="utf-8").splitlines()]
    wanted = [requirement for requirement in wanted if requirement is not None]
    missing, other = [], []
    for requirement in wanted:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            other.append(f"{requirement.name} {version}, locked {requirement.specifier}")
    found = f"{len(wanted) - len(missing)} of {len(wanted)} packages of the lock"
    found += f"; other versions: {', '.join(other)}" if other else ""
    do = f"pip install -r requirements.txt (missing: {', '.join(missing)})." if missing else ""
    return found, do


def _requirement(line: str) -> Requirement | None:
    """The requirement in a line of the lock, if it holds one that counts on this machine."""
    try:
        requirement = Requirement(line.partition(" #")[0])
    except InvalidRequirement:
        return None  # a comment, or an empty line
    return requirement if requirement.marker is None or requirement.marker.evaluate() else None


def _open_files() -> Found:
    files = raise_file_limit()
    if files is None:
        return "no limit on open files that matters here", ""
    found = f"{files:,} files may be open"
    if files >= FILES_ENOUGH:
        return found, ""
    do = f"1,000 connections need more: run `ulimit -n {FILES_WANTED}` before you start Jupyter."
    return found, do


def _event_loop() -> Found:
    loop = asyncio.new_event_loop()
    name = type(loop).__name__
    loop.close()
    if sys.platform == "win32" and "Selector" in name:
        found = f"{name}: at most about 500 sockets"
        return found, "use Python's own default loop (the proactor) for large runs."
    return name, ""


def _processors() -> Found:
    """How many processors there are for us: those of the machine, or what a container may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    found = f"{count} core{'s' if count > 1 else ''}"
    limit = quota()
    if limit is not None:
        found += f"; this container may use {limit.processors:g} of them"
        count = min(count, limit.processors)
    if count > 1:
        return found, ""
    do = "expect longer times than the lessons say: your program and the fake LLM share the core."
    return found, do


def _load() -> Found:
    """How busy the processors are at this moment, and who else has them."""
    before, load = quota(), Load()
    time.sleep(MOMENT)
    own, everybody = load.shares()
    stolen, after = load.stolen(), quota()
    found = f"processors {everybody:.0%} busy now; in the last minute {last_minute()}"
    found += f"; the host took {stolen:.0%} for others" if stolen else ""
    held = 0.0
    if before is not None and after is not None:
        held = (after.throttled - before.throttled) / max(1, after.periods - before.periods)
        found += f"; held back in {held:.0%} of its periods" if held else ""
    if held > THROTTLED:
        return found, "give this container more processors, such as `docker run --cpus=4`."
    if stolen > STOLEN:
        return found, "times will be too long while the host works for others: come back later."
    if everybody > BUSY:
        return found, "close what keeps the processors busy, or times will be too long."
    return found, ""


def _clock() -> Found:
    late = []
    for _ in range(20):
        start = time.perf_counter()
        time.sleep(0.002)
        late.append(time.perf_counter() - start - 0.002)
    median = statistics.median(late)
    resolution = time.get_clock_info("perf_counter").resolution
    found = f"a sleep ends {1e3 * median:.2f} ms late; the clock resolves {1e9 * resolution:.0f} ns"
    if median < LATEST_SLEEP:
        return found, ""
    return found, "close what keeps the processor busy, or read times to 20 ms only."


def _fake_llm() -> Found:
    from helpers import FakeLLM  # here, because a look that fails is a point of the report

    start = time.perf_counter()
    with FakeLLM(latency=0.0) as llm, requests.Session() as session:
        up = time.perf_counter() - start
        cost = _cost(llm.base_url, session)
    found = f"on a free port in {up:.1f} s; {1e3 * cost:.1f} ms of your program's time a request"
    if cost < DEAREST_REQUEST:
        return found, ""
    return found, "close what keeps the processor busy: times will be longer than the lessons say."


def _cost(base_url: str, session: requests.Session) -> float:
    """The median seconds of a request that the server answers at once."""
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 5,
    }
    times = []
    for _ in range(30):
        start = time.perf_counter()
        session.post(f"{base_url}/chat/completions", json=body, timeout=10).raise_for_status()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


_LOOKS: dict[str, Callable[[], Found]] = {
    "Python": _python,
    "Packages": lambda: packages(LOCK),
    "Open files": _open_files,
    "Event loop": _event_loop,
    "Processor": _processors,
    "Load": _load,
    "Clock": _clock,
    "Fake LLM": _fake_llm,
}
_PASSING = {"Load"}


if __name__ == "__main__":
    print(doctor())
