"""Typical wrong answers to exercise 3.3. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed


def still_in_batches(ask, questions, limit):
    """everybody waits for the slowest"""
    answers = []
    for first in range(0, len(questions), limit):
        with ThreadPoolExecutor(limit) as pool:
            answers += pool.map(ask, questions[first : first + limit])
    return answers


def batches_in_one_pool(ask, questions, limit):
    """everybody waits for the slowest"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        for first in range(0, len(questions), limit):
            answers += pool.map(ask, questions[first : first + limit])
    return answers


def loses_the_places(ask, questions, limit):
    """in another order"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(ask, question) for question in questions]
        return [future.result() for future in as_completed(futures)]


def everything_at_once(ask, questions, limit):
    """at most 5 in flight"""
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(ask, questions))


def places_that_were_never_filled(ask, questions, limit):
    """question 0 got None"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        list(pool.map(ask, questions))
    return answers
