"""The live view: what it shows, and that neither a client nor a terminal can break it."""

import asyncio
import io
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.server import Server
from helpers.fake_llm.view import screen, watch
from tests.fake_llm.raw import ask, chat, post

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo-terminal")
if os.name == "posix":
    import pty

    from tests.fake_llm.terminal import CTRL_C, CTRL_Q, CTRL_S, SEQUENCE, Terminal

# All that the view writes to a terminal besides text: another screen, its corner, its cursor, and
# bold and dim.
OWN = {"\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h", "\x1b[?25l", "\x1b[H"}
OWN |= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}
COMBINING = "e" + "\u0301" * 200


def server_of(tags=(), names=("",), **behaviour):
    """A server that has answered a request with each of these tags, of these participants."""
    server = Server(Behaviour(**behaviour))
    for name in filter(None, names):
        server.participants.add(name, 0.0)
    for i, tag in enumerate(tags):
        name = names[i % len(names)]
        journal = server.participants.named(name).journal
        record = journal.open("chat", 1, tag, float(i), participant=name)
        record.started = record.due = record.arrival
        record.first_byte = record.arrival + 0.25
        record.status = 200
        journal.close(record, "answered", record.first_byte)
    return server


def shown(tags=(), names=("",), **behaviour):
    """The screen of such a server as text."""

    async def main():
        server = server_of(tags, names, **behaviour)
        return screen(server, "http://127.0.0.1:1/v1", "steer it at http://127.0.0.1:2")

    console = Console(width=120, file=io.StringIO())
    console.print(asyncio.run(main()))
    return console.file.getvalue()


def test_an_idle_server_shows_its_settings():
    """The defaults in words, changed ones by name, and where they are changed."""
    assert "the defaults: 200 ms a reply" in shown()
    assert "steer it at http://127.0.0.1:2" in shown()
    assert "latency=1.5, script=['503']" in shown(latency=1.5, script=("503",))


def test_requests_are_summed_up_and_the_last_ones_listed():
    """Counts by kind and outcome, times, and a row for each."""
    text = shown(tags=[f"question {i}" for i in range(30)])
    assert "chat      30" in text
    assert "last 30" in text and "250.0 ms" in text
    assert "question 29" in text and "question 17" not in text


def test_with_several_participants_each_row_has_a_name():
    """Alone, nobody needs it; and a name is text as a tag is."""
    assert " who " not in shown(tags="ab")
    text = shown(tags="ab", names=("Ada", "日本 [red]"))
    assert " who " in text and "Ada" in text and "日本 [red]" in text


@pytest.mark.parametrize("tag", ["[/x] [red] :x:", COMBINING, "日本語" * 100, "x" * 5000])
def test_a_tag_is_text_in_a_line_of_its_own(tag):
    """As markup it would end the server or hide; a long one takes no other's place."""
    text = shown(tags=[tag, "next"])
    assert tag[:14] in text
    assert text.count("\n") == shown(tags=["first", "next"]).count("\n")


@posix
def test_what_clients_send_never_steers_the_terminal():
    """Their controls are spelt out, the server answers on, and Ctrl-C ends it with status 0."""
    tags = {
        b"[/x]": (200, "[/x]"),
        b"\x1b]0;owned\x07": (400, " 400 "),  # HTTP itself has no ESC in a header
        b"\x9b31m": (200, "\\x9b31m"),
        COMBINING.encode(): (200, "eÌ\\x81Ì\\x81"),  # and what it has is latin-1
        "日本".encode(): (200, "æ\\x97¥"),
    }
    with Terminal("--latency", "0") as terminal:
        for tag, (status, words) in tags.items():
            assert ask(terminal, post(chat(), lines=b"x-tag: " + tag + b"\r\n"))[0] == status
            terminal.read_until(lambda new, words=words: words in new)
        terminal.press(CTRL_C)
        assert terminal.read_rest() == 0
        assert set(SEQUENCE.findall(terminal.text)) <= OWN
        rest = SEQUENCE.sub("", terminal.text).replace("\r\n", "\n").replace("\n", "")
        assert rest.isprintable()
        # The screen from before is back, with a cursor, and then comes the summary.
        assert "chat" in terminal.text.rpartition("\x1b[?25h\x1b[?1049l")[2]


