"""Who is let in: what a request's head must say, whatever it asks for. Pure.

A web page that the learner visits can make the browser send requests to this machine. What it sends
names the page as its Origin, or, after it has bound its own name to this machine's address ("DNS
rebinding"), its own name as the Host; and without leave it sends no JSON: so none gets in.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from helpers.fake_llm.envelope import JSON
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.wire import Request

Route = TypeVar("Route")

# A name or an address, one of IPv6 in brackets, and perhaps a port (RFC 9110, 7.2).
_HOST = r"(?:(?P<name>[^:\[\]]+?)\.?|\[(?P<address>[^\[\]]+)\])(?::\d*)?"

MOST_HOSTS = 1_000
"""Hosts that are remembered as ours: an address has as many spellings as there are ports."""


class Hosts:
    """The names by which this server may be called: those of this machine, and those it is given.

    An address passes as it is: a browser takes nobody's word for what address it is.
    """

    def __init__(self, names: Iterable[str] = ()):
        self._names = {"localhost", socket.gethostname().lower(), *map(str.lower, names)}
        self._ours: set[bytes] = set()

    def check(self, request: Request) -> None:
        """ApiError 421 where the Host is another's. None passes: every browser names one."""
        host = request.headers.get(b"host")
        if host is None or host in self._ours:
            return
        if not self._is_ours(host):
            message = f"This server is not called {host.decode('latin-1'):.80}; see --allow-host."
            raise ApiError(421, message, code="wrong_host")
        if len(self._ours) < MOST_HOSTS:
            self._ours.add(host)

    def _is_ours(self, host: bytes) -> bool:
        parts = re.fullmatch(_HOST, host.decode("latin-1").lower())
        if parts is None:
            return False
        if parts["name"] in self._names:
            return True
        try:
            ipaddress.ip_address(parts["name"] or parts["address"])
        except ValueError:
            return False
        return True


def check_origin(request: Request) -> None:
    """ApiError 403 where a web page of somebody else's has sent this."""
    origin = request.headers.get(b"origin")
    if origin is None or origin == b"http://" + request.headers.get(b"host", b""):
        return
    message = f"Requests of web pages at {origin.decode('latin-1'):.80} are not answered."
    raise ApiError(403, message, code="foreign_origin")


def key_of(request: Request) -> bytes:
    """The key that a request shows, b"" if none."""
    scheme, _, key = request.headers.get(b"authorization", b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else b""


def missing_key() -> ApiError:
    """The refusal of a request that shows no key where one is needed."""
    hint = "Provide it in an Authorization header using Bearer auth."
    return ApiError(401, f"You didn't provide an API key. {hint}")


def choose(request: Request, methods: Mapping[bytes, Route] | None) -> Route:
    """What is behind the address for this method; ApiError 404 or 405 where there is nothing.

    methods: those that the path has, None if there is no such path.
    """
    if methods is None:
        method = request.method.decode("latin-1")
        raise ApiError(404, f"Invalid URL ({method} {request.path:.200})")
    if request.method not in methods:
        raise _wrong_method(request.method.decode("latin-1"), request.path, methods)
    return methods[request.method]


def _wrong_method(method: str, path: str, methods: Collection[bytes]) -> ApiError:
    right = " or ".join(m.decode() for m in methods)
    return ApiError(
        405,
        f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to make a {right} request?)",
        code="method_not_supported",
        lines=b"allow: %b\r\n" % b", ".join(methods),
    )


def check_type(request: Request) -> None:
    """ApiError 415 where there may be a body and it is not said to be JSON."""
    if request.method not in (b"POST", b"PUT"):
        return
    content_type = request.headers.get(b"content-type", b"")
    if content_type == JSON:
        return
    kind = content_type.split(b";")[0].strip().lower()
    if kind == JSON:
        return
    shown = kind[:80].decode("latin-1")
    hint = "(HINT: If you're using curl, you can pass -H 'Content-Type: application/json')"
    message = f"Invalid Content-Type header ({shown}), expected application/json. {hint}"
    raise ApiError(415, message)
