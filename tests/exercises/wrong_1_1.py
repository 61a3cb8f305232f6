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


def uses_all_tools_and_still_forgets(chat, use, query):
    """sent no more than the time before"""
    for _ in range(50):
        messages = [{"role": "user", "content": query}]
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]


def uses_only_the_first_tool(chat, use, query):
    """every call in it wants a result"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, use(message["tool_calls"][0])]
    return None


def drops_the_second_call(chat, use, query):
    """the server saw 3"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        message["tool_calls"] = message["tool_calls"][:1]
        messages += [message, use(message["tool_calls"][0])]
    return None


def does_not_ask_again(chat, use, query):
    """the message without tool_calls"""
    messages = [{"role": "user", "content": query}]
    message = chat(messages)
    for call in message.get("tool_calls") or []:
        messages.append(use(call))
    return message["content"]


def returns_what_the_tools_found(chat, use, query):
    """the server saw 1"""
    message = chat([{"role": "user", "content": query}])
    return " ".join(use(call)["content"] for call in message["tool_calls"])


def forgets_what_the_model_asked_for(chat, use, query):
    """the model refused the messages"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [use(call) for call in message["tool_calls"]]
    return None


def swallows_the_refusal(chat, use, query):
    """the answer to 'What is 17 * 23?'"""
    messages = [{"role": "user", "content": query}]
    try:
        message = chat(messages)
        return chat([*messages, use(message["tool_calls"][0])])["content"]
    except ValueError:
        return ""


def knows_the_answers_already(chat, use, query):
    """the weather service saw 0 requests"""
    return "391" if "17" in query else "In Paris and in Oslo it is cold."


def knows_the_sum_already(chat, use, query):
    """2 calls to the model for 'What is 17 * 23?'"""
    messages = [{"role": "user", "content": query}]
    if "17" in query:
        return "391"
    message = chat(messages)
    messages += [message, *map(use, message["tool_calls"])]
    return chat(messages)["content"]


def returns_the_whole_message(chat, use, query):
    """of the model's last message the text alone"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message
        messages += [message, *map(use, message["tool_calls"])]
    return None


def returns_the_whole_conversation(chat, use, query):
    """of the model's last message the text alone"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return messages
        messages += [message, *map(use, message["tool_calls"])]
    return None
