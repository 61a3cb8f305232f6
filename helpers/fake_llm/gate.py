"""Who is let in: HTTP requests to an address there is, with the right key and type. Pure."""

from collections.abc import Collection

from helpers.fake_llm.envelope import JSON
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.wire import Request

MOST_STARS = 20
"""A wrong key is shown with its letters hidden, up to so many of them."""


def let_in(request: Request, path: str, methods: Collection[bytes] | None, key: str | None) -> None:
    """Raise the ApiError that keeps this request out, if there is one.

    methods: those that the path has, None if there is no such path; key: the only key that is let
    in, None for any.
    """
    if request.broken:
        raise ApiError(*request.broken)
    if methods is None:
        raise ApiError(404, f"Invalid URL ({request.method.decode('latin-1')} {path:.200})")
    if request.method not in methods:
        raise _wrong_method(request.method.decode("latin-1"), path, methods)
    _check_key(request.headers.get(b"authorization", b""), key)
    if request.method in (b"POST", b"PUT"):
        _check_type(request.headers.get(b"content-type", JSON))


def _wrong_method(method: str, path: str, methods: Collection[bytes]) -> ApiError:
    right = " or ".join(m.decode() for m in methods)
    return ApiError(
        405,
        f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to make a {right} request?)",
        code="method_not_supported",
        lines=b"allow: %b\r\n" % b", ".join(methods),
    )


def _check_key(authorization: bytes, key: str | None) -> None:
    if key is None or authorization == b"Bearer " + key.encode():
        return
    if not authorization:
        hint = "Provide it in an Authorization header using Bearer auth."
        raise ApiError(401, f"You didn't provide an API key. {hint}")
    shown = authorization.removeprefix(b"Bearer ").decode("latin-1")
    shown = shown[:3] + "*" * min(len(shown), MOST_STARS)
    raise ApiError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def _check_type(content_type: bytes) -> None:
    kind = content_type.split(b";")[0].strip().lower()
    if kind == JSON:
        return
    shown = kind[:80].decode("latin-1")
    hint = "(HINT: If you're using curl, you can pass -H 'Content-Type: application/json')"
    message = f"Invalid Content-Type header ({shown}), expected application/json. {hint}"
    raise ApiError(415, message)
