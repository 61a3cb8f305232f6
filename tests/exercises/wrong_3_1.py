"""Typical wrong answers to exercise 3.1. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Thread


def one_after_the_other(ask, questions, limit):
    """never more than 1 in flight"""
    return [ask(question) for question in questions]


def a_thread_for_each(ask, questions, limit):
    """at most 10 in flight"""
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(ask, questions))


def in_the_order_of_arrival(ask, questions, limit):
    """in another order"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(ask, question) for question in questions]
        return [future.result() for future in as_completed(futures)]


def returns_futures(ask, questions, limit):
    """a future is a promise"""
    with ThreadPoolExecutor(limit) as pool:
        return [pool.submit(ask, question) for question in questions]


def returns_an_iterator(ask, questions, limit):
    """an iterator has not done its work yet"""
    with ThreadPoolExecutor(limit) as pool:
        return pool.map(ask, questions)


def waits_for_each_at_once(ask, questions, limit):
    """never more than 1 in flight"""
    with ThreadPoolExecutor(limit) as pool:
        return [pool.submit(ask, question).result() for question in questions]


def does_not_wait(ask, questions, limit):
    """returned a list of length 0"""
    for question in questions:
        Thread(target=ask, args=[question], daemon=True).start()
    return []
