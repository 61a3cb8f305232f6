"""`make bench ARGS=planner`: the planner's predictions beside measured runs."""

import os

import psutil

from helpers import FakeLLM
from helpers.benchmark import Row, measure
from helpers.planner import batch, calibrate

ROWS = (
    Row("serial", "serial", 1, 8, 0.2),
    Row("10 threads", "threads", 10, 100, 0.2),
    Row("10 threads, tail", "threads", 10, 200, 0.1, tail=0.3),
    Row("20 threads", "threads", 20, 200, 0.2),
    Row("50 threads", "threads", 50, 300, 0.25),
    Row("100 threads", "threads", 100, 400, 0.5),
    Row("200 threads", "threads", 200, 600, 1.0),
    Row("async, 10", "async", 10, 100, 0.2),
    Row("async, 50", "async", 50, 400, 0.2),
    Row("async, 100", "async", 100, 500, 0.25),
    Row("async, 100, tail", "async", 100, 800, 0.5, tail=0.3),
    Row("async, 200", "async", 200, 1_000, 0.5),
    Row("async, 400", "async", 400, 1_200, 1.0),
    Row("1,000 threads", "threads", 1_000, 1_000, 0.2),
    Row("async, 1,000", "async", 1_000, 1_000, 0.2),
)


def planner(_rounds: int) -> None:
    """Each row once; within 10 % where the client has CPU to spare (the bar), and it says where it has not."""
    own = psutil.Process(os.getpid())
    if hasattr(own, "cpu_affinity"):
        own.cpu_affinity(list(range(os.cpu_count() or 1)))  # a client inherits ours
    print(
        "Planner: predicted and measured (bar: time and p95 within 10 % where the CPU has time to spare)\n"
    )
    print("| | seconds | measured | off | p95 | measured | off | MB | measured | CPU to spare |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with FakeLLM() as llm:
        machine = calibrate(llm)
        for row in ROWS:
            seconds, p95, memory, spare = batch(row, machine)
            seen = measure(row, llm)
            pairs = ((seconds, seen.seconds), (p95, seen.p95))
            times = " | ".join(f"{a:.2f} | {b:.2f} | {a / b - 1:+.1%}" for a, b in pairs)
            spare_words = "yes" if spare else "no"
            print(
                f"| {row.name} | {times} | {memory:.0f} | {seen.memory:.0f} | {spare_words} |",
                flush=True,
            )
    print()
