"""The addresses that steer the server and read what it saw. They are not in the journal."""

import traceback
from collections.abc import Callable
from typing import Any

from helpers.fake_llm import json_bytes
from helpers.fake_llm.chat.request import read_json
from helpers.fake_llm.envelope import JSON, Envelope
from helpers.fake_llm.errors import ApiError, internal
from helpers.fake_llm.gate import let_in
from helpers.fake_llm.jobs import Jobs
from helpers.fake_llm.journal import Journal
from helpers.fake_llm.state import State
from helpers.fake_llm.wire import Request

MOST_DIGITS = 18
"""Of a mark, so that it fits into 64 bits: no server sees as many requests."""

Query = dict[str, str]
Handler = Callable[[Request, Query], Any]


class Control:
    """What is behind these addresses. A handler returns what is then sent as JSON."""

    def __init__(self, state: State, journal: Journal, jobs: Jobs):
        self.addresses: dict[str, dict[bytes, Handler]] = {
            "/": {b"GET": self._hello},
            "/behaviour": {b"GET": self._behaviour, b"PUT": self._behave},
            "/journal": {b"GET": self._journal, b"DELETE": self._reset},
            "/stats": {b"GET": self._stats},
            "/mark": {b"GET": self._mark},
        }
        self.state = state
        self.journal = journal
        self.jobs = jobs

    def answer(self, request: Request, path: str, query: Query) -> None:
        """Reply at once to a request for one of the addresses, with one of its methods."""
        handlers = self.addresses[path]
        try:
            let_in(request, path, handlers, self.state.behaviour.api_key)
            reply = handlers[request.method](request, query)
            status, body = 200, json_bytes.dumps(reply)
        except ApiError as error:
            status, body = error.status, json_bytes.dumps(error.body)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            traceback.print_exc()
            status, body = 500, json_bytes.dumps(internal().body)
        request.connection.send(Envelope(request).whole(status, JSON, body))
        request.connection.finish(request.keep_alive)

    def _hello(self, request: Request, query: Query) -> dict[str, Any]:
        control = [path for path in self.addresses if path != "/"]
        return {"name": "fake LLM", "base_url": "/v1", "control": control}

    def _behaviour(self, request: Request, query: Query) -> dict[str, Any]:
        return self.state.as_dict()

    def _behave(self, request: Request, query: Query) -> dict[str, Any]:
        changes = read_json(request.body)
        try:
            self.state.change(changes, self.jobs.now())
        except ValueError as error:
            raise ApiError(400, str(error), code="invalid_value") from None
        self.jobs.admit_waiting()
        return self.state.as_dict()

    def _journal(self, request: Request, query: Query) -> list[dict[str, Any]]:
        return [record.as_dict() for record in self.journal.since(_since(query))]

    def _reset(self, request: Request, query: Query) -> dict[str, int]:
        self.journal.clear()
        self.state.forget_attempts()
        return self._mark(request, query)

    def _stats(self, request: Request, query: Query) -> dict[str, Any]:
        return self.journal.stats(_since(query), query.get("kind"))

    def _mark(self, request: Request, query: Query) -> dict[str, int]:
        return {"mark": self.journal.count}


def _since(query: Query) -> int:
    """The mark that a query names, 0 if it names none; ApiError 400."""
    since = query.get("since", "0")
    if since.isascii() and since.isdigit():
        return int(since[:MOST_DIGITS])
    message = f"Invalid 'since': {since!r:.40}; it takes a mark, a whole number from 0."
    raise ApiError(400, message, param="since")
