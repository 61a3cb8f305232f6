"""The job that is planned: what is asked for, and what the provider allows."""

from dataclasses import dataclass

TEAMS = ("new to async", "knows async")

# Sigma of a lognormal. With this, half of all queries take a hundredth of the mean or less, and a
# sample of any size says nothing about the rest.
MOST_TAIL = 3


@dataclass(frozen=True)
class Job:
    """What is asked for. Times are in seconds, a share is of 1, and None is no limit.

    per_day: queries a day; nothing is computed from it, since what is rented is sized for the peak.
    peak: queries a second at the busiest time. latency: mean seconds for which a query waits;
    tail: sigma of its lognormal spread. rate: requests a second that the provider allows; capacity:
    how many it serves at one time. cpu_share: the part of a query in which your own code computes.
    deadline: seconds, for p95 from arrival. team: one of TEAMS.
    Raises ValueError where one of them is none of what it takes.
    """

    per_day: float = 10_000
    peak: float = 2.0
    latency: float = 2.0
    tail: float = 0.3
    rate: float | None = None
    capacity: int | None = None
    cpu_share: float = 0.0
    deadline: float = 10.0
    team: str = TEAMS[0]

    def __post_init__(self) -> None:
        for name in ("per_day", "peak", "latency", "deadline"):
            self._require(name, getattr(self, name) > 0, "a number above 0")
        self._require("cpu_share", 0 <= self.cpu_share < 1, "a share from 0 to below 1")
        self._require("tail", 0 <= self.tail <= MOST_TAIL, f"a number from 0 to {MOST_TAIL}")
        self._require("rate", self.rate is None or self.rate > 0, "a number above 0, or None")
        whole = self.capacity is None or (isinstance(self.capacity, int) and self.capacity > 0)
        self._require("capacity", whole, "a whole number above 0, or None")
        self._require("team", self.team in TEAMS, f"one of {', '.join(TEAMS)}")

    def _require(self, name: str, fulfilled: bool, takes: str) -> None:
        if not fulfilled:
            raise ValueError(f"{name} is {getattr(self, name)!r}; it takes {takes}")

    @property
    def own_cpu(self) -> float:
        """Seconds of your own code's CPU for each query."""
        return self.latency * self.cpu_share / (1 - self.cpu_share)
