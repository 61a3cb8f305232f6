"""How the fake LLM behaves: the settings, and what follows from them for one request. Pure; no clock, no sockets.

Everything here is a function of the settings, of the request and of the times handed in (seconds on any one
clock), so that the whole model can be tested in virtual time.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any

FAULTS = ("500", "503", "429", "refuse", "reset", "cut", "stall", "garbage", "truncate")
FIRST_TOKEN = 0.2
PAUSE = 1.0


def number(
    default: Any, text: str, low: float, high: float, *, whole: bool = False, none: bool = False
) -> Any:
    """A numeric setting from `low` to `high`; `none` says that None (off) is allowed."""
    return field(
        default=default,
        metadata={"text": text, "low": low, "high": high, "whole": whole, "none": none},
    )


def special(default: Any, text: str, check: Any) -> Any:
    """A setting of another kind; `check(value)` returns None or what it takes."""
    return field(default=default, metadata={"text": text, "check": check})


def _fault(text: str) -> Any:
    return number(0.0, f"probability: {text}", 0, 1)


def _status(value: Any) -> str | None:
    return None if value in (503, 429) and not isinstance(value, bool) else "503 or 429"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "True or False"


def _script(value: Any) -> str | None:
    if (
        isinstance(value, (list, tuple))
        and len(value) <= 10_000
        and all(v in (None, *FAULTS) for v in value)
    ):
        return None
    return f"a list of None and {', '.join(FAULTS)}, as text"


def _models(value: Any) -> str | None:
    if value is None or (
        isinstance(value, (list, tuple)) and value and all(_name(v) is None for v in value)
    ):
        return None
    return "None (any model) or a list of names"


def _name(value: Any) -> str | None:
    return None if isinstance(value, str) and value and value.isprintable() else "text"


def _key(value: Any) -> str | None:
    right = value is None or (_name(value) is None and value.isascii() and " " not in value)
    return None if right else "None (any key) or ASCII text without spaces"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """All settings; seconds unless said, None is off. They concern chat completions unless said."""

    latency: float = number(0.2, "mean time of a chat completion", 0, 600)
    tail: float = number(0.0, "sigma of the lognormal spread of times; their mean stays", 0, 3)
    time_to_first_token: float | None = number(
        None, "of a stream; off: a fifth of the latency", 0, 600, none=True
    )
    tokens_per_second: float | None = number(
        None,
        "after the first token; then `latency` is the time to the first",
        0.1,
        100_000,
        none=True,
    )
    capacity: int | None = number(
        None, "requests in service at one time; the others wait", 1, 100_000, whole=True, none=True
    )
    queue: int | None = number(
        None, "requests that may wait for a slot", 0, 1_000_000, whole=True, none=True
    )
    when_full: int = special(503, "status when the queue is full: 503 or 429", _status)
    knee: float | None = number(
        None, "requests in service at which throughput is best", 1, 100_000, none=True
    )
    requests_per_minute: float | None = number(
        None, "requests a minute; beyond: 429", 0.1, 10_000_000, none=True
    )
    tokens_per_minute: float | None = number(
        None, "tokens a minute; beyond: 429", 1, 1_000_000_000, none=True
    )
    burst: float = number(1.0, "how many seconds' worth of these rates may come at once", 0.001, 60)
    work_after_disconnect: bool = special(
        False, "a request whose client left keeps its slot to the end", _flag
    )
    search_latency: float = number(0.02, "time of GET /search", 0, 600)
    weather_latency: float = number(0.03, "time of GET /weather", 0, 600)
    save_latency: float = number(0.005, "time of POST /notes", 0, 600)
    fault_500: float = _fault("an internal error, after its time")
    fault_503: float = _fault("overloaded, at once")
    fault_429: float = _fault("rate limited, at once")
    fault_refuse: float = _fault("the connection is closed at once, without a reply")
    fault_reset: float = _fault("the connection is reset after its time, without a reply")
    fault_cut: float = _fault("the connection is cut in the middle of the reply")
    fault_stall: float = _fault("the reply stops in the middle and never goes on")
    fault_garbage: float = _fault("a reply that is not JSON")
    fault_truncate: float = _fault("a reply cut short: a stream without [DONE], half a JSON object")
    script: tuple = special(
        (), "faults of the next requests in turn, such as 503,503; none for no fault", _script
    )
    models: tuple | None = special(
        None, "the only models there are; others: 404. Off: any model", _models
    )
    api_key: str | None = special(None, "the only key that is let in. Off: any key or none", _key)
    seed: int = number(0, "another seed, other replies, times and faults", 0, 2**63 - 1, whole=True)

    def changed(self, /, **changes: Any) -> "Behaviour":
        """These settings with some changed. Raises ValueError that names setting, value and range."""
        for name, value in changes.items():
            takes = what_it_takes(name, value)
            if takes:
                raise ValueError(f"{name} is {value!r}; it takes {takes}")
        clean = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
        new = replace(self, **clean)
        total = sum(probability for _, probability in new.probabilities())
        if total > 1 + 1e-9:
            raise ValueError(
                f"the fault_… settings sum to {total:.6g}; together they take a number from 0 to 1"
            )
        return new

    def probabilities(self) -> list[tuple[str, float]]:
        """(fault, probability) for each fault that can happen."""
        return [(name, p) for name in FAULTS if (p := getattr(self, f"fault_{name}")) > 0]

    def as_dict(self) -> dict[str, Any]:
        """All settings by name, lists for tuples."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


