"""`make bench ARGS=planner`: the planner's predictions beside measured runs."""

from helpers import FakeLLM
from helpers.bench.cores import unpin
from helpers.bench.figures import print_head, print_row
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
    # Here the client's CPU is what they wait for, and the planner has to see it.
    Row("1,000 threads", "threads", 1_000, 1_000, 0.2),
    Row("async, 1,000", "async", 1_000, 1_000, 0.2),
)
BAR = "time and p95 within 10 % where the CPU has time to spare"
HEAD = (
    "",
    "seconds",
    "measured",
    "off",
    "p95",
    "measured",
    "off",
    "MB",
    "measured",
    "CPU to spare",
)


def planner(_rounds: int) -> None:
    """Print each row, predicted and measured; once, however many rounds are asked for."""
    unpin()
    print(f"Planner: predicted and measured (bar: {BAR})\n")
    print_head(*HEAD)
    with FakeLLM() as llm:
        machine = calibrate(llm)
        for row in ROWS:
            predicted, measured = batch(row, machine), measure(row, llm)
            print_row(
                row.name,
                *compared(predicted.seconds, measured.seconds),
                *compared(predicted.p95, measured.p95),
                f"{predicted.memory:.0f}",
                f"{measured.memory:.0f}",
                "yes" if predicted.spare else "no",
            )
    print()


def compared(predicted: float, measured: float) -> tuple[str, str, str]:
    """Three cells: predicted, measured, and by what share the prediction is off."""
    return f"{predicted:.2f}", f"{measured:.2f}", f"{predicted / measured - 1:+.1%}"
