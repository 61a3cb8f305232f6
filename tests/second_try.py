"""For nbval, with `-p tests.second_try`: a notebook that failed beside another is run alone.

A learner has a machine's cores to himself; here another notebook shares them. A lesson that
measures a ratio fails where the machine stands still for a second in the middle of one run, and
only that is forgiven: the notebook is run once more from its first cell, with nothing beside it,
and what fails again has failed. That it was needed is always said. (A retry of one cell, as
pytest's plugins offer, would be without the cells before it.)
"""

import os
import subprocess
import sys
from collections.abc import Generator

import pytest

STALLS = 3  # where more notebooks failed than this, it was no stall; each try may take two minutes


class SecondTry:
    """Remembers which notebooks failed, and runs them again when all have been run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """One cell was run."""
        if report.failed:
            self.failed.add(report.nodeid.split("::")[0])

    # A notebook that cannot be read has failed too, and will again.
    pytest_collectreport = pytest_runtest_logreport

    # Around all others, so that the terminal tells what failed before the second try begins.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """All were run; what counts is the second try, where every failure has one."""
        yield
        failed = session.exitstatus == pytest.ExitCode.TESTS_FAILED  # no error, no interrupt
        if not failed or not 0 < len(self.failed) <= STALLS:
            return
        verdicts = {notebook: self.passes_alone(notebook) for notebook in sorted(self.failed)}
        for notebook, passed in verdicts.items():
            print(f"{notebook} failed beside another; alone it {'passed' if passed else 'failed'}")
        if all(verdicts.values()):
            session.exitstatus = pytest.ExitCode.OK

    def passes_alone(self, notebook: str) -> bool:
        """Run one notebook as before, with nothing beside it and nothing solved."""
        invocation = self.config.invocation_params
        folders = self.config.args
        options = [option for option in invocation.args if option not in folders]
        progress = os.environ.get("COURSE_PROGRESS", "")
        print(f"\n{notebook} once more, alone:", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "-n", "0", self.config.rootpath / notebook],
            cwd=invocation.dir,
            env=os.environ | ({"COURSE_PROGRESS": f"{progress}-again"} if progress else {}),
        )
        return done.returncode == 0


def pytest_configure(config: pytest.Config) -> None:
    """Only where notebooks run side by side, and only in the process that gathers their results."""
    if config.getoption("numprocesses", None):  # a worker has none
        config.pluginmanager.register(SecondTry(config))
