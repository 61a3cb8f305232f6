"""Results that nobody has measured, for tests of what is done with results."""

from helpers.benchmark.rows import Result, Row


def result(row: Row, seconds: float = 1.0) -> Result:
    """A result of this row; its ideal is Little's law, and its other figures are any."""
    return Result(
        row=row,
        seconds=seconds,
        ideal=row.requests * row.latency / row.in_flight,
        memory=20.4,
        threads=3,
        connections=2,
        cpu=0.1,
        p50=0.2,
        p95=0.3,
        p50_from_start=0.2,
        p95_from_start=0.3,
    )
