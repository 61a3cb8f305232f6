"""What chance does to one request, and the times that follow from it. Pure; no clock, no sockets.

Everything here is a function of the settings and of the request, so that all of it can be tested
in virtual time. Times are seconds.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from helpers.fake_llm.behaviour import Behaviour

FIRST_TOKEN = 0.2
"""The part of the latency that passes before a stream's first token, where no setting says it."""


class Chance:
    """The random draws of one request: a pure function of the seed and of what identifies it."""

    __slots__ = ("_what",)

    def __init__(self, *what: object):
        self._what = what

    def _uniform(self, use: str) -> float:
        """A number between 0 and 1, never 0 itself, since its logarithm is taken."""
        what = "|".join(map(str, (use, *self._what)))
        raw = blake2b(what.encode("utf-8", "replace"), digest_size=8).digest()
        return (int.from_bytes(raw, "big") + 0.5) / 2.0**64

    def factor(self, tail: float) -> float:
        """A lognormal factor with mean 1 and sigma `tail` (the normal draw by Box and Muller)."""
        if not tail:
            return 1.0
        radius = math.sqrt(-2 * math.log(self._uniform("radius")))
        normal = radius * math.cos(2 * math.pi * self._uniform("angle"))
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
    """When a reply is due, in seconds from the start of its service.

    first: its first token; gap: from one token to the next; total: the whole of it.
    """

    first: float
    gap: float
    total: float


def plan(b: Behaviour, chance: Chance, tokens: int, in_service: int) -> Plan:
    """The times of a reply of so many tokens that starts as one of `in_service` requests.

    With a knee k, all times grow by 1 + n(n-1)/k²: the service time of the Universal Scalability
    Law without contention (N. J. Gunther, "A General Theory of Computational Scalability Based on
    Rational Functions", 2008, arXiv:0808.1431). A single request is not slowed; throughput is best
    with k in service, and falls beyond, as in a batching GPU server whose steps grow longer than
    its batch gains.
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


@dataclass(slots=True, eq=False)
class Series:
    """The requests with one key since the last of them that was answered."""

    key: str
    count: int = 0


class Attempts:
    """The number of each attempt, which is part of what its chance is drawn from.

    It counts the requests with the same tag since the last one that was answered: retries and
    hedges get draws of their own, and a second run of the same questions the same draws as the
    first. Requests without a tag are told apart by counting equal ones, answered or not.
    """

    LIMIT = 100_000

    def __init__(self, limit: int = LIMIT) -> None:
        """limit: keys to remember. The oldest is forgotten first: its next request is a first."""
        self.limit = limit
        self._open: OrderedDict[str, Series] = OrderedDict()

    def next(self, key: str) -> tuple[int, Series]:
        """The number of this attempt, from 0, and its series, to be handed to `answered`."""
        series = self._open.get(key)
        if series is None:
            series = self._open[key] = Series(key)
            while len(self._open) > self.limit:
                self._open.popitem(last=False)
        series.count += 1
        return series.count - 1, series

    def answered(self, series: Series) -> None:
        """The next request with this key is a first attempt again.

        A late answer to a series that is over already (a hedge lost the race) changes nothing.
        """
        if self._open.get(series.key) is series:
            del self._open[series.key]
