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

# What is behind a path and a method: the kind of job in the journal, and what handles the job; or
# None, and what answers the request at once, unwritten.
Route = tuple[str, Callable[[Job], None]] | tuple[None, Callable[[Request], Any]]
OTHER = ("other", None)
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
        self._addresses: dict[str, dict[bytes, Route]] = {
            "/v1/chat/completions": {b"POST": ("chat", chat.handle)},
            "/v1/models": {b"GET": ("models", self.services.models)},
            "/search": {b"GET": ("search", self.services.search)},
            "/weather": {b"GET": ("weather", self.services.weather)},
            "/notes": {b"POST": ("notes", self.services.note)},
            "/": {b"GET": (None, self._hello)},
            "/me/behaviour": {b"GET": (None, self._behaviour)},
            "/me/journal": {b"GET": (None, self._journal)},
            "/me/mark": {b"GET": (None, self._mark)},
            "/me/stats": {b"GET": (None, self._stats)},
        }
        self._model: dict[bytes, Route] = {b"GET": ("models", self.services.model)}

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
        methods = self._addresses.get(request.path) or self._else(request)
        request.route = gate.choose(request, methods)
        gate.check_type(request)

    def _else(self, request: Request) -> dict[bytes, Route] | None:
        if request.path.startswith(MODELS_PATH):
            return self._model
        if request.path.startswith(STEERING):
            message = f"{request.path:.80} is behind the control door, which the start line names."
            raise ApiError(404, f"Invalid URL ({message})")
        return None

    def handle(self, request: Request) -> None:
        """Answer a participant's request, or start a job for it."""
        kind, handler = request.route or OTHER
        if kind is None and request.refusal is None:
            return self.plain.answer(request, handler, whose=request.participant)
        job = self.jobs.open(request, kind or "other")
        if request.connection.closed:
            return self.jobs.end(job, "disconnected", self.jobs.now())
        if request.refusal is not None:
            return self.jobs.refuse(job, request.refusal)
        try:
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
