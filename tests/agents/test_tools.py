"""The tools that a model may ask for: the calculator, and what it is told where it asks wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.agents.tools import TOOLS, calculate, local_tool

numbers = st.integers(0, 10**6).map(str) | st.decimals(0, 1000, places=2).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda t: f"-{t}")
    ),
    max_leaves=8,
)


@given(expressions)
def test_calculate_agrees_with_python(expression):
    """On numbers, + - * and brackets it gives what Python gives."""
    assert calculate(expression) == pytest.approx(eval(expression), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("expression", "value"), [("0.1 + 0.2", 0.3), ("6 / 3", 2), ("1 / 3", 0.3333333333)]
)
def test_a_value_is_what_a_reader_expects(expression, value):
    """Whole where it is whole, and without the last digits, which are rounding."""
    assert repr(calculate(expression)) == repr(value)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "2 +",
        "x",
        "__import__('os')",
        "2 ** 9",
        "[1]",
        "1; 2",
        "'a'",
        "1 if 1 else 2",
        "(" * 500,
        "1e999 * 0",
        "1e999",
        "True",
        "2j",
    ],
)
def test_calculate_refuses_the_rest(expression):
    """ValueError, never anything else, and nothing is run."""
    with pytest.raises(ValueError, match="cannot calculate"):
        calculate(expression)


def test_division_by_zero_is_an_arithmetic_error():
    """The agent turns it into a tool result."""
    with pytest.raises(ZeroDivisionError):
        calculate("1 / 0")


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("calculate", {"expression": "17 * 23"}, "391"),
        ("calculate", {"expression": 6}, "6"),
        ("calculate", {"expression": "1 / 0"}, "error: division by zero"),
        ("calculate", {"expression": "x"}, "error: cannot calculate 'x'"),
        ("calculate", {"sum": "1"}, "error: 'expression'"),
        ("calculate", None, "error: the arguments are not a JSON object with values"),
        ("get_weather", {}, "error: the arguments are not a JSON object with values"),
        ("launch", {"when": "now"}, "error: there is no tool named launch"),
    ],
)
def test_what_went_wrong_is_text_for_the_model(name, arguments, result):
    """A tool never raises: the model may put its call right in the next turn."""
    assert local_tool(name, arguments) == result


def test_the_model_is_told_of_both_tools():
    """Each has one argument of text, which it needs."""
    told = {tool["function"]["name"]: tool["function"]["parameters"] for tool in TOOLS}
    assert {name: parameters["required"] for name, parameters in told.items()} == {
        "get_weather": ["city"],
        "calculate": ["expression"],
    }
