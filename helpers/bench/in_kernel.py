"""What `helpers.bench.panel` runs in a notebook's kernel; the values are for JSON."""

import statistics
import time
from typing import Any

from IPython.display import display

from helpers import FakeLLM, Panel, run, strategies
from helpers.panel.screen import Screen
from helpers.runs import Run
from helpers.trace import percentile

__all__ = ["frame", "pairs"]

# Against hanging only.
TIMEOUT = 600.0
# Of the frame's cost the median is taken, so that a pause of the system is not in it.
FRAMES = 50


async def pairs(
    strategy: str, limit: int, queries: int, latency: float, rounds: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Runs of a strategy without the panel and with it, in turns.

    Of each run: seconds, lag (p99 of its loop, in seconds, None where it has none), and frames.
    """
    way = getattr(strategies, strategy)
    with FakeLLM(latency=latency) as llm:
        run(way, llm=llm, questions=10, limit=10)  # what is done once is done now
        panel = Panel(
            way, llm=llm, queries=queries, concurrency=limit, latency=latency, kind="lookup"
        )
        display(panel)
        frames: list[str] = []
        panel.screen.chart.observe(lambda change: frames.append(change["name"]), "value")
        found = []
        for _ in range(rounds):
            off = run(way, llm=llm, questions=queries, limit=limit, check=False)
            frames.clear()
            panel.run()
            await panel.wait(TIMEOUT)
            found.append((_told(off, 0), _told(panel.last, len(frames))))
        panel.close()
    return found


def _told(done: Run, frames: int) -> dict[str, Any]:
    late = [seconds for _, seconds in done.lag]
    return {"seconds": done.seconds, "lag": percentile(late, 99), "frames": frames}


def frame(queries: int) -> tuple[float, int]:
    """What one frame of a run of so many queries costs: seconds, and bytes to send."""
    with FakeLLM(latency=0.1) as llm:
        done = run(strategies.limited, llm=llm, questions=queries, limit=100, check=False)
    screen = Screen("bench")
    spent = []
    for _ in range(FRAMES):
        began = time.perf_counter()
        screen.draw(done, [], None)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent), len(screen.chart.value.encode())
