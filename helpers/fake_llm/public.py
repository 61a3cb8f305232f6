"""The public door: the protocols, an agent's services, and a client's own numbers."""

from collections.abc import Callable
from typing import Any

from helpers.fake_llm import gate, reading
from helpers.fake_llm.chat.completions import ChatCompletions
from helpers.fake_llm.crowd import Crowd
from helpers.fake_llm.errors import ApiError, wrong_key
from helpers.fake_llm.gate import Hosts
from helpers.fake_llm.jobs import Job, Jobs
from helpers.fake_llm.participants import Participants
from helpers.fake_llm.plain import Plain
from helpers.fake_llm.services import MODELS_PATH, Services
from helpers.fake_llm.wire import Request

Handler = Callable[[Job], None]
STEERING = ("/behaviour", "/journal", "/stats", "/mark", "/refused", "/participants")


class Public:
    """Who may do what here, and what is behind each address."""

    def __init__(
        self,
        jobs: Jobs,
        participants: Participants,
        crowd: Crowd,
        hosts: Hosts,
        plain: Plain,
    ):
        self.jobs = jobs
        self.participants = participants
        self.crowd = crowd
        self.hosts = hosts
        self.plain = plain
        chat = ChatCompletions(jobs)
        self.services = Services(jobs)
        # What makes a job: by path and method its kind in the journal, and its handler.
        self._journalled: dict[str, dict[bytes, tuple[str, Handler]]] = {
            "/v1/chat/completions": {b"POST": ("chat", chat.handle)},
            "/v1/models": {b"GET": ("models", self.services.models)},
            "/search": {b"GET": ("search", self.services.search)},
            "/weather": {b"GET": ("weather", self.services.weather)},
            "/notes": {b"POST": ("notes", self.services.note)},
        }
        self._model: dict[bytes, tuple[str, Handler]] = {b"GET": ("models", self.services.model)}
        # What is answered at once and not journalled.
        self._read: dict[str, dict[bytes, Callable[[Request], Any]]] = {
            "/": {b"GET": self._hello},
            "/me/behaviour": {b"GET": self._behaviour},
            "/me/journal": {b"GET": self._journal},
            "/me/mark": {b"GET": self._mark},
            "/me/stats": {b"GET": self._stats},
        }

    def let_in(self, request: Request) -> None:
        """Note whose request this is; ApiError keeps it out."""
        self.hosts.check(request)
        gate.check_origin(request)
        who = self.participants.anybody
        if who is None:
            key = gate.key_of(request)
            who = self.participants.with_key(key) if key else None
            if who is None:
                raise wrong_key(key) if key else gate.missing_key()
        request.participant = who
        self.crowd.move(request.connection, who.group)
        gate.check_address(request, self._methods(request.path))

    def _methods(self, path: str) -> dict[bytes, Any] | None:
        methods = self._journalled.get(path) or self._read.get(path)
        if methods is None and path.startswith(MODELS_PATH):
            return self._model
        if methods is None and path.startswith(STEERING):
            message = f"{path:.80} is behind the control door, which the start line names."
            raise ApiError(404, f"Invalid URL ({message})")
        return methods

    def handle(self, request: Request) -> None:
        """Answer a participant's request, or start a job for it."""
        read = self._read.get(request.path, {}).get(request.method)
        if read is not None and request.refusal is None:
            return self.plain.answer(request, read, whose=request.participant)
        methods = self._journalled.get(request.path) or self._model
        kind, handler = methods.get(request.method, ("other", None))
        job = self.jobs.open(request, "other" if request.refusal is not None else kind)
        if request.connection.closed:
            return self.jobs.end(job, "disconnected")
        try:
            if request.refusal is not None:
                raise request.refusal
            handler(job)
        except ApiError as error:
            self.jobs.refuse(job, error)

    def _hello(self, request: Request) -> dict[str, str]:
        return {"name": "fake LLM", "base_url": "/v1"}

    def _behaviour(self, request: Request) -> dict[str, Any]:
        return request.participant.as_dict()

    def _journal(self, request: Request) -> dict[str, Any]:
        return reading.page([request.participant.journal], request.query)

    def _mark(self, request: Request) -> dict[str, int]:
        return {"mark": self.participants.numbers.count}

    def _stats(self, request: Request) -> reading.Steps[dict[str, Any]]:
        return reading.stats([request.participant.journal], request.query)
