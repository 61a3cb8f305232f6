"""Typical wrong answers to exercise 1.2. Each docstring is a part of the message meant for it."""


def has_no_limit(chat, use, question, max_steps):
    """something must count its steps"""
    messages = [{"role": "user", "content": question}]
    while True:
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]


def takes_one_step_too_many(chat, use, question, max_steps):
    """the server saw 5"""
    messages = [{"role": "user", "content": question}]
    message = chat(messages)
    for _ in range(max_steps):
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
        message = chat(messages)
    return None


def returns_the_last_wish(chat, use, question, max_steps):
    """None when the steps are used up"""
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    return message


def stops_before_the_answer(chat, use, question, max_steps):
    """the message without tool_calls"""
    messages = [{"role": "user", "content": question}]
    message = chat(messages)
    return None if message.get("tool_calls") else message["content"]


def starts_anew_each_time(chat, use, question, max_steps):
    """must live as long as the loop"""
    for _ in range(max_steps):
        messages = [{"role": "user", "content": question}]
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    return "391"
