"""Typical wrong answers to exercise 1.1. Each docstring is a part of the message meant for it."""


def as_it_was(chat, use, query):
    """sent no more than the time before"""
    messages = [{"role": "user", "content": query}]
    message = chat(messages)
    if message.get("tool_calls"):
        messages.append(message)
        messages.append(use(message["tool_calls"][0]))
        return as_it_was(chat, use, query)
    return message["content"]


def uses_only_the_first_tool(chat, use, query):
    """every call in it wants a result"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, use(message["tool_calls"][0])]
    return None


def does_not_ask_again(chat, use, query):
    """the message without tool_calls"""
    messages = [{"role": "user", "content": query}]
    message = chat(messages)
    for call in message.get("tool_calls") or []:
        messages.append(use(call))
    return message["content"]


def forgets_the_wish(chat, use, query):
    """the model refused the messages"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [use(call) for call in message["tool_calls"]]
    return None
