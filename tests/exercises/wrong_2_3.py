"""Typical wrong answers to exercise 2.3. Each docstring is a part of the message meant for it."""

import threading
import time

import requests


def _pieces(url, body, timeout):
    with requests.post(url, json=body, timeout=timeout, stream=True) as reply:
        yield from reply.iter_content(None)


def _until(end, pieces):
    """Join the pieces, as a right answer does: TimeoutError when a piece comes after the end."""
    content = b""
    for piece in pieces:
        content += piece
        if time.perf_counter() > end:
            raise TimeoutError
    return content


def _read(url, body, end, timeout):
    with requests.post(url, json=body, timeout=timeout, stream=True) as reply:
        return _until(end, reply.iter_content(None))


def _right_but_for(url, body, end, timeout):
    """A right answer if this is the right end, and the right timeout of each read."""
    try:
        return _read(url, body, end, timeout)
    except requests.RequestException as error:
        raise TimeoutError from error


# The limits.


def gives_every_read_the_whole_time(url, body, seconds, pause):
    """a single silence may last `pause` seconds"""
    return _right_but_for(url, body, time.perf_counter() + seconds, timeout=seconds)


def gives_every_read_two_pauses(url, body, seconds, pause):
    """a single silence may last `pause` seconds"""
    return _right_but_for(url, body, time.perf_counter() + seconds, timeout=2 * pause)


def has_the_pause_of_the_lesson(url, body, seconds, pause):
    """the `pause` that your function gets"""
    return _right_but_for(url, body, time.perf_counter() + seconds, timeout=0.3)


def has_a_long_pause_of_its_own(url, body, seconds, pause):
    """TimeoutError when the first piece comes later than `pause`"""
    return _right_but_for(url, body, time.perf_counter() + seconds, timeout=1.6)


def takes_the_pause_for_the_whole(url, body, seconds, pause):
    """only `seconds` may end the call"""
    return _right_but_for(url, body, time.perf_counter() + pause, timeout=pause)


def takes_two_pauses_for_the_whole(url, body, seconds, pause):
    """closed soon after seconds=1.2"""
    return _right_but_for(url, body, time.perf_counter() + 2 * pause, timeout=pause)


def leaves_after_a_third_of_the_time(url, body, seconds, pause):
    """only `seconds` may end the call"""
    return _right_but_for(url, body, time.perf_counter() + seconds / 3, timeout=pause)


def leaves_a_little_early(url, body, seconds, pause):
    """your function ended after"""
    return _right_but_for(url, body, time.perf_counter() + 0.8 * seconds, timeout=pause)


def adds_a_pause_to_the_time(url, body, seconds, pause):
    """closed soon after seconds=1.2"""
    return _right_but_for(url, body, time.perf_counter() + seconds + pause, timeout=pause)


def has_always_one_second(url, body, seconds, pause):
    """only `seconds` may end the call"""
    return _right_but_for(url, body, time.perf_counter() + 1.0, timeout=pause)


def has_always_one_and_a_half_seconds(url, body, seconds, pause):
    """only `seconds` may end the call"""
    return _right_but_for(url, body, time.perf_counter() + 1.5, timeout=pause)


def has_always_three_seconds(url, body, seconds, pause):
    """closed soon after seconds=1.2"""
    return _right_but_for(url, body, time.perf_counter() + 3.0, timeout=pause)


def starts_the_clock_when_the_reply_has_begun(url, body, seconds, pause):
    """even if the first piece comes late"""
    try:
        with requests.post(url, json=body, timeout=pause, stream=True) as reply:
            return _until(time.perf_counter() + seconds, reply.iter_content(None))
    except requests.RequestException as error:
        raise TimeoutError from error


def counts_pieces_in_place_of_seconds(url, body, seconds, pause):
    """which limit the clock is compared with"""
    content, number = b"", 0
    try:
        for piece in _pieces(url, body, pause):
            content, number = content + piece, number + 1
            if number > 24:
                raise TimeoutError
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


# The clock, and what happens when the time is up.


def trusts_the_timeout(url, body, seconds, pause):
    """it is for each read"""
    try:
        return requests.post(url, json=body, timeout=pause).content
    except requests.RequestException as error:
        raise TimeoutError from error


def looks_at_the_clock_afterwards(url, body, seconds, pause):
    """the server sent the reply to its end"""
    end = time.perf_counter() + seconds
    content = trusts_the_timeout(url, body, seconds, pause)
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
    """a part of a reply is not returned"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                break
    except requests.RequestException as error:
        raise TimeoutError from error
    return content


def walks_away_and_lets_it_run(url, body, seconds, pause):
    """thread still running"""
    got = []

    def work():
        try:
            got.append(requests.post(url, json=body, timeout=pause).content)
        except requests.RequestException:
            pass

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if not got:
        raise TimeoutError
    return got[0]


# The exceptions.


def swallows_the_silence(url, body, seconds, pause):
    """TimeoutError when the first piece comes later than `pause`"""
    end, content = time.perf_counter() + seconds, b""
    try:
        for piece in _pieces(url, body, pause):
            content += piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException:
        pass
    return content


def lets_the_librarys_exception_out(url, body, seconds, pause):
    """they are not Python's TimeoutError"""
    return _read(url, body, time.perf_counter() + seconds, pause)


def knows_only_one_silence(url, body, seconds, pause):
    """it is another exception than silence before it"""
    try:
        return lets_the_librarys_exception_out(url, body, seconds, pause)
    except requests.Timeout as error:
        raise TimeoutError from error


def returns_the_exception(url, body, seconds, pause):
    """TimeoutError as a value that was returned"""
    try:
        return lets_the_librarys_exception_out(url, body, seconds, pause)
    except (TimeoutError, requests.RequestException) as error:
        return TimeoutError(str(error))


# The reply.


def returns_the_reply_object(url, body, seconds, pause):
    """the whole reply as bytes"""
    return requests.post(url, json=body, timeout=pause)


def returns_the_first_piece(url, body, seconds, pause):
    """all of them joined"""
    for piece in _pieces(url, body, pause):
        return piece


def keeps_the_first_and_the_last_piece(url, body, seconds, pause):
    """all of them joined"""
    end, first, last = time.perf_counter() + seconds, b"", b""
    try:
        for piece in _pieces(url, body, pause):
            first, last = first or piece, piece
            if time.perf_counter() > end:
                raise TimeoutError
    except requests.RequestException as error:
        raise TimeoutError from error
    return first + last


def joins_lines_that_have_lost_their_ends(url, body, seconds, pause):
    """every byte and nothing else"""
    end = time.perf_counter() + seconds
    try:
        with requests.post(url, json=body, timeout=pause, stream=True) as reply:
            return _until(end, reply.iter_lines())
    except requests.RequestException as error:
        raise TimeoutError from error


# The requests.


def asks_for_no_stream(url, body, seconds, pause):
    """`body` as it is, which asks for a stream"""
    return _right_but_for(url, {**body, "stream": False}, time.perf_counter() + seconds, pause)


def asks_twice(url, body, seconds, pause):
    """one request for each call"""
    end = time.perf_counter() + seconds
    try:
        return _right_but_for(url, body, end, pause)
    except TimeoutError:
        return _right_but_for(url, body, end, pause)


def gives_up_at_once(url, body, seconds, pause):
    """the server saw none with seconds=5 and pause=0.4"""
    raise TimeoutError


def gives_up_where_time_is_short(url, body, seconds, pause):
    """the server saw none with seconds=2 and pause=0.4"""
    if seconds < 5:
        raise TimeoutError
    return requests.post(url, json=body, timeout=pause).content
