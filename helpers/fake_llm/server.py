"""The fake LLM's server: it listens at two doors, and hands each request to the one it came by."""

import asyncio
import errno
import gc
import sys
from collections import Counter
from collections.abc import Iterable
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.control import Control
from helpers.fake_llm.crowd import MOST_CONNECTIONS, Crowd
from helpers.fake_llm.errors import ApiError, internal
from helpers.fake_llm.gate import Hosts
from helpers.fake_llm.jobs import Job, Jobs
from helpers.fake_llm.journal import Record
from helpers.fake_llm.participants import Participants
from helpers.fake_llm.plain import Plain
from helpers.fake_llm.public import Public
from helpers.fake_llm.schedule import Schedule
from helpers.fake_llm.visible import print_error
from helpers.fake_llm.wire import Connection, Request

SWEEP = 1.0
"""Seconds from one look for connections that have been silent for too long to the next."""

BACKLOG = 1_000
"""Connections that the system holds until they are accepted, and that are accepted at one time, in
some 20 ms. As many agents may start at one instant, and what they ask has arrived when it is read:
were it handled before the others are accepted, these would seem to come later than they did."""

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Why the system may have no room for a connection. The loop tries again a second later."""

OWN_FILES = 64
"""Files that the server needs besides its connections: its own, and some for what is closing."""

WRONG_KEY_PAUSE = 0.5
"""Seconds from one wrong key's refusal to the next, for those of one address together."""

WRONG_KEY_PATIENCE = 10.0
"""Seconds after which a wrong key is not answered at all: there are too many before it."""


class Server:
    """One fake LLM on the running event loop. Times are seconds on its own clock.

    secret: opens the control door; without one it stays shut. key: the first participant's, None
    lets in everybody. names: hosts besides this machine's own. files: that this process may open.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        secret: str = "",
        key: str | None = None,
        names: Iterable[str] = (),
        files: int | None = None,
    ):
        self.schedule = Schedule(self._handle, self._progress)
        # A connection asks these for each piece it reads: bound once, they cost one call, not two.
        self.now = self.schedule.now
        self.arrived = self.schedule.arrived
        self.receive = self.schedule.receive
        self.crowd: Crowd[Connection] = Crowd(_room(files))
        self.opened = 0
        self.refused: Counter[int] = Counter()  # by status, requests of nobody we know
        self.participants = Participants(behaviour, key, self.now())
        self.jobs = Jobs(self.schedule)
        self.plain = Plain(self.schedule)
        shared = (self.jobs, self.participants, self.crowd)
        self.public = Public(*shared, Hosts(names), self.plain)
        self.control = Control(*shared, self.plain, secret, self.refused)
        self._next_refusal: dict[str, float] = {}  # of a wrong key, by address
        self._complained = False

    async def start(self, host: str, port: int) -> int:
        """Open the public door, and return its port. Raises OSError if it cannot be had."""
        opened = await self._open(self.public, host, port)
        asyncio.get_running_loop().set_exception_handler(self._complain)
        self._sweep()
        _collect_seldom()
        return opened

    async def start_control(self) -> int:
        """Open the control door, on loopback, and return its port."""
        return await self._open(self.control, "127.0.0.1", 0)

    async def _open(self, door: Public | Control, host: str, port: int) -> int:
        listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, door), host, port, backlog=BACKLOG
        )
        return listener.sockets[0].getsockname()[1]

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once that no more connections are accepted for a second; report all else."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in NO_ROOM:
            return loop.default_exception_handler(context)
        if not self._complained:
            self._complained = True
            print(f"fake LLM: connections have to wait: {error}", file=sys.stderr, flush=True)

    def _sweep(self) -> None:
        now = self.now()
        for connection in self.crowd:
            connection.check(now)
        late = {address: at for address, at in self._next_refusal.items() if at > now}
        self._next_refusal = late
        asyncio.get_running_loop().call_later(SWEEP, self._sweep)

    # What connections and the schedule call.

    def connected(self, connection: Connection) -> int:
        """A number for a new connection, for which room is made."""
        if connection.door is self.public and self.participants.anybody is not None:
            group = self.participants.anybody.group
        else:
            address = connection.transport.get_extra_info("peername") or ("",)
            group = self.crowd.strangers(address[0])
        goes = self.crowd.one_too_many(group)
        if goes is not None:
            goes.reset()
        self.crowd.add(connection, group)
        self.opened += 1
        return self.opened

    def left(self, request: Request) -> None:
        """The client of this request has closed its connection."""
        if request.job is not None:
            self.jobs.left(request.job)

    def writable(self, request: Request) -> None:
        """The client of this request reads again."""
        if request.job is not None:
            self.jobs.writable(request.job)

    def _progress(self, job: Job) -> None:
        self.jobs.progress(job)

    def _handle(self, request: Request) -> None:
        door = request.connection.door
        if request.participant is None and door is self.public and self.participants.anybody:
            # What is wrong with it was found before its head was whole: it is in the journal.
            is_http = request.refusal is not None and request.refusal.status not in (403, 421)
            request.participant = self.participants.anybody if is_http else None
        try:
            if request.participant is None and request.refusal is not None:
                self._turn_away(request, request.refusal)
            else:
                door.handle(request)
        except Exception:  # noqa: BLE001 - whatever it is, the others are served
            print_error()
            if request.job is not None:
                self.jobs.refuse(request.job, internal())
            else:
                self.plain.refuse(request, internal())

    def _turn_away(self, request: Request, refusal: ApiError) -> None:
        """Refuse a request of nobody we know: at once, unless its key is wrong."""
        self.refused[refusal.status] += 1
        if refusal.error["code"] != "invalid_api_key":
            return self.plain.refuse(request, refusal)
        address = (request.connection.transport.get_extra_info("peername") or ("",))[0]
        now = self.now()
        when = max(now, self._next_refusal.get(address, 0.0)) + WRONG_KEY_PAUSE
        if when - now > WRONG_KEY_PATIENCE:
            return request.connection.drop()
        self._next_refusal[address] = when
        loop = asyncio.get_running_loop()
        loop.call_later(when - now, self.plain.refuse, request, refusal)

    # What the view reads.

    def recent(self, count: int) -> list[Record]:
        """The last so many records of all participants, in order of arrival."""
        number = attrgetter("number")
        newest_first = (reversed(journal.records) for journal in self.participants.journals())
        return list(islice(merge(*newest_first, key=number, reverse=True), count))[::-1]

    def totals(self) -> Counter[tuple[str, str | None]]:
        """How many requests there have been, by kind and outcome."""
        return sum((journal.totals for journal in self.participants.journals()), Counter())


def _room(files: int | None) -> int:
    """How many connections there is room for, with so many open files; None for no limit."""
    if files is None:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(files - OWN_FILES, files // 2))


def _collect_seldom() -> None:
    """Keep Python's garbage collector from stopping the server while replies are due.

    A collection stops everything for as long as it takes to look at all objects, and a journal of
    100,000 records is many of them. While 120,000 requests come, a thousand at a time, Python's own
    thresholds (700, 10, 10) make 280 collections that take 110 ms in all, the longest of them 35;
    with these there are 3, the longest 7 to 15 ms (measured with `gc.callbacks`). They may be rare
    because they find little: a job that has ended is in no circle of references, so it is freed at
    once. What is loaded by now stays for ever, and need not be looked at again (`freeze`).
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()
