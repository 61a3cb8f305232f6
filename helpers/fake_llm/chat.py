"""A chat completion's request: read from JSON, checked as OpenAI's API checks it. Pure."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from helpers.fake_llm.errors import ApiError, missing

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


@dataclass(slots=True)
class Chat:
    """A request that has been checked."""

    model: str
    messages: list[dict]
    digest: str
    stream: bool = False
    include_usage: bool = False
    tools: list[dict] = field(default_factory=list)
    tool_choice: str = "auto"
    parallel: bool = True
    n: int = 1
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    schema: dict | None = None
    logprobs: bool = False


_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_WHOLE = {
    "n": (1, 128),
    "max_tokens": (1, 2**31),
    "max_completion_tokens": (1, 2**31),
    "top_logprobs": (0, 20),
}
_FLAGS = ("stream", "logprobs", "parallel_tool_calls", "store")


def read_json(raw: bytes) -> dict:
    """The object in a request's body; ApiError 400 if there is none."""
    try:
        body = orjson.loads(raw)
    except ValueError:
        raise ApiError(
            400, "We could not parse the JSON body of your request. The API expects a JSON payload."
        ) from None
    if not isinstance(body, dict):
        raise ApiError(
            400,
            f"Invalid body: expected an object, but got {_kind(body)} instead.",
            code="invalid_type",
        )
    return body


def read_chat(body: dict) -> Chat:
    """The checked request; ApiError 400 that names what is wrong."""
    model, messages = body.get("model"), body.get("messages")
    if model is None or model == "":
        raise ApiError(400, "you must provide a model parameter")
    if not isinstance(model, str):
        raise _wrong_type("model", "a string", model)
    _check_messages(messages)
    _check_scalars(body)
    chat = Chat(model=model, messages=messages, digest=_digest(messages, body.get("seed")))
    chat.stream = bool(body.get("stream"))
    chat.logprobs = bool(body.get("logprobs"))
    chat.n = body.get("n") or 1
    limits = body.get("max_tokens"), body.get("max_completion_tokens")
    if None not in limits:
        raise ApiError(
            400,
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            code="invalid_parameter_combination",
            param="max_tokens",
        )
    chat.max_tokens = limits[0] or limits[1]
    chat.parallel = body.get("parallel_tool_calls") is not False
    if "stop" in body:
        chat.stop = _stop(body["stop"])
    if "stream_options" in body:
        chat.include_usage = _include_usage(body["stream_options"], chat.stream)
    if "tools" in body or "tool_choice" in body:
        chat.tools = _tools(body.get("tools"))
        chat.tool_choice = _tool_choice(body.get("tool_choice"), chat.tools)
    if "response_format" in body:
        chat.schema = _schema(body["response_format"])
    return chat


