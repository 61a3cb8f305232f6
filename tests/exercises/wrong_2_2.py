"""Typical wrong answers to exercise 2.2. Each docstring is a part of the message meant for it."""

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


def _post(client, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    reply = client.post(f"{base_url}/chat/completions", json=body, timeout=30)
    reply.raise_for_status()
    return reply.json()["choices"][0]["message"]["content"]


def _with_adapter(retry, base_url, question):
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        return _post(session, base_url, question)


def retries_connections_only(base_url, question, attempts):
    """a POST that failed with a 5xx status is not, unless you say so"""
    return _with_adapter(Retry(total=attempts - 1), base_url, question)


def forgets_the_method(base_url, question, attempts):
    """the exception HTTPError after 1 requests"""
    return _with_adapter(Retry(total=attempts - 1, status_forcelist=[500, 503]), base_url, question)


def counts_one_too_many(base_url, question, attempts):
    """the exception RetryError after 4 requests"""
    retry = Retry(total=attempts, status_forcelist=[500, 503], allowed_methods=["POST"])
    return _with_adapter(retry, base_url, question)


def never_gives_up(base_url, question, attempts):
    """after 21 requests"""
    while True:
        try:
            return _post(requests, base_url, question)
        except requests.HTTPError:
            continue


def returns_none_in_the_end(base_url, question, attempts):
    """the last attempt"""
    for _ in range(attempts):
        try:
            return _post(requests, base_url, question)
        except requests.HTTPError:
            continue


def insists_on_everything(base_url, question, attempts):
    """a 4xx will not (but for 429)"""
    for attempt in range(attempts):
        try:
            return _post(requests, base_url, question)
        except requests.HTTPError:
            if attempt == attempts - 1:
                raise
