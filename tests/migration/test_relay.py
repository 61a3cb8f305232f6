"""The relay: new connections take longer, kept ones do not, and nothing of it is left behind."""

import asyncio
import http.client
import threading
import time

import pytest

from helpers.migration.relay import further_away


def ask(connection, name):
    """Send one request without waiting for its reply."""
    connection.request("GET", f"/search?q={name}", headers={"x-tag": name})


def connect(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
    connection.connect()
    return connection


def test_a_new_connection_waits_and_a_kept_one_does_not(llm):
    """A request on a kept connection overtakes one that was sent earlier on a new connection."""
    mark = llm.mark()
    with further_away(llm.url, handshake=1.0) as address:
        began = time.perf_counter()
        kept = connect(address)
        ask(kept, "first")
        kept.getresponse().read()
        # Not the whole second: on Windows a loop's clock is 16 ms coarse.
        assert time.perf_counter() - began > 0.9
        new = connect(address)
        ask(new, "new")
        ask(kept, "kept")
        assert kept.getresponse().status == new.getresponse().status == 200
        kept.close()
        new.close()
    assert [record["tag"] for record in llm.journal(since=mark)] == ["first", "kept", "new"]


def test_a_reply_of_many_reads_arrives_whole(llm):
    """A megabyte there, and the server's refusal of it back."""
    with further_away(llm.url, handshake=0.0) as address:
        connection = connect(address)
        json = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", body=b"x" * 2**20, headers=json)
        reply = connection.getresponse()
        assert reply.status == 400 and b"error" in reply.read()
        connection.close()


def test_where_there_is_no_server_the_connection_ends(capfd):
    """The client sees what it would see without the relay, and nothing is logged."""
    with further_away("http://127.0.0.1:1", handshake=0.0) as address:
        connection = connect(address)
        with pytest.raises(ConnectionError):
            connection.request("GET", "/")
            connection.getresponse()
        connection.close()
    assert capfd.readouterr() == ("", "")


def test_it_ends_with_its_block_whatever_is_open(llm):
    """A connection that is kept open ends, and so does the thread."""
    before = set(threading.enumerate())
    with further_away(llm.url, handshake=0.0) as address:
        connection = connect(address)
        ask(connection, "only")
        connection.getresponse().read()
        (thread,) = set(threading.enumerate()) - before
    assert not thread.is_alive() and connection.sock.recv(1) == b""
    connection.close()


def test_a_relay_that_cannot_listen_says_so(llm, monkeypatch):
    """The system's error, at once."""

    async def refused(*_, **__):
        raise OSError("no port is free")

    monkeypatch.setattr(asyncio, "start_server", refused)
    with pytest.raises(OSError, match="no port is free"), further_away(llm.url):
        pass