def text_of(content: Any) -> str:
    """A message's content as text: parts that are not text are left out."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _digest(messages: list, seed: Any) -> str:
    return blake2b(orjson.dumps([messages, seed]), digest_size=12).hexdigest()


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
    return "an object"


def _wrong_type(param: str, expected: str, value: Any) -> ApiError:
    message = f"Invalid type for '{param}': expected {expected}, but got {_kind(value)} instead."
    return ApiError(400, message, code="invalid_type", param=param)


def _check_scalars(body: dict) -> None:
    for name in body.keys() & _CHECKED:
        value = body[name]
        if value is None:
            continue
        if name in _FLAGS:
            if not isinstance(value, bool):
                raise _wrong_type(name, "a boolean", value)
        elif name == "seed":
            if not isinstance(value, int) or isinstance(value, bool):
                raise _wrong_type(name, "an integer", value)
        elif name in _WHOLE:
            if not isinstance(value, int) or isinstance(value, bool):
                raise _wrong_type(name, "an integer", value)
            _check_range(name, value, *_WHOLE[name])
        else:
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise _wrong_type(name, "a decimal", value)
            _check_range(name, value, *_RANGES[name])


_CHECKED = {*_FLAGS, *_WHOLE, *_RANGES, "seed"}


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if value < low:
        side, code, bound = "below minimum", "below_min_value", f">= {low}"
    elif value > high:
        side, code, bound = "above maximum", "above_max_value", f"<= {high}"
    else:
        return
    raise ApiError(
        400,
        f"Invalid '{name}': {'integer' if name in _WHOLE else 'decimal'} {side} value. "
        f"Expected a value {bound}, but got {value} instead.",
        code=f"{'integer' if name in _WHOLE else 'decimal'}_{code}",
        param=name,
    )


def _check_messages(messages: Any) -> None:
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise _wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise ApiError(
            400,
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            code="empty_array",
            param="messages",
        )
    pending: set[str] = set()
    for i, message in enumerate(messages):
        pending = _check_message(i, message, pending)
    if pending:
        raise _unanswered(pending, len(messages) - 1)


def _check_message(i: int, message: Any, pending: set[str]) -> set[str]:
    """Check one message, given the tool calls not answered yet; return those not answered after it."""
    where = f"messages[{i}]"
    if not isinstance(message, dict):
        raise _wrong_type(where, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{where}.role")
    if role not in ROLES:
        names = ", ".join(f"'{r}'" for r in ROLES[:-1])
        raise ApiError(
            400,
            f"Invalid value: {role!r:.80}. Supported values are: {names} and '{ROLES[-1]}'.",
            code="invalid_value",
            param=f"{where}.role",
        )
    calls = message.get("tool_calls") if role == "assistant" else None
    _check_content(
        where,
        message,
        optional=role == "assistant"
        and bool(calls or message.get("function_call") or message.get("refusal")),
    )
    if role == "tool":
        return _check_tool_result(i, where, message, pending)
    if pending:
        raise _unanswered(pending, i)
    return _call_ids(f"{where}.tool_calls", calls) if calls is not None else pending


def _check_content(where: str, message: dict, optional: bool) -> None:
    content = message.get("content")
    if isinstance(content, str) or (content is None and optional):
        return
    param = f"{where}.content"
    if content is None:
        raise ApiError(
            400, f"Invalid value for 'content': expected a string, got null. ({param})", param=param
        )
    if not isinstance(content, list):
        raise _wrong_type(param, "one of a string or array of objects", content)
    for j, part in enumerate(content):
        if not isinstance(part, dict):
            raise _wrong_type(f"{param}[{j}]", "an object", part)
        if not isinstance(part.get("type"), str):
            raise missing(f"{param}[{j}].type")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise _wrong_type(f"{param}[{j}].text", "a string", part.get("text"))


def _check_tool_result(i: int, where: str, message: dict, pending: set[str]) -> set[str]:
    id = message.get("tool_call_id")
    if not isinstance(id, str):
        raise missing(f"{where}.tool_call_id")
    if id not in pending:
        message = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        raise ApiError(400, f"Invalid parameter: {message}", param=f"messages.[{i}].role")
    return pending - {id}


def _unanswered(pending: set[str], i: int) -> ApiError:
    return ApiError(
        400,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(sorted(pending))}",
        param=f"messages.[{i}].role",
    )


def _call_ids(where: str, calls: Any) -> set[str]:
    if not isinstance(calls, list):
        raise _wrong_type(where, "an array of objects", calls)
    ids = set()
    for j, call in enumerate(calls):
        if not isinstance(call, dict):
            raise _wrong_type(f"{where}[{j}]", "an object", call)
        if not isinstance(call.get("id"), str):
            raise _wrong_type(f"{where}[{j}].id", "a string", call.get("id"))
        function = call.get("function")
        if not isinstance(function, dict):
            raise _wrong_type(f"{where}[{j}].function", "an object", function)
        for name in ("name", "arguments"):
            if not isinstance(function.get(name), str):
                raise _wrong_type(f"{where}[{j}].function.{name}", "a string", function.get(name))
        ids.add(call["id"])
    return ids


def _stop(stop: Any) -> tuple[str, ...]:
    if stop is None:
        return ()
    if isinstance(stop, str):
        return (stop,) if stop else ()
    if not isinstance(stop, list) or not all(isinstance(s, str) for s in stop):
        raise _wrong_type("stop", "one of a string or array of strings", stop)
    if len(stop) > 4:
        message = f"Invalid 'stop': array too long. Expected an array with maximum length 4, but got {len(stop)} instead."
        raise ApiError(400, message, code="array_above_max_length", param="stop")
    return tuple(s for s in stop if s)


def _include_usage(options: Any, stream: bool) -> bool:
    if options is None:
        return False
    if not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(400, message, param="stream_options")
    if not isinstance(options, dict):
        raise _wrong_type("stream_options", "an object", options)
    value = options.get("include_usage", False)
    if not isinstance(value, bool):
        raise _wrong_type("stream_options.include_usage", "a boolean", value)
    return value


def _tools(tools: Any) -> list[dict]:
    """The functions that the request offers."""
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise _wrong_type("tools", "an array of objects", tools)
    if not tools:
        message = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise ApiError(400, message, code="empty_array", param="tools")
    functions = []
    for i, tool in enumerate(tools):
        where = f"tools[{i}]"
        if not isinstance(tool, dict):
            raise _wrong_type(where, "an object", tool)
        if tool.get("type") != "function":
            message = f"Invalid value: {tool.get('type')!r:.80}. Supported values are: 'function'."
            raise ApiError(400, message, code="invalid_value", param=f"{where}.type")
        functions.append(_function(where, tool.get("function")))
    return functions


def _function(where: str, function: Any) -> dict:
    if not isinstance(function, dict):
        raise _wrong_type(f"{where}.function", "an object", function)
    name = function.get("name")
    if (
        not isinstance(name, str)
        or not name
        or len(name) > 64
        or not name.replace("_", "a").replace("-", "a").isalnum()
    ):
        message = f"Invalid '{where}.function.name': expected a string of 1 to 64 letters, digits, _ and -."
        raise ApiError(400, message, code="invalid_value", param=f"{where}.function.name")
    for part, kind, words in (("description", str, "a string"), ("parameters", dict, "an object")):
        if function.get(part) is not None and not isinstance(function[part], kind):
            raise _wrong_type(f"{where}.function.{part}", words, function[part])
    return function


def _tool_choice(choice: Any, tools: list[dict]) -> str:
    """ "none", "auto", "required" or "=" and a function's name."""
    if choice is None:
        return "auto"
    if not tools:
        message = "'tool_choice' is only allowed when 'tools' are specified."
        raise ApiError(400, f"Invalid value for 'tool_choice': {message}", param="tool_choice")
    if choice in ("none", "auto", "required"):
        return choice
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        message = f"Invalid value: {choice!r:.80}. Supported values are: 'none', 'auto', 'required' and a named function."
        raise ApiError(400, message, code="invalid_value", param="tool_choice")
    if name not in {f["name"] for f in tools}:
        message = f"Tool choice 'function' not found in 'tools' parameter: {name!r:.80}."
        raise ApiError(400, message, param="tool_choice")
    return f"={name}"


def _schema(format: Any) -> dict | None:
    """The JSON schema that the reply must follow; {} is any object, None is text."""
    if format is None:
        return None
    if not isinstance(format, dict):
        raise _wrong_type("response_format", "an object", format)
    kind = format.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    if kind != "json_schema":
        message = f"Invalid value: {kind!r:.80}. Supported values are: 'json_object', 'json_schema', and 'text'."
        raise ApiError(400, message, code="invalid_value", param="response_format.type")
    wrapper = format.get("json_schema")
    if not isinstance(wrapper, dict):
        raise _wrong_type("response_format.json_schema", "an object", wrapper)
    schema = wrapper.get("schema", {"type": "object"})
    if not isinstance(schema, dict):
        raise _wrong_type("response_format.json_schema.schema", "an object", schema)
    return schema
