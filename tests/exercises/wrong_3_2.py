"""Typical wrong answers to exercise 3.2. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor

from helpers.agents import ModelError


def does_not_catch(ask, questions, limit):
    """once around all questions, or around each"""
    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(ask, questions))


def submits_and_does_not_catch(ask, questions, limit):
    """once around all questions, or around each"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(ask, question) for question in questions]
    return [future.result() for future in futures]


def catches_around_everything(ask, questions, limit):
    """a list of 20"""
    try:
        with ThreadPoolExecutor(limit) as pool:
            return list(pool.map(ask, questions))
    except Exception as error:
        return [error]


def catches_around_everything_and_fills_up(ask, questions, limit):
    """the answer in place 0"""
    try:
        with ThreadPoolExecutor(limit) as pool:
            return list(pool.map(ask, questions))
    except Exception as error:
        return [error] * len(questions)


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


def keeps_only_its_text(ask, questions, limit):
    """not its text, not another one"""

    def one(question):
        try:
            return ask(question)
        except Exception as error:
            return str(error)

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(one, questions))


def makes_up_an_exception(ask, questions, limit):
    """not its text, not another one"""

    def one(question):
        try:
            return ask(question)
        except Exception:
            return ModelError(404, "not found")

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


def one_after_the_other(ask, questions, limit):
    """never more than 1 in flight"""
    answers = []
    for question in questions:
        try:
            answers.append(ask(question))
        except Exception as error:
            answers.append(error)
    return answers


def in_batches(ask, questions, limit):
    """everybody waits for the slowest"""

    def one(question):
        try:
            return ask(question)
        except Exception as error:
            return error

    answers = []
    for first in range(0, len(questions), limit):
        with ThreadPoolExecutor(limit) as pool:
            answers += pool.map(one, questions[first : first + limit])
    return answers


def the_first_ten_and_then_in_a_row(ask, questions, limit):
    """everybody waits for the slowest"""

    def one(question):
        try:
            return ask(question)
        except Exception as error:
            return error

    with ThreadPoolExecutor(limit) as pool:
        answers = list(pool.map(one, questions[:limit]))
    return answers + [one(question) for question in questions[limit:]]
