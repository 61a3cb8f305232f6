"""Which tools a question asks for, and the arguments that are found in it."""

import pytest

from helpers.fake_llm.tools import call_arguments, cities_in, expression_in, wants


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


@pytest.mark.parametrize(
    ("question", "called"),
    [("Play some music", True), ("Please play", True), ("What is music?", True), ("Get it", False)],
)
def test_a_tool_without_place_or_formula_is_called_by_its_name(question, called):
    """Where the question has half of its words; "get" is in every tool's name, and says nothing."""
    tool = {"name": "get_play_music"}
    assert wants(question, [tool]) == ([("get_play_music", {})] if called else [])
