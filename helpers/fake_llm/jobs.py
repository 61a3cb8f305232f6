"""The life of a request, from event to event: arrived, admitted, due, left, ended.

There are no tasks and no locks: all of it happens on one thread. A reply is built when its service
starts, and only sent when it is due. How a protocol reads and writes is not known here: it hands
over what the reply costs (`Job.reply`) and how it is built (`Job.draft`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from helpers.fake_llm import delivery, json_bytes
from helpers.fake_llm.chance import Chance, Plan, Series, plan
from helpers.fake_llm.delivery import Delivery
from helpers.fake_llm.envelope import JSON, Envelope
from helpers.fake_llm.errors import ApiError, overloaded, too_many
from helpers.fake_llm.journal import Record
from helpers.fake_llm.limits import milliseconds
from helpers.fake_llm.participants import Participant
from helpers.fake_llm.schedule import Schedule
from helpers.fake_llm.slots import InService, Slots
from helpers.fake_llm.wire import Request

PAUSE = 1.0
"""Seconds in Retry-After where nothing says how long it will take."""

HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
"""RFC 9110, 5.6.7. Days and months are English, since nobody sets a locale in our process;
email.utils.formatdate would say the same, and the server would start later for it."""

LONGEST_TAG = 200
"""Characters of an x-tag that are kept: a journal of 100,000 keeps them all."""


class Cost(Protocol):
    """What a reply costs; moments: how many pieces a stream of it has."""

    prompt_tokens: int
    completion_tokens: int
    moments: int


class _Remains:
    """What is kept of a reply that nobody waits for: its Cost."""

    def __init__(self, cost: Cost) -> None:
        self.prompt_tokens = cost.prompt_tokens
        self.completion_tokens = cost.completion_tokens
        self.moments = cost.moments


@dataclass(slots=True, eq=False)
class Job:
    """One request from its arrival to its end.

    The first fields are every job's; a job that is served in a slot has those from `reply` on too.
    """

    request: Request
    participant: Participant
    record: Record
    ticket: int = 0  # the schedule's; 0 while nothing is due
    held_up: bool = False  # something is due, and the client does not read
    lines: bytes = b""  # of the reply's head, each with its CRLF
    payload: bytes = b""  # what is sent next
    delivery: Delivery | None = None
    # From here on.
    reply: Cost | None = None
    draft: Callable[["Job", Envelope, Plan], Delivery] | None = None
    chance: Chance | None = None
    fault: str | None = None
    series: Series | None = None


class Jobs:
    """All jobs of one server. Times are seconds on its clock."""

    def __init__(self, schedule: Schedule):
        self.schedule = schedule
        self.now = schedule.now
        self.slots: Slots[Job] = Slots()
        self._in_service = InService()
        self._freed = 0.0
        self._date = (0, b"")

    # Arrival.

    def open(self, request: Request, kind: str) -> Job:
        """A participant's request has arrived: write it down."""
        who: Participant = request.participant
        tag = request.headers.get(b"x-tag")
        record = who.journal.open(
            kind,
            request.connection.number,
            None if tag is None else tag[:LONGEST_TAG].decode("latin-1"),
            request.arrival,
            # OpenAI's SDK counts its own retries in a header, so they are known without a tag.
            retried=request.headers.get(b"x-stainless-retry-count") not in (None, b"0"),
            participant=who.name,
        )
        job = request.job = Job(request, who, record)
        return job

    def answer(self, job: Job, body: Any, latency: float) -> None:
        """Reply with this body, as JSON, so long after the arrival; it needs no slot."""
        record = job.record
        record.started = record.arrival
        record.planned = latency
        record.due = record.arrival + latency
        job.delivery = delivery.whole(self._envelope(job), 200, json_bytes.dumps(body), latency)
        self._next_moment(job, record.arrival)

    def serve(self, job: Job) -> None:
        """Start this job in a slot, or let it wait for one; ApiError where the queue is full.

        It has its reply, draft and chance by now.
        """
        job.request.body = b""  # it has been read, and others may need the room
        behaviour = job.participant.behaviour
        match self.slots.enter(job, job.participant, behaviour.capacity, behaviour.queue):
            case "start":
                began = job.record.arrival
                if behaviour.capacity is not None:
                    # The slot may have come free after the bytes arrived, in the same turn.
                    began = max(began, self._freed)
                self._begin(job, began)
            case Job() as displaced:
                if displaced is job:
                    raise self._full(job)
                self._turn_away(displaced)

    def _full(self, job: Job) -> ApiError:
        """The refusal when the queue is full; a place in it comes free when the first slot does."""
        now = self.now()
        serving = (job.record for job in self.slots.serving)
        first_end = min((r.started + r.planned for r in serving), default=now)
        wait = max(first_end - now, 0.0) or PAUSE
        if job.participant.behaviour.when_full == 429:
            return too_many("Too many requests at the same time.", wait, "requests")
        return overloaded(wait)

    def _turn_away(self, job: Job) -> None:
        """This job waited, and has to make room for one of another participant's."""
        if job.record.outcome is None:
            self.refuse(job, self._full(job))
        else:  # its client has left long ago
            job.record.released = self.now()

    # Service.

    def admit_waiting(self, capacity: int | None) -> None:
        """Start the jobs that wait, as far as there are slots."""
        now = self.now()
        for job in self.slots.admit(capacity):
            self._begin(job, now)

    def _begin(self, job: Job, now: float) -> None:
        """The job has its slot: plan its times, build its reply, and send that when it is due."""
        record, reply = job.record, job.reply
        in_service = self._in_service.at(now) + 1
        times = plan(job.participant.behaviour, job.chance, reply.moments, in_service)
        self._in_service.add(record.number, now + times.total)
        record.started = now
        record.planned = times.total
        record.prompt_tokens = reply.prompt_tokens
        record.completion_tokens = reply.completion_tokens
        if record.outcome is not None:
            return self._work_for_nobody(job)
        job.lines += b"openai-processing-ms: %d\r\nopenai-version: 2020-10-01\r\n" % (
            times.total * 1000
        )
        job.delivery = job.draft(job, self._envelope(job), times)
        record.due = self._next_moment(job, now)

    def _next_moment(self, job: Job, now: float) -> float | None:
        """Build what is sent next, before it is due; when that is, None if there is no more."""
        moment = next(job.delivery.moments, None)
        if moment is None:
            return None
        seconds, job.payload = moment
        job.request.connection.keep(len(job.payload))
        due = job.record.started + seconds
        # A stream that is behind its times goes to the end of those who are due, or it would keep
        # the others waiting until it has caught up.
        self.schedule.at(max(due, now), job)
        return due

    def progress(self, job: Job) -> None:
        """Something of this job is due: send it, and see to what follows."""
        record, connection = job.record, job.request.connection
        if record.outcome is not None:  # its client has left, and it was worked on all the same
            return self._release(job, self.now())
        if connection.full:
            job.held_up = True
            return
        connection.send(job.payload)
        now = self.now()
        if record.first_byte is None and job.delivery.status is not None:
            record.first_byte = now
            record.status = job.delivery.status
        if self._next_moment(job, now) is not None:
            return
        match job.delivery.ending:
            case "drop":
                connection.drop()
            case "reset":
                connection.reset()
            case "stall":
                return
        self.end(job, job.delivery.outcome, now)

    def writable(self, job: Job) -> None:
        """The client of this job reads again."""
        if job.held_up:
            job.held_up = False
            self.schedule.at(self.now(), job)

    # The end.

    def left(self, job: Job) -> None:
        """The client of this job has closed its connection."""
        if job.record.outcome is not None:
            return
        works_on = job.participant.behaviour.work_after_disconnect and job.reply is not None
        if not works_on or job.fault == "stall":  # a stalled reply would never end by itself
            return self.end(job, "disconnected", self.now())
        job.participant.journal.close(job.record, "disconnected", self.now())
        # Thousands of such jobs may wait, and what they would have said nobody will read.
        job.reply = _Remains(job.reply)
        job.draft = job.delivery = None
        job.payload = b""
        if job in self.slots.serving:
            self._work_for_nobody(job)

    def _work_for_nobody(self, job: Job) -> None:
        """Hold the slot for as long as the reply would have taken."""
        self.schedule.cancel(job)
        self.schedule.at(job.record.started + job.record.planned, job)

    def refuse(self, job: Job, error: ApiError) -> None:
        """Reply with an error at once."""
        record = job.record
        job.lines += error.lines
        if error.retry_after is not None:
            wait = milliseconds(error.retry_after)
            record.retry_after = wait / 1000
            # Retry-After knows whole seconds only: rounded up.
            job.lines += b"retry-after: %d\r\nretry-after-ms: %d\r\n" % (-(-wait // 1000), wait)
        body = json_bytes.dumps(error.body)
        job.request.connection.send(self._envelope(job).whole(error.status, JSON, body))
        now = record.first_byte = self.now()
        record.status = error.status
        # A 503 without a fault is a full queue: nothing has failed there.
        failed = error.status == 500 or job.fault in ("502", "503", "504")
        self.end(job, "failed" if failed else "rejected", now)

    def drop(self, job: Job) -> None:
        """Close the connection without a reply."""
        job.request.connection.drop()
        self.end(job, "failed", self.now())

    def end(self, job: Job, outcome: str, now: float) -> None:
        """The client has its reply, or will never have one."""
        request = job.request
        job.participant.journal.close(job.record, outcome, now)
        if outcome == "answered" and job.series is not None and job.record.tag is not None:
            job.participant.attempts.answered(job.series)
        self.schedule.cancel(job)
        self._release(job, now)
        request.job = None
        request.connection.finish(request.keep_alive)

    def _release(self, job: Job, now: float) -> None:
        """Give the slot back, if the job has one or waits for one, to who waits longest."""
        record = job.record
        record.released = now
        if job.reply is None:
            return
        job.reply = job.draft = job.delivery = None
        self.slots.leave(job, job.participant)
        if record.planned is not None and now < record.started + record.planned:
            self._in_service.discard(record.number)
        self._freed = now
        if self.slots.waiting:
            self.admit_waiting(job.participant.behaviour.capacity)

    def _envelope(self, job: Job) -> Envelope:
        """The head of the job's reply; call it when all its lines are there."""
        now = int(time.time())
        if self._date[0] != now:  # a second has thousands of replies, and its date is one text
            self._date = now, time.strftime(HTTP_DATE, time.gmtime(now)).encode()
        lines = b"date: %b\r\nx-request-id: req_%d\r\n%b"
        return Envelope(job.request, lines % (self._date[1], job.record.number, job.lines))
