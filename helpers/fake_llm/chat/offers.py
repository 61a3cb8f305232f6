"""What a request offers and demands besides its messages: tools, a choice, a format. Pure."""

from typing import Any

from helpers.fake_llm.chat.bounds import MOST_TOOLS, SHOWN, check_count, not_supported
from helpers.fake_llm.errors import ApiError, empty_array, wrong_type

LONGEST_NAME = 64


def read_tools(tools: Any) -> list[dict]:
    """The functions that the request offers; ApiError 400 that names what is wrong."""
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise wrong_type("tools", "an array of objects", tools)
    if not tools:
        raise empty_array("tools")
    check_count("tools", tools, MOST_TOOLS)
    return [_read_tool(f"tools[{i}]", tool) for i, tool in enumerate(tools)]


def _read_tool(where: str, tool: Any) -> dict:
    if not isinstance(tool, dict):
        raise wrong_type(where, "an object", tool)
    if tool.get("type") != "function":
        raise not_supported(tool.get("type"), "'function'", f"{where}.type")
    function = tool.get("function")
    if not isinstance(function, dict):
        raise wrong_type(f"{where}.function", "an object", function)
    if not _is_name(function.get("name")):
        param = f"{where}.function.name"
        message = f"Invalid '{param}': expected a string of 1 to 64 letters, digits, _ and -."
        raise ApiError(400, message, code="invalid_value", param=param)
    for part, kind, words in (("description", str, "a string"), ("parameters", dict, "an object")):
        if function.get(part) is not None and not isinstance(function[part], kind):
            raise wrong_type(f"{where}.function.{part}", words, function[part])
    return function


def _is_name(name: Any) -> bool:
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
        return False
    return name.replace("_", "a").replace("-", "a").isalnum()


def read_tool_choice(choice: Any, tools: list[dict]) -> str:
    """ "none", "auto", "required", or "=" and a function's name; ApiError 400."""
    if choice is None:
        return "auto"
    if not tools:
        message = "'tool_choice' is only allowed when 'tools' are specified."
        raise ApiError(400, f"Invalid value for 'tool_choice': {message}", param="tool_choice")
    if choice in ("none", "auto", "required"):
        return choice
    if not isinstance(choice, dict):
        supported = "'none', 'auto', 'required' and a named function"
        raise not_supported(choice, supported, "tool_choice")
    function = choice.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise wrong_type("tool_choice.function.name", "a string", name)
    if all(name != tool["name"] for tool in tools):
        message = f"Tool choice 'function' not found in 'tools' parameter: {name[:SHOWN]!r:.80}."
        raise ApiError(400, message, param="tool_choice")
    return f"={name}"


def read_schema(format: Any) -> dict | None:
    """The JSON schema that the reply must follow; None where it is text; ApiError 400."""
    if format is None:
        return None
    if not isinstance(format, dict):
        raise wrong_type("response_format", "an object", format)
    kind = format.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    if kind != "json_schema":
        supported = "'json_object', 'json_schema', and 'text'"
        raise not_supported(kind, supported, "response_format.type")
    wrapper = format.get("json_schema")
    if not isinstance(wrapper, dict):
        raise wrong_type("response_format.json_schema", "an object", wrapper)
    schema = wrapper.get("schema", {"type": "object"})
    if not isinstance(schema, dict):
        raise wrong_type("response_format.json_schema.schema", "an object", schema)
    return schema
