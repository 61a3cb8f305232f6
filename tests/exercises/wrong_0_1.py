"""Typical wrong answers to exercise 0.1. Each docstring is a part of the message meant for it."""

from openai import OpenAI


def _ask(base_url, messages):
    client = OpenAI(base_url=base_url, api_key="none", max_retries=0)
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages)


def returns_the_whole_reply(base_url, question):
    """reply.choices[0].message.content"""
    return _ask(base_url, [{"role": "user", "content": question}])


def asks_twice(base_url, question):
    """the server saw 2 of them"""
    _ask(base_url, [{"role": "user", "content": question}])
    return _ask(base_url, [{"role": "user", "content": question}]).choices[0].message.content


def invents_the_answer(base_url, question):
    """the server saw 0 of them"""
    return "Because they have to."


def asks_something_else(base_url, question):
    """the model's reply to the question"""
    return _ask(base_url, [{"role": "user", "content": "Hello"}]).choices[0].message.content


def forgets_the_version_in_the_address(base_url, question):
    """it raised openai.NotFoundError"""
    return _ask(base_url.removesuffix("/v1"), [{"role": "user", "content": question}])