SETTINGS = {f.name: f for f in fields(Behaviour)}


def what_it_takes(name: str, value: Any) -> str | None:
    """None if the setting may have this value, else what it takes. ValueError if there is no such setting."""
    if name not in SETTINGS:
        raise ValueError(f"{name} is no setting; there are {', '.join(SETTINGS)}")
    rule = SETTINGS[name].metadata
    if "check" in rule:
        return rule["check"](value)
    kinds = int if rule["whole"] else (int, float)
    right = (
        isinstance(value, kinds)
        and not isinstance(value, bool)
        and rule["low"] <= value <= rule["high"]
    )
    if right or (value is None and rule["none"]):
        return None
    noun = "a whole number" if rule["whole"] else "a number"
    return f"{noun} from {rule['low']:,} to {rule['high']:,}" + (
        ", or None (off)" if rule["none"] else ""
    )


class Chance:
    """The random draws of one request: a pure function of the seed and of what identifies the request."""

    __slots__ = ("_what",)

    def __init__(self, *what: object):
        self._what = what

    def _uniform(self, use: str) -> float:
        raw = blake2b(
            "|".join(map(str, (use, *self._what))).encode("utf-8", "replace"), digest_size=8
        ).digest()
        return (int.from_bytes(raw, "big") + 0.5) / 2.0**64

    def factor(self, tail: float) -> float:
        """A lognormal factor with mean 1 and sigma `tail`."""
        if not tail:
            return 1.0
        normal = math.sqrt(-2 * math.log(self._uniform("radius"))) * math.cos(
            2 * math.pi * self._uniform("angle")
        )
        return math.exp(tail * normal - tail * tail / 2)

    def fault(self, probabilities: list[tuple[str, float]]) -> str | None:
        """The fault that befalls this request, or None."""
        left = self._uniform("fault") if probabilities else 1.0
        for name, probability in probabilities:
            left -= probability
            if left < 0:
                return name
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """When a reply is due, in seconds from the start of its service: first token, between tokens, the whole."""

    first: float
    gap: float
    total: float


def plan(b: Behaviour, chance: Chance, tokens: int, in_service: int) -> Plan:
    """The times of a reply of so many tokens that starts with `in_service` requests in service, itself included.

    With a knee k, all times grow by 1 + n(n-1)/k²: the service time of the Universal Scalability Law without
    contention (N. J. Gunther, "A General Theory of Computational Scalability Based on Rational Functions",
    2008, arXiv:0808.1431). A single request is not slowed; throughput is best with k in service, and falls
    beyond, as in a batching GPU server whose steps grow longer than its batch gains.
    """
    factor = chance.factor(b.tail)
    if b.knee is not None:
        factor *= 1 + in_service * (in_service - 1) / (b.knee * b.knee)
    gaps = max(tokens - 1, 0)
    first = b.time_to_first_token
    if b.tokens_per_second is not None:
        first = b.latency if first is None else first
        gap = 1 / b.tokens_per_second
        return Plan(first * factor, gap * factor, (first + gaps * gap) * factor)
    first = b.latency * FIRST_TOKEN if first is None else min(first, b.latency)
    gap = (b.latency - first) / gaps if gaps else 0.0
    return Plan(first * factor, gap * factor, b.latency * factor)


