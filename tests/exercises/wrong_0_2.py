"""Typical wrong answers to exercise 0.2. Each docstring is a part of the message meant for it."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import requests
from openai import OpenAI

from helpers import FakeLLM


def _ask(base_url, question):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
    reply = requests.post(f"{base_url}/chat/completions", json=body, timeout=30)
    return reply.json()["choices"][0]["message"]["content"]


def _times(base_url, questions):
    times = []
    for question in questions:
        start = time.perf_counter()
        _ask(base_url, question)
        times.append(time.perf_counter() - start)
    return times


def forgets_to_divide(base_url, questions):
    """the time of all of them together"""
    return sum(_times(base_url, questions))


def answers_in_milliseconds(base_url, questions):
    """and not milliseconds"""
    return 1000 * statistics.mean(_times(base_url, questions))


def returns_the_slowest(base_url, questions):
    """this is the slowest reply"""
    return max(_times(base_url, questions))


def returns_the_median(base_url, questions):
    """this is the middle one"""
    return statistics.median_low(_times(base_url, questions))


def asks_only_once(base_url, questions):
    """the server saw 1 of them"""
    return statistics.mean(_times(base_url, questions[:1]))


def asks_everything_twice(base_url, questions):
    """what is asked more than once"""
    return statistics.mean(_times(base_url, questions) + _times(base_url, questions))


def asks_another_server(base_url, questions):
    """A client or llm of a cell above asks another server"""
    with FakeLLM(latency=0.1) as llm:
        return statistics.mean(_times(llm.base_url, questions))


def times_the_wrong_address(base_url, questions):
    """behind it /chat/completions"""
    start = time.perf_counter()
    for _ in questions:
        requests.get(f"{base_url}/models", timeout=30)
    return (time.perf_counter() - start) / len(questions)


def _clock_around(base_url, bodies, path="/chat/completions", timeout=30):
    """The mean time of these requests, whatever comes back."""
    start = time.perf_counter()
    for body in bodies:
        try:
            requests.post(f"{base_url}{path}", json=body, timeout=timeout)
        except requests.RequestException:
            pass
    return (time.perf_counter() - start) / len(bodies)


def _body(text, **settings):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **settings}


def times_ten_refusals(base_url, questions):
    """with status 400"""
    return _clock_around(base_url, [{}] * len(questions))


def times_ten_unknown_addresses(base_url, questions):
    """with status 404"""
    path = "/chat/completions/chat/completions"
    return _clock_around(base_url, [_body(text) for text in questions], path)


def sends_nine_bare_texts_and_one_message(base_url, questions):
    """with status 400"""
    rest = [{"model": "gpt-4o-mini", "messages": [text]} for text in questions[1:]]
    return _clock_around(base_url, [_body(questions[0]), *rest])


def gives_up_too_early_and_does_not_notice(base_url, questions):
    """your program stopped waiting for"""
    return _clock_around(base_url, [_body(text) for text in questions], timeout=0.005)


def asks_one_question_ten_times(base_url, questions):
    """another text"""
    return _clock_around(base_url, [_body(questions[0]) for _ in questions])


def says_hello_ten_times(base_url, questions):
    """another text"""
    return _clock_around(base_url, [_body("Hello", max_tokens=1) for _ in questions])


def cuts_the_replies(base_url, questions):
    """a reply cut short"""
    return _clock_around(base_url, [_body(text, max_tokens=1) for text in questions])


def sends_the_whole_list_each_time(base_url, questions):
    """another text"""
    return _clock_around(base_url, [_body(str(questions)) for _ in questions])


def asks_all_at_once(base_url, questions):
    """one request at a time"""

    def timed(question):
        return _times(base_url, [question])[0]

    with ThreadPoolExecutor(len(questions)) as pool:
        return statistics.mean(pool.map(timed, questions))


def divides_by_one_too_few(base_url, questions):
    """the division by len(questions)"""
    return sum(_times(base_url, questions)) / (len(questions) - 1)


def divides_by_ten(base_url, questions):
    """len(questions) says how many there are"""
    return sum(_times(base_url, questions)) / 10


def divides_by_nine(base_url, questions):
    """the mean time of a reply on the server's clock"""
    return sum(_times(base_url, questions)) / 9


def divides_by_seven(base_url, questions):
    """the division by len(questions)"""
    return sum(_times(base_url, questions)) / 7


def sleeps_inside_the_clock(base_url, questions):
    """A sleep does this"""
    start = time.perf_counter()
    for question in questions:
        _ask(base_url, question)
        time.sleep(0.05)
    return (time.perf_counter() - start) / len(questions)


def sleeps_once_inside_the_clock(base_url, questions):
    """between the readings of the clock"""
    start = time.perf_counter()
    _times(base_url, questions)
    time.sleep(1.0)
    return (time.perf_counter() - start) / len(questions)


def makes_a_client_for_each_question(base_url, questions):
    """a client made anew for each question too"""
    start = time.perf_counter()
    for question in questions:
        client = OpenAI(base_url=base_url, api_key="none")
        client.chat.completions.create(**_body(question))
    return (time.perf_counter() - start) / len(questions)


def makes_a_client_for_each_question_with_httpx(base_url, questions):
    """and so does httpx.post"""
    start = time.perf_counter()
    for question in questions:
        httpx.post(f"{base_url}/chat/completions", json=_body(question), timeout=30)
    return (time.perf_counter() - start) / len(questions)


def starts_the_clock_after_the_first(base_url, questions):
    """One was not timed"""
    _ask(base_url, questions[0])
    return sum(_times(base_url, questions[1:])) / len(questions)


def stops_the_clock_before_the_last(base_url, questions):
    """One was not timed"""
    total = sum(_times(base_url, questions[:-1]))
    _ask(base_url, questions[-1])
    return total / len(questions)


def starts_the_clock_anew_in_the_loop(base_url, questions):
    """Does your clock start anew"""
    for question in questions:
        start = time.perf_counter()
        _ask(base_url, question)
    return (time.perf_counter() - start) / len(questions)


def starts_the_clock_anew_and_returns_the_last(base_url, questions):
    """Does your clock start anew"""
    for question in questions:
        start = time.perf_counter()
        _ask(base_url, question)
        seconds = time.perf_counter() - start
    return seconds


def starts_the_clock_when_all_is_over(base_url, questions):
    """it has missed some of the waiting"""
    _times(base_url, questions)
    start = time.perf_counter()
    return (time.perf_counter() - start) / len(questions)


def returns_from_within_the_loop(base_url, questions):
    """return stands behind it"""
    for question in questions:
        return _times(base_url, [question])[0]


def returns_a_text(base_url, questions):
    """a number, so no f"""
    return f"{statistics.mean(_times(base_url, questions)):.3f} s"


def returns_all_the_times(base_url, questions):
    """their sum divided by how many there are"""
    return _times(base_url, questions)


def answers_all_together_in_milliseconds(base_url, questions):
    """the unit"""
    return 1000 * sum(_times(base_url, questions))


def measures_cpu_time(base_url, questions):
    """it has missed some of the waiting"""
    start = time.thread_time()
    _times(base_url, questions)
    return (time.thread_time() - start) / len(questions)


def asks_and_returns_a_constant(base_url, questions):
    """the mean time of a reply on the server's clock"""
    _times(base_url, questions)
    return 0.3


def prints_instead_of_returning(base_url, questions):
    """your function returned None"""
    print(statistics.mean(_times(base_url, questions)))


def returns_the_reply_as_in_the_exercise_before(base_url, questions):
    """a number of seconds"""
    return [_ask(base_url, question) for question in questions][0]
