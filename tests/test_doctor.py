"""The doctor: what it looks at, and that it only reports."""

import sys

import pytest

from helpers import doctor as module
from helpers.doctor import Point, Report, doctor, packages
from helpers.machine import Quota


def test_a_machine_that_runs_these_tests_is_looked_at_whole():
    """Eight looks, none of which fails with an exception."""
    report = doctor()
    assert [point.name for point in report.points] == list(module._LOOKS)
    assert not any("Error" in point.says for point in report.points)


def test_the_repr_says_only_what_to_do():
    """Figures of this machine are in the str and the HTML: the repr is alike on fit machines."""
    report = Report([Point("Clock", "a sleep ends 0.1 ms late"), Point("Processor", "8 cores")])
    assert repr(report) == "Clock: fine\nProcessor: fine\nThis machine is fit for the course."
    assert "0.1 ms" in str(report) and 'class="varies">8 cores<' in report._repr_html_()


def test_what_needs_doing_is_said_everywhere():
    """One point with something to do, and the machine is not fit."""
    report = Report([Point("Python", "3.10", "install Python 3.11 or newer")])
    assert not report.fit
    for shown in (repr(report), str(report), report._repr_html_()):
        assert "install Python 3.11" in shown and "needs a little attention" in shown


def test_what_passes_is_advice_and_no_fault():
    """A busy minute is told where a person reads; the machine is fit, and the repr the same."""
    calm = Report([Point("Load", "processors 3% busy", passing=True)])
    busy = Report([Point("Load", "processors 99% busy", "close something", passing=True)])
    assert busy.fit and repr(busy) == repr(calm)
    assert "close something" in str(busy)
    assert 'class="varies">close something<' in busy._repr_html_()


def test_a_look_that_fails_is_a_point_of_the_report(monkeypatch):
    """Nothing is raised, whatever a look runs into."""

    def fails():
        raise OSError("no such clock")

    monkeypatch.setattr(module, "_LOOKS", {"Clock": fails})
    report = doctor()
    assert report.points[0].says == "OSError: no such clock" and not report.fit


def test_an_old_python_is_told_what_to_do(monkeypatch):
    """Below 3.11 the advice names the version to install."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert "install Python 3.11" in module._python()[1]


@pytest.mark.parametrize(
    ("lock", "says", "do"),
    [
        ("requests>=2\n", "1 of 1 packages of the lock", ""),
        ("requests==0.1\n", "other versions: requests", ""),
        ("no-such-package-here==1.0\n", "0 of 1", "missing: no-such-package-here"),
        ("no-such-package-here==1.0 ; sys_platform == 'nowhere'\n", "0 of 0", ""),
        ("# a comment\n\nrequests>=2 # why\n", "1 of 1", ""),
    ],
)
def test_packages_are_compared_with_the_lock(tmp_path, lock, says, do):
    """A missing one is to be installed; another version is only told; other platforms' are not."""
    path = tmp_path / "requirements.txt"
    path.write_text(lock)
    found, advice = packages(path)
    assert says in found and do in advice and bool(advice) == bool(do)


def test_without_a_lock_there_is_nothing_to_compare(tmp_path):
    """An installed course may have no requirements.txt beside it."""
    assert packages(tmp_path / "none.txt")[1] == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_on_open_files_is_raised_and_told():
    """From 256, as a shell on macOS gives; the report says how many there may be now."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        found, _ = module._open_files()
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert now > 256 and found == f"{now:,} files may be open"


@pytest.mark.parametrize(
    ("limit", "says", "do"),
    [
        (None, "no limit on open files that matters here", ""),
        (65_536, "65,536 files may be open", ""),
        (2048, "2,048 files may be open", ""),
        (1024, "1,024 files may be open", "1,000 connections need more: run `ulimit -n 4096`"),
    ],
)
def test_few_open_files_are_a_fault(monkeypatch, limit, says, do):
    """Where the limit cannot be raised far enough, the advice is a command."""
    monkeypatch.setattr(module, "raise_file_limit", lambda: limit)
    found, advice = module._open_files()
    assert found == says and advice.startswith(do) and bool(advice) == bool(do)


@pytest.mark.parametrize(
    ("cores", "limit", "says", "fit"),
    [
        (8, None, "8 cores", True),
        (1, None, "1 core", False),
        (8, Quota(1.5, 9, 0), "8 cores; this container may use 1.5 of them", True),
        (8, Quota(0.5, 9, 0), "8 cores; this container may use 0.5 of them", False),
    ],
)
def test_a_container_has_the_processors_that_it_may_use(monkeypatch, cores, limit, says, fit):
    """One core or less is told, since program and fake LLM share it; that does not pass."""
    ours = set(range(cores))
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda pid: ours, raising=False)
    monkeypatch.setattr(module, "quota", lambda: limit)
    found, advice = module._processors()
    assert found == says and (advice == "") == fit


class Watched:
    """What a Load would have seen."""

    def __init__(self, everybody, stolen):
        self._everybody = everybody
        self._stolen = stolen

    def shares(self):
        """Of one processor by this process, of all by everybody."""
        return 0.0, self._everybody

    def stolen(self):
        """Of all, by the host."""
        return self._stolen


CALM = Quota(2.0, 100, 7)


@pytest.mark.parametrize(
    ("everybody", "stolen", "quotas", "says", "do"),
    [
        (0.1, 0.0, (None, None), "processors 10% busy now; in the last minute", ""),
        (0.99, 0.0, (None, None), "processors 99% busy now", "close what keeps the processors"),
        (0.5, 0.3, (None, None), "the host took 30% for others", "come back later"),
        (0.1, 0.0, (CALM, CALM), "processors 10% busy now", ""),
        (0.1, 0.0, (CALM, Quota(2.0, 104, 9)), "held back in 50% of its", "more processors, such"),
    ],
)
def test_who_has_the_processors_now_is_told(monkeypatch, everybody, stolen, quotas, says, do):
    """Other programs, the host of a virtual machine, a container's limit: each its advice."""
    asked = iter(quotas)
    monkeypatch.setattr(module, "MOMENT", 0)
    monkeypatch.setattr(module, "Load", lambda: Watched(everybody, stolen))
    monkeypatch.setattr(module, "quota", lambda: next(asked))
    found, advice = module._load()
    assert says in found and do in advice and bool(advice) == bool(do)


def test_how_busy_it_is_never_makes_a_machine_unfit(monkeypatch):
    """So a notebook that was stored on a calm machine is the same on a busy one."""
    monkeypatch.setattr(module, "_LOOKS", {"Load": lambda: ("processors 100% busy", "close it")})
    report = doctor()
    assert report.points[0].do and report.fit and "Load: fine" in repr(report)
