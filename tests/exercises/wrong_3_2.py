"""Typical wrong answers to exercise 3.2. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor


def does_not_catch(ask, questions, limit):
    """once around all questions, or around each"""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(ask, questions))


def catches_around_everything(ask, questions, limit):
    """a list of 20"""
    try:
        with ThreadPoolExecutor(limit) as pool:
            return list(pool.map(ask, questions))
    except Exception as error:
        return [error]


def drops_the_failures(ask, questions, limit):
    """returned a list of length 18"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(ask, question) for question in questions]
    return [future.result() for future in futures if not future.exception()]


def forgets_why(ask, questions, limit):
    """the exception that was raised in place 3"""

    def one(question):
        try:
            return ask(question)
        except Exception:
            return None

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(one, questions))


def tries_again(ask, questions, limit):
    """what is sent more than once"""

    def one(question):
        try:
            return ask(question)
        except Exception:
            try:
                return ask(question)
            except Exception as error:
                return error

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(one, questions))
