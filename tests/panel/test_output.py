"""What a strategy prints in a thread: the panel gets the first of it, and the rest is counted."""

import sys
import threading
from contextlib import contextmanager

from helpers.panel.output import KEPT_CHARACTERS, KEPT_LINES, Printed


def print_in_a_thread(text, end="\n"):
    """As a strategy does."""
    thread = threading.Thread(target=print, args=[text], kwargs={"end": end})
    thread.start()
    thread.join()


@contextmanager
def listening():
    """One that is open in the block. (No fixture: pytest sets another stdout after it.)"""
    printed = Printed().open()
    try:
        yield printed
    finally:
        printed.close()


def test_what_a_thread_prints_is_a_note_and_reaches_no_cell(capsys):
    """A thread that a button started belongs to no cell."""
    with listening() as printed:
        print_in_a_thread("one\ntwo")
    assert printed.notes() == ["It printed:\none\ntwo"]
    assert capsys.readouterr().out == ""


def test_nothing_printed_is_no_note():
    """A panel says nothing then."""
    assert Printed().notes() == []


def test_the_main_threads_prints_are_let_through(capsys):
    """They are a cell's own."""
    with listening() as printed:
        print("from a cell")
    assert capsys.readouterr().out == "from a cell\n"
    assert printed.notes() == []


def test_of_many_lines_the_first_are_kept_and_the_rest_counted():
    """A million lines would stop the browser."""
    with listening() as printed:
        print_in_a_thread("\n".join(["tick"] * 1_000_000))
    (note,) = printed.notes()
    assert note.count("tick") == KEPT_LINES
    assert note.endswith("\n… and 999,980 lines more")
    assert printed.lines == 1_000_000


def test_of_a_line_without_end_little_is_kept():
    """Nor does one line of a megabyte reach the page, in one piece or in many."""
    with listening() as printed:
        for _ in range(100):
            print_in_a_thread("x" * 10_000, end="")
    assert len(printed.notes()[0]) < 2 * KEPT_CHARACTERS + 100


def test_of_two_that_listen_the_later_gets_all():
    """A thread does not say which panel it belongs to."""
    with listening() as first:
        with listening() as later:
            print_in_a_thread("to the later")
        print_in_a_thread("to the first")
    assert later.notes() == ["It printed:\nto the later"]
    assert first.notes() == ["It printed:\nto the first"]


def test_stdout_is_afterwards_what_it_was():
    """Once the last that listens is closed, also when it is closed twice."""
    before = sys.stdout
    first, second = Printed().open(), Printed().open()
    first.close()
    first.close()
    assert sys.stdout is not before
    second.close()
    assert sys.stdout is before


def test_a_stdout_that_somebody_else_put_over_it_stays(monkeypatch):
    """Who closes last must not take another's away."""
    real = sys.stdout
    printed = Printed().open()
    monkeypatch.setattr(sys, "stdout", sys.stderr)
    printed.close()
    assert sys.stdout is sys.stderr
    monkeypatch.setattr(sys, "stdout", real)


def test_stdout_keeps_its_other_methods():
    """Code that asks for its encoding, or flushes it, still can."""
    encoding = sys.stdout.encoding
    with listening():
        sys.stdout.flush()
        assert sys.stdout.encoding == encoding
