"""How the fake LLM behaves: all its settings, what each may be, and nothing else. Pure."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Literal

FAULTS = ("500", "503", "429", "refuse", "reset", "cut", "stall", "garbage", "truncate")
# What a script can contain. A wrong key and an empty account do not come by chance, nor go away.
# A gateway's failures (502, 504) are to a client what 503 is, so chance has that one alone.
SCRIPTED = (*FAULTS, "502", "504", "401", "insufficient_quota")
LONGEST_SCRIPT = 10_000
# Probabilities that add up to one in decimal may add up to a little more in binary.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting is for, what sort of value it has, and which values it may have.

    `refusal(value)` is None where the setting may have this value, else what it takes, in words.
    """

    text: str
    sort: Literal["number", "flag", "list"]
    refusal: Callable[[Any], str | None]


def _number(
    default: float | None,
    text: str,
    low: float,
    high: float,
    *,
    whole: bool = False,
    none: bool = False,
) -> Any:
    """A number from `low` to `high`; `none` says that None (off) is allowed too."""
    noun = "a whole number" if whole else "a number"
    takes = f"{noun} from {low:,} to {high:,}" + (", or None (off)" if none else "")
    kinds = int if whole else (int, float)

    def refusal(value: Any) -> str | None:
        if value is None:
            return None if none else takes
        # True is an int for Python, and hardly ever meant as 1.
        right = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
        return None if right else takes

    return field(default=default, metadata={"rule": Rule(text, "number", refusal)})


def _probability(text: str) -> Any:
    return _number(0.0, f"probability: {text}", 0, 1)


def _other(
    default: Any,
    text: str,
    sort: Literal["number", "flag", "list"],
    refusal: Callable[[Any], str | None],
) -> Any:
    """A setting that is no number within bounds."""
    return field(default=default, metadata={"rule": Rule(text, sort, refusal)})


def _refuse_status(value: Any) -> str | None:
    return None if value in (503, 429) and not isinstance(value, bool) else "503 or 429"


def _refuse_flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "True or False"


def _refuse_script(value: Any) -> str | None:
    is_list = isinstance(value, (list, tuple)) and len(value) <= LONGEST_SCRIPT
    if is_list and all(fault in (None, *SCRIPTED) for fault in value):
        return None
    return f"a list of None and {', '.join(SCRIPTED)}, as text"


def _refuse_models(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and value and all(map(_is_name, value)):
        return None
    return "None (any model) or a list of names"


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """All settings; seconds unless said, None is off. They concern chat completions unless said."""

    latency: float = _number(0.2, "mean time of a chat completion", 0, 600)
    tail: float = _number(0.0, "sigma of the lognormal spread of times; their mean stays", 0, 3)
    time_to_first_token: float | None = _number(
        None, "of a stream; off: a fifth of the latency", 0, 600, none=True
    )
    tokens_per_second: float | None = _number(
        None,
        "after the first token; then `latency` is the time to the first",
        0.1,
        100_000,
        none=True,
    )
    capacity: int | None = _number(
        None, "requests in service at one time; the others wait", 1, 100_000, whole=True, none=True
    )
    queue: int | None = _number(
        None, "requests that may wait for a slot", 0, 1_000_000, whole=True, none=True
    )
    when_full: int = _other(
        503, "status when the queue is full: 503 or 429", "number", _refuse_status
    )
    knee: float | None = _number(
        None, "requests in service at which throughput is best", 1, 100_000, none=True
    )
    requests_per_minute: float | None = _number(
        None, "requests a minute; beyond: 429", 0.1, 10_000_000, none=True
    )
    tokens_per_minute: float | None = _number(
        None, "tokens a minute; beyond: 429", 1, 1_000_000_000, none=True
    )
    burst: float = _number(
        1.0, "how many seconds' worth of these rates may come at once", 0.001, 60
    )
    shared_quota: bool = _other(
        False, "the rate limits are one quota for all participants", "flag", _refuse_flag
    )
    refusals_count: bool = _other(
        False, "a request that a rate limit refuses uses it up too", "flag", _refuse_flag
    )
    work_after_disconnect: bool = _other(
        False, "a request whose client left keeps its slot to the end", "flag", _refuse_flag
    )
    search_latency: float = _number(0.02, "time of GET /search", 0, 600)
    weather_latency: float = _number(0.03, "time of GET /weather", 0, 600)
    save_latency: float = _number(0.005, "time of POST /notes", 0, 600)
    fault_500: float = _probability("an internal error, after its time")
    fault_503: float = _probability("overloaded, at once")
    fault_429: float = _probability("rate limited, at once")
    fault_refuse: float = _probability("the connection is closed at once, without a reply")
    fault_reset: float = _probability("the connection is reset after its time, without a reply")
    fault_cut: float = _probability("the connection is cut in the middle of the reply")
    fault_stall: float = _probability("the reply stops in the middle and never goes on")
    fault_garbage: float = _probability("a reply that is not JSON")
    fault_truncate: float = _probability(
        "a reply cut short: a stream without [DONE], half a JSON object"
    )
    script: tuple[str | None, ...] = _other(
        (),
        "faults of the next requests in turn, such as 503,503; none for no fault",
        "list",
        _refuse_script,
    )
    models: tuple[str, ...] | None = _other(
        None, "the only models there are; others: 404. Off: any model", "list", _refuse_models
    )
    seed: int = _number(
        0, "another seed, other replies, times and faults", 0, 2**63 - 1, whole=True
    )

    def changed(self, /, **changes: Any) -> "Behaviour":
        """These settings with some changed; ValueError names setting, value and range."""
        for name, value in changes.items():
            takes = what_it_takes(name, value)
            if takes:
                raise ValueError(f"{name} is {value!r}; it takes {takes}")
        clean = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
        new = replace(self, **clean)
        total = sum(probability for _, probability in new.probabilities())
        if total > 1 + ROUNDING:
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


SETTINGS: dict[str, Field] = {f.name: f for f in fields(Behaviour)}

SHARED = (
    "capacity",
    "queue",
    "when_full",
    "knee",
    "shared_quota",
    "work_after_disconnect",
)
"""Settings of the server, which no participant may have for itself.

All participants wait for the same slots in the same queue, and what one leaves in a slot keeps
the others waiting; so there is one answer to how many there are, what happens when they are full,
how long they are held, and whether the quota is one. The other settings shape only a participant's
own replies, refusals and faults: its latency, models, rates or script may well be its own.
"""


def rule_of(name: str) -> Rule:
    """The rule of a setting; ValueError if there is no such setting."""
    if name not in SETTINGS:
        raise ValueError(f"{name} is no setting; there are {', '.join(SETTINGS)}")
    return SETTINGS[name].metadata["rule"]


def what_it_takes(name: str, value: Any) -> str | None:
    """None if the setting may have this value, else what it takes; ValueError as `rule_of`."""
    return rule_of(name).refusal(value)
