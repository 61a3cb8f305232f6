"""The fake LLM's server: which address does what, who is let in, and what happens to each request.

There are no tasks and no locks: a request is a Job that moves from event to event (arrived, admitted, due, left)
on one thread. Its reply is built when its service starts and only sent when it is due.
"""

import asyncio
import gc
import time
import traceback
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import orjson

from helpers.fake_llm import delivery, replies, services
from helpers.fake_llm.behaviour import (
    PAUSE,
    Attempts,
    Behaviour,
    Chance,
    Limits,
    Slots,
    milliseconds,
    plan,
)
from helpers.fake_llm.chat import read_chat, read_json
from helpers.fake_llm.errors import ApiError, internal, missing, overloaded, too_many, unknown_model
from helpers.fake_llm.gate import let_in
from helpers.fake_llm.journal import Journal, Record
from helpers.fake_llm.schedule import Schedule
from helpers.fake_llm.wire import JSON, Connection, Envelope, Request

SWEEP = 1.0


class Job:
    """One request from its arrival to its end."""

    __slots__ = (
        "attempt",
        "chance",
        "chat",
        "delivery",
        "fault",
        "key",
        "lines",
        "payload",
        "record",
        "reply",
        "request",
        "ticket",
    )  # fmt: skip

    def __init__(self, request: Request, record: Record):
        self.request, self.record, self.ticket = request, record, 0
        self.chat = self.reply = self.fault = self.chance = self.key = self.attempt = (
            self.delivery
        ) = None
        self.lines = self.payload = b""


