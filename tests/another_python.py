"""Another Python than this one, with the course's packages, for `make test-all`.

    python tests/another_python.py build/another-python

Of those that the machine has it takes the newest that the course promises to run on, makes an
environment in the folder, installs the lock into it, and prints its interpreter; or nothing, where
there is no other. What it does is told on standard error.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROMISED = ((3, 11), (3, 14))
ROOT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


def main(folder: Path) -> int:
    """Make the environment and print its interpreter; the exit status."""
    found = newest_other()
    if found is None:
        print("no other Python from 3.11 to 3.14 on this machine: nothing to try", file=sys.stderr)
        return 0
    python, version = found
    print(f"trying Python {version[0]}.{version[1]} ({python})", file=sys.stderr)
    own = folder / BIN / "python"
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", own]
    subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True)
    subprocess.run([*install, "--no-deps", "-e", ROOT], check=True)
    print(own)
    return 0


def newest_other() -> tuple[str, tuple[int, int]] | None:
    """(path, version) of the newest promised Python that has another version than this one."""
    oldest, newest = PROMISED
    versions = {path: version_of(path) for path in candidates()}
    others = {
        path: version
        for path, version in versions.items()
        if version is not None and oldest <= version <= newest and version != sys.version_info[:2]
    }
    return max(others.items(), key=lambda item: item[1], default=None)


def candidates() -> Iterator[str]:
    """Interpreters by their names, and those of pyenv, which hides them behind its shims."""
    for minor in range(PROMISED[0][1], PROMISED[1][1] + 1):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob(f"versions/*/{BIN}/python")))


def version_of(python: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter that runs and can make environments; None of any other."""
    ask = "import ensurepip, sys, venv; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", ask], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
