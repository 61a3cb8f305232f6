"""The fake LLM's server: which address does what, when replies leave, and what faults do to them.

There are no tasks and no locks: a request is a Job that moves from event to event (arrived, admitted, due, left)
on one thread. Replies are built when their service starts and only sent when they are due; work that is not yet
urgent is done in short slices, so that neither arrivals nor replies wait for it.
"""

import asyncio
import gc
import heapq
import math
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import orjson

from helpers.fake_llm import replies, services
from helpers.fake_llm.behaviour import PAUSE, Attempts, Behaviour, Chance, Limits, Slots, plan
from helpers.fake_llm.chat import ApiError, Chat, read_chat, read_json
from helpers.fake_llm.journal import Journal, Record
from helpers.fake_llm.wire import JSON, Connection, Request, chunk, head

SLICE = 0.002
SWEEP = 1.0
EVENTS = b"text/event-stream; charset=utf-8"
GARBAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"
MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1", "o4-mini")
MODELS_SINCE = 1_721_172_741


class Job:
    """One request from its arrival to its end."""

    __slots__ = (
        "request", "record", "ticket", "chat", "reply", "fault", "draw", "key", "attempt", "extra", "payload",
        "moments", "gap", "left", "in_service",
    )  # fmt: skip

    def __init__(self, request: Request, record: Record):
        self.request, self.record = request, record
        self.ticket = 0
        self.chat: Any = None
        self.reply: Any = None
        self.fault: str | None = None
        self.draw: Any = None
        self.key: str | None = None
        self.attempt: Any = None
        self.extra = self.payload = b""
        self.moments: Iterator[bytes] | None = None
        self.gap, self.left = 0.0, 0
        self.in_service = False


