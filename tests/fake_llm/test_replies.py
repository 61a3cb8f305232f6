"""What the fake LLM says, and what it refuses, without a socket."""

import json


import pytest

from helpers.fake_llm.chat.reply import completion, events
from helpers.fake_llm.chat.request import read_chat, read_json
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.replies import reply_to
from helpers.fake_llm.tools import call_arguments, cities_in, expression_in

WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SUM = {
    "name": "calculate",
    "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
}
TOOLS = [{"type": "function", "function": f} for f in (WEATHER, SUM)]


def request(text="Say something.", messages=None, **body):
    """A checked request."""
    return read_chat(
        {"model": "m", "messages": messages or [{"role": "user", "content": text}], **body}
    )


def said(text="Say something.", seed=0, **body):
    """The first choice of the reply."""
    return reply_to(request(text, **body), seed).choices[0]


def test_replies_are_a_function_of_conversation_and_seed():
    """The same again is the same; another question, seed or request seed is another."""
    replies = [
        said("A?").text,
        said("A?").text,
        said("B?").text,
        said("A?", seed=1).text,
        said("A?", n=2).text,
    ]
    assert replies[0] == replies[1] == replies[4]
    assert len(set(replies)) == 3


def test_weather_questions_call_the_tool_once_per_city():
    """Two cities, two parallel calls; one at a time where the request says so."""
    assert [
        json.loads(a) for _, _, a in said("Is it warmer in Paris or in Oslo?", tools=TOOLS).calls
    ] == [
        {"city": "Paris"},
        {"city": "Oslo"},
    ]
    alone = said("Is it warmer in Paris or in Oslo?", tools=TOOLS, parallel_tool_calls=False)
    assert len(alone.calls) == 1 and alone.finish == "tool_calls"


@pytest.mark.parametrize(
    ("choice", "names", "finish"),
    [("none", [], "stop"), ("auto", [], "stop"), ("required", ["get_weather"], "tool_calls")]
    + [({"type": "function", "function": {"name": "calculate"}}, ["calculate"], "stop")],
)
def test_tool_choice_is_obeyed(choice, names, finish):
    """A question that needs no tool: none, auto, required and a named one."""
    reply = said("Write a poem.", tools=TOOLS, tool_choice=choice)
    assert [name for _, name, _ in reply.calls] == names
    assert reply.finish == finish


def conversation(question, *results):
    """A conversation in which tools have been called and have answered."""
    calls = [
        {
            "id": f"c{i}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for i, (name, arguments, _) in enumerate(results)
    ]
    answers = [
        {"role": "tool", "tool_call_id": f"c{i}", "content": r[2]} for i, r in enumerate(results)
    ]
    asked = {"role": "user", "content": question}
    return [asked, {"role": "assistant", "content": None, "tool_calls": calls}, *answers]


def test_answers_are_made_from_tool_results():
    """Degrees and sky, a comparison, a number; and no second call of the same tool."""
    paris = ("get_weather", {"city": "Paris"}, '{"city":"Paris","celsius":17,"sky":"rain"}')
    oslo = ("get_weather", {"city": "Oslo"}, '{"city":"Oslo","celsius":3,"sky":"snow"}')
    reply = said(
        messages=conversation("Is it warmer in Paris or in Oslo?", paris, oslo), tools=TOOLS
    )
    assert reply.text == (
        "In Paris it is 17 degrees Celsius with rain. In Oslo it is 3 degrees Celsius with snow. It is warmer in Paris."
    )
    number = conversation("What is 6 * 7?", ("calculate", {"expression": "6 * 7"}, "42"))
    assert said(messages=number, tools=TOOLS).text == "The result is 42."


def test_a_failed_tool_is_not_called_for_ever():
    """An error is told, not tried again."""
    failed = conversation(
        "What is 6 * 7?", ("calculate", {"expression": "6 * 7"}, "error: out of order")
    )
    assert "could not find that out" in said(messages=failed, tools=TOOLS).text


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("What is 17 times 23?", "17 * 23"),
        ("(2 + 3) * 4 = ?", "(2 + 3) * 4"),
        ("12 % of 450", "12 * 450 / 100"),
    ]
    + [
        ("A box holds 12 eggs; how many are in 4 boxes?", "12 * 4"),
        ("1,200 divided by 4", "1200 / 4"),
    ]
    + [("In 1969 two men walked on the moon", None)],
)
def test_arithmetic_is_found_in_words(text, expression):
    """Signs, words, percentages and small word problems."""
    assert expression_in(text) == expression


def test_unknown_cities_are_found_by_their_capital_letter():
    """The tool may know more cities than we do."""
    assert cities_in("What is the weather in Port Blossom?") == ["Port Blossom"]


