"""Typical wrong answers to exercise 0.1. Each docstring is a part of the message meant for it."""

import requests
from openai import OpenAI

from helpers import FakeLLM


def _client(base_url):
    return OpenAI(base_url=base_url, api_key="none", max_retries=0)


def _ask(base_url, messages, model="gpt-4o-mini", **settings):
    create = _client(base_url).chat.completions.create
    return create(model=model, messages=messages, **settings)


def _by_http(base_url, question):
    body = {"model": "gpt-4o-mini", "messages": _user(question)}
    reply = requests.post(f"{base_url}/chat/completions", json=body, timeout=30)
    return reply.json()["choices"][0]["message"]["content"]


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


def reads_the_message_as_a_dict(base_url, question):
    """below choices[0] there are objects too"""
    return _ask(base_url, _user(question)).choices[0].message["content"]


def reads_the_choice_as_a_dict(base_url, question):
    """below choices[0] there are objects too"""
    return _ask(base_url, _user(question)).choices[0]["message"]["content"]


def forgets_that_choices_is_a_list(base_url, question):
    """choices[0] is the first"""
    return _ask(base_url, _user(question)).choices.message.content


def misspells_the_model(base_url, question):
    """this server knows "gpt-4o-mini" and no other"""
    return _ask(base_url, _user(question), model="gpt-4o-mimi").choices[0].message.content


def cuts_the_reply_as_the_cell_above_does(base_url, question):
    """what cuts it"""
    return _ask(base_url, _user(question)).choices[0].message.content[:62]


def asks_for_a_short_reply(base_url, question):
    """what cuts it"""
    reply = _ask(base_url, _user(question), max_tokens=20)
    return reply.choices[0].message.content


def forgets_to_return(base_url, question):
    """a function without one returns None"""
    _ask(base_url, _user(question)).choices[0].message.content  # noqa: B018


def prints_instead_of_returning(base_url, question):
    """also where it prints"""
    print(_ask(base_url, _user(question)).choices[0].message.content)


def returns_the_whole_reply(base_url, question):
    """reply.choices[0].message.content"""
    return _ask(base_url, _user(question))


def reads_the_text_of_the_choice(base_url, question):
    """the text is three levels deep"""
    return _ask(base_url, _user(question)).choices[0].text


def asks_through_responses(base_url, question):
    """this check's server has no /responses"""
    return _client(base_url).responses.create(model="gpt-4o-mini", input=question).output_text


def adds_a_system_message(base_url, question):
    """and nothing else"""
    system = {"role": "system", "content": "You are a helpful assistant."}
    return _ask(base_url, [system, *_user(question)]).choices[0].message.content


def sends_the_content_in_parts(base_url, question):
    """with the question as its text"""
    content = [{"type": "text", "text": question}]
    return _ask(base_url, _user(content)).choices[0].message.content


def uses_the_client_of_a_cell_above(base_url, question):
    """A client or llm of a cell above asks another server"""
    with FakeLLM(latency=0.1) as llm:
        return _by_http(llm.base_url, question)


def lists_the_models_and_asks_elsewhere(base_url, question):
    """the server saw one request, of kind models"""
    requests.get(f"{base_url}/models", timeout=30)
    return uses_the_client_of_a_cell_above(base_url, question)


def says_hello_and_asks_elsewhere(base_url, question):
    """the reply that you returned came from elsewhere"""
    _ask(base_url, _user("Hello"))
    return uses_the_client_of_a_cell_above(base_url, question)


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
    return "I would have to think about that."


def asks_something_else(base_url, question):
    """the model's reply to the question"""
    return _ask(base_url, _user("Hello")).choices[0].message.content


def asks_what_gets_the_same_beginning(base_url, question):
    """the model's reply to the question"""
    with FakeLLM(latency=0) as llm:  # says the same as the one of the check
        whole = _by_http(llm.base_url, question)
        others = [f"Hello {number}" for number in range(200)]
        alike = [text for text in others if whole.startswith(_by_http(llm.base_url, text))]
        other = next(iter(alike), "Hello")  # none is shorter than the shortest
    return _ask(base_url, _user(other)).choices[0].message.content


def swallows_the_error(base_url, question):
    """your function returned None"""
    try:
        return _ask(base_url, _user(question))["choices"][0]["message"]["content"]
    except Exception:
        return None


def hides_the_broken_start_and_asks_by_http(base_url, question):
    """the server saw 2 of them, and refused 1 with status 404"""
    try:
        return keeps_the_whole_address(base_url, question)
    except Exception:
        return _by_http(base_url, question)


def hides_a_misspelt_model(base_url, question):
    """the server saw 2 of them, and refused 1 with status 404"""
    try:
        return misspells_the_model(base_url, question)
    except Exception:
        return _by_http(base_url, question)


def answers_with_the_error(base_url, question):
    """the error that your function keeps to itself"""
    try:
        return sends_the_bare_text(base_url, question)
    except Exception as error:
        return str(error)


def tries_one_thing_after_the_other(base_url, question):
    """the server saw 2 of them, and refused 1 with status 400"""
    try:
        reply = _ask(base_url, [question])
    except Exception:
        reply = _ask(base_url, _user(question))
    return reply.choices[0].message.content
