"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile
import time
from pathlib import Path

# What open() would give: a temporary file is private to its user, and a notebook should not be.
_READABLE = 0o644
# Windows refuses to replace a file that somebody has open. Readers of small files, and scanners
# for viruses, are through within a second.
_TRIES = 100
_PAUSE = 0.01


def write_whole(path: str | Path, text: str) -> None:
    """Write a text file as a whole or not at all, with its folder; what was there stays until then.

    Line ends are kept as they are in `text`, so the same text gives the same bytes on Windows.
    Raises OSError where it cannot be written; then the old file is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because only within one file system is a rename atomic.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, _READABLE)
        _replace(path, temporary)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _replace(path: Path, temporary: str) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            if not tries_left:
                raise
            time.sleep(_PAUSE)
