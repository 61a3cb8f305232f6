"""What the fake LLM says: a function of conversation and seed, without a socket."""

import json

import pytest

from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.replies import prompt_tokens, reply_to
from tests.fake_llm.asked import TOOLS, request


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
        "In Paris it is 17 degrees Celsius with rain. In Oslo it is 3 degrees Celsius with snow. "
        "It is warmer in Paris."
    )
    number = conversation("What is 6 * 7?", ("calculate", {"expression": "6 * 7"}, "42"))
    assert said(messages=number, tools=TOOLS).text == "The result is 42."


def test_a_failed_tool_is_not_called_for_ever():
    """An error is told, not tried again."""
    failed = conversation(
        "What is 6 * 7?", ("calculate", {"expression": "6 * 7"}, "error: out of order")
    )
    assert "could not find that out" in said(messages=failed, tools=TOOLS).text


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


def test_choices_have_one_bound_together():
    """In tokens and in characters; within it, as many as 128."""
    assert len(reply_to(request("In 300 words.", n=128), 0).choices) == 128
    assert len(reply_to(request("In 2000 words.", n=20), 0).choices) == 20
    wide = {"properties": {"a": {"const": " " * 50_000}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": wide}}
    for text, body in (("In 2000 words.", {}), ("Say something.", {"response_format": form})):
        with pytest.raises(ApiError) as caught:
            reply_to(request(text, n=128, **body), 0)
        assert (caught.value.status, caught.value.error["param"]) == (400, "n")


def test_what_a_tool_says_is_cut_not_refused():
    """A user's agent goes on, whatever the size of the result, and of its name."""
    long = "word " * 40_000
    for name, result in (("read", long), ("read" * 9_000, "error: no"), ("read", f'["{long}"]')):
        talk = conversation("What is in the file?", (name, {}, result))
        for body in ({}, {"response_format": {"type": "json_object"}}):
            text = said(messages=talk, tools=TOOLS, **body).text
            assert "read" in text and 50 < len(text) <= 20_100


def test_a_form_has_the_answer_in_each_of_its_texts():
    """Cut where there are many of them; prose where there is no answer, its own in each choice."""
    schema = {"properties": {f"p{i}": {"type": "string"} for i in range(400)}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    talk = conversation("What?", ("read", {}, "some words " * 10_000))
    cut = json.loads(said(messages=talk, response_format=form).text)
    assert len(cut) == 400 and set(cut.values()) == {cut["p0"]}
    assert cut["p0"].startswith("According to read: some words")
    choices = reply_to(request(n=3, response_format=form), 0).choices
    assert len({json.loads(choice.text)["p0"] for choice in choices}) == 3


def test_a_call_is_known_again_however_it_is_written():
    """An agent may have read its arguments and written them anew."""
    schema = {"properties": {"a": {"type": "number"}, "b": {"type": "integer"}}}
    play = {"type": "function", "function": {"name": "play", "parameters": schema}}
    assert json.loads(said("play 7", tools=[play]).calls[0][2]) == {"a": 7.0, "b": 7}
    for arguments, again in (('{"b":7,"a":7}', False), ('{"a": 7, "b": 8}', True), ("{", True)):
        talk = conversation("play 7", ("play", {}, "ok"))
        talk[1]["tool_calls"][0]["function"]["arguments"] = arguments
        assert bool(said(messages=talk, tools=[play]).calls) == again


def test_of_many_results_the_first_are_told():
    """As many as an answer has room for."""
    calls = [("get_weather", {"city": f"C{i}"}, f'{{"a": {i}}}') for i in range(1_500)]
    talk = conversation("Weather?", *calls[:100])
    for first in range(100, 1_500, 100):
        talk += conversation("", *calls[first : first + 100])[1:]
    text = said(messages=talk).text
    assert 19_900 < len(text) <= 20_000
    assert text.startswith('According to get_weather: {"a": 0} According to get_weather: {"a": 1}')


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


def test_the_context_is_looked_through_for_the_answer():
    """The sentence of the right document; its first sentences where a summary is asked for."""
    context = (
        "[1] Kites: A kite flies in the wind. It has a tail. It is light.\n"
        "[2] Boats: A boat has a keel. Boats carry grain.\n"
    )
    assert said(f"{context}Question: What do boats carry?").text == "Boats carry grain."
    summary = said(f"{context}Question: Summarise what is said about kites.").text
    assert summary == "A kite flies in the wind. It has a tail."


def test_a_prompt_costs_a_token_for_four_characters():
    """Four more for each message, and three for the whole."""
    assert prompt_tokens(request("a" * 40)) == 3 + 4 + 10
