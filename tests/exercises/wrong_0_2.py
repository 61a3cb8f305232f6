"""Typical wrong answers to exercise 0.2. Each docstring is a part of the message meant for it."""

import time

import requests


def _ask(base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    requests.post(f"{base_url}/chat/completions", json=body, timeout=30)


def _time(base_url, questions):
    start = time.perf_counter()
    for question in questions:
        _ask(base_url, question)
    return time.perf_counter() - start


def forgets_to_divide(base_url, questions):
    """the time of all ten together"""
    return _time(base_url, questions)


def answers_in_milliseconds(base_url, questions):
    """the mean in milliseconds"""
    return 1000 * _time(base_url, questions) / len(questions)


def asks_only_once(base_url, questions):
    """the server saw 1 of them"""
    return _time(base_url, questions[:1])


def times_the_wrong_address(base_url, questions):
    """the server saw 0 of them"""
    start = time.perf_counter()
    for _ in questions:
        requests.get(f"{base_url}/models", timeout=30)
    return (time.perf_counter() - start) / len(questions)


def measures_cpu_time(base_url, questions):
    """the server's own clock does not confirm"""
    start = time.thread_time()
    _time(base_url, questions)
    return (time.thread_time() - start) / len(questions)


def prints_instead_of_returning(base_url, questions):
    """your function returned None"""
    _time(base_url, questions)
