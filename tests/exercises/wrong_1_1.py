"""Typical wrong answers to exercise 1.1. Each docstring is a part of the message meant for it."""


def _agent(chat, use, query, steps=5, messages=None):
    """A right answer, unless it is given too few steps or another's messages."""
    messages = [] if messages is None else messages
    messages.append({"role": "user", "content": query})
    for _ in range(steps):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    raise RuntimeError("no answer")


def as_it_was(chat, use, query):
    """sent no more than the time before"""
    messages = [{"role": "user", "content": query}]
    message = chat(messages)
    if message.get("tool_calls"):
        messages.append(message)
        messages.append(use(message["tool_calls"][0]))
        return as_it_was(chat, use, query)
    return message["content"]


def makes_the_list_inside_the_loop(chat, use, query):
    """sent no more than the time before"""
    for _ in range(50):
        messages = [{"role": "user", "content": query}]
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]


def makes_the_list_inside_a_short_loop(chat, use, query):
    """must live as long as the loop"""
    for _ in range(5):
        messages = [{"role": "user", "content": query}]
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    raise RuntimeError("no answer after 5 calls to the model")


def makes_the_list_inside_and_returns_none(chat, use, query):
    """must live as long as the loop"""
    for _ in range(5):
        messages = [{"role": "user", "content": query}]
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]


def shares_a_default_argument(chat, use, query, messages=[]):  # noqa: B006
    """is the same one for all questions"""
    return _agent(chat, use, query, messages=messages)


_left = []


def shares_a_global_list(chat, use, query):
    """a conversation of its own for each question"""
    return _agent(chat, use, query, messages=_left)


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
    """the server saw 4"""
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


def takes_two_steps_and_no_more(chat, use, query):
    """the model may ask for a tool as often as it likes"""
    messages = [{"role": "user", "content": query}]
    message = chat(messages)
    messages += [message, *map(use, message["tool_calls"])]
    return chat(messages)["content"]


def leaves_no_call_for_the_answer(chat, use, query):
    """leaves one for the answer"""
    return _agent(chat, use, query, steps=2)


def has_no_limit(chat, use, query):
    """something must count its steps"""
    messages = [{"role": "user", "content": query}]
    while True:
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]


def calls_itself_without_a_limit(chat, use, query, messages=None):
    """something must count its steps"""
    messages = messages or [{"role": "user", "content": query}]
    message = chat(messages)
    if not message.get("tool_calls"):
        return message["content"]
    messages += [message, *map(use, message["tool_calls"])]
    return calls_itself_without_a_limit(chat, use, query, messages)


def has_too_high_a_limit(chat, use, query):
    """at most 10 calls"""
    return _agent(chat, use, query, steps=20)


def returns_none_at_the_limit(chat, use, query):
    """a RuntimeError when the steps are used up"""
    try:
        return _agent(chat, use, query)
    except RuntimeError:
        return None


def raises_inside_the_loop(chat, use, query):
    """behind the loop and not in it"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
        raise RuntimeError("no answer")


def forgets_what_the_model_asked_for(chat, use, query):
    """the order in the list"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [use(call) for call in message["tool_calls"]]
    return None


def sends_the_results_as_the_user(chat, use, query):
    """the role of a result is"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        for call in message["tool_calls"]:
            messages.append({"role": "user", "content": use(call)["content"]})
    raise RuntimeError("no answer")


def appends_the_message_too_late(chat, use, query):
    """first the message in which the model asks for tools"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [*map(use, message["tool_calls"]), message]
    return None


def appends_the_message_for_each_call(chat, use, query):
    """every call in it wants a result"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        for call in message["tool_calls"]:
            messages += [message, use(call)]
    return None


def sends_each_result_twice(chat, use, query):
    """here one stands there twice"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        results = [use(call) for call in message["tool_calls"]]
        messages += [message, *results, *results]
    return None


def uses_each_tool_twice(chat, use, query):
    """one use of a tool for each call"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            use(call)
            messages.append(use(call))
    raise RuntimeError("no answer")


def swallows_the_refusal(chat, use, query):
    """the model refused the messages"""
    messages = [{"role": "user", "content": query}]
    try:
        message = chat(messages)
        return chat([*messages, use(message["tool_calls"][0])])["content"]
    except Exception:
        return ""


def tries_again_after_the_refusal(chat, use, query):
    """here one stands there twice"""
    messages = [{"role": "user", "content": query}]
    for _ in range(6):
        try:
            message = chat(messages)
        except Exception:
            messages.append(use(message["tool_calls"][1]))
            continue
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, use(message["tool_calls"][0])]
    raise RuntimeError("no answer")


def has_a_mistake_of_its_own(chat, use, query):
    """it raised ValueError: not enough values to unpack"""
    messages = [{"role": "user", "content": query}]
    message, calls = [chat(messages)]
    return message, calls


def sends_no_results(chat, use, query):
    """what use returns goes into the list as it is"""

    def empty(call):
        return {**use(call), "content": ""}

    return _agent(chat, empty, query)


def knows_the_answers_already(chat, use, query):
    """the server saw 0"""
    return "391" if "17" in query else "In Paris and in Oslo it is cold."


def knows_the_sum_already(chat, use, query):
    """2 calls to the model for 'What is 17 * 23?'"""
    return "391" if "17" in query else _agent(chat, use, query)


def returns_the_whole_message(chat, use, query):
    """text of its last message alone"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message
        messages += [message, *map(use, message["tool_calls"])]
    return None


def returns_the_whole_conversation(chat, use, query):
    """text of its last message alone"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return messages
        messages += [message, *map(use, message["tool_calls"])]
    return None


def takes_a_remark_for_the_answer(chat, use, query):
    """a message with tool_calls may hold a remark too"""
    messages = [{"role": "user", "content": query}]
    for _ in range(5):
        message = chat(messages)
        if message["content"]:
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    raise RuntimeError("no answer")


def asks_anew_at_every_step(chat, use, query):
    """it goes into the list once, before the loop"""
    messages = []
    for _ in range(5):
        messages.append({"role": "user", "content": query})
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    raise RuntimeError("no answer")


def counts_tools_for_steps(chat, use, query):
    """whether the limit counts calls to the model, not tools"""
    messages = [{"role": "user", "content": query}]
    tools = 0
    while tools < 3:
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            messages.append(use(call))
            tools += 1
    raise RuntimeError("no answer")


def sends_an_object_for_a_text(chat, use, query):
    """its content: a text"""

    def unpacked(call):
        return {**use(call), "content": {"result": use(call)["content"]}}

    return _agent(chat, unpacked, query)
