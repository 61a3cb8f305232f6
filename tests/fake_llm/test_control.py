"""The control door: what it steers, what it reads, and that it opens for its secret alone."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from helpers import FakeLLM
from helpers.process import own_environment
from tests.fake_llm.clients import clean
from tests.fake_llm.raw import ControlDoor, ask, bearer, chat, get, post, put

ADDRESSES = ["/behaviour", "/journal", "/stats", "/mark", "/refused", "/participants"]


@pytest.fixture
def door(llm):
    """The control door of the module's server."""
    return ControlDoor(llm)


def read(door, path, **also):
    """What a GET at the control door answers, as JSON."""
    status, _, body = ask(door, get(path, door.key), "GET")
    assert status == also.get("status", 200)
    return json.loads(body)


@pytest.mark.parametrize("path", [*ADDRESSES, "/participants/Ada", "/", "/v1/models", "/nothing"])
def test_it_opens_for_its_secret_alone(llm, door, path):
    """Nothing is told without, not even which addresses there are."""
    for lines in (b"", bearer("wrong"), bearer(llm._secret[:-1]), b"authorization: Basic x\r\n"):
        reply = ask(door, get(path, lines), "GET")
        assert reply[0] == 401
        clean(reply)


@pytest.mark.parametrize("path", ADDRESSES)
def test_its_addresses_are_not_at_the_public_door(llm, door, path):
    """Whoever shows what there."""
    assert read(door, path) is not None
    for lines in (b"", door.key):
        status, _, body = ask(llm, get(path, lines), "GET")
        assert status == 404 and b"behind the control door" in body
    assert ask(llm, put({}, path, door.key))[0] == 404


def test_what_it_does_not_know_is_a_clean_error(door):
    """Addresses, methods, bodies, numbers, names."""
    assert read(door, "/nothing", status=404)["error"]["message"].startswith("Invalid URL")
    for data, status in (
        (get("/participants/Nobody/behaviour", door.key), 404),
        (get("/journal?participant=Nobody", door.key), 404),
        (get("/stats?since=-1", door.key), 400),
        (put({"latency": "soon"}, "/behaviour", door.key), 400),
        (put({"api_key": "mine"}, "/behaviour", door.key), 400),
        (put(b"[", "/behaviour", door.key), 400),
        (put({}, "/stats", door.key), 405),
        (post({"name": "a/b"}, "/participants", door.key), 400),
        (post({}, "/participants", door.key), 400),
    ):
        reply = ask(door, data, data.split()[0].decode())
        assert reply[0] == status, data
        clean(reply)


def test_what_steers_is_in_no_journal(llm, door):
    """Nor is it counted as refused."""
    read(door, "/stats")
    assert llm.stats()["requests"] == 0


def test_a_journal_is_read_in_pages(llm, door):
    """`limit` makes them shorter, `next` goes on; the handle reads them all."""
    for _ in range(5):
        ask(llm, post(chat()))
    first = read(door, "/journal?limit=2")
    assert (len(first["records"]), first["next"]) == (2, int(first["records"][1]["id"][4:]) + 1)
    last = read(door, f"/journal?limit=3&since={first['next']}")
    assert (len(last["records"]), last["next"]) == (3, None)
    assert llm.journal() == first["records"] + last["records"]


def test_refused_strangers_are_counted_and_leave_no_record():
    """Wrong keys, foreign pages, other hosts: by their status."""
    with FakeLLM(latency=0, api_key="right") as llm:
        ask(llm, get("/v1/models", bearer("wrong")), "GET")
        ask(llm, get("/v1/models", b"origin: http://evil.example\r\n"), "GET")
        ask(llm, get("/v1/models").replace(b"localhost", b"evil.example"), "GET")
        assert read(ControlDoor(llm), "/refused") == {"401": 1, "403": 1, "421": 1}
        assert llm.stats()["requests"] == 0


# Started by hand.


def test_by_hand_the_secret_is_in_a_file_that_only_its_owner_can_read():
    """The start line names both doors and the file, which ends with the server."""
    command = [sys.executable, "-m", "helpers.fake_llm", "--latency", "0"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, env=own_environment()) as process:
        line = process.stdout.readline()
        hello = json.loads(line)
        path = Path(hello["secret_file"])
        secret = path.read_text(encoding="ascii")
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert secret not in line.decode()
        assert secret not in " ".join(psutil.Process(process.pid).cmdline())
        door = ControlDoor.__new__(ControlDoor)
        door.url = hello["control_url"]
        door.key = bearer(secret)
        assert read(door, "/behaviour")["latency"] == 0
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert not path.exists()


def test_the_secret_and_the_key_are_nowhere_to_be_read():
    """Not in the handle's repr, the process's arguments or variables, nor in any answer."""
    with FakeLLM(latency=0, api_key="the-key-of-the-first") as llm:
        process = psutil.Process(llm.pid)
        shown = [repr(llm), str(process.cmdline()), str(process.environ())]
        door = ControlDoor(llm)
        shown += [str(ask(door, get(path, door.key), "GET")[2]) for path in ADDRESSES]
        mine = bearer("the-key-of-the-first")
        for path in ("/", "/me/behaviour", "/me/journal", "/me/stats", "/me/mark", "/v1/models"):
            shown.append(str(ask(llm, get(path, mine), "GET")[2]))
        assert llm._secret not in str(shown)
        assert "the-key-of-the-first" not in str(shown)
