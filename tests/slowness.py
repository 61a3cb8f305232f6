"""How slow this machine is: some others that run these tests are shared, and three times slower."""

import time

# Seconds for the loop below where the bounds of the tests were chosen.
USUAL = 0.07


def slowness() -> float:
    """How many times as long some Python takes as where the bounds were chosen; at least 1.

    The slowest of five looks counts, since a shared machine may be quick for the first of them.
    """
    return max(1.0, *(_look() / USUAL for _ in range(5)))


def _look() -> float:
    """Seconds of CPU for the same piece of Python each time."""
    started, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - started
