"""Typical wrong answers to exercise 6.3. Each docstring is a part of the message meant for it."""


def as_many_as_possible(measure, highest):
    """the server saw 0 requests"""
    return highest


def measures_and_takes_the_highest(measure, highest):
    """fewer in flight would be faster"""
    rates = [measure(limit) for limit in (4, 32)]
    return 32 if rates else 4


def stops_at_once(measure, highest):
    """more in flight would be faster"""
    best = 1
    while measure(best + 1) > 3 * measure(best):
        best += 1
    return best


def tries_them_all(measure, highest):
    """which limits are worth measuring"""
    return max(range(1, highest + 1), key=measure)


def returns_the_rate(measure, highest):
    """returned a float"""
    return max(measure(limit) for limit in (4, 8, 16))
