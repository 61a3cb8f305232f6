"""Typical wrong answers to exercise 2.3. Each docstring is a part of the message meant for it."""

import time

import requests


def trusts_the_timeout(url, body, seconds):
    """it is for each read"""
    return requests.post(url, json=body, timeout=seconds).content


def looks_at_the_clock_afterwards(url, body, seconds):
    """the server sent the reply to its end"""
    end = time.perf_counter() + seconds
    try:
        content = requests.post(url, json=body, timeout=seconds).content
    except requests.Timeout as error:
        raise TimeoutError from error
    if time.perf_counter() > end:
        raise TimeoutError
    return content


def returns_what_there_is(url, body, seconds):
    """TimeoutError when the reply takes longer than its time"""
    end, content = time.perf_counter() + seconds, b""
    with requests.post(url, json=body, timeout=seconds, stream=True) as reply:
        for chunk in reply.iter_content(None):
            content += chunk
            if time.perf_counter() > end:
                break
    return content


def returns_the_reply_object(url, body, seconds):
    """the whole reply as bytes"""
    return requests.post(url, json=body, timeout=seconds)


def gives_up_at_once(url, body, seconds):
    """it raised TimeoutError"""
    raise TimeoutError


def lets_the_librarys_exception_out(url, body, seconds):
    """TimeoutError when the server is silent"""
    end, content = time.perf_counter() + seconds, b""
    with requests.post(url, json=body, timeout=seconds, stream=True) as reply:
        for chunk in reply.iter_content(None):
            content += chunk
            if time.perf_counter() > end:
                raise TimeoutError
    return content
