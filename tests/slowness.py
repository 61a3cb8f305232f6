"""How slow this machine is: some others that run these tests are shared, and three times slower."""

import time

# Seconds for the loop below where the bounds of the tests were chosen.
USUAL = 0.07


def slowness() -> float:
    """How many times as long some Python takes as where the bounds were chosen; at least 1."""
    started, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return max(1.0, (time.process_time() - started) / USUAL)
