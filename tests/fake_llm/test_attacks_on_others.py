"""Participants apart: what one does, another neither sees nor feels."""

import json
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from helpers import FakeLLM
from helpers.fake_llm.crowd import MOST_BYTES
from tests.fake_llm.attack import asked_by, control_request, flood, status_of, steer
from tests.fake_llm.bombs import BOMBS
from tests.fake_llm.clients import until
from tests.fake_llm.conftest import QUICK
from tests.fake_llm.neighbour import neighbour
from tests.fake_llm.raw import ask, bearer, chat, connect, get, post, read

SOAK = pytest.mark.soak


def mine(client, path):
    """What a client reads at the public door with its own key."""
    status, _, body = ask(client, get(path, bearer(client.api_key)), "GET")
    assert status == 200, body
    return json.loads(body)


@pytest.fixture
def room():
    """A server with two participants, each of whom has its own journal."""
    with FakeLLM(**QUICK) as llm:
        ada, bob = llm.add("Ada"), llm.add("Bob")
        beside = SimpleNamespace(url=llm.url, pid=llm.pid, api_key=bob.api_key)
        yield SimpleNamespace(llm=llm, ada=ada, bob=bob, beside=beside)


def test_the_same_tag_does_not_change_a_neighbours_times():
    """Bob's times are those that he has without Ada, who asks the same with the same tags."""
    times = []
    for ada_asks in (False, True):
        with FakeLLM(**QUICK | {"latency": 0.01}, tail=1.0) as llm:
            ada, bob = llm.add("Ada"), llm.add("Bob")
            for client in (ada, ada, bob) if ada_asks else (bob,):
                for i in range(5):
                    asked_by(client, lines=b"x-tag: %d\r\n" % i)
            times.append([r["planned"] for r in bob.journal()])
    assert times[0] == times[1]
    assert len(set(times[0])) == 5


def test_a_script_is_one_participants(room):
    """The faults that Ada is to have do not come to Bob."""
    steer(room.llm, "PUT", "/participants/Ada/behaviour", {"script": ["500", "503"]})
    assert [asked_by(room.bob)[0] for _ in range(3)] == [200, 200, 200]
    assert [asked_by(room.ada)[0] for _ in range(3)] == [500, 503, 200]


def test_a_limit_is_one_participants(room):
    """Ada uses hers up, and Bob has all of his."""
    room.llm.behave(requests_per_minute=60, burst=2)
    assert [asked_by(room.ada)[0] for _ in range(4)] == [200, 200, 429, 429]
    assert [asked_by(room.bob)[0] for _ in range(2)] == [200, 200]


def test_what_one_reads_shows_nothing_of_another(room):
    """Journal, stats and marks are one's own, and a tag of another's is not in them."""
    for _ in range(3):
        asked_by(room.ada, "A private question", lines=b"x-tag: private-tag\r\n")
    asked_by(room.bob)
    for path in ("/me/behaviour", "/me/journal", "/me/stats", "/me/mark", "/v1/models", "/"):
        assert "private" not in json.dumps(mine(room.bob, path))
    for more in ("", "participant=Ada", "participant=", "name=Ada", "since=0&participant=Ada"):
        kinds = [r["kind"] for r in mine(room.bob, f"/me/journal?{more}")["records"]]
        assert kinds == ["chat", "models"]
        assert mine(room.bob, f"/me/stats?{more}")["by_kind"] == {"chat": 1, "models": 1}


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/me/behaviour", "/me/journal", "/me/stats", "/me/mark"])
def test_ones_own_numbers_can_only_be_read(room, method, path):
    """Nobody changes settings or forgets a journal at the public door, not even the own."""
    asked_by(room.ada)
    assert (
        status_of(room.ada, control_request(method, path, bearer(room.ada.api_key), body={})) == 405
    )
    assert mine(room.ada, "/me/stats")["requests"] >= 1
    assert mine(room.ada, "/me/behaviour")["latency"] == 0


def test_who_was_removed_is_let_in_no_more(room):
    """On a connection that is open as on a new one; the others go on."""
    with connect(room.ada) as sock:
        request = post(chat(), lines=bearer(room.ada.api_key))
        sock.sendall(request)
        assert read(sock)[0] == 200
        room.llm.remove("Ada")
        try:
            sock.sendall(request)
            reply = read(sock)
        except ConnectionError:
            reply = None
        assert reply is None or reply[0] == 401
    assert asked_by(room.ada)[0] == 401
    assert asked_by(room.bob)[0] == 200
    assert [name for name in room.llm.participants() if name] == ["Bob"]


