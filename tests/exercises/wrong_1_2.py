"""Typical wrong answers to exercise 1.2. Each docstring is a part of the message meant for it."""


def _result(call, content):
    return {"role": "tool", "tool_call_id": call["id"], "content": content}


def _agent(chat, use_all, question, max_steps):
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *use_all(message["tool_calls"])]
    raise RuntimeError("no answer")


def _told(use, call):
    try:
        return use(call)
    except Exception as error:
        return _result(call, f"error: {error}")


def as_it_was(chat, use, question, max_steps):
    """ZeroDivisionError ended it"""
    return _agent(chat, lambda calls: [use(call) for call in calls], question, max_steps)


def answer_to_the_exercise_before(chat, use, question, max_steps):
    """whatever it raises"""
    messages = [{"role": "user", "content": question}]
    for _ in range(5):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *map(use, message["tool_calls"])]
    raise RuntimeError("no answer after 5 calls to the model")


def catches_one_kind_only(chat, use, question, max_steps):
    """ConnectionError ended it"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except ZeroDivisionError as error:
                yield _result(call, f"error: {error}")

    return _agent(chat, use_all, question, max_steps)


def swallows_the_error(chat, use, question, max_steps):
    """a result for every tool call"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except Exception:
                pass

    return _agent(chat, use_all, question, max_steps)


def tells_nothing(chat, use, question, max_steps):
    """the error's own text belongs there"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except Exception:
                yield _result(call, "error")

    return _agent(chat, use_all, question, max_steps)


def tells_it_as_the_user(chat, use, question, max_steps):
    """a result for every tool call"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except Exception as error:
                yield {"role": "user", "content": f"error: {error}"}

    return _agent(chat, use_all, question, max_steps)


def answers_by_itself(chat, use, question, max_steps):
    """the model has the last word"""
    try:
        return _agent(chat, lambda calls: [use(call) for call in calls], question, max_steps)
    except RuntimeError:
        raise
    except Exception as error:
        return f"error: {error}"


def returns_none_when_a_tool_fails(chat, use, question, max_steps):
    """your agent returned None"""
    try:
        return _agent(chat, lambda calls: [use(call) for call in calls], question, max_steps)
    except (ZeroDivisionError, ConnectionError):
        return None


def knows_the_answers_already(chat, use, question, max_steps):
    """the model has the last word"""
    return "I could not find that out: division by zero; the weather service does not answer"


def takes_the_others_with_it(chat, use, question, max_steps):
    """how much stands inside `try`"""

    def use_all(calls):
        try:
            return [use(call) for call in calls]
        except Exception as error:
            return [_result(call, f"error: {error}") for call in calls]

    return _agent(chat, use_all, question, max_steps)


def has_no_limit(chat, use, question, max_steps):
    """something must count its steps"""
    return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, 10**6)


def tries_the_tool_for_ever(chat, use, question, max_steps):
    """no end: a tool has been used 25 times"""

    def use_until_it_works(call):
        while True:
            try:
                return use(call)
            except Exception:
                pass

    return _agent(chat, lambda calls: map(use_until_it_works, calls), question, max_steps)


def takes_one_step_too_many(chat, use, question, max_steps):
    """the server saw 5"""
    return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, max_steps + 1)


def returns_none_at_the_limit(chat, use, question, max_steps):
    """a RuntimeError when the steps are used up"""
    try:
        return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, max_steps)
    except RuntimeError:
        return None
