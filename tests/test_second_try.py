"""A notebook that fails beside another is judged by how it does alone.

Files of plain tests stand for notebooks here: pytest treats both alike, and a kernel takes seconds.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_try import STALLS

ROOT = Path(__file__).resolve().parents[1]
FINE = "def test_fine(): pass"
BROKEN = "def test_broken(): assert False"
# The second part needs the first, as a notebook's cells do: run alone, it would fail again.
STALLED_ONCE = """
from pathlib import Path
TRIED = Path(__file__).with_suffix(".tried")
def test_first():
    global before
    before = TRIED.exists()
    TRIED.touch()
def test_second():
    assert before
"""


def run_side_by_side(folder: Path, **files: str) -> subprocess.CompletedProcess:
    """Run test files of these texts as `make test` runs notebooks."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    options = ["-p", "xdist", "-p", "tests.second_try", "-n", "2", "--dist", "loadfile"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # nbval's import takes seconds
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_fails_only_beside_another_passes_and_is_told(tmp_path):
    """It is run from its beginning, once, and nothing else is."""
    done = run_side_by_side(tmp_path, fine=FINE, stalled=STALLED_ONCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "test_stalled.py failed beside another; alone it passed" in done.stdout
    assert "test_fine.py once more" not in done.stdout


def test_what_fails_alone_too_has_failed(tmp_path):
    """Whatever became of the others."""
    done = run_side_by_side(tmp_path, broken=BROKEN, stalled=STALLED_ONCE)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "test_stalled.py failed beside another; alone it passed" in done.stdout
    assert "test_broken.py failed beside another; alone it failed" in done.stdout


def test_what_cannot_be_read_has_failed(tmp_path):
    """Although none of its cells was run."""
    done = run_side_by_side(tmp_path, fine=FINE, unread="def", stalled=STALLED_ONCE)
    assert done.returncode != pytest.ExitCode.OK, done.stdout + done.stderr


def test_many_failures_are_no_stall(tmp_path):
    """Trying each again would take longer than it tells."""
    done = run_side_by_side(tmp_path, **{f"broken_{i}": BROKEN for i in range(STALLS + 1)})
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "once more" not in done.stdout
