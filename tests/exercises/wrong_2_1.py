"""Typical wrong answers to exercise 2.1. Each docstring is a part of the message meant for it."""

import requests


def _search(client, url, question):
    reply = client.get(f"{url}/search", params={"q": question}, timeout=30)
    best = reply.json()["results"][0]
    return f"Context:\n[1] {best['title']}: {best['text']}\n\nQuestion: {question}"


def _text(client, url, prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    reply = client.post(f"{url}/v1/chat/completions", json=body, timeout=30)
    return reply.json()["choices"][0]["message"]["content"]


def a_connection_for_each_request(url, questions):
    """the server saw 24 connections"""
    return [_text(requests, url, _search(requests, url, question)) for question in questions]


def a_session_for_each_question(url, questions):
    """the server saw 12 connections"""
    texts = []
    for question in questions:
        with requests.Session() as session:
            texts.append(_text(session, url, _search(session, url, question)))
    return texts


def a_session_for_the_search_and_one_for_the_model(url, questions):
    """the server saw 2 connections"""
    with requests.Session() as finder, requests.Session() as asker:
        return [_text(asker, url, _search(finder, url, question)) for question in questions]


def only_the_model_has_the_session(url, questions):
    """one session keeps its connections"""
    with requests.Session() as session:
        return [_text(session, url, _search(requests, url, question)) for question in questions]


def returns_after_the_first(url, questions):
    """a list of 12 texts"""
    with requests.Session() as session:
        for question in questions:
            return _text(session, url, _search(session, url, question))


def does_not_search(url, questions):
    """what the search has found belongs in it"""
    with requests.Session() as session:
        return [_text(session, url, question) for question in questions]


def searches_and_forgets_what_it_found(url, questions):
    """texts without the answer"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            _search(session, url, question)
            texts.append(_text(session, url, "Say hello."))
    return texts


def in_the_order_of_the_alphabet(url, questions):
    """all answers are there, in another order"""
    with requests.Session() as session:
        return [
            _text(session, url, _search(session, url, question)) for question in sorted(questions)
        ]


def knows_the_answers(url, questions):
    """the server saw 0 of them"""
    return [question.answer for question in questions]


def asks_everything_twice_to_be_sure(url, questions):
    """what is sent more than once"""
    with requests.Session() as session:
        for question in questions:
            _search(session, url, question)
        return [_text(session, url, _search(session, url, question)) for question in questions]
