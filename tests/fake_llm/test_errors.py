"""Errors in OpenAI's shape: type, code and parameter; how long to wait."""

import pytest

from helpers.fake_llm import errors


@pytest.mark.parametrize(
    ("error", "status", "type", "code", "param"),
    [
        (errors.missing("q"), 400, errors.INVALID, "missing_required_parameter", "q"),
        (errors.wrong_type("n", "an integer", "x"), 400, errors.INVALID, "invalid_type", "n"),
        (errors.too_many("Full.", 1, "tokens"), 429, "tokens", "rate_limit_exceeded", None),
        (errors.overloaded(1), 503, "server_error", "overloaded", None),
        (errors.out_of_quota(), 429, "insufficient_quota", "insufficient_quota", None),
        (errors.wrong_key(b"k"), 401, errors.INVALID, "invalid_api_key", None),
        (errors.gateway(502), 502, "server_error", None, None),
        (errors.gateway(504), 504, "server_error", None, None),
        (errors.internal(), 500, "server_error", None, None),
        (errors.unknown_model("m"), 404, errors.INVALID, "model_not_found", "model"),
    ],
)
def test_each_error_has_its_shape(error, status, type, code, param):
    """What clients decide by."""
    assert error.status == status
    assert error.body == {
        "error": {"message": str(error), "type": type, "param": param, "code": code}
    }


def test_a_refusal_says_when_to_come_back():
    """Never earlier than the truth: in whole milliseconds, rounded up."""
    error = errors.too_many("Full.", 0.25, "requests")
    assert str(error) == "Full. Please try again in 251ms."
    assert error.retry_after == 0.25


def test_what_does_not_pass_says_no_time_to_come_back():
    """An account without money and a wrong key are the same in a second."""
    for error in (errors.out_of_quota(), errors.wrong_key(b"k")):
        assert error.retry_after is None
        assert error.lines == b""


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (b"secret", "sec******."),
        (b"s" * 99, f"sss{'*' * 20}."),
        (b"", "''."),
    ],
)
def test_a_wrong_key_is_not_repeated(key, shown):
    """Three letters are shown, so that one knows which key it was; of long ones not the length."""
    assert str(errors.wrong_key(key)) == f"Incorrect API key provided: {shown}"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "an integer"),
        (1.0, "a decimal"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_json_has_seven_kinds_of_value(value, kind):
    """A boolean is no integer, whatever Python thinks."""
    assert errors.kind_of(value) == kind


def test_long_values_are_cut_in_messages():
    """A client that sends a megabyte need not get it back."""
    for error in (errors.unknown_model("m" * 10_000), errors.unsupported("v" * 10_000, "x", "y")):
        assert len(str(error)) < 200
