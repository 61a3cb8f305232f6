"""Who is let in: each reason to be kept out, and the order in which they are looked for."""

import pytest

from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.gate import let_in
from helpers.fake_llm.wire import Request

METHODS = (b"GET", b"PUT")
JSON = {b"content-type": b"application/json; charset=utf-8"}


def kept_out(method=b"PUT", methods=METHODS, key=None, broken=None, **headers):
    """The error that keeps this request out; None if it is let in."""
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    request = Request(None, method=method, headers=named, broken=broken)
    try:
        let_in(request, "/path", methods, key)
    except ApiError as error:
        return error


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ({"broken": (431, "too large"), "methods": None}, 431),
        ({"methods": None}, 404),
        ({"method": b"POST"}, 405),
        ({"key": "right"}, 401),
        ({"key": "right", "authorization": b"Bearer wrong", "content_type": b"text/plain"}, 401),
        ({"key": "right", "authorization": b"Bearer right", "content_type": b"text/plain"}, 415),
    ],
)
def test_the_first_reason_is_told(case, status):
    """No HTTP, no such address, no such method, no key, no JSON: in this order."""
    assert kept_out(**case).status == status


def test_what_is_right_is_let_in():
    """With the key where there is one; a body need not name its type; GET has no body."""
    assert kept_out(content_type=b"Application/JSON; charset=utf-8") is None
    assert kept_out(key="k", authorization=b"Bearer k") is None
    assert kept_out(method=b"GET", content_type=b"text/plain") is None


def test_a_wrong_method_is_told_the_right_ones():
    """In the header and in the hint."""
    error = kept_out(method=b"POST")
    assert error.lines == b"allow: GET, PUT\r\n"
    assert "make a GET or PUT request?" in str(error)


def test_a_wrong_key_is_not_repeated():
    """Three letters are shown, so that one knows which key it was; of long ones not the length."""
    assert str(kept_out(key="k", authorization=b"Bearer secret")).endswith(": sec******.")
    assert str(kept_out(key="k", authorization=b"Bearer " + b"s" * 99)).endswith(
        f": sss{'*' * 20}."
    )
