"""Which tools a question asks for, and the arguments that fill their schemas."""

import pytest

from helpers.fake_llm.chat.bounds import MOST_CALLS
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.question import Question
from helpers.fake_llm.tools import WORK, Work, call_arguments, wants


def filled(schema, text, answer=None):
    """The arguments that a tool with this schema is called with."""
    return call_arguments(schema, Question(text), Work("tools"), answer)


def called(question, *tools):
    """The calls that a question asks for."""
    return wants(Question(question), list(tools), Work("tools"))


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
    assert filled(schema, "7 days in kelvin") == {
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
    assert filled(loop, "text")
    assert filled(schema, "text")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [("Play some music", True), ("Please play", True), ("What is music?", True), ("Get it", False)],
)
def test_a_tool_without_place_or_formula_is_called_by_its_name(question, wanted):
    """Where the question has half of its words; "get" is in every tool's name, and says nothing."""
    tool = {"name": "get_play_music"}
    assert called(question, tool) == ([("get_play_music", {})] if wanted else [])


def test_a_question_leads_to_so_many_calls_and_no_more():
    """All that one message may carry, however many places and tools there are."""
    weather = {"name": "w", "parameters": {"properties": {"city": {"type": "string"}}}}
    question = "The weather in " + " in ".join(f"A{i}" for i in range(100))
    assert len(called(question, weather)) == 100
    assert len(called(question, weather, weather)) == MOST_CALLS


def test_work_is_one_for_all_the_schemas_of_a_request():
    """What one schema has used up, the next one lacks; the error names the parameter."""
    schema = {"properties": {"a": {"const": "c" * (WORK // 2)}}}
    work = Work("response_format")
    assert call_arguments(schema, Question(""), work)
    with pytest.raises(ApiError) as caught:
        call_arguments(schema, Question(""), work)
    assert (caught.value.status, caught.value.error["param"]) == (400, "response_format")


@pytest.mark.parametrize(
    "part",
    [
        {"const": "c" * 5_000},
        {"enum": [f"{i:04}" for i in range(500)]},
        {"enum": ["c" * 5_000]},
        {"properties": {"c" * 5_000: {}}},
        {"properties": {"a": {}}, "required": ["b"] * 5_000},
    ],
)
def test_what_is_large_costs_work_each_time(part):
    """By reference it takes no room in the request, and would take all the time there is."""
    schema = {"properties": {f"p{i}": {"$ref": "#/x"} for i in range(100)}, "x": part}
    assert filled({"properties": {"p": part}}, "text")
    with pytest.raises(ApiError):
        filled(schema, "text")


def test_a_number_is_one_that_json_can_write():
    """Not infinity, however many digits the question has."""
    schema = {"properties": {"a": {"type": "number"}, "b": {"type": "integer"}}}
    assert all(0 < value < float("inf") for value in filled(schema, "9" * 1_000).values())


def test_a_text_that_fills_a_part_is_cut():
    """As it would be repeated in each of many parts."""
    assert len(filled({"properties": {"a": {"type": "string"}}}, "a" * 2_000)["a"]) == 500
