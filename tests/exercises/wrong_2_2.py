"""Typical wrong answers to exercise 2.2. Each docstring is a part of the message meant for it."""

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


def _post(client, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    return client.post(f"{base_url}/chat/completions", json=body, timeout=30)


def _text(reply):
    reply.raise_for_status()
    return reply.json()["choices"][0]["message"]["content"]


def _with_adapter(retry, base_url, question):
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        return _text(_post(session, base_url, question))


def retries_connections_only(base_url, question, attempts):
    """a POST that failed with a 5xx status is not, unless you say so"""
    return _with_adapter(Retry(total=attempts - 1), base_url, question)


def forgets_the_method(base_url, question, attempts):
    """the exception HTTPError after 1 request"""
    return _with_adapter(Retry(total=attempts - 1, status_forcelist=[500, 503]), base_url, question)


def mounts_it_where_no_request_goes(base_url, question, attempts):
    """the exception HTTPError after 1 request"""
    retry = Retry(total=attempts - 1, status_forcelist=[500, 503], allowed_methods=["POST"])
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        return _text(_post(session, base_url, question))


def counts_one_too_many(base_url, question, attempts):
    """the exception RetryError after 3 requests"""
    retry = Retry(total=attempts, status_forcelist=[500, 503], allowed_methods=["POST"])
    return _with_adapter(retry, base_url, question)


def always_three_attempts(base_url, question, attempts):
    """the exception HTTPError after 3 requests"""
    for _ in range(3):
        reply = _post(requests, base_url, question)
        if reply.status_code not in (500, 502, 503):
            break
    return _text(reply)


def never_gives_up(base_url, question, attempts):
    """after 21 requests"""
    while True:
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError:
            continue


def returns_none_in_the_end(base_url, question, attempts):
    """None after 2 requests"""
    for _ in range(attempts):
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError:
            continue


def returns_what_the_failure_says(base_url, question, attempts):
    """the last attempt: how many there are in all, and what happens to its failure"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code == 200:
            return _text(reply)
        if reply.status_code < 500:
            raise requests.HTTPError(reply.text)
    return reply.text


def insists_on_everything(base_url, question, attempts):
    """a wrong key stays wrong"""
    for attempt in range(attempts):
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError:
            if attempt == attempts - 1:
                raise


def tries_every_429_again(base_url, question, attempts):
    """an empty account stays empty"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code != 429 and reply.status_code < 500:
            break
    return _text(reply)


def repeats_all_but_two_statuses(base_url, question, attempts):
    """what does not exist is not there the next time either"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code in (200, 401, 429):
            break
    return _text(reply)


def decides_by_the_first_status_alone(base_url, question, attempts):
    """after each attempt, not only after the first"""
    reply = _post(requests, base_url, question)
    if reply.status_code >= 500:
        for _ in range(attempts - 1):
            reply = _post(requests, base_url, question)
            if reply.status_code == 200:
                break
    return _text(reply)