def test_arguments_follow_the_schema():
    """Types, enums, bounds, nesting and references."""
    schema = {
        "type": "object",
        "required": ["unit", "days", "deep", "flag"],
        "properties": {
            "unit": {"enum": ["celsius", "kelvin"]},
            "days": {"type": "integer", "maximum": 5},
            "deep": {"$ref": "#/$defs/deep"},
            "flag": {"type": ["null", "boolean"]},
            "left_out": {"type": "string"},
        },
        "$defs": {"deep": {"type": "object", "properties": {"names": {"type": "array"}}}},
    }
    assert call_arguments(schema, "7 days in kelvin") == {
        "unit": "kelvin",
        "days": 5,
        "deep": {"names": ["7 days in kelvin"]},
        "flag": True,
    }


def test_a_schema_that_contains_itself_ends():
    """However wide and deep, in bounded time."""
    schema = {"type": "object", "properties": {f"p{i}": {"$ref": "#"} for i in range(50)}}
    schema["$defs"] = {"": schema["properties"]}
    loop = {"type": "object", "properties": {str(i): {"$ref": "#/$defs/x"} for i in range(50)}}
    loop["$defs"] = {"x": {"type": "object", "properties": loop["properties"]}}
    assert call_arguments(loop, "text")
    assert call_arguments(schema, "text")


def test_max_tokens_cuts_and_says_so():
    """Both names of the parameter; usage counts what was sent."""
    for name in ("max_tokens", "max_completion_tokens"):
        reply = reply_to(request(**{name: 7}), 0)
        assert (reply.completion_tokens, reply.choices[0].finish) == (7, "length")


def test_stop_cuts_before_the_sequence():
    """The sequence itself is not part of the reply."""
    whole = said().text
    cut = said(stop=[whole[20:25], "never there"])
    assert (cut.text, cut.finish) == (whole[:20], "stop")


def test_a_json_schema_shapes_the_reply():
    """json_object gives an object, json_schema one that fits."""
    assert isinstance(json.loads(said(response_format={"type": "json_object"}).text), dict)
    schema = {
        "type": "object",
        "properties": {"steps": {"type": "array", "items": {"type": "integer"}}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "plan", "schema": schema}}
    assert json.loads(said("Make 3 steps", response_format=form).text) == {"steps": [3]}


def test_n_choices_differ():
    """As many choices as asked for."""
    assert len({c.text for c in reply_to(request(n=3), 0).choices}) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"n": 3},
        {"max_tokens": 1},
        {"tools": TOOLS},
        {"stream_options": {"include_usage": True}},
    ],
)
def test_a_stream_carries_the_same_as_a_plain_reply(body):
    """Deltas joined, tool calls put together, usage and the end."""
    chat = request("What is the weather in Paris?", stream=True, **body)
    reply = reply_to(chat, 0)
    stream = list(events(reply, chat, "id", 1))
    assert len(stream) == reply.moments
    lines = b"".join(stream).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    plain = json.loads(completion(reply, "m", "id", 1))
    assert joined([json.loads(line[6:]) for line in lines[:-2]]) == [
        (
            c["message"]["content"],
            [t["function"] for t in c["message"].get("tool_calls", [])],
            c["finish_reason"],
        )
        for c in plain["choices"]
    ]


def joined(chunks):
    """(content, functions, finish reason) of each choice, from a stream's chunks."""
    choices = {}
    for choice in (c for chunk in chunks for c in chunk["choices"]):
        content, functions, finish = choices.setdefault(choice["index"], [None, [], [None]])
        choices[choice["index"]][2][0] = choice["finish_reason"] or finish[0]
        if choice["delta"].get("content") is not None:
            choices[choice["index"]][0] = (content or "") + choice["delta"]["content"]
        for call in choice["delta"].get("tool_calls", []):
            if "id" in call:
                functions.append(dict(call["function"]))
            else:
                functions[call["index"]]["arguments"] += call["function"]["arguments"]
    return [(content, functions, finish[0]) for content, functions, finish in choices.values()]


def test_content_in_parts_is_text():
    """Text parts are joined, images are looked past."""
    parts = [
        {"type": "text", "text": "What is 6 "},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "* 7?"},
    ]
    reply = said(
        messages=[{"role": "developer", "content": "Be kind."}, {"role": "user", "content": parts}],
        tools=TOOLS,
    )
    assert reply.calls[0][2] == '{"expression": "6 * 7"}'


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


def test_unknown_fields_are_ignored():
    """Newer clients send what we do not know."""
    assert request(verbosity="low", metadata={"a": "b"}, service_tier="auto").model == "m"
