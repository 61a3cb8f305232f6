"""Errors as OpenAI's API words and shapes them. Pure."""

from helpers.fake_llm.behaviour import milliseconds

INVALID = "invalid_request_error"
SORRY = "The server had an error while processing your request. Sorry about that!"


class ApiError(Exception):
    """An error reply in OpenAI's shape; `lines` are header lines, each with its CRLF."""

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
        self.status, self.retry_after, self.lines = status, retry_after, lines
        self.error = {"message": message, "type": type, "param": param, "code": code}


def missing(param: str) -> ApiError:
    """The error for a parameter that has to be there and is not."""
    return ApiError(
        400,
        f"Missing required parameter: '{param}'.",
        code="missing_required_parameter",
        param=param,
    )


def too_many(message: str, wait: float, kind: str) -> ApiError:
    """The refusal of a rate limit; it may be tried again after `wait` seconds."""
    message = f"{message} Please try again in {milliseconds(wait)}ms."
    return ApiError(429, message, type=kind, code="rate_limit_exceeded", retry_after=wait)


def overloaded(wait: float) -> ApiError:
    """The refusal of a server that has too much to do; it may be tried again after `wait` seconds."""
    message = "The engine is currently overloaded, please try again later"
    return ApiError(503, message, type="server_error", code="overloaded", retry_after=wait)


def internal() -> ApiError:
    """A failure of the server's own."""
    return ApiError(500, SORRY, type="server_error")


def unknown_model(name: str) -> ApiError:
    """There is no such model here."""
    message = f"The model `{name:.80}` does not exist or you do not have access to it."
    return ApiError(404, message, param="model", code="model_not_found")
