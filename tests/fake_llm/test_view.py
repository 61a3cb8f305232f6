"""The live view: what it shows, and that no client can break it."""

import asyncio
import io

from rich.console import Console

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.server import Server
from helpers.fake_llm.view import screen


def shown(tags=(), **behaviour):
    """The screen of a server that has answered a request with each of these tags."""

    async def main():
        server = Server(Behaviour(**behaviour))
        for i, tag in enumerate(tags):
            record = server.journal.open("chat", 1, tag, float(i))
            record.started = record.due = record.arrival
            record.first_byte = record.arrival + 0.25
            record.status = 200
            server.journal.close(record, "answered", record.first_byte)
        return screen(server, "http://127.0.0.1:1/v1")

    console = Console(width=120, file=io.StringIO())
    console.print(asyncio.run(main()))
    return console.file.getvalue()


def test_an_idle_server_shows_its_settings():
    """The defaults in words, changed ones by name, a key never."""
    assert "the defaults: 200 ms a reply" in shown()
    text = shown(latency=1.5, api_key="secret", script=("503",))
    assert "latency=1.5, script=['503'], api_key=(set)" in text
    assert "secret" not in text


def test_requests_are_summed_up_and_the_last_ones_listed():
    """Counts by kind and outcome, times, and a row for each."""
    text = shown(tags=[f"question {i}" for i in range(30)])
    assert "chat      30" in text
    assert "last 30" in text and "250.0 ms" in text
    assert "question 29" in text and "question 17" not in text


def test_a_tag_is_shown_as_it_is():
    """It is a client's own text: as markup it would end the server, or hide in the picture."""
    assert "[/x] [red]" in shown(tags=["[/x] [red]"])
