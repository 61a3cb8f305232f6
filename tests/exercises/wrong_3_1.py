"""Typical wrong answers to exercise 3.1. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Barrier


def _pairs(first, second, questions, threads):
    """A right answer, if the number of threads is right."""
    with ThreadPoolExecutor(threads) as pool:
        futures = [(pool.submit(first, each), pool.submit(second, each)) for each in questions]
    return [(one.result(), other.result()) for one, other in futures]


def waits_for_each_at_once(first, second, questions, limit):
    """never more than 1 in flight"""
    pairs = []
    with ThreadPoolExecutor(limit) as pool:
        for question in questions:
            one = pool.submit(first, question).result()
            other = pool.submit(second, question).result()
            pairs.append((one, other))
    return pairs


def only_the_two_agents_overlap(first, second, questions, limit):
    """the two agents overlap, the questions do not"""
    pairs = []
    with ThreadPoolExecutor(limit) as pool:
        for question in questions:
            one, other = pool.submit(first, question), pool.submit(second, question)
            pairs.append((one.result(), other.result()))
    return pairs


def no_pool_at_all(first, second, questions, limit):
    """never more than 1 in flight"""
    return [(first(question), second(question)) for question in questions]


def a_pool_for_each_agent(first, second, questions, limit):
    """at most 8 in flight"""
    with ThreadPoolExecutor(limit) as one, ThreadPoolExecutor(limit) as other:
        return list(zip(one.map(first, questions), other.map(second, questions)))


def half_a_pool_for_both(first, second, questions, limit):
    """never more than 4 in flight"""

    def both(question):
        return first(question), second(question)

    with ThreadPoolExecutor(limit // 2) as pool:
        return list(pool.map(both, questions))


def pair(first, second, questions, limit):
    """the two opinions on one question were asked one after the other"""

    def both(question):
        return first(question), second(question)

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(both, questions))


def eight_or_three_threads(first, second, questions, limit):
    """it has to be `limit`, whatever that is"""
    return _pairs(first, second, questions, limit if limit >= 8 else 3)


def returns_the_futures(first, second, questions, limit):
    """a future is a promise"""
    with ThreadPoolExecutor(limit) as pool:
        return [(pool.submit(first, each), pool.submit(second, each)) for each in questions]


def in_the_order_of_arrival(first, second, questions, limit):
    """all pairs are there, in another order"""
    with ThreadPoolExecutor(limit) as pool:
        others = {pool.submit(first, each): pool.submit(second, each) for each in questions}
        return [(one.result(), others[one].result()) for one in as_completed(others)]


def asks_one_agent_twice(first, second, questions, limit):
    """the same answer stands twice"""
    with ThreadPoolExecutor(limit) as pool:
        pairs = [(pool.submit(first, each), pool.submit(first, each)) for each in questions]
    return [(one.result(), other.result()) for one, other in pairs]


def takes_the_agents_for_each_other(first, second, questions, limit):
    """the two agents have changed places"""
    with ThreadPoolExecutor(limit) as pool:
        return list(zip(pool.map(second, questions), pool.map(first, questions)))


def only_the_first_agent(first, second, questions, limit):
    """in each place what the first agent said, and what the second said"""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(first, questions))


def invents_the_answers(first, second, questions, limit):
    """in each place what the first agent said, and what the second said"""
    return [("yes", "no") for _ in questions]


def one_list_instead_of_pairs(first, second, questions, limit):
    """a list of 12 pairs"""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(first, questions)) + list(pool.map(second, questions))


def first_agent_first(first, second, questions, limit):
    """a list of 12 pairs"""
    with ThreadPoolExecutor(limit) as pool:
        return zip(pool.map(first, questions), pool.map(second, questions))


def in_batches(first, second, questions, limit):
    """everybody waits for the slowest"""
    pairs = []
    for start in range(0, len(questions), limit // 2):
        batch = questions[start : start + limit // 2]
        with ThreadPoolExecutor(limit) as pool:
            pairs += list(zip(pool.map(first, batch), pool.map(second, batch)))
    return pairs


def the_first_eight_and_then_in_a_row(first, second, questions, limit):
    """everybody waits for the slowest"""
    half = limit // 2
    with ThreadPoolExecutor(limit) as pool:
        pairs = list(zip(pool.map(first, questions[:half]), pool.map(second, questions[:half])))
    return pairs + [(first(question), second(question)) for question in questions[half:]]


def one_agent_and_then_the_other(first, second, questions, limit):
    """everybody waits for the slowest"""
    with ThreadPoolExecutor(limit) as pool:
        ones = list(pool.map(first, questions))
        others = list(pool.map(second, questions))
    return list(zip(ones, others))


def warms_up_first(first, second, questions, limit):
    """what is sent more than once"""
    with ThreadPoolExecutor(limit) as pool:
        list(pool.map(first, questions))
        list(pool.map(second, questions))
        return list(zip(pool.map(first, questions), pool.map(second, questions)))


def submits_and_asks_again(first, second, questions, limit):
    """what is sent more than once"""
    with ThreadPoolExecutor(limit) as pool:
        for question in questions:
            pool.submit(first, question)
            pool.submit(second, question)
    return [(first(question), second(question)) for question in questions]


def always_eight(first, second, questions, limit):
    """it has to be `limit`, whatever that is"""
    return _pairs(first, second, questions, 8)


def submits_the_answer(first, second, questions, limit):
    """submit(ask(question)) has asked before the pool is reached"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [(pool.submit(first(each)), pool.submit(second(each))) for each in questions]
    return [(one.result(), other.result()) for one, other in futures]