class Attempts:
    """How many requests with the same tag came since the last one that was answered: retries and hedges get
    draws of their own, and a second run of the same questions gets the same draws as the first.

    Requests without a tag are told apart by counting equal ones, answered or not.
    """

    LIMIT = 100_000

    def __init__(self) -> None:
        self._open: OrderedDict[str, list[int]] = OrderedDict()

    def next(self, key: str) -> tuple[int, list[int]]:
        """The number of this attempt, from 0, and a token to hand to `answered`."""
        count = self._open.get(key)
        if count is None:
            count = self._open[key] = [0]
            if len(self._open) > self.LIMIT:
                self._open.popitem(last=False)
        count[0] += 1
        return count[0] - 1, count

    def answered(self, key: str, token: list[int]) -> None:
        """The next request with this key is a first attempt again."""
        if self._open.get(key) is token:
            del self._open[key]


class Slots:
    """Parallel slots with a bounded first-in-first-out queue."""

    __slots__ = ("serving", "waiting")

    def __init__(self) -> None:
        self.serving: set = set()
        self.waiting: OrderedDict = OrderedDict()

    def enter(self, job: Any, capacity: int | None, queue: int | None) -> str:
        """ "start", "wait" (it is in the queue) or "full" (it is not)."""
        if not self.waiting and (capacity is None or len(self.serving) < capacity):
            self.serving.add(job)
            return "start"
        if queue is not None and len(self.waiting) >= queue:
            return "full"
        self.waiting[job] = None
        return "wait"

    def leave(self, job: Any) -> None:
        """A job has ended, in service or waiting; call `admit` after it."""
        if job in self.serving:
            self.serving.remove(job)
        else:
            self.waiting.pop(job, None)

    def admit(self, capacity: int | None) -> list:
        """The waiting jobs that start now, in order of their arrival."""
        started = []
        while self.waiting and (capacity is None or len(self.serving) < capacity):
            job, _ = self.waiting.popitem(last=False)
            self.serving.add(job)
            started.append(job)
        return started


class Bucket:
    """A token bucket that refills continuously: `rate` a second, at most `burst` seconds' worth (at least 1).

    A cost above the bucket's size is let in when the bucket is full, and leaves it in debt; so whatever happens,
    the amount let in within t seconds is at most size + rate·t, plus that one excess.
    """

    __slots__ = ("_level", "_time", "rate", "size")

    def __init__(self, per_minute: float, burst: float, now: float):
        self.rate = per_minute / 60
        self.size = max(1.0, self.rate * burst)
        self._level, self._time = self.size, now

    def level(self, now: float) -> float:
        """What is in the bucket at this time."""
        return min(self.size, self._level + max(0.0, now - self._time) * self.rate)

    def wait(self, cost: float, now: float) -> float:
        """Seconds until this cost would be let in; 0.0 is now."""
        return max(0.0, (min(cost, self.size) - self.level(now)) / self.rate)

    def take(self, cost: float, now: float) -> None:
        """Let this cost in; the caller has seen that `wait` is 0."""
        self._level, self._time = self.level(now) - cost, max(now, self._time)

    def until_full(self, now: float) -> float:
        """Seconds until the bucket is full again."""
        return (self.size - self.level(now)) / self.rate


class Limits:
    """The rate limits for requests and for tokens, by their settings."""

    KINDS = ("requests", "tokens")

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._settings: tuple = ()

    def follow(self, b: Behaviour, now: float) -> None:
        """Make new, full buckets where the settings have changed."""
        settings = (b.requests_per_minute, b.tokens_per_minute, b.burst)
        if settings != self._settings:
            self._settings = settings
            rates = zip(self.KINDS, settings[:2])
            self.buckets = {
                kind: Bucket(rate, b.burst, now) for kind, rate in rates if rate is not None
            }

    def admit(self, tokens: int, now: float) -> tuple[str, float] | None:
        """None if the request is let in, else which limit stands against it and for how many seconds."""
        costs = {"requests": 1, "tokens": tokens}
        waits = {kind: bucket.wait(costs[kind], now) for kind, bucket in self.buckets.items()}
        worst = max(waits, key=waits.__getitem__, default=None)
        if worst is not None and waits[worst] > 0:
            return worst, waits[worst]
        for kind, bucket in self.buckets.items():
            bucket.take(costs[kind], now)
        return None


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, never fewer than these seconds."""
    return math.floor(seconds * 1000) + 1