class Server:
    """One fake LLM. Times are seconds on its own monotonic clock, from its start."""

    def __init__(self, behaviour: Behaviour):
        self.behaviour = behaviour
        self.origin = time.monotonic()
        self.journal, self.library = Journal(), services.Library()
        self.slots, self.limits, self.attempts = Slots(), Limits(), Attempts()
        self.connections: set[Connection] = set()
        self.opened = self.notes = 0
        self._inbox: deque[Request] = deque()
        self._due: list[tuple[float, int, Job]] = []
        self._tickets = self._stale = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tick: float | None = None
        self._fresh = False
        self._date = (0, b"")
        self._routes = self._addresses()
        self._follow({"script": behaviour.script})

    # The clock, and the turns in which work is done.

    def now(self) -> float:
        return time.monotonic() - self.origin

    def arrived(self) -> float:
        """The time at which bytes read now were there: when the loop last looked at its sockets."""
        self._fresh = True
        if self._tick is None:
            self._tick = self.now()
            self.loop.call_soon(self._turn)
        return self._tick

    def connected(self) -> int:
        self.opened += 1
        return self.opened

    def received(self, request: Request) -> None:
        self._inbox.append(request)

    def _turn(self) -> None:
        """Handle what has arrived, for one slice of time; what is due goes first."""
        self._tick = now = self.now()
        if not self._inbox and not self._fresh:
            self._tick = None
            return
        self._fresh = False
        end = now + SLICE
        while self._inbox and now < end:
            self._handle(self._inbox.popleft())
            now = self.now()
            if self._due and self._due[0][0] <= now:
                self._fire(now)
        self.loop.call_soon(self._turn)

    def _at(self, when: float, job: Job) -> None:
        self._tickets += 1
        job.ticket = self._tickets
        heapq.heappush(self._due, (when, job.ticket, job))
        if self._timer is None or self._timer_at > when:
            self._set_timer(when)

    def _cancel(self, job: Job) -> None:
        job.ticket = 0
        self._stale += 1
        if self._stale > 1000 and self._stale * 2 > len(self._due):
            self._due = [entry for entry in self._due if entry[2].ticket == entry[1]]
            heapq.heapify(self._due)
            self._stale = 0

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = self.loop.call_later(max(0.0, when - self.now()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._fire(self.now())

    def _fire(self, now: float) -> None:
        due = self._due
        while due and due[0][0] <= now:
            when, ticket, job = heapq.heappop(due)
            if job.ticket == ticket:
                self._progress(job, when)
            else:
                self._stale -= 1
            now = self.now()
            due = self._due
        if due and (self._timer is None or self._timer_at > due[0][0]):
            self._set_timer(due[0][0])

    # Routing.

    def _addresses(self) -> dict[str, dict[bytes, tuple[str | None, Callable]]]:
        return {
            "/v1/chat/completions": {b"POST": ("chat", self._chat)},
            "/v1/models": {b"GET": ("models", self._models)},
            "/search": {b"GET": ("search", self._search)},
            "/weather": {b"GET": ("weather", self._weather)},
            "/notes": {b"POST": ("notes", self._note)},
            "/": {b"GET": (None, self._hello)},
            "/behaviour": {b"GET": (None, self._behaviour), b"PUT": (None, self._behave)},
            "/journal": {b"GET": (None, self._journal), b"DELETE": (None, self._reset)},
            "/stats": {b"GET": (None, self._stats)},
            "/mark": {b"GET": (None, self._mark)},
        }

    def _handle(self, request: Request) -> None:
        try:
            path, query = request.split()
        except ValueError:
            path, query, request.broken = "", {}, request.broken or (400, "The address makes no sense.")
        methods = self._routes.get(path)
        if methods is None and path.startswith("/v1/models/"):
            methods = {b"GET": ("models", self._model)}
        kind, handler = (methods or {}).get(request.method, ("other", None))
        if kind is None and not request.broken:
            return self._control(request, handler, query)
        headers = request.headers
        tag = headers.get(b"x-tag")
        record = self.journal.open(
            kind or "other", request.connection.number, tag and tag[:200].decode("latin-1"), request.arrival
        )
        request.job = job = Job(request, record)
        if request.connection.closed:
            return self._end(job, "disconnected", self.now())
        try:
            self._admit(request, path, methods, handler)
            handler(job, path, query)
        except ApiError as error:
            self._refuse(job, error)
        except Exception:
            traceback.print_exc()
            self._refuse(job, _internal())

    def _admit(self, request: Request, path: str, methods: dict | None, handler: Callable | None) -> None:
        if request.broken:
            status, reason = request.broken
            raise ApiError(status, reason)
        method = request.method.decode("latin-1")
        if methods is None:
            raise ApiError(404, f"Invalid URL ({method} {path:.200})")
        if handler is None:
            allowed = " or ".join(m.decode() for m in methods)
            hint = f"(HINT: Perhaps you meant to make a {allowed} request?)"
            raise ApiError(405, f"Not allowed to {method} on {path}. {hint}", code="method_not_supported")
        key = self.behaviour.api_key
        if key is not None:
            given = request.headers.get(b"authorization", b"").decode("latin-1")
            if not given:
                raise ApiError(401, "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.")
            if given != f"Bearer {key}":
                raise ApiError(401, f"Incorrect API key provided: {_hidden(given)}.", code="invalid_api_key")
        if method in ("POST", "PUT"):
            kind = request.headers.get(b"content-type", JSON).split(b";")[0].strip().lower()
            if kind != JSON:
                shown = kind[:80].decode("latin-1")
                hint = "(HINT: If you're using curl, you can pass -H 'Content-Type: application/json')"
                raise ApiError(415, f"Invalid Content-Type header ({shown}), expected application/json. {hint}")

    def _control(self, request: Request, handler: Callable, query: dict[str, str]) -> None:
        try:
            self._admit(request, "", {}, handler)
            status, body = 200, orjson.dumps(handler(request, query))
        except ApiError as error:
            status, body = error.status, orjson.dumps({"error": error.error})
        except Exception:
            traceback.print_exc()
            status, body = 500, orjson.dumps({"error": _internal().error})
        request.connection.send(head(status, JSON, len(body), b"", request.keep_alive) + body)
        request.connection.finish(request.keep_alive)

    # Chat completions.

    def _chat(self, job: Job, path: str, query: dict[str, str]) -> None:
        b, record, headers = self.behaviour, job.record, job.request.headers
        job.chat = chat = read_chat(read_json(job.request.body))
        self._check_model(chat.model)
        job.reply = replies.reply_to(chat, b.seed, replies.prompt_tokens(chat))
        retries = headers.get(b"x-stainless-retry-count")
        if record.tag is None and retries is not None:
            record.key, record.retry = f"~{chat.digest}", retries != b"0"
        self._limit(job)
        job.key = f"{record.tag}" if record.tag is not None else f"~{chat.digest}"
        attempt, job.attempt = self.attempts.next(job.key)
        job.draw = Chance(b.seed, chat.digest, record.tag, attempt)
        job.fault = self.script.popleft() if self.script else job.draw.fault(self.probabilities)
        self._fail_at_once(job)
        match self.slots.enter(job, b.capacity, b.queue):
            case "start":
                self._begin(job, record.arrival)
            case "full":
                raise self._full()

    def _check_model(self, model: str) -> None:
        known = self.behaviour.models
        if known is not None and model not in known:
            message = f"The model `{model:.80}` does not exist or you do not have access to it."
            raise ApiError(404, message, code="model_not_found")

    def _limit(self, job: Job) -> None:
        if not self.limits.buckets:
            return
        now = job.record.arrival
        tokens = job.reply.prompt_tokens + job.reply.completion_tokens
        refusal = self.limits.admit(tokens, now)
        job.extra = b"".join(self._limit_headers(now))
        if refusal is not None:
            kind, wait = refusal
            limit = getattr(self.behaviour, f"{kind}_per_minute")
            raise ApiError(
                429,
                f"Rate limit reached for {job.chat.model:.80} on {kind} per min: Limit {limit:g}. "
                f"Please try again in {_milliseconds(wait)}ms.",
                type=kind,
                code="rate_limit_exceeded",
                retry_after=wait,
            )

    def _limit_headers(self, now: float) -> Iterator[bytes]:
        for kind, bucket in self.limits.buckets.items():
            limit, left = int(bucket.rate * 60), max(0, int(bucket.level(now)))
            reset = f"{bucket.until_full(now):.3f}s"
            values = f"limit-{kind}: {limit}", f"remaining-{kind}: {left}", f"reset-{kind}: {reset}"
            yield "".join(f"x-ratelimit-{value}\r\n" for value in values).encode()

    def _fail_at_once(self, job: Job) -> None:
        match job.fault:
            case "503":
                message = "The engine is currently overloaded, please try again later"
                raise ApiError(503, message, type="server_error", code="overloaded", retry_after=PAUSE)
            case "429":
                message = f"Rate limit reached for {job.chat.model:.80}. Please try again in {PAUSE:g}s."
                raise ApiError(429, message, type="requests", code="rate_limit_exceeded", retry_after=PAUSE)
            case "refuse":
                self._hang_up(job, Connection.drop)
                raise _Over

    def _full(self) -> ApiError:
        soonest = min((e[0] for e in self._due if e[2].in_service and e[2].ticket == e[1]), default=None)
        wait = PAUSE if soonest is None else max(0.001, soonest - self.now())
        if self.behaviour.when_full == 429:
            message = "The queue is full: too many requests at the same time."
            return ApiError(429, message, type="requests", code="rate_limit_exceeded", retry_after=wait)
        message = "The engine is currently overloaded, please try again later"
        return ApiError(503, message, type="server_error", code="overloaded", retry_after=wait)

    def _begin(self, job: Job, now: float) -> None:
        """The job has its slot: plan its times, build its reply, and send that when it is due."""
        b, record, reply = self.behaviour, job.record, job.reply
        job.in_service = True
        record.prompt_tokens, record.completion_tokens = reply.prompt_tokens, reply.completion_tokens
        times = plan(b, job.draw, max(len(c.tokens) for c in reply.choices), self.slots.in_service)
        record.started, record.planned = now, times.total
        job.extra += b"openai-processing-ms: %d\r\nopenai-version: 2020-10-01\r\n" % (times.total * 1000)
        id, created = f"chatcmpl-{job.chat.digest}{record.number:x}", int(time.time())
        if job.chat.stream:
            record.due = now + times.first
            job.gap = times.gap
            job.left = max(1, *(len(c.tokens) for c in reply.choices))
            job.moments = replies.events(reply, job.chat, id, created)
            opening = self._head(job, 200, EVENTS, None)
            job.payload = opening + self._framed(job, next(job.moments))
        else:
            record.due = now + times.total
            job.payload = self._whole(job, 200, replies.completion(reply, job.chat.model, id, created))
        self._at(record.due, job)

    # What happens when something is due.

    def _progress(self, job: Job, when: float) -> None:
        """Something of this job is due: the reply, a part of a stream, or the end of work for nobody."""
        record, connection = job.record, job.request.connection
        if record.outcome is not None:
            return self._release(job, self.now())
        if job.fault is not None and self._spoil(job):
            return
        connection.send(job.payload)
        now = self.now()
        if record.first_byte is None:
            record.first_byte, record.status = now, record.status or 200
        if job.moments is not None:
            job.left -= 1
            if job.left > 0:
                job.payload = self._framed(job, next(job.moments))
                self._at(when + job.gap, job)
                return
            if not job.request.old:
                connection.send(b"0\r\n\r\n")
        self._end(job, "answered" if record.status < 400 else "rejected", now)

    def _spoil(self, job: Job) -> bool:
        """Let the job's fault happen, if it is time for it; True if that was the end of it."""
        fault, record, connection = job.fault, job.record, job.request.connection
        streaming = job.moments is not None
        if fault == "500":
            job.moments = None
            self._refuse(job, _internal())
            return True
        if fault == "reset":
            self._hang_up(job, Connection.reset)
            return True
        half = len(job.payload) // 2
        if streaming and record.first_byte is None:
            job.chat.n = job.left
        if streaming and job.left > job.chat.n // 2 and job.left > 1:
            return False
        return self._spoil_half(job, half, streaming)

    def _spoil_half(self, job: Job, half: int, streaming: bool) -> bool:
        fault, record, connection = job.fault, job.record, job.request.connection
        if fault == "garbage":
            job.fault = None
            job.payload = self._framed(job, b"data: {\"id\": <html>\n\n") if streaming else self._whole(job, 200, GARBAGE)
            if streaming and record.first_byte is None:
                job.payload = self._head(job, 200, EVENTS, None) + job.payload
            record.outcome = None
            job.fault = "spoiled"
            return False
        if fault == "truncate":
            if streaming:
                opening = b"" if record.first_byte is not None else self._head(job, 200, EVENTS, None)
                connection.send(opening + (b"" if job.request.old else b"0\r\n\r\n"))
            else:
                body = job.payload.partition(b"\r\n\r\n")[2]
                connection.send(self._whole(job, 200, body[: len(body) // 2]))
            self._failed(job, 200)
            return True
        if fault in ("cut", "stall"):
            connection.send(job.payload[:half])
            if record.first_byte is None:
                record.first_byte, record.status = self.now(), 200
            if fault == "cut":
                self._hang_up(job, Connection.drop)
            return True
        return False

    def _hang_up(self, job: Job, how: Callable[[Connection], None]) -> None:
        how(job.request.connection)
        self._end(job, "failed", self.now())

    def _failed(self, job: Job, status: int) -> None:
        now = self.now()
        job.record.first_byte, job.record.status = job.record.first_byte or now, status
        self._end(job, "failed", now)

    def _refuse(self, job: Job, error: ApiError) -> None:
        """Reply with an error now."""
        if error is _Over:
            return
        extra = job.extra
        if error.retry_after is not None:
            ms = _milliseconds(error.retry_after)
            job.record.retry_after = ms / 1000
            extra += b"retry-after: %d\r\nretry-after-ms: %d\r\n" % (-(-ms // 1000), ms)
        if error.status == 503 or error.status == 429:
            extra += b"x-should-retry: true\r\n"
        job.extra = extra
        body = orjson.dumps({"error": error.error})
        job.request.connection.send(self._whole(job, error.status, body))
        now = self.now()
        job.record.first_byte, job.record.status = now, error.status
        failed = error.status == 500 or job.fault == "503"
        self._end(job, "failed" if failed else "rejected", now)

    def _whole(self, job: Job, status: int, body: bytes) -> bytes:
        return self._head(job, status, JSON, len(body)) + body

    def _head(self, job: Job, status: int, kind: bytes, length: int | None) -> bytes:
        request = job.request
        now = int(time.time())
        if self._date[0] != now:
            self._date = now, formatdate(now, usegmt=True).encode()
        extra = b"date: %b\r\nx-request-id: req_%d\r\n%b" % (self._date[1], job.record.number, job.extra)
        if length is None and request.old:
            request.keep_alive = False
        data = head(status, kind, length, extra, request.keep_alive)
        return data.replace(b"transfer-encoding: chunked\r\n", b"") if length is None and request.old else data

    def _framed(self, job: Job, data: bytes) -> bytes:
        return data if job.request.old else chunk(data)

    def _end(self, job: Job, outcome: str, now: float) -> None:
        """The client has its reply, or will never have one."""
        request = job.request
        self.journal.close(job.record, outcome, now)
        if outcome == "answered" and job.key is not None:
            self.attempts.answered(job.key, job.attempt)
        self._release(job, now)
        if not request.connection.closed:
            request.connection.finish(request.keep_alive)

    def _release(self, job: Job, now: float) -> None:
        job.record.released = now
        job.chat = job.reply = job.moments = None
        job.payload = b""
        if job.in_service:
            job.in_service = False
            self.slots.leave()
            self._admit_waiting(now)

    def _admit_waiting(self, now: float) -> None:
        for job in self.slots.admit(self.behaviour.capacity):
            self._begin(job, now)

    def left(self, request: Request) -> None:
        """The client of this request has closed its connection."""
        job, now = request.job, self.now()
        if job is None or job.record.outcome is not None:
            return
        works_on = self.behaviour.work_after_disconnect and job.fault != "stall"
        if works_on and job.chat is not None:
            self.journal.close(job.record, "disconnected", now)
            return
        if job.ticket:
            self._cancel(job)
        elif job.chat is not None:
            self.slots.forget(job)
        self._end(job, "disconnected", now)

    # The other addresses.

    def _reply(self, job: Job, body: Any, latency: float) -> None:
        record = job.record
        record.started, record.planned, record.due = record.arrival, latency, record.arrival + latency
        record.status = 200
        job.payload = self._whole(job, 200, orjson.dumps(body))
        self._at(record.due, job)

    def _search(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, self.library.search(query), self.behaviour.search_latency)

    def _weather(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, services.weather(query), self.behaviour.weather_latency)

    def _note(self, job: Job, path: str, query: dict[str, str]) -> None:
        text = read_json(job.request.body).get("text")
        if not isinstance(text, str):
            raise ApiError(400, "Missing required parameter: 'text'.", code="missing_required_parameter", param="text")
        self.notes += 1
        self._reply(job, {"saved": True, "id": f"note_{self.notes}"}, self.behaviour.save_latency)

    def _models(self, job: Job, path: str, query: dict[str, str]) -> None:
        self._reply(job, {"object": "list", "data": [_model(m) for m in self.behaviour.models or MODELS]}, 0.0)

    def _model(self, job: Job, path: str, query: dict[str, str]) -> None:
        name = path.removeprefix("/v1/models/")
        if name not in (self.behaviour.models or MODELS):
            raise ApiError(404, f"The model '{name:.80}' does not exist", param="model", code="model_not_found")
        self._reply(job, _model(name), 0.0)

    def _hello(self, request: Request, query: dict[str, str]) -> dict:
        return {"name": "fake LLM", "base_url": "/v1", "control": ["/behaviour", "/journal", "/stats", "/mark"]}

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
        if "script" in changes:
            self.script = deque(self.behaviour.script)
        self.probabilities = self.behaviour.probabilities()
        self.limits.follow(self.behaviour, self.now())
        self._admit_waiting(self.now())

    def _journal(self, request: Request, query: dict[str, str]) -> list[dict]:
        return [record.as_dict() for record in self.journal.since(_since(query))]

    def _reset(self, request: Request, query: dict[str, str]) -> dict:
        self.journal.clear()
        self.attempts = Attempts()
        return {"mark": self.journal.count}

    def _stats(self, request: Request, query: dict[str, str]) -> dict:
        return self.journal.stats(_since(query), query.get("kind"))

    def _mark(self, request: Request, query: dict[str, str]) -> dict:
        return {"mark": self.journal.count}

    # Life.

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError if the address cannot be had."""
        self.loop = asyncio.get_running_loop()
        listener = await self.loop.create_server(lambda: Connection(self), host, port, backlog=4096)
        self._sweep()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        return listener.sockets[0].getsockname()[1]

    def _sweep(self) -> None:
        now = self.now()
        for connection in list(self.connections):
            connection.check(now)
        self.loop.call_later(SWEEP, self._sweep)


def _internal() -> ApiError:
    return ApiError(500, "The server had an error while processing your request. Sorry about that!", type="server_error")


_Over = ApiError(0, "the connection is already closed")


def _hidden(key: str) -> str:
    key = key.removeprefix("Bearer ")
    return key[:3] + "*" * min(len(key), 20)


def _milliseconds(seconds: float) -> int:
    """Whole milliseconds, never fewer than these seconds."""
    return math.floor(seconds * 1000) + 1


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": MODELS_SINCE, "owned_by": "fake-llm"}


def _since(query: dict[str, str]) -> int:
    since = query.get("since", "0")
    if not since.isascii() or not since.isdigit():
        raise ApiError(400, f"Invalid 'since': {since!r:.40}; it takes a mark, a whole number from 0.", param="since")
    return int(since[:18])
