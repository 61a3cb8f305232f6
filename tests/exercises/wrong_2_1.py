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
    """because that closes its connections"""
    with requests.Session() as session:
        return [_text(session, url, _search(requests, url, question)) for question in questions]


def makes_one_session_and_closes_it_for_each_question(url, questions):
    """where its `with` block ends"""
    texts, session = [], requests.Session()
    for question in questions:
        with session:
            texts.append(_text(session, url, _search(session, url, question)))
    return texts


def leaves_one_inner_session(url, questions):
    """1 connection"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            prompt = _search(session, url, question)
            with requests.Session() as another:
                texts.append(_text(another, url, prompt))
    return texts


def returns_after_the_first(url, questions):
    """a list of 12 texts"""
    with requests.Session() as session:
        for question in questions:
            return _text(session, url, _search(session, url, question))


def does_not_search(url, questions):
    """our model reads only the form that the cell began with"""
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


def leaves_out_the_title(url, questions):
    """our model reads only the form that the cell began with"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            found = _search(session, url, question).split(": ", 1)[1]
            texts.append(_text(session, url, f"Context:\n{found}"))
    return texts


def puts_the_context_into_a_message_of_its_own(url, questions):
    """our model reads only the form that the cell began with"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            context = _search(session, url, question).split("\n\nQuestion")[0]
            messages = [
                {"role": "system", "content": context},
                {"role": "user", "content": f"Question: {question}"},
            ]
            body = {"model": "gpt-4o-mini", "messages": messages}
            reply = session.post(f"{url}/v1/chat/completions", json=body, timeout=30)
            texts.append(reply.json()["choices"][0]["message"]["content"])
    return texts


def in_the_order_of_the_alphabet(url, questions):
    """all answers are there, in another order"""
    with requests.Session() as session:
        return [
            _text(session, url, _search(session, url, question)) for question in sorted(questions)
        ]


def returns_what_the_search_has_found(url, questions):
    """the model's own words are in its reply"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            texts.append(_search(session, url, question))
            _text(session, url, texts[-1])
    return texts


def greets_the_model_and_returns_the_prompt(url, questions):
    """where a text comes from"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            texts.append(_search(session, url, question))
            _text(session, url, "hi")
    return texts


def greets_the_model_and_picks_the_sentence_itself(url, questions):
    """the model was asked for something else"""
    texts = []
    with requests.Session() as session:
        for question in questions:
            found = _search(session, url, question).split(": ", 1)[1].split("\n")[0]
            words = set(question.rstrip("?").split())
            sentences = [each.rstrip(".") + "." for each in found.split(". ")]
            holding = [each for each in sentences if question.accepts(each)]
            texts.append(max(holding, key=lambda each: len(words & set(each.split()))))
            _text(session, url, "hi")
    return texts


def knows_the_answers(url, questions):
    """the texts of the model's replies"""
    return [question.answer for question in questions]


def asks_everything_twice_to_be_sure(url, questions):
    """what is sent more than once"""
    with requests.Session() as session:
        for question in questions:
            _search(session, url, question)
        return [_text(session, url, _search(session, url, question)) for question in questions]
