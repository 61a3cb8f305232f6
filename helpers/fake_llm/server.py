"""The fake LLM's server: it listens, and hands each request to what is behind its address."""

import asyncio
import gc
import traceback
from collections.abc import Callable

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.chat.completions import ChatCompletions
from helpers.fake_llm.control import Control
from helpers.fake_llm.errors import ApiError, internal
from helpers.fake_llm.gate import let_in
from helpers.fake_llm.jobs import Job, Jobs
from helpers.fake_llm.journal import Journal
from helpers.fake_llm.schedule import Schedule
from helpers.fake_llm.services import MODELS_PATH, Services
from helpers.fake_llm.state import State
from helpers.fake_llm.wire import Connection, Request

SWEEP = 1.0
"""Seconds from one look for connections that have been silent for too long to the next."""

BACKLOG = 4096
"""Connections that the system holds until they are accepted: thousands may come at one instant."""

Handler = Callable[[Job, str, dict[str, str]], None]


class Server:
    """One fake LLM on the running event loop. Times are seconds on its own clock."""

    def __init__(self, behaviour: Behaviour):
        self.schedule = Schedule(self._handle, self._progress)
        # A connection asks these for each piece it reads: bound once, they cost one call, not two.
        self.now = self.schedule.now
        self.arrived = self.schedule.arrived
        self.receive = self.schedule.receive
        self.connections: set[Connection] = set()
        self.opened = 0
        self.journal = Journal()
        self.state = State(behaviour, self.now())
        self.jobs = Jobs(self.schedule, self.journal, self.state)
        self.control = Control(self.state, self.journal, self.jobs)
        self.services = Services(self.jobs, self.state)
        self.chat = ChatCompletions(self.jobs, self.state)
        self._addresses = self._journalled()

    def _journalled(self) -> dict[str, dict[bytes, tuple[str, Handler]]]:
        """What is behind each path and method that the journal has: its kind there, its handler."""
        return {
            "/v1/chat/completions": {b"POST": ("chat", self.chat.handle)},
            "/v1/models": {b"GET": ("models", self.services.models)},
            "/search": {b"GET": ("search", self.services.search)},
            "/weather": {b"GET": ("weather", self.services.weather)},
            "/notes": {b"POST": ("notes", self.services.note)},
        }

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError if the address cannot be had."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(self), host, port, backlog=BACKLOG)
        self._sweep()
        _collect_seldom()
        return listener.sockets[0].getsockname()[1]

    def _sweep(self) -> None:
        now = self.now()
        for connection in list(self.connections):
            connection.check(now)
        asyncio.get_running_loop().call_later(SWEEP, self._sweep)

    # What connections and the schedule call.

    def connected(self, connection: Connection) -> int:
        """A number for a new connection."""
        self.connections.add(connection)
        self.opened += 1
        return self.opened

    def left(self, request: Request) -> None:
        """The client of this request has closed its connection."""
        if request.job is not None:
            self.jobs.left(request.job)

    def _progress(self, job: Job) -> None:
        self.jobs.progress(job)

    def _handle(self, request: Request) -> None:
        path, query = _address(request)
        controls = self.control.addresses.get(path)
        if controls is not None and request.method in controls and not request.broken:
            return self.control.answer(request, path, query)
        methods = self._addresses.get(path)
        if methods is None and path.startswith(MODELS_PATH):
            methods = {b"GET": ("models", self.services.model)}
        kind, handler = (methods or {}).get(request.method, ("other", None))
        job = self.jobs.open(request, kind)
        if request.connection.closed:
            return self.jobs.end(job, "disconnected")
        try:
            let_in(request, path, controls or methods, self.state.behaviour.api_key)
            handler(job, path, query)
        except ApiError as error:
            self.jobs.refuse(job, error)
        except Exception:  # noqa: BLE001 - whatever it is, the others are served
            traceback.print_exc()
            self.jobs.refuse(job, internal())


def _address(request: Request) -> tuple[str, dict[str, str]]:
    """The path and the query; where they make no sense, the request is marked as broken."""
    try:
        return request.split()
    except ValueError:
        request.broken = request.broken or (400, "The address makes no sense.")
        return "", {}


def _collect_seldom() -> None:
    """Keep Python's garbage collector from stopping the server while replies are due.

    A collection stops everything for as long as it takes to look at all objects, and a journal of
    100,000 records is many of them. While 120,000 requests come, a thousand at a time, Python's own
    thresholds (700, 10, 10) make 280 collections that take 110 ms in all, the longest of them 35;
    with these there are 3, the longest 7 to 15 ms (measured with `gc.callbacks`). They may be rare
    because they find little: a job that has ended is in no circle of references, so it is freed at
    once. What is loaded by now stays for ever, and need not be looked at again (`freeze`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
