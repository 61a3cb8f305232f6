"""The doctor: what it looks at, and that it only reports."""

import sys

import pytest

from helpers import doctor as module
from helpers.doctor import Report, doctor, packages


def test_a_machine_that_runs_these_tests_is_looked_at_whole():
    """Seven looks, none of which fails with an exception."""
    report = doctor()
    assert [p.name for p in report.points] == list(module._LOOKS)
    assert not any("Error" in p.says for p in report.points)


def test_the_repr_says_only_what_to_do():
    """Figures of this machine are in the str and the HTML, so that the repr is the same on all fit machines."""
    report = Report(
        [module.Point("Clock", "a sleep ends 0.1 ms late"), module.Point("Processor", "8 cores")]
    )
    assert repr(report) == "Clock: fine\nProcessor: fine\nThis machine is fit for the course."
    assert "0.1 ms" in str(report) and 'class="varies">8 cores<' in report._repr_html_()


def test_what_needs_doing_is_said_first_of_all():
    """One point with something to do, and the machine is not fit."""
    report = Report([module.Point("Python", "3.10", "install Python 3.11 or newer")])
    assert not report.fit and "install Python 3.11" in repr(report)


def test_a_look_that_fails_is_a_point_of_the_report(monkeypatch):
    """Nothing is raised, whatever a look runs into."""

    def fails():
        raise OSError("no such clock")

    monkeypatch.setattr(module, "_LOOKS", {"Clock": fails})
    assert doctor().points[0].says == "OSError: no such clock" and not doctor().fit


def test_an_old_python_is_told_what_to_do(monkeypatch):
    """Below 3.11 the advice names the version to install."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert "install Python 3.11" in module._python()[1]


@pytest.mark.parametrize(
    ("lock", "says", "do"),
    [
        ("requests>=2\n", "1 of 1", ""),
        ("requests==0.1\n", "other versions: requests", ""),
        ("no-such-package-here==1.0\n", "0 of 1", "missing: no-such-package-here"),
        ("no-such-package-here==1.0 ; sys_platform == 'nowhere'\n", "0 of 0", ""),
        ("# a comment\n\nrequests>=2 \\\n    --hash=sha256:abc\n", "1 of 1", ""),
    ],
)
def test_packages_are_compared_with_the_lock(tmp_path, lock, says, do):
    """A missing package is to be installed; another version is only told; other platforms' lines do not count."""
    path = tmp_path / "requirements.txt"
    path.write_text(lock)
    assert says in packages(path)[0] and do in packages(path)[1]


def test_without_a_lock_there_is_nothing_to_compare(tmp_path):
    """An installed course may have no requirements.txt beside it."""
    assert packages(tmp_path / "none.txt")[1] == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_on_open_files_is_raised_and_told():
    """The soft limit goes up to the hard one, and the report says from where."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(256, hard if hard > 0 else 256)
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        assert f"it was {low}" in module._open_files()[0] or low == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
