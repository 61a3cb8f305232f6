"""Errors as OpenAI's API words and shapes them. Pure."""

from typing import Any

from helpers.fake_llm.limits import milliseconds

INVALID = "invalid_request_error"
SORRY = "The server had an error while processing your request. Sorry about that!"
# A wrong key is shown with its letters hidden: which one it was can be told, and how long it is
# cannot, from so many stars on.
SHOWN_OF_A_KEY = 3
MOST_STARS = 20


class ApiError(Exception):
    """An error reply in OpenAI's shape.

    retry_after: seconds after which it may be tried again; lines: header lines, each with its CRLF.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = INVALID,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
        lines: bytes = b"",
    ):
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.lines = lines
        self.error = {"message": message, "type": type, "param": param, "code": code}

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """The reply's body."""
        return {"error": self.error}


# What is wrong with a parameter.


def missing(param: str) -> ApiError:
    """A parameter that has to be there and is not."""
    message = f"Missing required parameter: '{param}'."
    return ApiError(400, message, code="missing_required_parameter", param=param)


def wrong_type(param: str, expected: str, value: Any) -> ApiError:
    """A parameter whose value is of another type than `expected`, such as "an object"."""
    message = f"Invalid type for '{param}': expected {expected}, but got {kind_of(value)} instead."
    return ApiError(400, message, code="invalid_type", param=param)


def empty_array(param: str) -> ApiError:
    """A list that has to have something in it."""
    message = (
        f"Invalid '{param}': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead."
    )
    return ApiError(400, message, code="empty_array", param=param)


def unsupported(value: Any, supported: str, param: str) -> ApiError:
    """A value that is not one of those there are."""
    message = f"Invalid value: {value!r:.80}. Supported values are: {supported}."
    return ApiError(400, message, code="invalid_value", param=param)


def kind_of(value: Any) -> str:
    """What a JSON value is, in the API's words."""
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


# What is wrong with the time, the place, the account or the server.


def too_many(message: str, wait: float, kind: str) -> ApiError:
    """The refusal of a rate limit; it may be tried again after `wait` seconds."""
    message = f"{message} Please try again in {milliseconds(wait)}ms."
    return ApiError(429, message, type=kind, code="rate_limit_exceeded", retry_after=wait)


def out_of_quota() -> ApiError:
    """The refusal of an account without money. A 429 too, but it does not pass with time."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return ApiError(429, message, type="insufficient_quota", code="insufficient_quota")


def wrong_key(key: bytes) -> ApiError:
    """The refusal of a key that is not known, or not any more."""
    text = key.decode("latin-1")
    shown = text[:SHOWN_OF_A_KEY] + "*" * min(len(text), MOST_STARS)
    message = f"Incorrect API key provided: {shown or repr(text)}."
    return ApiError(401, message, code="invalid_api_key")


def overloaded(wait: float) -> ApiError:
    """The refusal of a server with too much to do; it may be tried again after `wait` seconds."""
    message = "The engine is currently overloaded, please try again later"
    return ApiError(503, message, type="server_error", code="overloaded", retry_after=wait)


def gateway(status: int) -> ApiError:
    """The failure of a gateway in front of the server: no good reply (502), or none in time (504).

    A real one often says it as a page; here it has the shape of all errors.
    """
    reason = {502: "got no valid reply from", 504: "got no reply in time from"}[status]
    return ApiError(status, f"The gateway {reason} the server behind it.", type="server_error")


def internal() -> ApiError:
    """A failure of the server's own."""
    return ApiError(500, SORRY, type="server_error")


def unknown_model(name: str) -> ApiError:
    """There is no such model here."""
    message = f"The model `{name:.80}` does not exist or you do not have access to it."
    return ApiError(404, message, param="model", code="model_not_found")
