"""The tools that the model may ask for: what it is told of them, and the one that needs no server.

The weather comes from a server, so the agents fetch it themselves, each in its own way.
"""

import ast
import operator


def _described(name: str, description: str, argument: str) -> dict:
    """A tool with one argument of text, in the words of OpenAI's protocol."""
    parameters = {
        "type": "object",
        "properties": {argument: {"type": "string"}},
        "required": [argument],
    }
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


TOOLS = [
    _described("get_weather", "The weather in a city now.", "city"),
    _described("calculate", "The value of an arithmetic expression.", "expression"),
]

# No power: the model may write 9 ** 9 ** 9, which no computer finishes.
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def local_tool(name: str, arguments: dict | None) -> str:
    """What a tool that needs no server says; what went wrong, where the model asked wrongly.

    An error is text for the model, not an exception: it may put the call right in its next turn.
    arguments: None where they were not a JSON object.
    """
    if not arguments:
        return "error: the arguments are not a JSON object with values"
    if name != "calculate":
        return f"error: there is no tool named {name}"
    try:
        return str(calculate(str(arguments["expression"])))
    except (ValueError, ArithmeticError, KeyError) as error:
        return f"error: {error}"


def calculate(expression: str) -> int | float:
    """The value of an expression of numbers, + - * / and brackets.

    It walks the syntax tree, so nothing that the model writes is ever run.
    Raises ValueError on anything else, and ZeroDivisionError.
    """
    try:
        result = _value(ast.parse(expression, mode="eval").body)
        # Ten decimals, so that 0.1 + 0.2 is the 0.3 that a reader expects.
        return int(result) if result == int(result) else round(result, 10)
    except (SyntaxError, RecursionError, MemoryError, OverflowError, ValueError):
        raise ValueError(f"cannot calculate {expression!r}") from None


def _value(node: ast.AST) -> int | float:
    match node:
        # `type`, because True and False are instances of int.
        case ast.Constant(number) if type(number) in (int, float):
            return number
        case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op, operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(operand))
    raise ValueError
