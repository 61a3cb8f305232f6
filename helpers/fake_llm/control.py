"""The control door: what steers the server, and reads all that it saw. Nothing of it is journalled.

It is on loopback only, and everything behind it needs the secret that was made for whoever started
the server. The secret is never sent.
"""

from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from helpers.fake_llm import gate, reading
from helpers.fake_llm.chat.request import read_json
from helpers.fake_llm.crowd import Crowd, Group
from helpers.fake_llm.errors import ApiError, wrong_key
from helpers.fake_llm.gate import Hosts
from helpers.fake_llm.jobs import Jobs
from helpers.fake_llm.journal import Journal
from helpers.fake_llm.participants import Participant, Participants
from helpers.fake_llm.plain import Plain
from helpers.fake_llm.wire import Request

PARTICIPANTS = "/participants"
Handler = Callable[[Request], Any]


class Control:
    """What is behind each address. A handler returns what is then sent as JSON.

    refused: by status, the requests that were kept out before it was known whose they are.
    """

    def __init__(
        self,
        jobs: Jobs,
        participants: Participants,
        crowd: Crowd,
        plain: Plain,
        secret: str,
        refused: dict[int, int],
    ):
        self.jobs = jobs
        self.participants = participants
        self.crowd = crowd
        self.hosts = Hosts()
        self.plain = plain
        self.refused = refused
        self.group: Group = Group()
        self._secret = secret.encode()
        self._addresses: dict[str, dict[bytes, Handler]] = {
            "/behaviour": {b"GET": self._behaviour, b"PUT": self._behave},
            "/journal": {b"GET": self._journal, b"DELETE": self._forget},
            "/stats": {b"GET": self._stats},
            "/mark": {b"GET": self._mark},
            "/refused": {b"GET": self._refused},
            PARTICIPANTS: {b"GET": self._participants, b"POST": self._add},
        }
        self._of_one: dict[bytes, Handler] = {b"DELETE": self._remove}
        self._its_behaviour: dict[bytes, Handler] = {
            b"GET": self._own_behaviour,
            b"PUT": self._behave_alone,
        }

    def let_in(self, request: Request) -> None:
        """Let in who has the secret; ApiError keeps the others out."""
        self.hosts.check(request)
        gate.check_origin(request)
        key = gate.key_of(request)
        if not key:
            raise gate.missing_key()
        if not self._secret or not compare_digest(key, self._secret):
            raise wrong_key(key)
        self.crowd.move(request.connection, self.group)
        request.route = gate.choose(request, self._methods(request.path))
        gate.check_type(request)

    def _methods(self, path: str) -> dict[bytes, Handler] | None:
        parts = path.split("/")
        if path.startswith(f"{PARTICIPANTS}/") and len(parts) == 3:
            return self._of_one
        if path.startswith(f"{PARTICIPANTS}/") and len(parts) == 4 and parts[3] == "behaviour":
            return self._its_behaviour
        return self._addresses.get(path)

    def handle(self, request: Request) -> None:
        """Answer a request that has been let in."""
        self.plain.answer(request, request.route, whose=self)

    # The behaviour of all, and of one.

    def _behaviour(self, request: Request) -> dict[str, Any]:
        return self.participants.as_dict()

    def _behave(self, request: Request) -> dict[str, Any]:
        self._change(request)
        return self.participants.as_dict()

    def _own_behaviour(self, request: Request) -> dict[str, Any]:
        return self._named(request).as_dict()

    def _behave_alone(self, request: Request) -> dict[str, Any]:
        who = self._named(request)
        self._change(request, who)
        return who.as_dict()

    def _change(self, request: Request, who: Participant | None = None) -> None:
        changes = read_json(request.body)
        try:
            self.participants.change(changes, self.jobs.now(), who)
        except ValueError as error:
            raise ApiError(400, str(error), code="invalid_value") from None
        self.jobs.admit_waiting(self.participants.common.capacity)

    # What was seen.

    def _journals(self, request: Request) -> list[Journal]:
        return self.participants.journals(request.query.get("participant"))

    def _journal(self, request: Request) -> dict[str, Any]:
        return reading.page(self._journals(request), request.query)

    def _forget(self, request: Request) -> dict[str, int]:
        self.participants.forget()
        return self._mark(request)

    def _stats(self, request: Request) -> reading.Steps[dict[str, Any]]:
        return reading.stats(self._journals(request), request.query)

    def _mark(self, request: Request) -> dict[str, int]:
        return {"mark": self.participants.numbers.count}

    def _refused(self, request: Request) -> dict[str, int]:
        return {str(status): count for status, count in self.refused.items()}

    # Participants.

    def _participants(self, request: Request) -> list[str]:
        return [name for name in self.participants.by_name if name]

    def _add(self, request: Request) -> dict[str, str]:
        name = read_json(request.body).get("name")
        return {"name": name, "key": self.participants.add(name, self.jobs.now())}

    def _remove(self, request: Request) -> dict[str, str]:
        who = self.participants.remove(self._named(request).name)
        for connection in list(who.group.connections):
            connection.reset()
        return {"removed": who.name}

    def _named(self, request: Request) -> Participant:
        return self.participants.named(request.path.split("/")[2])
