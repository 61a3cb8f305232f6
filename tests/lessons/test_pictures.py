"""lessons/tools/pictures.py: the pictures that the README shows."""

import re
from pathlib import Path

import pytest

from lessons.tools import pictures

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n"


def shown():
    """The names of the pictures that the README shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"lessons/images/([\w.]+)", text))


def test_every_picture_of_the_readme_is_there_and_no_other():
    """A mistyped name would show nothing, and a picture that nobody shows is dead weight."""
    assert shown() == {path.name for path in pictures.FOLDER.glob("*.png")}


def test_every_drawing_is_shown_by_a_lesson():
    """Drawings are by hand; one that no lesson shows is dead weight, too."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lessons").glob("*.md"))
    drawn = {path.name for path in pictures.FOLDER.glob("*.svg")}
    assert drawn == set(re.findall(r"\]\(images/([\w.]+\.svg)\)", text))


@pytest.mark.soak
def test_the_pictures_are_drawn_anew(tmp_path, monkeypatch):
    """Each that the README shows, as a PNG."""
    monkeypatch.setattr(pictures, "FOLDER", tmp_path / "images")
    pictures.main()
    drawn = {path.name: path.read_bytes()[:6] for path in (tmp_path / "images").iterdir()}
    assert drawn == dict.fromkeys(shown(), PNG)