class Server:
    """One fake LLM on the running event loop. Times are seconds on its own monotonic clock, from its start."""

    def __init__(self, behaviour: Behaviour):
        self.behaviour = behaviour
        self.schedule = Schedule(self._handle, self._progress)
        self.now, self.arrived, self.receive = (
            self.schedule.now,
            self.schedule.arrived,
            self.schedule.receive,
        )
        self.journal, self.library = Journal(), services.Library()
        self.slots, self.limits, self.attempts = Slots(), Limits(), Attempts()
        self.connections: set[Connection] = set()
        self.opened = self.notes = 0
        self._freed = 0.0
        self._date = (0, b"")
        self._routes = self._addresses()
        self._follow({"script": behaviour.script})

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError if the address cannot be had."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(self), host, port, backlog=4096)
        self._sweep()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        return listener.sockets[0].getsockname()[1]

    def _sweep(self) -> None:
        now = self.now()
        for connection in list(self.connections):
            connection.check(now)
        asyncio.get_running_loop().call_later(SWEEP, self._sweep)

    # Which address does what.

    def _addresses(self) -> dict[str, dict[bytes, tuple[str | None, Callable]]]:
        """For each path and method the kind in the journal (None: not journalled) and the handler."""
        return {
            "/v1/chat/completions": {b"POST": ("chat", self._chat)},
            "/v1/models": {b"GET": ("models", self._models)},
            "/search": {b"GET": ("search", self._search)},
            "/weather": {b"GET": ("weather", self._weather)},
            "/notes": {b"POST": ("notes", self._note)},
            "/": {b"GET": (None, self._hello)},
            "/behaviour": {b"GET": (None, self._behaviour), b"PUT": (None, self._behave)},
            "/journal": {b"GET": (None, self._read_journal), b"DELETE": (None, self._reset)},
            "/stats": {b"GET": (None, self._stats)},
            "/mark": {b"GET": (None, self._mark)},
        }

    def _handle(self, request: Request) -> None:
        try:
            path, query = request.split()
        except ValueError:
            path, query, request.broken = (
                "",
                {},
                request.broken or (400, "The address makes no sense."),
            )
        methods = self._routes.get(path)
        if methods is None and path.startswith("/v1/models/"):
            methods = {b"GET": ("models", self._model)}
        kind, handler = (methods or {}).get(request.method, ("other", None))
        if kind is None and not request.broken:
            return self._control(request, handler, query)
        job = request.job = Job(request, self._open(kind or "other", request))
        if request.connection.closed:
            return self._end(job, "disconnected")
        try:
            let_in(request, path, methods, handler is not None, self.behaviour.api_key)
            handler(job, path, query)
        except ApiError as error:
            self._refuse(job, error)
        except Exception:  # noqa: BLE001 - whatever it is, the others are served
            traceback.print_exc()
            self._refuse(job, internal())

    def _open(self, kind: str, request: Request) -> Record:
        tag, retries = (
            request.headers.get(b"x-tag"),
            request.headers.get(b"x-stainless-retry-count"),
        )
        tag = tag and tag[:200].decode("latin-1")
        record = self.journal.open(kind, request.connection.number, tag, request.arrival)
        record.key, record.retry = tag, tag is not None or retries not in (None, b"0")
        return record

    # Chat completions: from arrival to the start of service.

    def _chat(self, job: Job, path: str, query: dict[str, str]) -> None:
        b, record = self.behaviour, job.record
        job.chat = chat = read_chat(read_json(job.request.body))
        if b.models is not None and chat.model not in b.models:
            raise unknown_model(chat.model)
        job.reply = replies.reply_to(chat, b.seed)
        if record.tag is None and b"x-stainless-retry-count" in job.request.headers:
            record.key = f"~{chat.digest}"
        self._limit(job)
        job.key = record.tag if record.tag is not None else f"~{chat.digest}"
        number, job.attempt = self.attempts.next(job.key)
        job.chance = Chance(b.seed, chat.digest, record.tag, number)
        job.fault = self.script.popleft() if self.script else job.chance.fault(self.probabilities)
        match job.fault:
            case "503":
                raise overloaded(PAUSE)
            case "429":
                raise too_many(f"Rate limit reached for {chat.model:.80}.", PAUSE, "requests")
            case "refuse":
                job.request.connection.drop()
                return self._end(job, "failed")
        match self.slots.enter(job, b.capacity, b.queue):
            case "start":
                self._begin(
                    job, record.arrival if b.capacity is None else max(record.arrival, self._freed)
                )
            case "full":
                raise self._full()

    def _limit(self, job: Job) -> None:
        """Ask the rate limits, and note what they say in the reply's head."""
        if not self.limits.buckets:
            return
        now = job.record.arrival
        refusal = self.limits.admit(job.reply.prompt_tokens + job.reply.completion_tokens, now)
        for kind, bucket in self.limits.buckets.items():
            values = (
                f"limit-{kind}: {bucket.rate * 60:.0f}",
                f"remaining-{kind}: {max(0, int(bucket.level(now)))}",
                f"reset-{kind}: {bucket.until_full(now):.3f}s",
            )
            job.lines += "".join(f"x-ratelimit-{value}\r\n" for value in values).encode()
        if refusal is not None:
            kind, wait = refusal
            limit = self.limits.buckets[kind].rate * 60
            raise too_many(
                f"Rate limit reached for {job.chat.model:.80} on {kind} per min: Limit {limit:g}.",
                wait,
                kind,
            )

    def _full(self) -> ApiError:
        """The refusal when the queue is full; a place in it comes free when the first slot does."""
        now = self.now()
        ends = [j.record.started + j.record.planned for j in self.slots.serving]
        wait = max(min(ends, default=now) - now, 0.0) or PAUSE
        if self.behaviour.when_full == 429:
            return too_many("Too many requests at the same time.", wait, "requests")
        return overloaded(wait)

    # From the start of service to its end.

    def _begin(self, job: Job, now: float) -> None:
        """The job has its slot: plan its times, build its reply, and send that when it is due."""
        record, reply, chat = job.record, job.reply, job.chat
        times = plan(self.behaviour, job.chance, reply.moments, len(self.slots.serving))
        record.started, record.planned = now, times.total
        record.prompt_tokens, record.completion_tokens = (
            reply.prompt_tokens,
            reply.completion_tokens,
        )
        if record.outcome is not None:
            return self._work_for_nobody(job)
        job.lines += b"openai-processing-ms: %d\r\nopenai-version: 2020-10-01\r\n" % (
            times.total * 1000
        )
        envelope, created = self._envelope(job), int(time.time())
        id = f"chatcmpl-{chat.digest}{record.number:x}"
        first = times.first if chat.stream else times.total
        if job.fault == "reset":
            job.delivery = delivery.vanish(first)
        elif job.fault == "500":
            error = orjson.dumps({"error": internal().error})
            job.delivery = delivery.whole(envelope, 500, error, first, "failed")
        elif chat.stream:
            events = replies.events(reply, chat, id, created)
            job.delivery = delivery.stream(envelope, events, reply.moments, times, job.fault)
        else:
            body = replies.completion(reply, chat.model, id, created)
            job.delivery = delivery.plain(envelope, body, times, job.fault)
        record.due = now + first
        self._next_moment(job)

    def _next_moment(self, job: Job) -> bool:
        """Build what is sent next, before it is due; False if there is nothing more."""
        moment = next(job.delivery.moments, None)
        if moment is None:
            return False
        seconds, job.payload = moment
        self.schedule.at(job.record.started + seconds, job)
        return True

    def _progress(self, job: Job) -> None:
        """Something of this job is due: send it, and see to what follows."""
        record, connection = job.record, job.request.connection
        if record.outcome is not None:
            return self._release(job, self.now())
        connection.send(job.payload)
        if record.first_byte is None and job.delivery.status is not None:
            record.first_byte, record.status = self.now(), job.delivery.status
        if self._next_moment(job):
            return
        match job.delivery.ending:
            case "drop":
                connection.drop()
            case "reset":
                connection.reset()
            case "stall":
                return
        self._end(job, job.delivery.outcome)

    def left(self, request: Request) -> None:
        """The client of this request has closed its connection."""
        job = request.job
        if job is None or job.record.outcome is not None:
            return
        if self.behaviour.work_after_disconnect and job.reply is not None and job.fault != "stall":
            self.journal.close(job.record, "disconnected", self.now())
            if job in self.slots.serving:
                self._work_for_nobody(job)
        else:
            self._end(job, "disconnected")

    def _work_for_nobody(self, job: Job) -> None:
        self.schedule.cancel(job)
        self.schedule.at(job.record.started + job.record.planned, job)

    def _refuse(self, job: Job, error: ApiError) -> None:
        """Reply with an error at once."""
        job.lines += error.lines
        if error.retry_after is not None:
            ms = milliseconds(error.retry_after)
            job.record.retry_after = ms / 1000
            job.lines += b"retry-after: %d\r\nretry-after-ms: %d\r\n" % (-(-ms // 1000), ms)
        body = orjson.dumps({"error": error.error})
        job.request.connection.send(self._envelope(job).whole(error.status, JSON, body))
        job.record.first_byte, job.record.status = self.now(), error.status
        self._end(job, "failed" if error.status == 500 or job.fault == "503" else "rejected")

    def _envelope(self, job: Job) -> Envelope:
        now = int(time.time())
        if self._date[0] != now:
            self._date = now, formatdate(now, usegmt=True).encode()
        lines = b"date: %b\r\nx-request-id: req_%d\r\n%b" % (
            self._date[1],
            job.record.number,
            job.lines,
        )
        return Envelope(job.request, lines)

    def _end(self, job: Job, outcome: str) -> None:
        """The client has its reply, or will never have one."""
        now, request = self.now(), job.request
        self.journal.close(job.record, outcome, now)
        if outcome == "answered" and job.key is not None and job.record.tag is not None:
            self.attempts.answered(job.key, job.attempt)
        self.schedule.cancel(job)
        self._release(job, now)
        request.job = None
        request.connection.finish(request.keep_alive)

    def _release(self, job: Job, now: float) -> None:
        job.record.released = now
        if job.reply is not None:
            job.reply = job.delivery = None
            self.slots.leave(job)
            self._freed = now
            self._admit_waiting(now)

    def _admit_waiting(self, now: float) -> None:
        for job in self.slots.admit(self.behaviour.capacity):
            self._begin(job, now)

    # The application's other waits.

    def _reply(self, job: Job, body: Any, latency: float) -> None:
        record = job.record
        record.started, record.planned, record.due = (
            record.arrival,
            latency,
            record.arrival + latency,
        )
        job.delivery = delivery.whole(self._envelope(job), 200, orjson.dumps(body), latency)
        self._next_moment(job)

    def _search(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, self.library.search(query), self.behaviour.search_latency)

    def _weather(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, services.weather(query), self.behaviour.weather_latency)

    def _note(self, job: Job, path: str, query: dict[str, str]) -> None:
        if not isinstance(read_json(job.request.body).get("text"), str):
            raise missing("text")
        self.notes += 1
        self._reply(job, {"saved": True, "id": f"note_{self.notes}"}, self.behaviour.save_latency)

    def _models(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, services.models(self.behaviour.models), 0.0)

    def _model(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(
            job, services.model(path.removeprefix("/v1/models/"), self.behaviour.models), 0.0
        )

    # Control: not journalled.

    def _control(self, request: Request, handler: Callable, query: dict[str, str]) -> None:
        try:
            let_in(request, "", {}, True, self.behaviour.api_key)
            status, body = 200, orjson.dumps(handler(request, query))
        except ApiError as error:
            status, body = error.status, orjson.dumps({"error": error.error})
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            traceback.print_exc()
            status, body = 500, orjson.dumps({"error": internal().error})
        request.connection.send(Envelope(request, b"").whole(status, JSON, body))
        request.connection.finish(request.keep_alive)

    def _hello(self, request: Request, query: dict[str, str]) -> dict:
        return {
            "name": "fake LLM",
            "base_url": "/v1",
            "control": ["/behaviour", "/journal", "/stats", "/mark"],
        }

    def _behaviour(self, request: Request, query: dict[str, str]) -> dict:
        return {**self.behaviour.as_dict(), "script": list(self.script)}

    def _behave(self, request: Request, query: dict[str, str]) -> dict:
        changes = read_json(request.body)
        try:
            self.behaviour = self.behaviour.changed(**changes)
        except ValueError as error:
            raise ApiError(400, str(error), code="invalid_value") from None
        self._follow(changes)
        return self._behaviour(request, query)

    def _follow(self, changes: dict[str, Any]) -> None:
        """Let changed settings take effect."""
        if "script" in changes:
            self.script = deque(self.behaviour.script)
        self.probabilities = self.behaviour.probabilities()
        now = self.now()
        self.limits.follow(self.behaviour, now)
        self._admit_waiting(now)

    def _read_journal(self, request: Request, query: dict[str, str]) -> list[dict]:
        return [record.as_dict() for record in self.journal.since(_since(query))]

    def _reset(self, request: Request, query: dict[str, str]) -> dict:
        self.journal.clear()
        self.attempts = Attempts()
        return self._mark(request, query)

    def _stats(self, request: Request, query: dict[str, str]) -> dict:
        return self.journal.stats(_since(query), query.get("kind"))

    def _mark(self, request: Request, query: dict[str, str]) -> dict:
        return {"mark": self.journal.count}

    def connected(self, connection: Connection) -> int:
        """A number for a new connection."""
        self.connections.add(connection)
        self.opened += 1
        return self.opened


def _since(query: dict[str, str]) -> int:
    since = query.get("since", "0")
    if not since.isascii() or not since.isdigit():
        raise ApiError(
            400,
            f"Invalid 'since': {since!r:.40}; it takes a mark, a whole number from 0.",
            param="since",
        )
    return int(since[:18])
