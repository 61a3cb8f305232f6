"""Typical wrong answers to exercise 2.2. Each docstring is a part of the message meant for it."""

import requests
from openai import OpenAI
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

PASSING = (500, 502, 503, 504)


def _post(client, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    return client.post(f"{base_url}/chat/completions", json=body, timeout=30)


def _text(reply):
    reply.raise_for_status()
    return reply.json()["choices"][0]["message"]["content"]


def _right_but_for(base_url, question, attempts):
    """A right answer if this is the right address, and the right number of attempts."""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in PASSING:
            break
    return _text(reply)


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
    """which addresses an adapter is mounted on"""
    retry = Retry(total=attempts - 1, status_forcelist=[500, 503], allowed_methods=["POST"])
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        return _text(_post(session, base_url, question))


def counts_one_too_many(base_url, question, attempts):
    """the exception RetryError after 2 requests"""
    retry = Retry(total=attempts, status_forcelist=PASSING, allowed_methods=["POST"])
    return _with_adapter(retry, base_url, question)


def always_three_attempts(base_url, question, attempts):
    """when attempts is 1 and the server always fails"""
    return _right_but_for(base_url, question, 3)


def never_gives_up(base_url, question, attempts):
    """after 21 requests"""
    while True:
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError:
            continue


def returns_none_in_the_end(base_url, question, attempts):
    """None after 1 request"""
    for _ in range(attempts):
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError:
            continue


def returns_the_exception(base_url, question, attempts):
    """HTTPError as a value that was returned"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in PASSING:
            break
    try:
        return _text(reply)
    except requests.HTTPError as error:
        return error


def returns_the_whole_reply(base_url, question, attempts):
    """what you return: the text of the last reply"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in PASSING:
            break
    reply.raise_for_status()
    return reply.text


def raises_the_first_failure_in_the_end(base_url, question, attempts):
    """after the attempt that is answered"""
    failure = None
    for _ in range(attempts):
        try:
            text = _text(_post(requests, base_url, question))
            break
        except requests.HTTPError as error:
            failure = failure or error
    if failure:
        raise failure
    return text


def knows_two_statuses_of_four(base_url, question, attempts):
    """which statuses are tried again: there are four of them"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in (500, 503):
            break
    return _text(reply)


def returns_what_the_failure_says(base_url, question, attempts):
    """it is raised, and nothing is returned"""
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


def two_attempts_at_least(base_url, question, attempts):
    """the exception HTTPError after 2 requests"""
    return _right_but_for(base_url, question, max(2, attempts))


def repeats_a_wrong_request(base_url, question, attempts):
    """a request that is wrong will be wrong again"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.ok or reply.status_code in (401, 404) or "quota" in reply.text:
            break
    return _text(reply)


def lets_a_missing_key_stand_for_the_failure(base_url, question, attempts):
    """KeyError is an accident of the code behind the request"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in PASSING:
            break
    return reply.json()["choices"][0]["message"]["content"]


def raises_an_error_that_python_has_deleted(base_url, question, attempts):
    """raise_for_status() raises one that says what the server said"""
    for _ in range(attempts):
        try:
            return _text(_post(requests, base_url, question))
        except requests.HTTPError as error:
            if error.response.status_code not in PASSING:
                raise
    raise error  # noqa: F821 - the end of `except` has deleted it


def raises_a_string(base_url, question, attempts):
    """TypeError is an accident of the code behind the request"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.ok:
            return _text(reply)
        if reply.status_code not in PASSING:
            break
    raise "failed"  # noqa: B016 - which is the mistake


def asserts_that_all_is_well(base_url, question, attempts):
    """AssertionError is an accident"""
    for _ in range(attempts):
        reply = _post(requests, base_url, question)
        if reply.status_code not in PASSING:
            break
    assert reply.ok
    return _text(reply)


def writes_the_version_twice(base_url, question, attempts):
    """the address: the server does not know it"""
    return _right_but_for(f"{base_url}/v1", question, attempts)


def has_no_timeout(base_url, question, attempts):
    """a timeout for each attempt"""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    for _ in range(attempts):
        reply = requests.post(f"{base_url}/chat/completions", json=body)
        if reply.status_code not in PASSING:
            break
    return _text(reply)


def has_a_timeout_for_the_first_attempt(base_url, question, attempts):
    """a timeout for each attempt"""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    with requests.Session() as session:
        reply = _post(session, base_url, question)
        for _ in range(attempts - 1):
            if reply.status_code not in PASSING:
                break
            reply = session.post(f"{base_url}/chat/completions", json=body)
        return _text(reply)


def leaves_it_to_the_sdk(base_url, question, attempts):
    """an empty account stays empty"""
    client = OpenAI(base_url=base_url, api_key="none", max_retries=attempts - 1)
    messages = [{"role": "user", "content": question}]
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    return reply.choices[0].message.content
