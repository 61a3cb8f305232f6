"""Typical wrong answers to exercise 0.1. Each docstring is a part of the message meant for it."""

from openai import OpenAI


def _client(base_url):
    return OpenAI(base_url=base_url, api_key="none", max_retries=0)


def _ask(base_url, messages):
    return _client(base_url).chat.completions.create(model="gpt-4o-mini", messages=messages)


def _user(question):
    return [{"role": "user", "content": question}]


def keeps_the_whole_address(base_url, question):
    """the SDK adds /chat/completions by itself"""
    reply = _ask(f"{base_url}/chat/completions", _user(question))
    return reply.choices[0].message.content


def forgets_the_version_in_the_address(base_url, question):
    """it ends in /v1"""
    return _ask(base_url.removesuffix("/v1"), _user(question)).choices[0].message.content


def asks_where_nobody_listens(base_url, question):
    """base_url=base_url says whom to ask"""
    return _ask("http://127.0.0.1:9/v1", _user(question)).choices[0].message.content


def sends_the_bare_text(base_url, question):
    """a list of dicts"""
    return _ask(base_url, [question]).choices[0].message.content


def reads_the_reply_as_a_dict(base_url, question):
    """the SDK returns an object"""
    return _ask(base_url, _user(question))["choices"][0]["message"]["content"]


def returns_the_whole_reply(base_url, question):
    """reply.choices[0].message.content"""
    return _ask(base_url, _user(question))


def asks_twice(base_url, question):
    """the server saw 2 of them"""
    _ask(base_url, _user(question))
    return _ask(base_url, _user(question)).choices[0].message.content


def invents_the_answer(base_url, question):
    """the server saw 0 of them"""
    return "Because they have to."


def asks_and_returns_a_constant(base_url, question):
    """the model's reply to the question"""
    _ask(base_url, _user(question))
    return "The slowest step decides how long the whole takes."


def asks_something_else(base_url, question):
    """the model's reply to the question"""
    return _ask(base_url, _user("Hello")).choices[0].message.content


def swallows_the_error(base_url, question):
    """your function returned None"""
    try:
        return _ask(base_url, _user(question))["choices"][0]["message"]["content"]
    except Exception:
        return None


def tries_one_thing_after_the_other(base_url, question):
    """the server saw 2 of them"""
    try:
        reply = _ask(base_url, [question])
    except Exception:
        reply = _ask(base_url, _user(question))
    return reply.choices[0].message.content