def waits_for_its_own_pool(first, second, questions, limit):
    """must not wait for a future of its own pool"""

    everybody = Barrier(limit)

    def both(question):
        everybody.wait()  # it happens on a busy machine as well
        one, other = pool.submit(first, question), pool.submit(second, question)
        return one.result(), other.result()

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(both, questions))


def waits_for_its_own_pool_and_swallows_the_end(first, second, questions, limit):
    """must not wait for a future of its own pool"""

    everybody = Barrier(limit)

    def both(question):
        everybody.wait()
        try:
            one, other = pool.submit(first, question), pool.submit(second, question)
            return one.result(), other.result()
        except Exception as error:
            return error

    with ThreadPoolExecutor(limit) as pool:
        return [future.result() for future in [pool.submit(both, each) for each in questions]]


def six_threads(first, second, questions, limit):
    """how many threads there are (`limit`)"""
    # What ThreadPoolExecutor() has without a number, where there are two processors.
    return _pairs(first, second, questions, 6)


def half_a_pool_for_each_agent(first, second, questions, limit):
    """how many pools there are"""
    half = limit // 2
    with ThreadPoolExecutor(half) as one, ThreadPoolExecutor(limit - half) as other:
        return list(zip(one.map(first, questions), other.map(second, questions)))


def two_smaller_halves(first, second, questions, limit):
    """how many pools there are"""
    with ThreadPoolExecutor(limit // 2) as one, ThreadPoolExecutor(limit // 2) as other:
        return list(zip(one.map(first, questions), other.map(second, questions)))


def a_pool_and_its_own_thread(first, second, questions, limit):
    """at most 8 in flight"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(first, question) for question in questions]
        others = [second(question) for question in questions]
    return [(one.result(), other) for one, other in zip(futures, others)]


def a_smaller_pool_and_its_own_thread(first, second, questions, limit):
    """a call that your own thread waits for"""
    with ThreadPoolExecutor(limit - 1) as pool:
        futures = [pool.submit(first, question) for question in questions]
        others = [second(question) for question in questions]
    return [(one.result(), other) for one, other in zip(futures, others)]


def a_pool_for_each_question(first, second, questions, limit):
    """the two agents overlap, the questions do not"""
    pairs = []
    for question in questions:
        with ThreadPoolExecutor(limit) as pool:
            one, other = pool.submit(first, question), pool.submit(second, question)
        pairs.append((one.result(), other.result()))
    return pairs


def always_twelve_questions(first, second, questions, limit):
    """in a second call, with 4 questions and limit 2"""
    with ThreadPoolExecutor(limit) as pool:
        ones = [pool.submit(first, questions[place]) for place in range(12)]
        others = [pool.submit(second, questions[place]) for place in range(12)]
    return [(one.result(), other.result()) for one, other in zip(ones, others)]


def never_more_than_ten(first, second, questions, limit):
    """never more than 10 in flight at once, in another call"""
    return _pairs(first, second, questions, min(limit, 10))


def at_least_three(first, second, questions, limit):
    """3 were in flight at once, in another call"""
    return _pairs(first, second, questions, max(limit, 3))


def one_thread_for_any_other_limit(first, second, questions, limit):
    """never more than 1 in flight at once"""
    return _pairs(first, second, questions, limit if limit == 8 else 1)
