"""How often one is let in: rate limits. Pure: each is handed the time it is.

Times are seconds on any one clock, so that whole schedules can be tested in virtual time.
"""

import math

from helpers.fake_llm.behaviour import Behaviour


class Bucket:
    """A token bucket that refills continuously: `rate` a second, at most `burst` seconds' worth.

    It holds at least 1. A cost above the bucket's size is let in when the bucket is full, and
    leaves it in debt; so whatever happens, the amount let in within t seconds is at most
    size + rate·t, plus that one excess.
    """

    def __init__(self, per_minute: float, burst: float, now: float):
        self.per_minute = per_minute
        self.rate = per_minute / 60
        self.size = max(1.0, self.rate * burst)
        self._level = self.size
        self._time = now

    def level(self, now: float) -> float:
        """What is in the bucket at this time."""
        return min(self.size, self._level + max(0.0, now - self._time) * self.rate)

    def wait(self, cost: float, now: float) -> float:
        """Seconds until this cost would be let in; 0.0 is now."""
        return max(0.0, (min(cost, self.size) - self.level(now)) / self.rate)

    def take(self, cost: float, now: float) -> None:
        """Let this cost in; the caller has seen that `wait` is 0."""
        self._set(self.level(now) - cost, now)

    def lose(self, cost: float, now: float) -> None:
        """Take this cost from what is there, though it is not let in; that makes no debt."""
        level = self.level(now)
        self._set(max(level - cost, min(level, 0.0)), now)

    def _set(self, level: float, now: float) -> None:
        self._level = level
        self._time = max(now, self._time)

    def until_full(self, now: float) -> float:
        """Seconds until the bucket is full again."""
        return (self.size - self.level(now)) / self.rate


class Limits:
    """The rate limits for requests and for tokens, by their settings.

    Where refusals count, a request that is refused takes its cost all the same, as OpenAI's guide
    to rate limits has it: "unsuccessful requests contribute to your per-minute limit, so
    continuously resending a request won't work". It can empty a bucket and no more than that. So
    who asks again faster than the bucket fills is never let in, and who waits is.
    """

    KINDS = ("requests", "tokens")

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._refusals_count = False
        self._settings: tuple[float | None, ...] = ()

    def follow(self, b: Behaviour, now: float) -> None:
        """Make new, full buckets where the rates have changed."""
        self._refusals_count = b.refusals_count
        settings = (b.requests_per_minute, b.tokens_per_minute, b.burst)
        if settings != self._settings:
            self._settings = settings
            rates = zip(self.KINDS, settings[:2])
            self.buckets = {
                kind: Bucket(rate, b.burst, now) for kind, rate in rates if rate is not None
            }

    def admit(self, tokens: int, now: float) -> tuple[str, float] | None:
        """None if a request is let in, else which limit is against it and for how many seconds."""
        costs = {"requests": 1, "tokens": tokens}
        waits = self._waits(costs, now)
        worst = max(waits, key=waits.__getitem__, default=None)
        if worst is None or waits[worst] == 0:
            for kind, bucket in self.buckets.items():
                bucket.take(costs[kind], now)
            return None
        if self._refusals_count:
            for kind, bucket in self.buckets.items():
                bucket.lose(costs[kind], now)
            waits = self._waits(costs, now)
        return worst, max(waits.values())

    def _waits(self, costs: dict[str, float], now: float) -> dict[str, float]:
        """Seconds until each limit would let these costs in."""
        return {kind: bucket.wait(costs[kind], now) for kind, bucket in self.buckets.items()}

    def lines(self, now: float) -> bytes:
        """What OpenAI's API tells about each limit in a reply's head."""
        told = []
        for kind, bucket in self.buckets.items():
            told += [
                f"x-ratelimit-limit-{kind}: {bucket.per_minute:.0f}\r\n",
                f"x-ratelimit-remaining-{kind}: {max(0, int(bucket.level(now)))}\r\n",
                f"x-ratelimit-reset-{kind}: {bucket.until_full(now):.3f}s\r\n",
            ]
        return "".join(told).encode()


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, always more than these seconds: who comes back then is not too early."""
    return math.floor(seconds * 1000) + 1
