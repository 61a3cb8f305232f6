"""What the live chart costs: the same runs with a panel and without, in a real kernel that a client listens to.

Nobody looks: a browser would draw on another core, or on another machine, but here it would take one of the two.
"""

import json
import statistics
from typing import Any

import psutil
from jupyter_client.manager import start_new_kernel

QUERIES, LATENCY = 200, 0.05
CASES = (("serial", 1), ("threads", 10), ("threads", 100), ("limited", 20), ("limited", 100))
# Runs one case in the kernel; prints one line of JSON.
CODE = """
import json, logging
from helpers import FakeLLM, Panel, run
from helpers import strategies
from helpers.trace import percentile

def told(run, frames):
    lag = [late for _, late in run.lag]
    return {{"seconds": run.seconds, "lag": percentile(lag, 99) if lag else None, "frames": frames}}

way = getattr(runners, {way!r})
with FakeLLM(latency={latency}) as llm:
    run(way, llm=llm, questions=10, limit=10)
    panel = Panel(way, llm=llm, queries={queries}, concurrency={limit}, latency={latency}, kind="lookup")
    display(panel)
    frames = []
    panel.screen.chart.observe(lambda change: frames.append(1), "value")
    found = []
    for _ in range({rounds}):
        off = told(run(way, llm=llm, questions={queries}, limit={limit}, check=False), 0)
        frames.clear()
        panel.run()
        await panel.wait(600)
        found.append((off, told(panel.last, len(frames))))
    panel.close()
print(json.dumps(found))
"""
FRAME = """
import json, time
from helpers.panel.screen import Screen
from helpers import FakeLLM, run, runners
found = {}
with FakeLLM(latency=0.1) as llm:
    for count in (200, 1000):
        done = run(strategies.limited, llm=llm, questions=count, limit=100, check=False)
        screen, spent = Screen("bench"), []
        for _ in range(50):
            began = time.perf_counter()
            screen.draw(done, [], None)
            spent.append(time.perf_counter() - began)
        found[count] = (sorted(spent)[25], len(screen.chart.value.encode()))
print(json.dumps(found))
"""


def panel(rounds: int) -> None:
    """Chart on against chart off, the loop's lag, and what a frame costs."""
    if hasattr(psutil.Process, "cpu_affinity"):
        psutil.Process().cpu_affinity(
            []
        )  # as on a learner's machine: kernel and server where the system puts them
    print(f"Panel: medians of {rounds} pairs; {QUERIES} queries, {1000 * LATENCY:.0f} ms a reply\n")
    print(
        "| | off, s | on, s | more | lag p99 off, ms | on, ms | frames a second |\n|---|---|---|---|---|---|---|"
    )
    for way, limit in CASES:
        _row(f"{way}, {limit} in flight", _case(way, limit, QUERIES, LATENCY, rounds))
    _row(
        "1,000 queries at 1 s, limited, 1,000 in flight", _case("limited", 1000, 1000, 1.0, rounds)
    )
    print("\n| a frame | ms | KiB |\n|---|---|---|")
    for count, (seconds, size) in _in_kernel(FRAME).items():
        print(f"| {int(count):,} queries | {1000 * seconds:.2f} | {size / 1024:.0f} |")
    print()


def _case(way: str, limit: int, queries: int, latency: float, rounds: int) -> list:
    return _in_kernel(
        CODE.format(way=way, limit=limit, queries=queries, latency=latency, rounds=rounds)
    )


def _row(name: str, pairs: list) -> None:
    off, on = ([pair[i] for pair in pairs] for i in (0, 1))
    more = statistics.median(b["seconds"] / a["seconds"] - 1 for a, b in pairs)
    cells = [
        name,
        f"{_median(off, 'seconds'):.3f}",
        f"{_median(on, 'seconds'):.3f}",
        f"{more:+.1%}",
    ]
    cells += [
        "–" if a is None else f"{1000 * a:.1f}" for a in (_median(off, "lag"), _median(on, "lag"))
    ]
    cells.append(f"{statistics.median(p['frames'] / p['seconds'] for p in on):.1f}")
    print(f"| {' | '.join(cells)} |", flush=True)


def _median(values: list[dict], name: str) -> float | None:
    found = [v[name] for v in values if v[name] is not None]
    return statistics.median(found) if found else None


def _in_kernel(code: str) -> Any:
    """What a cell of this code prints, read as JSON; every other message is received and dropped, as by a page."""
    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    printed: list[str] = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))

    try:
        client.execute_interactive(code, output_hook=hear, timeout=900)
        return json.loads("".join(printed).strip().splitlines()[-1])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
