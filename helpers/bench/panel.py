"""`make bench ARGS=panel`: what the live chart costs a run, in a kernel that a client listens to.

Nobody looks: a browser would draw on another core or on another machine, but here it would take
one of the two.
"""

import json
import statistics
from collections.abc import Sequence
from typing import Any

from jupyter_client.manager import start_new_kernel

from helpers.bench.cores import unpin
from helpers.bench.figures import NOTHING, print_head, print_row

QUERIES = 200
LATENCY = 0.05
CASES = (("serial", 1), ("threads", 10), ("threads", 100), ("limited", 20), ("limited", 100))
# Against hanging only: the serial case of five rounds takes two minutes.
TIMEOUT = 900.0
HEAD = ("", "off, s", "on, s", "more", "lag p99 off, ms", "on, ms", "frames a second")

Pair = tuple[dict[str, Any], dict[str, Any]]
"""A run without the panel, and the same run with it; see `helpers.bench.in_kernel`."""


def panel(rounds: int) -> None:
    """Print what the same runs take with the chart and without it, and what one frame costs."""
    unpin()
    print(f"Panel: medians of {rounds} pairs; {QUERIES} queries, {1000 * LATENCY:.0f} ms a reply\n")
    print_head(*HEAD)
    for strategy, limit in CASES:
        pairs = _pairs(strategy, limit, QUERIES, LATENCY, rounds)
        print_row(f"{strategy}, {limit} in flight", *cells(pairs))
    pairs = _pairs("limited", 1_000, 1_000, 1.0, rounds)
    print_row("1,000 queries at 1 s, limited, 1,000 in flight", *cells(pairs))
    print()
    print_head("a frame", "ms", "KiB")
    for queries in (200, 1_000):
        seconds, size = in_kernel(f"frame({queries})")
        print_row(f"{queries:,} queries", f"{1000 * seconds:.2f}", f"{size / 1024:.0f}")
    print()


def _pairs(strategy: str, limit: int, queries: int, latency: float, rounds: int) -> list[Pair]:
    return in_kernel(f"await pairs({strategy!r}, {limit}, {queries}, {latency}, {rounds})")


def cells(pairs: Sequence[Pair]) -> list[str]:
    """What the table says of these pairs, in the order of its head."""
    off = [without for without, _ in pairs]
    on = [with_it for _, with_it in pairs]
    more = statistics.median(b["seconds"] / a["seconds"] - 1 for a, b in pairs)
    return [
        f"{_median(off, 'seconds'):.3f}",
        f"{_median(on, 'seconds'):.3f}",
        f"{more:+.1%}",
        _milliseconds(_median(off, "lag")),
        _milliseconds(_median(on, "lag")),
        f"{statistics.median(run['frames'] / run['seconds'] for run in on):.1f}",
    ]


def _median(runs: Sequence[dict[str, Any]], name: str) -> float | None:
    found = [run[name] for run in runs if run[name] is not None]
    return statistics.median(found) if found else None


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{1000 * seconds:.1f}"


def in_kernel(expression: str) -> Any:
    """The value of an expression of `helpers.bench.in_kernel`'s names, in a new kernel.

    The value is one that JSON has. Every other message of the kernel is received and dropped, as by
    a page. Raises RuntimeError with the traceback where the expression fails.
    """
    code = f"import json; from helpers.bench.in_kernel import *; print(json.dumps({expression}))"
    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    printed: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))

    try:
        client.execute_interactive(code, output_hook=hear, timeout=TIMEOUT)
        return json.loads("".join(printed).strip().splitlines()[-1])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
