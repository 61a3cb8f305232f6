"""Running tests in a process of their own: the research program's, and those a learner writes."""

import re
import tempfile
from pathlib import Path
from subprocess import CompletedProcess

from helpers.migration.programs import RESEARCH, program_name
from helpers.process import run_python

# Against hanging only: the slowest run, all states one after the other, takes about 20 seconds.
TIMEOUT = 120.0
# Pytest as it comes: plugins that happen to be installed, such as nbval, cost time and add lines,
# and neither caches nor compiled files belong into the course's folders.
_PLAIN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
_OPTIONS = ("-q", "-vv", "--color=no", "-p", "no:cacheprovider")


def run_tests(*steps: int | str) -> None:
    """Run the program's own tests on these steps, and print how many passed on each.

    Raises AssertionError with pytest's report where one does not pass.
    """
    names = [program_name(step) for step in steps]
    asked = {"RESEARCH_STEPS": " ".join(names)}
    done = _pytest(RESEARCH / "test_program.py", environment=asked)
    if done.returncode:
        raise AssertionError(f"{', '.join(names)}: not all tests pass\n{done.stdout}{done.stderr}")
    for name in names:
        print(f"{name}: {done.stdout.count(f'[{name}] PASSED')} tests passed")


def pytest_of(source: str) -> None:
    """Run the tests in this text, and print what became of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_async.py"
        path.write_text(source, encoding="utf-8")
        # anyio's plugin is what runs tests that are `async def`.
        done = _pytest(path, "-p", "anyio", "--tb=short")
    found = re.findall(r"::(\S+) (PASSED|FAILED|ERROR)", done.stdout)
    lines = [f"{name}: {end.lower()}" for name, end in found]
    # Where no test was found, pytest's own words say why.
    print("\n".join(lines) or done.stdout + done.stderr)


def _pytest(
    path: Path, *options: str, environment: dict[str, str] | None = None
) -> CompletedProcess[str]:
    return run_python(
        "-m",
        "pytest",
        *_OPTIONS,
        *options,
        str(path),
        timeout=TIMEOUT,
        environment=_PLAIN | (environment or {}),
    )
