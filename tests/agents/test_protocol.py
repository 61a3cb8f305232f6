"""Reading what a server says: whatever it is, it is a reply that can be used, or a ModelError."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.agents.protocol import (
    ModelError,
    checked,
    message_in,
    retry_after,
    tool_result,
    tool_wanted,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "tool_calls", "content", "id", "function"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (500, b'{"error": {"message": "no luck"}}', "HTTP 500: no luck"),
        (404, b'{"detail": "Not Found"}', r"HTTP 404: {'detail': 'Not Found'}"),
        (400, b"[1]", r"HTTP 400: \[1\]"),
        (502, b"<html>", "HTTP 502: the reply is not JSON: b'<html>'"),
        (200, b"", "HTTP 200: the reply is not JSON: b''"),
    ],
)
def test_a_refusal_is_a_model_error_with_its_reason(status, content, message):
    """Whoever speaks: the model's server, another service, or a proxy in between."""
    with pytest.raises(ModelError, match=message) as caught:
        checked(status, {}, content)
    assert caught.value.status == status and caught.value.retry_after is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "1200"}, 1.2),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_the_waiting_time_is_in_seconds(headers, seconds):
    """Milliseconds go first, because they are more exact; a date or nonsense is no time."""
    assert retry_after(headers) == pytest.approx(seconds)
    with pytest.raises(ModelError) as caught:
        checked(429, headers, b"{}")
    assert caught.value.retry_after == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (
            b'{"error": {"message": "You are broke.", "code": "insufficient_quota"}}',
            "insufficient_quota",
        ),
        (b'{"error": {"message": "Busy."}}', None),
        (b'{"detail": "Busy."}', None),
    ],
)
def test_a_refusal_has_the_protocols_name_for_it(content, code):
    """An empty account and a rate limit have the same status, and only one of them passes."""
    with pytest.raises(ModelError) as caught:
        checked(429, {}, content)
    assert caught.value.code == code


@given(json_values)
def test_json_of_any_shape_is_a_message_or_a_model_error(reply):
    """Never a KeyError or TypeError from deep inside."""
    try:
        message = message_in(reply)
    except ModelError as error:
        assert "this is no reply of a model" in str(error)
    else:
        assert message.get("tool_calls") or isinstance(message["content"], str)


def test_a_text_and_a_tool_call_are_messages():
    """Both kinds of reply that a model gives come through as they are."""
    text = {"role": "assistant", "content": "Hello."}
    call = {"id": "1", "function": {"name": "calculate", "arguments": '{"expression": "6 * 7"}'}}
    wants = {"role": "assistant", "content": None, "tool_calls": [call]}
    for message in (text, wants):
        assert message_in({"choices": [{"message": message}]}) is message
    assert tool_wanted(call) == ("calculate", {"expression": "6 * 7"})
    assert tool_result(call, "42") == {"role": "tool", "tool_call_id": "1", "content": "42"}


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ('{"city": "Oslo"}', {"city": "Oslo"}),
        ("", {}),
        (None, {}),
        ("{half", None),
        ('"Oslo"', None),
        ("[1]", None),
        (json.dumps(None), None),
    ],
)
def test_arguments_that_are_no_object_are_none(arguments, read):
    """A model writes them as text, so anything may stand there."""
    call = {"id": "1", "function": {"name": "get_weather", "arguments": arguments}}
    assert tool_wanted(call) == ("get_weather", read)
