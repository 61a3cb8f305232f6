"""Who gets in: at the public door by key, at the control door by its secret, no web page at either.

And that neither key nor secret can be read anywhere.
"""

import json
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psutil
import pytest

from helpers import FakeLLM
from tests.fake_llm.attack import (
    BODY,
    CHAT,
    CHUNKED,
    CHUNKS,
    JSON,
    LENGTH,
    control_request,
    head,
    readable,
    status_of,
    steer,
)
from tests.fake_llm.clients import until
from tests.fake_llm.conftest import QUICK
from tests.fake_llm.neighbour import neighbour
from tests.fake_llm.raw import ControlDoor, ask, bearer, connect, get, read

RIGHT = bearer("the-right-key")
WRONG = bearer("a-wrong-key")
EVIL = b"origin: https://evil.example\r\n"


@pytest.fixture(scope="module")
def keyed():
    """A server that lets in one key, or a participant's."""
    with FakeLLM(**QUICK, api_key="the-right-key") as server:
        yield server


# The public door.


def question(*more, host=b"localhost", key=RIGHT, kind=JSON, trailer=None):
    """A good request, but for what is given; in chunks where it has a trailer."""
    lines = [line for line in (key, kind, *more) if line]
    if trailer is None:
        return head(CHAT, *lines, LENGTH, host=host) + BODY
    return head(CHAT, *lines, CHUNKED, host=host) + CHUNKS + trailer + b"\r\n"


