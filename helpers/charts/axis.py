"""Round numbers: where an axis ends, and where it is marked."""

# Fine enough that little of a picture stays empty, coarse enough that a growing axis steps seldom.
_ENDS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
# What people count in.
_STEPS = (1, 2, 5)


def round_up(value: float) -> float:
    """The next round number, 0.01 at least, so that a growing axis moves in few steps."""
    power = 0.01
    while True:
        for end in _ENDS:
            if power * end >= value:
                return power * end
        power *= 10


def ticks(end: float, most: int) -> list[float]:
    """Round numbers from 0 to `end`, evenly apart, with at most `most` steps between them."""
    power = 0.001
    while True:
        for digit in _STEPS:
            step = power * digit
            if end / step <= most:
                # A little more than the quotient, which may fall short of a whole number.
                return [i * step for i in range(int(end / step + 1.001))]
        power *= 10


def decimals(step: float) -> int:
    """How many decimals the multiples of a round step need, three at most."""
    return next((digits for digits in range(3) if abs(round(step, digits) - step) < 1e-9), 3)
