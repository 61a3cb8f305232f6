"""Who is let in: each reason to be kept out by what a request's head says."""

import socket

import pytest

from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.gate import Hosts, check_origin, check_type, choose, key_of
from helpers.fake_llm.wire import Request

METHODS = {b"GET": "read", b"PUT": "write"}


def request(method=b"PUT", **headers):
    """A request with these headers."""
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Request(None, method=method, path="/path", headers=named)


def status_of(check, *arguments):
    """The status with which a check keeps a request out; None if it lets it in."""
    try:
        check(*arguments)
    except ApiError as error:
        return error.status


@pytest.mark.parametrize(
    "host",
    [
        *(b"localhost", b"LocalHost:8000", b"localhost."),
        *(b"127.0.0.1", b"127.0.0.1:80", b"10.1.2.3", b"[::1]:80", b"[fe80::1]"),
        *(socket.gethostname().encode(), b"course.example"),
    ],
)
def test_a_server_answers_to_its_own_names(host):
    """Addresses, this machine's names, and those it has been given."""
    hosts = Hosts(["course.example"])
    assert status_of(hosts.check, request(host=host)) is None
    assert status_of(hosts.check, request(host=host)) is None


@pytest.mark.parametrize(
    "host",
    [
        *(
            b"evil.example",
            b"evil.example:80",
            b"localhost.evil.example",
            b"127.0.0.1.evil.example",
        ),
        *(b"", b"127.0.0.1@evil.example", b"[::1", b"::1", b"2130706433", b"0x7f.1", b"\xff"),
        *(b"[::1]evil.example", b"localhost:evil.example", b"[localhost]", b"localhost:80:80"),
    ],
)
def test_a_server_does_not_answer_to_another_name(host):
    """A page that has bound its own name to our address (DNS rebinding) still sends that name."""
    assert status_of(Hosts().check, request(host=host)) == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (b"http://evil.example", 403),
        (b"null", 403),
        (b"https://localhost:80", 403),
        (b"http://localhost:81", 403),
        (b"", 403),
        (b"http://localhost:80", None),
    ],
)
def test_a_page_of_somebody_else_is_not_answered(origin, status):
    """Its browser names it; a program names none."""
    assert status_of(check_origin, request(host=b"localhost:80", origin=origin)) == status
    assert status_of(check_origin, request(host=b"localhost:80")) is None


@pytest.mark.parametrize(
    ("method", "methods", "status"),
    [
        (b"PUT", None, 404),
        (b"POST", METHODS, 405),
        (b"HEAD", METHODS, 405),
        (b"PUT", METHODS, None),
    ],
)
def test_an_address_has_its_methods(method, methods, status):
    """And what is behind it is for each its own."""
    assert status_of(choose, request(method), methods) == status
    assert [choose(request(method), METHODS) for method in METHODS] == ["read", "write"]


@pytest.mark.parametrize(
    ("method", "kind", "status"),
    [
        (b"PUT", b"text/plain", 415),
        (b"POST", b"", 415),
        (b"POST", b"application/x-www-form-urlencoded", 415),
        (b"POST", b"multipart/form-data; boundary=application/json", 415),
        (b"PUT", b"application/json", None),
        (b"POST", b"Application/JSON; charset=utf-8", None),
        (b"GET", b"", None),
        (b"DELETE", b"", None),
    ],
)
def test_a_body_is_said_to_be_json(method, kind, status):
    """A page may send plain text and forms to anybody, and JSON only with leave."""
    headers = {"content_type": kind} if kind else {}
    assert status_of(check_type, request(method, **headers)) == status


def test_a_wrong_method_is_told_the_right_ones():
    """In the header and in the hint."""
    with pytest.raises(ApiError, match="make a GET or PUT request?") as caught:
        choose(request(b"POST"), METHODS)
    assert caught.value.lines == b"allow: GET, PUT\r\n"


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b"Bearer k", b"k"),
        (b"bearer  k ", b"k"),
        (b"Basic k", b""),
        (b"k", b""),
        (b"", b""),
        (b"Bearer", b""),
    ],
)
def test_a_key_is_shown_as_a_bearers(header, key):
    """As OpenAI's clients show it."""
    assert key_of(request(authorization=header)) == key
