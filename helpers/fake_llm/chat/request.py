"""A chat completion's request, checked as OpenAI's API checks it. Pure."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from helpers.fake_llm import json_bytes
from helpers.fake_llm.chat.bounds import (
    LONGEST_MODEL,
    LONGEST_STOP,
    MOST_STOPS,
    check_count,
    check_length,
)
from helpers.fake_llm.chat.messages import check_messages
from helpers.fake_llm.chat.offers import read_schema, read_tool_choice, read_tools
from helpers.fake_llm.errors import ApiError, kind_of, wrong_type

NOT_JSON = "We could not parse the JSON body of your request. The API expects a JSON payload."


@dataclass(slots=True)
class Chat:
    """A request that has been checked.

    digest: what the messages and the seed are told apart by; tool_choice: as `read_tool_choice`
    gives it; schema: as `read_schema` gives it.
    """

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


@dataclass(frozen=True, slots=True)
class _Scalar:
    """What a parameter without parts may be: its JSON types, in words too, and its bounds."""

    noun: str
    kinds: tuple[type, ...]
    low: float | None = None
    high: float | None = None

    def check(self, name: str, value: Any) -> None:
        """ApiError 400 where the value is of another type or out of bounds."""
        # The exact type: True would pass for an int, and JSON knows no subclasses.
        if type(value) not in self.kinds:
            article = "an" if self.noun == "integer" else "a"
            raise wrong_type(name, f"{article} {self.noun}", value)
        if self.low is not None and value < self.low:
            bound = f">= {self.low}"
            raise self._beyond(name, value, "below minimum", "below_min_value", bound)
        if self.high is not None and value > self.high:
            bound = f"<= {self.high}"
            raise self._beyond(name, value, "above maximum", "above_max_value", bound)

    def _beyond(self, name: str, value: float, side: str, code: str, bound: str) -> ApiError:
        message = (
            f"Invalid '{name}': {self.noun} {side} value. "
            f"Expected a value {bound}, but got {value} instead."
        )
        return ApiError(400, message, code=f"{self.noun}_{code}", param=name)


_FLAG = _Scalar("boolean", (bool,))
_SCALARS = {
    "stream": _FLAG,
    "logprobs": _FLAG,
    "parallel_tool_calls": _FLAG,
    "store": _FLAG,
    "seed": _Scalar("integer", (int,)),
    "n": _Scalar("integer", (int,), 1, 128),
    "max_tokens": _Scalar("integer", (int,), 1, 2**31),
    "max_completion_tokens": _Scalar("integer", (int,), 1, 2**31),
    "top_logprobs": _Scalar("integer", (int,), 0, 20),
    "temperature": _Scalar("decimal", (int, float), 0, 2),
    "top_p": _Scalar("decimal", (int, float), 0, 1),
    "presence_penalty": _Scalar("decimal", (int, float), -2, 2),
    "frequency_penalty": _Scalar("decimal", (int, float), -2, 2),
}


def read_json(raw: bytes | bytearray) -> dict:
    """The object in a request's body; ApiError 400 if there is none."""
    try:
        body = json_bytes.loads(raw)
    except json_bytes.TooMuch as error:
        raise ApiError(400, f"Invalid body: {error}.", code="too_complex") from None
    except ValueError:
        raise ApiError(400, NOT_JSON) from None
    if isinstance(body, dict):
        return body
    message = f"Invalid body: expected an object, but got {kind_of(body)} instead."
    raise ApiError(400, message, code="invalid_type")


def read_chat(body: dict) -> Chat:
    """The checked request; ApiError 400 that names what is wrong."""
    model, messages = body.get("model"), body.get("messages")
    if model is None or model == "":
        raise ApiError(400, "you must provide a model parameter")
    if not isinstance(model, str):
        raise wrong_type("model", "a string", model)
    check_length("model", model, LONGEST_MODEL)
    check_messages(messages)
    _check_scalars(body)
    chat = Chat(model=model, messages=messages, digest=_digest(messages, body.get("seed")))
    chat.stream = bool(body.get("stream"))
    chat.logprobs = bool(body.get("logprobs"))
    chat.n = body.get("n") or 1
    chat.max_tokens = _max_tokens(body)
    chat.parallel = body.get("parallel_tool_calls") is not False
    if "stop" in body:
        chat.stop = _stop(body["stop"])
    if "stream_options" in body:
        chat.include_usage = _include_usage(body["stream_options"], chat.stream)
    if "tools" in body or "tool_choice" in body:
        chat.tools = read_tools(body.get("tools"))
        chat.tool_choice = read_tool_choice(body.get("tool_choice"), chat.tools)
    if "response_format" in body:
        chat.schema = read_schema(body["response_format"])
    return chat


def _check_scalars(body: dict) -> None:
    for name, scalar in _SCALARS.items():
        value = body.get(name)
        if value is not None:
            scalar.check(name, value)


def _digest(messages: list, seed: int | None) -> str:
    return blake2b(json_bytes.dumps([messages, seed]), digest_size=12).hexdigest()


def _max_tokens(body: dict) -> int | None:
    """The limit, by the parameter's old name or by its new one."""
    old, new = body.get("max_tokens"), body.get("max_completion_tokens")
    if old is None or new is None:
        return old or new
    raise ApiError(
        400,
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        code="invalid_parameter_combination",
        param="max_tokens",
    )


def _stop(stop: Any) -> tuple[str, ...]:
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(s, str) for s in stops):
        raise wrong_type("stop", "one of a string or array of strings", stop)
    check_count("stop", stops, MOST_STOPS)
    for s in stops:
        check_length("stop", s, LONGEST_STOP)
    return tuple(s for s in stops if s)


def _include_usage(options: Any, stream: bool) -> bool:
    if options is None:
        return False
    if not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(400, message, param="stream_options")
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object", options)
    value = options.get("include_usage", False)
    if not isinstance(value, bool):
        raise wrong_type("stream_options.include_usage", "a boolean", value)
    return value
