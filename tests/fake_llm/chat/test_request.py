"""A chat completion's request: what is refused, and how it is told."""

import pytest

from helpers.fake_llm.chat.request import read_chat, read_json
from helpers.fake_llm.errors import ApiError
from tests.fake_llm.asked import TOOLS, request

HELLO = {"role": "user", "content": "hi"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": None}, None),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        (
            {"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]},
            "messages.[0].role",
        ),
        (
            {"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}, HELLO]},
            "messages.[2].role",
        ),
        ({"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}]}, "messages.[1].role"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"n": 129}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"tools": []}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        (
            {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "g"}}},
            "tool_choice",
        ),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
    ],
)
def test_errors_name_the_parameter(body, param):
    """Status 400, OpenAI's type, and the parameter at fault."""
    with pytest.raises(ApiError) as caught:
        read_chat({"model": "m", "messages": [HELLO], **body})
    assert (caught.value.status, caught.value.error["param"]) == (400, param)
    assert caught.value.error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff", b'"\\ud800"', b"[" * 100_000, b"NaN", b"1" * 10_000]
)
def test_what_is_no_json_object_is_refused(raw):
    """Status 400, whatever the bytes."""
    with pytest.raises(ApiError) as caught:
        read_json(raw)
    assert caught.value.status == 400


TOO_LONG = [
    ({"model": "m" * 257}, "model", "string", 256, 257),
    ({"stop": "s" * 1_001}, "stop", "string", 1_000, 1_001),
    ({"stop": ["a"] * 5}, "stop", "array", 4, 5),
    ({"messages": [HELLO] * 2_049}, "messages", "array", 2_048, 2_049),
    (
        {"messages": [HELLO, {"role": "assistant", "tool_calls": [CALL] * 129}]},
        "messages[1].tool_calls",
        "array",
        128,
        129,
    ),
    ({"tools": TOOLS * 65}, "tools", "array", 128, 130),
]


@pytest.mark.parametrize(("body", "param", "kind", "most", "got"), TOO_LONG)
def test_what_is_too_long_is_told_with_its_length(body, param, kind, most, got):
    """In the words of OpenAI's API, and with its code."""
    with pytest.raises(ApiError) as caught:
        read_chat({"model": "m", "messages": [HELLO], **body})
    error = caught.value.error
    assert (error["param"], error["code"]) == (param, f"{kind}_above_max_length")
    article = {"array": "an", "string": "a"}[kind]
    assert str(caught.value) == (
        f"Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length {most},"
        f" but got {article} {kind} with length {got} instead."
    )


def test_what_is_just_short_enough_is_read():
    """The bounds themselves are allowed."""
    calls = [{**CALL, "id": str(i)} for i in range(128)]
    answers = [{"role": "tool", "content": "x", "tool_call_id": c["id"]} for c in calls]
    talk = [HELLO, {"role": "assistant", "tool_calls": calls}, *answers]
    messages = talk + [HELLO] * (2_048 - len(talk))
    tools = TOOLS * 64
    assert request(messages=messages, model="m" * 256, stop=["s" * 1_000] * 4, tools=tools)


def test_calls_without_an_answer_are_named_not_repeated():
    """Ten at most, each of them cut; the others are counted."""
    calls = [{**CALL, "id": chr(97 + i) * 300} for i in range(12)]
    with pytest.raises(ApiError, match="and 2 more") as caught:
        request(messages=[HELLO, {"role": "assistant", "tool_calls": calls}])
    assert "aaa" in str(caught.value) and "kkk" not in str(caught.value)
    assert len(str(caught.value)) < 1_100


def test_answers_may_come_in_any_order_but_once():
    """Each call takes one answer."""
    calls = [{**CALL, "id": id} for id in "ab"]
    answers = [{"role": "tool", "content": "x", "tool_call_id": id} for id in "baa"]
    talk = [HELLO, {"role": "assistant", "tool_calls": calls}, *answers]
    assert request(messages=talk[:-1])
    with pytest.raises(ApiError, match="must be a response"):
        request(messages=talk)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "r" * 10_000}]},
        {"messages": [{"role": [["r"] * 10_000]}]},
        {"tools": [{"type": {"t": ["t"] * 10_000}}]},
        {"tools": TOOLS, "tool_choice": "c" * 10_000},
        {"tools": TOOLS, "tool_choice": ["c"] * 10_000},
        {"tools": TOOLS, "tool_choice": {"function": {"name": "c" * 10_000}}},
        {"response_format": {"type": ["f"] * 10_000}},
        {"response_format": {"type": "f" * 10_000}},
    ],
)
def test_an_error_repeats_little_of_what_it_got(body):
    """However much it was."""
    with pytest.raises(ApiError) as caught:
        read_chat({"model": "m", "messages": [HELLO], **body})
    assert len(str(caught.value)) < 300


def test_too_much_json_is_told_apart_from_none():
    """A client can make its body smaller, if it is told to."""
    for raw in (b'{"a":[%b0]}' % (b"0," * 30_000), b'{"a":%b1%b}' % (b"[" * 300, b"]" * 300)):
        with pytest.raises(ApiError, match="Invalid body") as caught:
            read_json(raw)
        assert (caught.value.status, caught.value.error["code"]) == (400, "too_complex")


def test_unknown_fields_are_ignored():
    """Newer clients send what we do not know."""
    assert request(verbosity="low", metadata={"a": "b"}, service_tier="auto").model == "m"


def test_of_several_faults_the_same_is_told_each_time():
    """Parameters are looked at in one order, whatever order the request has them in."""
    wrong = {"temperature": 3, "n": 0, "stream": 1}
    for body in (wrong, dict(reversed(wrong.items()))):
        with pytest.raises(ApiError, match="stream"):
            request(**body)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (
            {"n": 0},
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "integer_below_min_value",
        ),
        (
            {"temperature": 2.5},
            "Invalid 'temperature': decimal above maximum value. "
            "Expected a value <= 2, but got 2.5 instead.",
            "decimal_above_max_value",
        ),
        (
            {"seed": True},
            "Invalid type for 'seed': expected an integer, but got a boolean instead.",
            "invalid_type",
        ),
        (
            {"tools": []},
            "Invalid 'tools': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            "empty_array",
        ),
        (
            {"response_format": {"type": "xml"}},
            "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'.",
            "invalid_value",
        ),
    ],
)
def test_errors_are_worded_as_openais_api_words_them(body, message, code):
    """Message and code, which clients show and match."""
    with pytest.raises(ApiError) as caught:
        request(**body)
    assert (str(caught.value), caught.value.error["code"]) == (message, code)
