"""Typical wrong answers to exercise 0.2. Each docstring is a part of the message meant for it."""

import statistics
import time

import requests


def _ask(base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    reply = requests.post(f"{base_url}/chat/completions", json=body, timeout=30)
    return reply.json()["choices"][0]["message"]["content"]


def _times(base_url, questions):
    times = []
    for question in questions:
        start = time.perf_counter()
        _ask(base_url, question)
        times.append(time.perf_counter() - start)
    return times


def forgets_to_divide(base_url, questions):
    """the time of all ten together"""
    return sum(_times(base_url, questions))


def answers_in_milliseconds(base_url, questions):
    """the mean in milliseconds"""
    return 1000 * statistics.mean(_times(base_url, questions))


def returns_the_slowest(base_url, questions):
    """this is the slowest reply"""
    return max(_times(base_url, questions))


def returns_the_median(base_url, questions):
    """this is the middle one"""
    return statistics.median_low(_times(base_url, questions))


def asks_only_once(base_url, questions):
    """the server saw 1 of them"""
    return statistics.mean(_times(base_url, questions[:1]))


def asks_everything_twice(base_url, questions):
    """what is asked more than once"""
    return statistics.mean(_times(base_url, questions) + _times(base_url, questions))


def times_the_wrong_address(base_url, questions):
    """the server saw 0 of them"""
    start = time.perf_counter()
    for _ in questions:
        requests.get(f"{base_url}/models", timeout=30)
    return (time.perf_counter() - start) / len(questions)


def measures_cpu_time(base_url, questions):
    """the server's own clock does not confirm"""
    start = time.thread_time()
    _times(base_url, questions)
    return (time.thread_time() - start) / len(questions)


def asks_and_returns_a_constant(base_url, questions):
    """the mean time of a reply, in seconds"""
    _times(base_url, questions)
    return 0.1


def prints_instead_of_returning(base_url, questions):
    """your function returned None"""
    print(statistics.mean(_times(base_url, questions)))


def returns_the_reply_as_in_the_exercise_before(base_url, questions):
    """a number of seconds"""
    return [_ask(base_url, question) for question in questions][0]
