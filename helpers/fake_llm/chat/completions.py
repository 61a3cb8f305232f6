"""The address /v1/chat/completions: what happens to a request until its service starts."""

import time
from dataclasses import dataclass

from helpers.fake_llm import delivery, json_bytes
from helpers.fake_llm.chance import Chance, Plan
from helpers.fake_llm.chat.reply import completion, events
from helpers.fake_llm.chat.request import Chat, read_chat, read_json
from helpers.fake_llm.delivery import Delivery
from helpers.fake_llm.envelope import Envelope
from helpers.fake_llm.errors import (
    gateway,
    internal,
    out_of_quota,
    overloaded,
    too_many,
    unknown_model,
    wrong_key,
)
from helpers.fake_llm.gate import key_of
from helpers.fake_llm.jobs import PAUSE, Job, Jobs
from helpers.fake_llm.replies import Reply, reply_to


class ChatCompletions:
    """Chat completions in OpenAI's protocol."""

    def __init__(self, jobs: Jobs):
        self.jobs = jobs

    def handle(self, job: Job) -> None:
        """Read a request, and serve it or raise the ApiError that refuses it."""
        behaviour, record = job.participant.behaviour, job.record
        chat = read_chat(read_json(job.request.body))
        if behaviour.models is not None and chat.model not in behaviour.models:
            raise unknown_model(chat.model)
        reply = reply_to(chat, behaviour.seed)
        # Read, and by now as large as the request: it may wait for a minute, with many others.
        chat.messages = chat.tools = []
        job.reply = reply
        job.draft = _Draft(chat, reply)
        if record.tag is None and b"x-stainless-retry-count" in job.request.headers:
            record.key = f"~{chat.digest}"
        self._limit(job, chat)
        self._draw(job, chat)
        match job.fault:
            case "503":
                raise overloaded(PAUSE)
            case "502" | "504":
                raise gateway(int(job.fault))
            case "429":
                raise too_many(f"Rate limit reached for {chat.model:.80}.", PAUSE, "requests")
            case "401":
                raise wrong_key(key_of(job.request))
            case "insufficient_quota":
                raise out_of_quota()
            case "refuse":
                return self.jobs.drop(job)
        self.jobs.serve(job)

    def _limit(self, job: Job, chat: Chat) -> None:
        """Ask the rate limits, and note what they say in the reply's head."""
        limits, now = job.participant.limits, job.record.arrival
        if not limits.buckets:
            return
        refusal = limits.admit(job.reply.prompt_tokens + job.reply.completion_tokens, now)
        job.lines += limits.lines(now)
        if refusal is not None:
            kind, wait = refusal
            limit = limits.buckets[kind].per_minute
            message = f"Rate limit reached for {chat.model:.80} on {kind} per min: Limit {limit:g}."
            raise too_many(message, wait, kind)

    def _draw(self, job: Job, chat: Chat) -> None:
        """Draw the fault of this attempt, and what its times are drawn from."""
        participant, tag = job.participant, job.record.tag
        number, job.series = participant.attempts.next(f"~{chat.digest}" if tag is None else tag)
        job.chance = Chance(participant.behaviour.seed, chat.digest, tag, number)
        job.fault = participant.next_fault(job.chance)


@dataclass(slots=True)
class _Draft:
    """How the reply of one job is built when its service starts."""

    chat: Chat
    reply: Reply

    def __call__(self, job: Job, envelope: Envelope, times: Plan) -> Delivery:
        chat, reply = self.chat, self.reply
        first = times.first if chat.stream else times.total
        if job.fault == "reset":
            return delivery.vanish(first)
        if job.fault == "500":
            return delivery.whole(envelope, 500, json_bytes.dumps(internal().body), first, "failed")
        id, created = f"chatcmpl-{chat.digest}{job.record.number:x}", int(time.time())
        if chat.stream:
            pieces = events(reply, chat, id, created)
            return delivery.stream(envelope, pieces, reply.moments, times, job.fault)
        return delivery.plain(
            envelope, completion(reply, chat.model, id, created), times, job.fault
        )