def test_one_who_is_removed_in_mid_reply_holds_no_slot(room):
    """What is in flight for her ends, and Bob has the slot."""
    room.llm.behave(capacity=1)
    steer(room.llm, "PUT", "/participants/Ada/behaviour", {"script": ["stall"] * 3})
    with connect(room.ada) as sock:
        sock.sendall(post(chat(), lines=bearer(room.ada.api_key)))
        assert sock.recv(1)
        room.llm.remove("Ada")
        assert asked_by(room.bob)[0] == 200


@pytest.mark.parametrize("count", [1_000, pytest.param(5_000, marks=SOAK)])
def test_a_thousand_requests_do_not_starve_one(room, count):
    """With two slots, Bob's one is served before Ada's third after it."""
    room.llm.behave(capacity=2, latency=0.02)
    request = post(chat(), lines=bearer(room.ada.api_key))
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(connect(room.ada)).sendall(request)
        until(lambda: room.llm.stats()["in_flight"] > count // 2)
        assert asked_by(room.bob)[0] == 200
        room.llm.behave(capacity=None, latency=0.0)
        (his,) = room.bob.journal()
        hers = [r["started"] for r in room.ada.journal() if r["started"] is not None]
    between = [started for started in hers if his["arrival"] < started < his["started"]]
    assert len(between) <= 3


# Other tests share the processors, and a moment of theirs would count as Bob's wait.
TRIES = 3

# What one participant sends on many connections at once, as fast as it goes.
FLOODS = {
    "small requests": lambda key: post(chat(max_tokens=1), lines=key) * 200,
    "errors": lambda key: get("/nothing", key) * 500,
    "streams": lambda key: post(chat("In 2000 words.", n=25, stream=True), lines=key),
    "megabytes": lambda key: post(chat("a" * 1_000_000), lines=key) * 3,
    "tool calls": lambda key: post(BOMBS["many large calls that are done"](), lines=key),
    "own numbers": lambda key: get("/me/stats", key) * 100 + get("/me/journal", key) * 100,
    "searches": lambda key: get("/search?q=" + "the+a+of+agent+" * 25, key) * 100,
    "wrong keys": lambda key: post(chat(), lines=bearer("wrong")) * 3,
}


@pytest.mark.parametrize(
    ("count", "seconds"), [(100, 2.0), pytest.param(400, 5.0, marks=SOAK)], ids=["some", "many"]
)
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_one_delays_nobody(capfd, room, name, count, seconds):
    """Bob is served in between, the server stays within its bound, and has nothing to say."""
    data = FLOODS[name](bearer(room.ada.api_key))
    for _ in range(TRIES):
        with neighbour(room.beside) as bob:
            flood(room.llm, data, count, seconds)
            seen = bob.seen()
        # Measured by the flood itself, since a machine may be slow for its length and not before.
        if seen.busy < seconds / 2:
            break
    assert seen.busy < seconds / 2
    assert seen.grown < 3 * MOST_BYTES  # as bytes, and once more as what they say
    assert capfd.readouterr().err == ""


def test_a_flood_of_one_evicts_nothing_of_another(room):
    """Ada's requests, well-formed or not, leave Bob's journal as it was."""
    for _ in range(3):
        asked_by(room.bob)
    before = room.bob.journal()
    line = bearer(room.ada.api_key)
    with connect(room.ada) as sock:
        for path in ("/search", "/nothing") * 500:
            sock.sendall(get(path, line))
            assert 400 <= read(sock, "GET")[0] < 500
    assert room.bob.journal() == before
    assert room.bob.stats()["requests"] == 3


@pytest.mark.parametrize("count", [2_000, pytest.param(6_000, marks=SOAK)])
def test_idle_strangers_do_not_shut_out_a_class_behind_their_address(room, count):
    """Thousands of connections that never ask, from the address of one who does."""
    with connect(room.bob) as open_before, ExitStack() as stack:
        request = post(chat(), lines=bearer(room.bob.api_key))
        open_before.sendall(request)
        assert read(open_before)[0] == 200
        with neighbour(room.beside):
            for _ in range(count):
                stack.enter_context(connect(room.llm))
            assert [asked_by(room.bob)[0] for _ in range(10)] == [200] * 10
        open_before.sendall(request)
        assert read(open_before)[0] == 200
