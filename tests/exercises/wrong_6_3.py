"""Typical wrong answers to exercise 6.3. Each docstring is a part of the message meant for it."""


def as_many_as_possible(measure, highest):
    """the server saw 0 requests"""
    return highest


def measures_and_takes_the_highest(measure, highest):
    """fewer in flight would be faster"""
    rates = [measure(limit) for limit in (4, highest)]
    return highest if rates else 4


def the_number_of_the_lesson(measure, highest):
    """more in flight would be faster"""
    measure(2), measure(3)
    return 20


def the_number_of_the_other_server(measure, highest):
    """more in flight would be faster"""
    measure(2), measure(3)
    return 3


def a_number_in_between(measure, highest):
    """more in flight would be faster"""
    measure(2), measure(3)
    return 8


def stops_at_once(measure, highest):
    """more in flight would be faster"""
    best = 1
    while measure(best + 1) > 3 * measure(best):
        best += 1
    return best


def the_last_that_is_not_the_worst(measure, highest):
    """more in flight would be faster"""
    rates = {limit: measure(limit) for limit in (1, 4, 8, 16)}
    return max(limit for limit in rates if rates[limit] > min(rates.values()))


def tries_them_all(measure, highest):
    """at most 1600 requests in all"""
    return max(range(1, highest + 1), key=measure)


def tries_every_second_one(measure, highest):
    """which limits are worth measuring"""
    return max(range(1, highest + 1, 2), key=measure)


def returns_the_rate(measure, highest):
    """returned a float"""
    return max(measure(limit) for limit in (4, 8, 16))


def one_measurement(measure, highest):
    """one measurement tells no difference"""
    return 35 if measure(10) > 100 else 3


def the_better_of_two(measure, highest):
    """more in flight would be faster"""
    return max((4, 16), key=measure)


def the_best_of_three(measure, highest):
    """more in flight would be faster"""
    return max((5, 10, 20), key=measure)


def whether_fourteen_is_better_than_five(measure, highest):
    """more in flight would be faster"""
    return 14 if measure(14) > measure(5) else 5


def where_the_rate_has_fallen(measure, highest):
    """fewer in flight would be faster"""
    limit, rate = 1, measure(1)
    while 2 * limit <= highest:
        faster = measure(2 * limit)
        if faster < rate:
            return 2 * limit
        limit, rate = 2 * limit, faster
    return limit


def measures_beyond_the_highest(measure, highest):
    """it takes a whole number from 1 to 20"""
    return max((1, 2, 4, 8, 16, 32, 64), key=measure)


def hides_that_it_is_over_budget(measure, highest):
    """which limits are worth measuring"""
    best, top = 1, 0
    try:
        for limit in range(1, highest + 1):
            rate = measure(limit)
            if rate > top:
                best, top = limit, rate
    except Exception:
        pass
    return best


def a_third_of_the_highest(measure, highest):
    """fewer in flight would be faster"""
    measure(1), measure(2)
    return highest // 3


def a_quarter_or_a_half(measure, highest):
    """fewer in flight would be faster"""
    return max((highest // 4, highest // 2), key=measure)


def the_numbers_of_the_lesson(measure, highest):
    """fewer in flight would be faster"""
    return max((limit for limit in (5, 10, 20, 50) if limit <= highest), key=measure)
