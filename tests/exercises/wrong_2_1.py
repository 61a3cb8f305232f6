"""Typical wrong answers to exercise 2.1. Each docstring is a part of the message meant for it."""

import requests


def _text(client, base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    reply = client.post(f"{base_url}/chat/completions", json=body, timeout=30)
    return reply.json()["choices"][0]["message"]["content"]


def a_connection_for_each(base_url, questions):
    """the server saw 12 connections"""
    return [_text(requests, base_url, question) for question in questions]


def a_session_for_each(base_url, questions):
    """one session keeps its connections"""
    texts = []
    for question in questions:
        with requests.Session() as session:
            texts.append(_text(session, base_url, question))
    return texts


def returns_after_the_first(base_url, questions):
    """a list of 12 texts"""
    with requests.Session() as session:
        for question in questions:
            return _text(session, base_url, question)


def asks_for_something_else(base_url, questions):
    """the text of the model's reply to each question"""
    with requests.Session() as session:
        return [_text(session, base_url, f"Please: {question}") for question in questions]