@posix
@pytest.mark.parametrize(("columns", "rows"), [(20, 24), (80, 3), (1, 1), (0, 0)])
def test_any_terminal_will_do(columns, rows):
    """However small, of whatever encoding, and made larger meanwhile."""
    with Terminal("--latency", "0", columns=columns, rows=rows, PYTHONIOENCODING="ascii") as it:
        it.read_until(lambda new: new.count("\x1b[H") > 1)
        assert ask(it, post(chat(), lines=b"x-tag: small\r\n"))[0] == 200
        it.resize(150, 50)
        it.read_until(lambda new: "small" in new)
        it.press(CTRL_C)
        assert it.read_rest() == 0
        assert "Traceback" not in it.text and "failed:" not in it.text


@posix
def test_a_terminal_that_is_stopped_stops_nobody():
    """Ctrl-S, or a window that is not read: clients are answered, and the server can be ended."""
    with Terminal("--latency", "0.6") as terminal:  # longer than from one picture to the next
        terminal.press(CTRL_S)
        for _ in range(3):
            assert ask(terminal, post(chat()))[0] == 200
        terminal.press(CTRL_Q)
        terminal.read_until(lambda new: "chat" in new)
        terminal.press(CTRL_S)
        for _ in range(2):
            assert ask(terminal, post(chat()))[0] == 200
        terminal.server.send_signal(signal.SIGTERM)
        assert terminal.server.wait(20) == 0


@posix
def test_a_terminal_that_is_gone_ends_nothing():
    """A server that the window does not own serves on, and ends as any other."""
    with Terminal("--latency", "0.6", own=False) as terminal:
        terminal.read_until(lambda new: "Ctrl-C ends it" in new)
        terminal.close()
        for _ in range(3):
            assert ask(terminal, post(chat()))[0] == 200
        terminal.server.send_signal(signal.SIGINT)
        assert terminal.server.wait(20) == 0


@posix
def test_closing_its_own_window_ends_it():
    """Quietly, as Ctrl-C does."""
    with Terminal() as terminal:
        terminal.read_until(lambda new: "Ctrl-C ends it" in new)
        terminal.close()
        assert terminal.server.wait(20) == 0


@posix
def test_the_key_is_never_shown():
    """Only where it is, and what it opens."""
    with Terminal() as terminal:
        where, url = terminal.hello["secret_file"], terminal.hello["control_url"]
        terminal.read_until(lambda new: "Ctrl-C ends it" in new)
        with open(where, encoding="utf-8") as file:
            secret = file.read().strip()
        terminal.press(CTRL_C)
        assert terminal.read_rest() == 0
        assert f"steer it at {url}" in terminal.text
        assert secret not in terminal.text


def read_all(outer):
    """All that comes from a terminal until nobody holds its other side."""
    data = b""
    try:
        while more := os.read(outer, 65_536):
            data += more
    except OSError:  # which is how Linux says so
        pass
    return data.decode()


class Unable:
    """Something that rich cannot draw."""

    def __rich_console__(self, console, options):
        raise ZeroDivisionError("no\x1b")


@posix
@pytest.mark.parametrize("where", ["asked", "drawn"])
def test_an_error_is_a_line_in_the_pictures_place(where, monkeypatch):
    """Whether the server cannot be asked or rich cannot draw; the next picture is tried."""
    drawn = iter([Unable()] if where == "drawn" else [])
    monkeypatch.setattr("helpers.fake_llm.view.PERIOD", 0.01)
    monkeypatch.setattr("helpers.fake_llm.view._times", lambda recent: next(drawn, "times"))
    monkeypatch.setenv("TERM", "xterm")

    async def main():
        over = asyncio.Event()
        server = server_of(tags=["then"])
        recent_of, asked = server.recent, []

        def recent(count):
            asked.append(count)
            if len(asked) == 3:
                over.set()
            if len(asked) == 1 and where == "asked":
                raise ZeroDivisionError("no\x1b")
            return recent_of(count)

        server.recent = recent
        await watch(server, "http://x/v1", "http://y", None, over)

    outer, inner = pty.openpty()
    with ThreadPoolExecutor(1) as reader:
        text = reader.submit(read_all, outer)
        with os.fdopen(inner, "w") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            asyncio.run(main())
            monkeypatch.undo()
        text = text.result(20)
    os.close(outer)
    line = "The view failed: ZeroDivisionError('no\\x1b'). The server serves on."
    assert text.index(line) < text.index("then")
    assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l") == 1
