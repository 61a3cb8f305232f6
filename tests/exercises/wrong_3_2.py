"""Typical wrong answers to exercise 3.2. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers.agents import ModelError


def _answer_or_error(ask, question):
    try:
        return ask(question)
    except Exception as error:
        return error


def _in_a_pool(ask, questions, threads):
    """A right answer, if the number of threads is right."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(_answer_or_error, [ask] * len(questions), questions))


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
    return [_answer_or_error(ask, question) for question in questions]


def in_batches(ask, questions, limit):
    """everybody waits for the slowest"""
    answers = []
    for first in range(0, len(questions), limit):
        with ThreadPoolExecutor(limit) as pool:
            batch = questions[first : first + limit]
            answers += pool.map(_answer_or_error, [ask] * len(batch), batch)
    return answers


def the_first_ten_and_then_in_a_row(ask, questions, limit):
    """everybody waits for the slowest"""
    with ThreadPoolExecutor(limit) as pool:
        answers = list(pool.map(_answer_or_error, [ask] * limit, questions[:limit]))
    return answers + [_answer_or_error(ask, question) for question in questions[limit:]]


def always_ten(ask, questions, limit):
    """it has to be `limit`, whatever that is"""
    return _in_a_pool(ask, questions, 10)


def in_the_order_of_arrival(ask, questions, limit):
    """all of them are there, in another order"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(_answer_or_error, ask, question) for question in questions]
        return [future.result() for future in as_completed(futures)]


def catches_around_next(ask, questions, limit):
    """the iterator of map ends with its first exception"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        results = pool.map(ask, questions)
        for _ in questions:
            try:
                answers.append(next(results))
            except Exception as error:
                answers.append(error)
    return answers


def catches_around_the_loop(ask, questions, limit):
    """the iterator of map ends with its first exception"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        try:
            for answer in pool.map(ask, questions):
                answers.append(answer)
        except Exception as error:
            answers.append(error)
    return answers


def submits_the_answer(ask, questions, limit):
    """submit(ask(question)) has asked before the pool is reached"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(_answer_or_error(ask, question)) for question in questions]
    return [future.result() for future in futures]


def returns_the_futures(ask, questions, limit):
    """a future is a promise of an answer"""
    with ThreadPoolExecutor(limit) as pool:
        return [pool.submit(ask, question) for question in questions]


def always_twenty(ask, questions, limit):
    """in a second call, with 4 questions and limit 2"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(_answer_or_error, ask, questions[place]) for place in range(20)]
    return [future.result() for future in futures]


def never_more_than_ten(ask, questions, limit):
    """never more than 10 in flight at once, in another call"""
    return _in_a_pool(ask, questions, min(limit, 10))


def at_least_three(ask, questions, limit):
    """3 were in flight at once, in another call"""
    return _in_a_pool(ask, questions, max(limit, 3))


def three_for_a_small_limit(ask, questions, limit):
    """3 were in flight at once, in another call"""
    return _in_a_pool(ask, questions, limit if limit >= 5 else 3)
