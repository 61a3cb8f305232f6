"""Answers that are no jobs: nothing is planned, drawn, limited or written down for them."""

from collections.abc import Callable, Generator, Hashable
from typing import Any

from helpers.fake_llm import json_bytes
from helpers.fake_llm.envelope import JSON, Envelope
from helpers.fake_llm.errors import ApiError, internal
from helpers.fake_llm.schedule import Schedule
from helpers.fake_llm.visible import print_error
from helpers.fake_llm.wire import Request


class Plain:
    """Sends what a handler returns, or refuses, as JSON."""

    def __init__(self, schedule: Schedule):
        self.schedule = schedule

    def answer(self, request: Request, handler: Callable[[Request], Any], whose: Hashable) -> None:
        """Reply with what `handler(request)` returns, at once.

        Where it is a generator, it is run in steps between what others want, and its value is the
        reply. whose: who has asked, and waits for its own if it has asked for much.
        """
        try:
            found = handler(request)
        except ApiError as error:
            return self.refuse(request, error)
        if isinstance(found, Generator):
            self.schedule.slowly(self._in_steps(request, found), whose)
        else:
            self._send(request, 200, found)

    def _in_steps(
        self, request: Request, steps: Generator[None, None, Any]
    ) -> Generator[None, None, None]:
        try:
            found = yield from steps
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            print_error()
            return self.refuse(request, internal())
        self._send(request, 200, found)

    def refuse(self, request: Request, error: ApiError) -> None:
        """Reply with an error."""
        self._send(request, error.status, error.body, error.lines)

    def _send(self, request: Request, status: int, body: Any, lines: bytes = b"") -> None:
        connection = request.connection
        if connection.current is not request:  # its client has left meanwhile
            return
        reply = Envelope(request, lines).whole(status, JSON, json_bytes.dumps(body))
        connection.send(reply)
        connection.finish(request.keep_alive)
