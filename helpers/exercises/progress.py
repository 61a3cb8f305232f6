"""Which exercises are solved: one JSON file beside the notebooks.

COURSE_PROGRESS, an environment variable, names another file. What is solved stays solved.
"""

import json
import os
import re
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def progress_file() -> Path:
    """Where progress is kept."""
    return Path(os.environ.get("COURSE_PROGRESS") or ROOT / "notebooks" / ".progress.json")


def solved() -> set[str]:
    """The ids of the solved exercises. A broken file is moved aside, and then nothing is solved.

    Raises OSError where the file cannot be read: to take it as empty would lose what it holds at the next write.
    """
    path = progress_file()
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))["solved"]
        if not isinstance(ids, list):
            raise ValueError("solved is no list")
        return {str(i) for i in ids}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError):
        path.replace(path.with_name(f"{path.name}.broken"))
        return set()


def keep(exercise_id: str) -> str:
    """Keep an exercise as solved; the text says what went wrong, and is empty where nothing did."""
    try:
        _write(solved() | {exercise_id})
    except OSError as error:
        return f"your progress could not be kept ({error.strerror or error})."
    return ""


def _write(ids: set[str]) -> None:
    """Replace the file as a whole, so that no reader and no crash ever sees half of it."""
    path = progress_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"solved": sorted(ids, key=_by_number)}, file, indent=1)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _by_number(exercise_id: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", exercise_id)]
