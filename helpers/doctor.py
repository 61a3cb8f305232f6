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

from helpers.tables import Varying, html_table, text_table

OLDEST = (3, 11)
FILES_WANTED = 4096
FILES_ENOUGH = 2048
LOCK = Path(__file__).resolve().parents[1] / "requirements.txt"


@dataclass(frozen=True)
class Point:
    """One thing looked at. says: what was found; it differs between machines. do: what to do, empty where all is well."""

    name: str
    says: str
    do: str = ""


class Report:
    """What the doctor found. Its repr names only what needs doing, so it is the same on every fit machine."""

    _HEAD = ("Looked at", "Found", "What to do")

    def __init__(self, points: list[Point]):
        self.points = points

    @property
    def fit(self) -> bool:
        """Whether nothing needs doing."""
        return not any(point.do for point in self.points)

    def __repr__(self) -> str:
        lines = [f"{point.name}: {point.do or 'fine'}" for point in self.points]
        return "\n".join([*lines, self._conclusion])

    def __str__(self) -> str:
        rows = [(p.name, p.says, p.do or "nothing") for p in self.points]
        return f"{text_table(self._HEAD, rows)}\n{self._conclusion}"

    def _repr_html_(self) -> str:
        rows = [(p.name, Varying(p.says), p.do or "nothing") for p in self.points]
        return html_table(self._conclusion, self._HEAD, rows)

    @property
    def _conclusion(self) -> str:
        if self.fit:
            return "This machine is fit for the course."
        return "This machine needs a little attention first."


def doctor() -> Report:
    """Look at this machine. A look that fails is a point of the report; nothing is raised."""
    return Report([_look(name, look) for name, look in _LOOKS.items()])


def _look(name: str, look: Callable[[], tuple[str, str]]) -> Point:
    try:
        return Point(name, *look())
    except Exception as error:
        return Point(
            name,
            f"{type(error).__name__}: {error}",
            "read what was found; the rest of the course needs this.",
        )


def _python() -> tuple[str, str]:
    found = f"Python {sys.version.split()[0]} at {sys.executable}"
    if sys.version_info >= OLDEST:
        return found, ""
    return (
        found,
        f"install Python {OLDEST[0]}.{OLDEST[1]} or newer, and make the environment again.",
    )


def packages(lock: Path) -> tuple[str, str]:
    """Compare what is installed with the lock; a version other than the locked one is told, but no fault."""
    if not lock.exists():
        return "no requirements.txt, so nothing to compare with", ""
    wanted = [
        r for line in lock.read_text(encoding="utf-8").splitlines() if (r := _requirement(line))
    ]
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
        requirement = Requirement(
            line.partition(" #")[0].partition(" --hash")[0].strip().rstrip("\\").strip()
        )
    except InvalidRequirement:
        return None
    return requirement if requirement.marker is None or requirement.marker.evaluate() else None


def _open_files() -> tuple[str, str]:
    try:
        import resource
    except ImportError:
        return "no limit on open files that matters here (Windows)", ""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    now = _raise_files(resource, soft, hard)
    found = f"{now} files may be open" + (
        f" (it was {soft}; raised for this program)" if now != soft else ""
    )
    if now >= FILES_ENOUGH or now == resource.RLIM_INFINITY:
        return found, ""
    return (
        found,
        f"1,000 connections need more: run `ulimit -n {FILES_WANTED}` before you start Jupyter.",
    )


def _raise_files(resource, soft: int, hard: int) -> int:
    """Raise the soft limit to the hard one; macOS calls its hard limit unlimited and still refuses large numbers."""
    for limit in (hard, 10_240, FILES_WANTED):
        if soft == resource.RLIM_INFINITY or 0 <= limit <= soft:
            return soft
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            return limit
        except (ValueError, OSError):
            continue
    return soft


def _event_loop() -> tuple[str, str]:
    loop = asyncio.new_event_loop()
    name = type(loop).__name__
    loop.close()
    if sys.platform == "win32" and "Selector" in name:
        return (
            f"{name}: at most about 500 sockets",
            "use Python's own default loop (the proactor) for large runs.",
        )
    return name, ""


def _cores() -> tuple[str, str]:
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if count > 1:
        return f"{count} cores", ""
    return (
        "1 core",
        "expect longer times than the lessons say: your program and the fake LLM share the core.",
    )


def _clock() -> tuple[str, str]:
    late = []
    for _ in range(20):
        start = time.perf_counter()
        time.sleep(0.002)
        late.append(time.perf_counter() - start - 0.002)
    middle = 1000 * statistics.median(late)
    resolution = time.get_clock_info("perf_counter").resolution
    found = f"a sleep ends {middle:.2f} ms late; the clock resolves {1e9 * resolution:.0f} ns"
    return (
        found,
        "" if middle < 5 else "close what keeps the processor busy, or read times to 20 ms only.",
    )


def _fake_llm() -> tuple[str, str]:
    from helpers import FakeLLM

    start = time.perf_counter()
    with FakeLLM(latency=0.0) as llm, requests.Session() as session:
        up = time.perf_counter() - start
        cost = _cost(llm, session)
    found = f"on a free port in {up:.1f} s; {1000 * cost:.1f} ms of your program's time for each request"
    return (
        found,
        ""
        if cost < 0.01
        else "close what keeps the processor busy: times will be longer than the lessons say.",
    )


def _cost(llm, session: requests.Session) -> float:
    """The median seconds of a request that the server answers at once."""
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 5,
    }
    times = []
    for _ in range(30):
        start = time.perf_counter()
        session.post(f"{llm.base_url}/chat/completions", json=body, timeout=10).raise_for_status()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


_LOOKS: dict[str, Callable[[], tuple[str, str]]] = {
    "Python": _python,
    "Packages": lambda: packages(LOCK),
    "Open files": _open_files,
    "Event loop": _event_loop,
    "Processor": _cores,
    "Clock": _clock,
    "Fake LLM": _fake_llm,
}


if __name__ == "__main__":
    print(doctor())
