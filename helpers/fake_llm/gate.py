"""Who is let in: requests that are HTTP, to an address that there is, with the right key and content type. Pure."""

from collections.abc import Iterable

from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.wire import JSON, Request


def let_in(
    request: Request, path: str, methods: Iterable[bytes] | None, found: bool, key: str | None
) -> None:
    """Raise the ApiError that keeps this request out, if there is one.

    methods: those that the path has, None if there is no such path; found: whether this method is one of them;
    key: the only key that is let in, None for any.
    """
    if request.broken:
        raise ApiError(*request.broken)
    method = request.method.decode("latin-1")
    if methods is None:
        raise ApiError(404, f"Invalid URL ({method} {path:.200})")
    if not found:
        raise _wrong_method(method, path, methods)
    _check_key(request.headers.get(b"authorization", b""), key)
    if method in ("POST", "PUT"):
        _check_type(request.headers.get(b"content-type", JSON))


def _wrong_method(method: str, path: str, methods: Iterable[bytes]) -> ApiError:
    hint = (
        f"(HINT: Perhaps you meant to make a {' or '.join(m.decode() for m in methods)} request?)"
    )
    return ApiError(
        405,
        f"Not allowed to {method} on {path}. {hint}",
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
    shown = shown[:3] + "*" * min(len(shown), 20)
    raise ApiError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def _check_type(content_type: bytes) -> None:
    kind = content_type.split(b";")[0].strip().lower()
    if kind != JSON:
        shown = kind[:80].decode("latin-1")
        hint = "(HINT: If you're using curl, you can pass -H 'Content-Type: application/json')"
        raise ApiError(
            415, f"Invalid Content-Type header ({shown}), expected application/json. {hint}"
        )
