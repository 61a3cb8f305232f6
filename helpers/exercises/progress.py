"""Which exercises are solved: one small file for each, in a folder beside the notebooks.

No file is ever changed, so several kernels can keep what they solve at one time and none undoes
what another has done. What cannot be read is reported, and left as it is.
"""

import json
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from helpers.exercises import catalogue
from helpers.exercises.exercise import Exercise
from helpers.files import write_whole

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
VARIABLE = "COURSE_PROGRESS"

# Bytes. A record has about 100, and the first edition's file with every exercise 500; what is
# larger is none of ours, and reading it whole could use up the memory.
_LARGEST = 16_384


class _Places(NamedTuple):
    """Where records are kept, and the first edition's file, None where there cannot be one."""

    folder: Path
    first_edition: Path | None


class _Record(NamedTuple):
    """That an exercise was solved, and at which version of it."""

    exercise: str
    version: int


class _Unreadable(Exception):
    """What stands in the place of a file of ours is none; the message says why, in words."""


@dataclass(frozen=True)
class Progress:
    """What has been solved. versions: of each exercise solved, the newest that was.

    troubles: what could not be read, a sentence each.
    """

    versions: dict[str, int]
    troubles: tuple[str, ...] = ()

    def is_solved(self, exercise: Exercise) -> bool:
        """Whether it is solved as it stands today."""
        return self.versions.get(exercise.id, 0) >= exercise.version

    def was_solved(self, exercise: Exercise) -> bool:
        """Whether an older version of it is solved, and it is open again."""
        return exercise.id in self.versions and not self.is_solved(exercise)


def read_progress() -> Progress:
    """Everything that has been solved. Raises nothing: what cannot be read is in its troubles."""
    places = _places()
    troubles: list[str] = []
    records = _read_first_edition(places.first_edition, troubles)
    records += _read_folder(places.folder, troubles)
    versions: dict[str, int] = {}
    for exercise_id, version in records:
        versions[exercise_id] = max(version, versions.get(exercise_id, 0))
    return Progress(versions, tuple(troubles))


def solved() -> set[str]:
    """The ids of the exercises that are solved as they stand today."""
    progress = read_progress()
    known = catalogue.exercises().values()
    return {exercise.id for exercise in known if progress.is_solved(exercise)}


def keep(exercise: Exercise) -> str:
    """Keep an exercise as solved. The text says what went wrong, and is empty where nothing did."""
    places = _places()
    path = places.folder / f"{exercise.id}.v{exercise.version}.json"
    record = {
        "exercise": exercise.id,
        "version": exercise.version,
        "solved": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    notes: list[str] = []
    _read_first_edition(places.first_edition, notes)  # only for what there is to say of it
    try:
        _write(path, json.dumps(record) + "\n")
        if _read_record(path) != (exercise.id, exercise.version):
            raise _Unreadable("it is the record of another exercise")
    except OSError as error:
        notes.append(f"your progress could not be kept ({_words(error)}: {path}).")
    except _Unreadable as error:
        notes.append(
            f"your progress could not be kept: in the place of its file stands something else"
            f" ({path}: {error}). It was left as it is; move it away and check again."
        )
    return " ".join(notes)


def _write(path: Path, text: str) -> None:
    """Write a file that is not there; whatever is there, a link that leads nowhere too, stays."""
    if os.path.lexists(path):
        return
    try:
        write_whole(path, text)
    except OSError:
        # Windows refuses to replace what another kernel, which keeps the same, has just written.
        if not os.path.lexists(path):
            raise


def _places() -> _Places:
    """The folder that COURSE_PROGRESS names, or the one beside the notebooks.

    In the first edition the variable named a file. Where it still does, that file is read, and
    records go to a folder beside it with the same name and ".d".
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return _Places(NOTEBOOKS / ".progress", NOTEBOOKS / ".progress.json")
    path = Path(named)
    if os.path.isfile(path):
        return _Places(path.with_name(f"{path.name}.d"), path)
    return _Places(path, None)


def _read_folder(folder: Path, troubles: list[str]) -> list[_Record]:
    """Every record in it; what cannot be read is added to the troubles, a sentence each."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        troubles.append(_left_alone(folder, error))
        return []
    records = []
    for name in names:
        if name.endswith(".json"):
            try:
                records.append(_read_record(folder / name))
            except (_Unreadable, OSError) as error:
                troubles.append(_left_alone(folder / name, error))
    return records


def _read_first_edition(path: Path | None, troubles: list[str]) -> list[_Record]:
    """The same of the first edition's file, which holds all ids in one list: {"solved": [...]}."""
    if path is None:
        return []
    try:
        match _read_json(path):
            case {"solved": [*ids]} if all(isinstance(exercise_id, str) for exercise_id in ids):
                return [_Record(exercise_id, 1) for exercise_id in ids]
        raise _Unreadable("it holds no list of solved exercises")
    except FileNotFoundError:
        return []
    except (_Unreadable, OSError) as error:
        troubles.append(_left_alone(path, error))
        return []


def _read_record(path: Path) -> _Record:
    match _read_json(path):
        case {"exercise": str(exercise_id), "version": int(version)}:
            return _Record(exercise_id, version)
    raise _Unreadable("it is no record of an exercise")


def _read_json(path: Path) -> Any:
    """What a small file holds. Raises _Unreadable where it is no such file, OSError otherwise."""
    # First its kind: opening a pipe would wait for somebody who writes into it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise _Unreadable("it is no file")
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise _Unreadable("it is too large")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # no JSON, or lists in lists without end
        raise _Unreadable("it is not JSON that we can read") from None


def _left_alone(path: Path, error: _Unreadable | OSError) -> str:
    return f"{path} could not be read as progress ({_words(error)}); it was left as it is."


def _words(error: _Unreadable | OSError) -> str:
    return getattr(error, "strerror", None) or str(error)
