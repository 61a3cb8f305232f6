"""What the panel costs: the cells of its table, and that its runs in a kernel work at all."""

import pytest

from helpers.bench.panel import HEAD, cells, in_kernel


def told(seconds, lag, frames):
    return {"seconds": seconds, "lag": lag, "frames": frames}


def test_cells_are_medians_of_pairs():
    """The share is that of each pair, so a slow minute for both of them does not count."""
    pairs = [
        (told(1.0, 0.001, 0), told(1.1, 0.002, 11)),
        (told(2.0, 0.002, 0), told(2.2, 0.004, 22)),
        (told(9.0, 0.009, 0), told(9.9, 0.009, 99)),
    ]
    assert cells(pairs) == ["2.000", "2.200", "+10.0%", "2.0", "4.0", "10.0"]
    assert len(cells(pairs)) == len(HEAD) - 1


def test_a_strategy_without_a_loop_has_no_lag():
    """A dash, because there is nothing to measure."""
    assert cells([(told(1.0, None, 0), told(1.0, None, 8))])[3:5] == ["–", "–"]


def test_the_pairs_and_the_frame_are_measured_in_a_kernel():
    """Small: one round of four queries; what it measures is not looked at."""
    pairs = "await pairs('limited', limit=2, queries=4, latency=0.01, rounds=1)"
    ((off, on),), (seconds, size) = in_kernel(f"[{pairs}, frame(4)]")
    assert off["frames"] == 0 < on["frames"]
    assert off["seconds"] > 0 and on["seconds"] > 0 and seconds > 0 and size > 1_000


def test_what_fails_in_the_kernel_fails_here():
    """With its traceback, so that no table is printed of nothing."""
    with pytest.raises(RuntimeError, match="no_such_strategy"):
        in_kernel("await pairs('no_such_strategy', limit=1, queries=1, latency=0.01, rounds=1)")
