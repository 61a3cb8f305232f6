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
        return _result(call, f"error: {error!r}")


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
                yield _result(call, f"error: {error!r}")

    return _agent(chat, use_all, question, max_steps)


def catches_the_two_named_kinds(chat, use, question, max_steps):
    """the tool's OutOfOrder ended it"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except (ZeroDivisionError, ConnectionError) as error:
                yield _result(call, f"error: {error!r}")

    return _agent(chat, use_all, question, max_steps)


def names_both_errors_always(chat, use, question, max_steps):
    """the error's own text belongs there"""
    text = (
        "ZeroDivisionError: division by zero, ConnectionError: the weather service does not"
        " answer, or OutOfOrder"
    )

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except Exception:
                yield _result(call, text)

    return _agent(chat, use_all, question, max_steps)


def forgets_the_id(chat, use, question, max_steps):
    """its tool_call_id says which call it answers"""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except Exception as error:
                yield {"role": "tool", "content": f"error: {error!r}"}

    return _agent(chat, use_all, question, max_steps)


def always_takes_four_steps(chat, use, question, max_steps):
    """3 calls to the model for max_steps=3"""
    return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, 4)


def takes_four_steps_at_most(chat, use, question, max_steps):
    """6 calls to the model for max_steps=6"""
    steps = min(max_steps, 4)
    return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, steps)


def does_not_count_what_failed(chat, use, question, max_steps):
    """something must count its steps"""
    messages = [{"role": "user", "content": question}]
    steps = 0
    while steps < max_steps:
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        failed = False
        for call in message["tool_calls"]:
            try:
                messages.append(use(call))
            except Exception as error:
                messages.append(_result(call, f"error: {error!r}"))
                failed = True
        steps += not failed
    raise RuntimeError("no answer")


def raises_inside_the_loop(chat, use, question, max_steps):
    """behind the loop and not in it"""
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        message = chat(messages)
        if not message.get("tool_calls"):
            return message["content"]
        messages += [message, *(_told(use, call) for call in message["tool_calls"])]
        raise RuntimeError("no answer")


def is_not_implemented_at_the_limit(chat, use, question, max_steps):
    """what came was the exception NotImplementedError"""
    try:
        return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, max_steps)
    except RuntimeError:
        raise NotImplementedError from None


def uses_a_tool_to_see_whether_it_works(chat, use, question, max_steps):
    """one use of a tool for each call"""

    def use_all(calls):
        for call in calls:
            try:
                use(call)
            except Exception as error:
                yield _result(call, f"error: {error!r}")
            else:
                yield use(call)

    return _agent(chat, use_all, question, max_steps)


def tells_it_beside_the_result(chat, use, question, max_steps):
    """here one stands there twice"""

    def use_all(calls):
        for call in calls:
            try:
                result = use(call)
            except Exception as error:
                result = _result(call, f"error: {error!r}")
                yield result
            yield result

    return _agent(chat, use_all, question, max_steps)


def survives_the_refusal(chat, use, question, max_steps):
    """a result for every tool call"""
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        try:
            message = chat(messages)
        except Exception:
            messages = messages[:1]
            continue
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            try:
                messages.append(use(call))
            except Exception:
                pass
    raise RuntimeError("no answer")


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
                yield {"role": "user", "content": f"error: {error!r}"}

    return _agent(chat, use_all, question, max_steps)


def answers_by_itself(chat, use, question, max_steps):
    """the model has the last word"""
    try:
        return _agent(chat, lambda calls: [use(call) for call in calls], question, max_steps)
    except RuntimeError:
        raise
    except Exception as error:
        return f"error: {error!r}"


def returns_none_when_a_tool_fails(chat, use, question, max_steps):
    """your agent returned None"""
    try:
        return _agent(chat, lambda calls: [use(call) for call in calls], question, max_steps)
    except RuntimeError:
        raise
    except Exception:
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
            return [_result(call, f"error: {error!r}") for call in calls]

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
    """the server saw 4"""
    return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, max_steps + 1)


def returns_none_at_the_limit(chat, use, question, max_steps):
    """a RuntimeError when the steps are used up"""
    try:
        return _agent(chat, lambda calls: [_told(use, call) for call in calls], question, max_steps)
    except RuntimeError:
        return None


def takes_a_remark_for_the_answer(chat, use, question, max_steps):
    """a message with tool_calls may hold a remark too"""
    messages = [{"role": "user", "content": question}]
    for _ in range(max_steps):
        message = chat(messages)
        if message["content"]:
            return message["content"]
        messages += [message, *(_told(use, call) for call in message["tool_calls"])]
    raise RuntimeError("no answer")


def _answers_errors(chat, use, question, max_steps, content_of, caught=Exception):
    """Tells the model of each error in some way of its own."""

    def use_all(calls):
        for call in calls:
            try:
                yield use(call)
            except caught as error:
                yield _result(call, content_of(error))

    return _agent(chat, use_all, question, max_steps)


def tells_the_text_alone(chat, use, question, max_steps):
    """the text of a KeyError is a bare name"""
    return _answers_errors(chat, use, question, max_steps, lambda error: f"error: {error}")


def tells_the_kind_where_there_is_no_text(chat, use, question, max_steps):
    """the text of a KeyError is a bare name"""

    def content_of(error):
        return str(error) or type(error).__name__

    return _answers_errors(chat, use, question, max_steps, content_of)


def tells_the_kind_alone(chat, use, question, max_steps):
    """the error's own text belongs there, and its kind"""
    return _answers_errors(chat, use, question, max_steps, lambda error: type(error).__name__)


def tells_the_first_argument(chat, use, question, max_steps):
    """it raised IndexError"""
    return _answers_errors(chat, use, question, max_steps, lambda error: error.args[0])


def tells_it_in_a_dict(chat, use, question, max_steps):
    """its content: a text"""
    return _answers_errors(chat, use, question, max_steps, lambda error: {"error": str(error)})


def tells_it_by_the_exception_itself(chat, use, question, max_steps):
    """its content: a text"""
    return _answers_errors(chat, use, question, max_steps, lambda error: error)


def catches_a_press_of_stop_too(chat, use, question, max_steps):
    """A KeyboardInterrupt is none"""
    return _answers_errors(chat, use, question, max_steps, repr, caught=BaseException)
