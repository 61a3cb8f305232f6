"""Typical wrong answers to exercise 2.3. Each docstring is a part of the message meant for it."""

import threading
import time

import requests


def _pieces(url, body, timeout):
    with requests.post(url, json=body, timeout=timeout, stream=True) as reply:
        yield from reply.iter_content(None)


def trusts_the_timeout(url, body, seconds, pause):
    """it is for each read"""
    try:
        return requests.post(url, json=body, timeout=pause).content
    except requests.RequestException as error:
        raise TimeoutError from error


def looks_at_the_clock_afterwards(url, body, seconds, pause):
    """the server sent the reply to its end"""
    end = time.perf_counter() + seconds
    try:
        content = requests.post(url, json=body, timeout=pause).content
    except requests.RequestException as error:
        raise TimeoutError from error
    if time.perf_counter() > end:
        raise TimeoutError
    return content


def joins_first_and_looks_then(url, body, seconds, pause):
    """after each piece, not after all of them"""
    end = time.perf_counter() + seconds
    try:
        content = b"".join(_pieces(url, body, pause))
    except requests.RequestException as error:
        raise TimeoutError from error
    if time.perf_counter() > end:
        raise TimeoutError
    return content


def returns_what_there_is(url, body, seconds, pause):
    """TimeoutError when the reply takes longer than `seconds`"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                break
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


def swallows_the_silence(url, body, seconds, pause):
    """TimeoutError when the server says nothing at all"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException:
        pass
    return content


def returns_the_reply_object(url, body, seconds, pause):
    """the whole reply as bytes"""
    return requests.post(url, json=body, timeout=pause)


def returns_the_first_piece(url, body, seconds, pause):
    """all of them joined"""
    for piece in _pieces(url, body, pause):
        return piece


def gives_up_at_once(url, body, seconds, pause):
    """the exception TimeoutError"""
    raise TimeoutError


def gives_up_where_time_is_short(url, body, seconds, pause):
    """3 of 4 calls sent none"""
    if seconds < 5:
        raise TimeoutError
    return requests.post(url, json=body, timeout=pause).content


def lets_the_librarys_exception_out(url, body, seconds, pause):
    """they are not Python's TimeoutError"""
    end, content = time.perf_counter() + seconds, b""
    for piece in _pieces(url, body, pause):
        content += piece
        if time.perf_counter() > end:
            raise TimeoutError
    return content


def knows_only_one_silence(url, body, seconds, pause):
    """it is another exception than silence before it"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.Timeout as error:
        raise TimeoutError from error
    return content


def gives_every_read_the_whole_time(url, body, seconds, pause):
    """a single silence may last `pause` seconds"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, seconds):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


def takes_the_pause_for_the_whole(url, body, seconds, pause):
    """the exception TimeoutError"""
    end, content = time.perf_counter() + pause, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


def leaves_after_half_of_the_time(url, body, seconds, pause):
    """which of the two limits the clock is compared with"""
    end, content = time.perf_counter() + seconds / 3, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


def walks_away_and_lets_it_run(url, body, seconds, pause):
    """threads still running"""
    got = []

    def work():
        try:
            got.append(requests.post(url, json=body, timeout=10).content)
        except requests.RequestException:
            pass

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if not got:
        raise TimeoutError
    return got[0]