ENTRIES = {
    "all is right": (question(), 200),
    "an unknown trailer": (question(trailer=b"x-checksum: 7\r\n"), 200),
    # Trailers set no headers.
    "a key in a trailer": (question(key=b"", trailer=RIGHT), 401),
    "a better key in a trailer": (question(b"trailer: x\r\n", key=WRONG, trailer=RIGHT), 401),
    "a worse key in a trailer": (question(trailer=WRONG), 200),
    "a better host in a trailer": (question(host=b"evil.example", trailer=b"host: ::1\r\n"), 421),
    "a worse host in a trailer": (question(trailer=b"host: evil.example\r\n"), 200),
    "a type in a trailer": (question(kind=b"content-type: text/plain\r\n", trailer=JSON), 415),
    "no type but in a trailer": (question(kind=b"", trailer=JSON), 415),
    "an origin in a trailer": (question(EVIL, trailer=b"origin: http://localhost\r\n"), 403),
    # What matters is said once.
    "two keys": (question(WRONG), 400),
    "two keys, the right one last": (question(RIGHT, key=WRONG), 400),
    "two hosts": (question(b"host: evil.example\r\n"), 400),
    "the same host twice": (question(b"host: localhost\r\n"), 400),
    "two types": (question(b"content-type: text/plain\r\n"), 400),
    "two lengths": (question(b"content-length: 3\r\n"), 400),
    "the same length twice": (question(LENGTH), 400),
    "chunks twice": (question(CHUNKED, trailer=b"a: b\r\n"), 400),
    "a length and chunks": (question(LENGTH, trailer=b"a: b\r\n"), 400),
    "two origins": (question(b"origin: null\r\n", b"origin: http://localhost\r\n"), 400),
    # Hosts.
    "no host, which a browser never sends": (question(host=None), 200),
    "an empty host": (question(host=b""), 421),
    "another host": (question(host=b"evil.example"), 421),
    "a host that begins well": (question(host=b"localhost.evil.example"), 421),
    "a host that ends well": (question(host=b"evil.localhost"), 421),
    "a host that looks like an address": (question(host=b"127.0.0.1.evil.example"), 421),
    "a user in the host": (question(host=b"localhost@evil.example"), 421),
    "half a bracket": (question(host=b"[::1.evil.example"), 421),
    "this machine": (question(host=b"LocalHost:8000"), 200),
    "an address": (question(host=b"192.168.1.20:8000"), 200),
    "an address of six": (question(host=b"[fe80::1]:8000"), 200),
    # Web pages.
    "another origin": (question(EVIL), 403),
    "an origin that is not told": (question(b"origin: null\r\n"), 403),
    "another port's origin": (question(b"origin: http://localhost:1\r\n"), 403),
    "the own origin, by another scheme": (question(b"origin: https://localhost\r\n"), 403),
    "the own origin": (question(b"origin: http://localhost\r\n"), 200),
    "an origin that only reads": (head(b"GET /v1/models HTTP/1.1\r\n", RIGHT, EVIL), 403),
    "a page that asks for leave": (head(b"OPTIONS /v1/chat/completions HTTP/1.1\r\n", EVIL), 403),
    "no type": (question(kind=b""), 415),
    "plain text": (question(kind=b"content-type: text/plain\r\n"), 415),
    "a form": (question(kind=b"content-type: application/x-www-form-urlencoded\r\n"), 415),
    "a form in parts": (question(kind=b"content-type: multipart/form-data; boundary=a\r\n"), 415),
    "text that names JSON": (question(kind=b"content-type: text/plain; application/json\r\n"), 415),
    # Keys.
    "no key": (question(key=b""), 401),
    "an empty key": (question(key=bearer("")), 401),
    "a wrong key": (question(key=WRONG), 401),
    "a letter more": (question(key=bearer("the-right-keyx")), 401),
    "a letter less": (question(key=bearer("the-right-ke")), 401),
    "two keys in one": (question(key=bearer("the-right-key, Bearer x")), 401),
    "a key of odd bytes": (question(key=b"authorization: Bearer \xff\x80\r\n"), 401),
    "a key of sixty thousand": (question(key=bearer("k" * 60_000)), 401),
    "another kind of key": (question(key=b"authorization: Basic the-right-key\r\n"), 401),
    "a key without its kind": (question(key=b"authorization: the-right-key\r\n"), 401),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_who_is_let_in_at_the_public_door(keyed, name):
    """By host, origin, type and key, none of them said twice or in a trailer."""
    data, status = ENTRIES[name]
    assert status_of(keyed, data) == status


# The control door.

CONTROLS = [
    ("GET", "/behaviour"),
    ("PUT", "/behaviour"),
    ("GET", "/journal"),
    ("DELETE", "/journal"),
    ("GET", "/stats"),
    ("GET", "/mark"),
    ("GET", "/participants"),
    ("POST", "/participants"),
    ("DELETE", "/participants/Ada"),
    ("GET", "/participants/Ada/behaviour"),
    ("PUT", "/participants/Ada/behaviour"),
]


def changing(method, path, *lines):
    """A control request that would change much."""
    body = {"name": "Eve"} if method == "POST" else {"latency": 9} if method == "PUT" else None
    return control_request(method, path, *lines, body=body)


def unchanged(llm):
    """Assert that nothing was steered."""
    assert llm.behaviour()["latency"] == 0
    assert "Eve" not in llm.participants()


@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_nothing_is_steered_at_the_public_door(keyed, method, path):
    """Whoever asks, these addresses are not there."""
    assert status_of(keyed, changing(method, path, RIGHT)) == 404
    unchanged(keyed)


@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_nothing_is_steered_without_the_secret(keyed, method, path):
    """Without a key, or with an empty one."""
    for lines in ((), (bearer(""),)):
        assert status_of(ControlDoor(keyed), changing(method, path, *lines)) == 401
    unchanged(keyed)


def test_only_the_secret_steers(keyed):
    """No other key does: a wrong one, one of the public door's, the secret and a letter."""
    with participant(keyed, "Sue") as sue:
        for key in ("wrong", keyed.api_key, sue.api_key, keyed._secret + "x", keyed._secret[:-1]):
            request = changing("PUT", "/behaviour", bearer(key))
            assert status_of(ControlDoor(keyed), request) == 401
    request = changing("PUT", "/behaviour", bearer(keyed._secret))
    assert status_of(keyed, request) == 401  # and it is no key of the public door
    unchanged(keyed)


@contextmanager
def participant(llm, name):
    """A participant, who is removed afterwards."""
    yield llm.add(name)
    llm.remove(name)


@pytest.mark.parametrize(
    ("host", "lines", "status"),
    [
        (b"localhost", (JSON,), 200),
        (b"evil.example", (JSON,), 421),
        (b"localhost", (JSON, EVIL), 403),
        (b"localhost", (JSON, b"origin: null\r\n"), 403),
        (b"localhost", (), 415),
        (b"localhost", (b"content-type: text/plain\r\n",), 415),
        (b"localhost", (b"content-type: application/x-www-form-urlencoded\r\n",), 415),
        (b"localhost", (JSON, JSON), 400),
    ],
)
def test_no_web_page_steers(keyed, host, lines, status):
    """Even one that knew the secret is known by its host, its origin or its content type."""
    raw = b'{"latency": 0}'
    length = b"content-length: %d\r\n" % len(raw)
    data = (
        head(b"PUT /behaviour HTTP/1.1\r\n", bearer(keyed._secret), length, *lines, host=host) + raw
    )
    assert status_of(ControlDoor(keyed), data) == status


@pytest.mark.parametrize(
    "path", ["/v1/models", "/search?q=a", "/weather?city=Paris", "/me/behaviour", "/me/journal"]
)
def test_the_control_door_serves_nothing_else(keyed, path):
    """What the public door serves is not there."""
    assert steer(keyed, "GET", path)[0] == 404


def test_the_control_door_is_for_this_machine_alone():
    """Whatever the public door listens on."""
    with FakeLLM(**QUICK, host="0.0.0.0", api_key="the-right-key") as llm:
        sockets = psutil.Process(llm.pid).net_connections()
        listening = {c.laddr.port: c.laddr.ip for c in sockets if c.status == "LISTEN"}
        assert listening == {
            urlsplit(llm._control_url).port: "127.0.0.1",
            urlsplit(llm.url).port: "0.0.0.0",
        }
        assert llm.stats()["requests"] == 0


# Secrets.


def test_no_secret_can_be_read_anywhere(keyed):
    """Not in the start line, the process's command line and environment, replies, or `repr`."""
    process = psutil.Process(keyed.pid)
    door = ControlDoor(keyed)
    seen = {
        "start line": json.dumps(keyed._child.hello),
        "command line": " ".join(process.cmdline()),
        "environment": json.dumps(process.environ()),
        "repr": f"{keyed!r} {keyed} {keyed._child!r}",
        "a refusal": repr(ask(keyed, question(key=bearer("the-right-ke")))),
        "another": repr(ask(door, control_request("GET", "/stats", bearer(keyed._secret[:-1])))),
    }
    with participant(keyed, "Sue") as sue:
        secrets = [keyed._secret, keyed.api_key, sue.api_key]
        seen["repr of a client"] = f"{sue!r} {sue}"
        of_sue = "/participants/Sue/behaviour"
        for path in ("/behaviour", "/journal", "/stats", "/mark", "/participants", of_sue):
            seen[path] = repr(steer(keyed, "GET", path))
        for path in ("/me/behaviour", "/me/journal", "/me/stats", "/me/mark", "/v1/models", "/"):
            seen[path] = repr(ask(keyed, get(path, RIGHT), "GET"))
    shown = [(name, secret) for name, text in seen.items() for secret in secrets if secret in text]
    assert not shown


def test_an_error_does_not_show_the_secret(keyed):
    """Wrong settings, unknown participants and odd names are told without it."""
    told = []
    for wrong in (
        lambda: keyed.behave(latency=-1),
        lambda: keyed.remove("nobody"),
        lambda: keyed.behave("nobody", latency=1),
        lambda: keyed.add(""),
    ):
        try:
            wrong()
        except (ValueError, TypeError) as error:
            told.append(repr(error))
    assert len(told) >= 4
    assert not any(secret in text for text in told for secret in (keyed._secret, keyed.api_key))


def test_only_a_wrong_key_is_slowed(keyed):
    """It has its answer after those who asked later with the right one."""
    with connect(keyed) as thief, connect(keyed) as owner:
        for _ in range(3):
            thief.sendall(question(key=WRONG))
            owner.sendall(question())
            assert read(owner)[0] == 200
            assert not readable(thief)
            assert read(thief)[0] == 401


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_wrong_keys_blind_nobody(keyed, count):
    """They are not in the journal, so that they evict nothing; the right key is served."""
    mark = keyed.mark()
    for i in range(5):
        assert status_of(keyed, question(b"x-tag: %d\r\n" % i)) == 200
    with neighbour(keyed) as beside:
        beside.bears(lambda: try_keys(keyed, count))
    records = keyed.journal(mark)
    assert [r["tag"] for r in records if r["tag"] is not None] == ["0", "1", "2", "3", "4"]
    assert {r["status"] for r in records} == {200}


def try_keys(llm, count, at_once=500):
    """So many wrong keys, each on a connection of its own, without waiting for what is said.

    They stay until the server has counted them: a slow one would turn away, unread, the strangers
    that are more than it has room for.
    """
    before = refused(llm)
    for sent in range(at_once, count + 1, at_once):
        all_of_them = before | {"401": before.get("401", 0) + sent}
        with ExitStack() as stack:
            lines = [stack.enter_context(connect(llm)) for _ in range(at_once)]
            for i, line in enumerate(lines):
                line.sendall(question(key=bearer(f"wrong-{i}")))
            until(lambda these=all_of_them: refused(llm) == these)


def refused(llm):
    """By status, how many have been turned away of whom it was not known who they are."""
    return json.loads(steer(llm, "GET", "/refused")[2])
