"""A file is written as a whole or not at all."""

import os
import sys
import threading

import pytest

from helpers.files import write_whole


def test_a_file_and_its_folder_are_made(tmp_path):
    """The text is there byte for byte: no line end is translated."""
    path = tmp_path / "new" / "deep" / "file.json"
    write_whole(path, "one\r\ntwo\nthrée\n")
    assert path.read_bytes() == "one\r\ntwo\nthrée\n".encode()


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    """Whoever reads sees the old text; no half-written file lies about."""
    path = tmp_path / "file.txt"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")

    def refuse(*paths):
        raise OSError("full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="full"):
        write_whole(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_somebody_has_open_is_tried_again(tmp_path, monkeypatch):
    """As on Windows, where a reader is in the way for a moment, or for good."""
    path, replace, refusals = tmp_path / "file.txt", os.replace, [PermissionError()] * 3

    def refuse_at_first(*paths):
        if refusals:
            raise refusals.pop()
        replace(*paths)

    monkeypatch.setattr(os, "replace", refuse_at_first)
    write_whole(path, "new")
    assert path.read_text() == "new" and refusals == []
    refusals += [PermissionError()] * 1000
    monkeypatch.setattr("helpers.files._PAUSE", 0)
    with pytest.raises(PermissionError):
        write_whole(path, "newer")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there a reader may find the file taken")
def test_a_reader_never_sees_half_a_file(tmp_path):
    """While one thread writes two texts in turn, another reads only one or the other."""
    path, over = tmp_path / "file.txt", threading.Event()
    texts = {letter * 200_000 for letter in "ab"}
    write_whole(path, "a" * 200_000)
    seen = []

    def read():
        while not over.is_set():
            seen.append(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for text in texts:
            write_whole(path, text)
    over.set()
    reader.join()
    assert seen and set(seen) <= texts


def test_writers_at_one_time_leave_one_whole_text(tmp_path):
    """Each has a temporary file of its own, so the last to come wins, and nothing is mixed."""
    path, meeting = tmp_path / "file.txt", threading.Barrier(8)
    texts = [str(number) * 10_000 for number in range(8)]

    def write(text):
        meeting.wait()
        write_whole(path, text)

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_others_may_read_it(tmp_path):
    """A temporary file is its maker's alone; what it becomes is an ordinary file."""
    path = tmp_path / "file.txt"
    write_whole(path, "text")
    assert path.stat().st_mode & 0o777 == 0o644
