"""Typical wrong answers to exercise 3.3. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed


def in_the_order_of_the_questions(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in futures:
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers


def with_map(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        for question, answer in zip(questions, pool.map(ask, questions)):
            show(question, answer)
            answers.append(answer)
    return answers


def shows_when_all_is_over(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
    for future in as_completed(futures):
        place = futures[future]
        answers[place] = future.result()
        show(questions[place], answers[place])
    return answers


def never_shows(ask, questions, limit, show):
    """show was called 0 times"""
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(ask, question) for question in questions]
    return [future.result() for future in futures]


def shows_outside_of_the_loop(ask, questions, limit, show):
    """show was called 1 times"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in as_completed(futures):
            place = futures[future]
            answers[place] = future.result()
        show(questions[place], answers[place])
    return answers


def shows_in_the_pool(ask, questions, limit, show):
    """show was called in a thread of the pool"""

    def ask_and_show(question):
        answer = ask(question)
        show(question, answer)
        return answer

    with ThreadPoolExecutor(limit) as pool:
        return list(pool.map(ask_and_show, questions))


def in_batches(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        for first in range(0, len(questions), limit):
            places = range(first, min(first + limit, len(questions)))
            futures = {pool.submit(ask, questions[place]): place for place in places}
            for future in as_completed(futures):
                place = futures[future]
                answers[place] = future.result()
                show(questions[place], answers[place])
    return answers


def a_pool_for_each_batch(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = []
    for first in range(0, len(questions), limit):
        batch = questions[first : first + limit]
        with ThreadPoolExecutor(limit) as pool:
            answers += pool.map(ask, batch)
        for question, answer in zip(batch, answers[first:]):
            show(question, answer)
    return answers


def loses_the_places(ask, questions, limit, show):
    """in another order"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): question for question in questions}
        for future in as_completed(futures):
            answers.append(future.result())
            show(futures[future], future.result())
    return answers


def shows_the_wrong_question(ask, questions, limit, show):
    """do not belong together"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for number, future in enumerate(as_completed(futures)):
            answers[futures[future]] = future.result()
            show(questions[number], future.result())
    return answers


def everything_at_once(ask, questions, limit, show):
    """at most 5 in flight"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(len(questions)) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in as_completed(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers


def places_that_were_never_filled(ask, questions, limit, show):
    """question 0 got None"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): question for question in questions}
        for future in as_completed(futures):
            show(futures[future], future.result())
    return answers


def one_after_the_other(ask, questions, limit, show):
    """never more than 1 in flight"""
    answers = []
    for question in questions:
        answers.append(ask(question))
        show(question, answers[-1])
    return answers


def backwards(ask, questions, limit, show):
    """shown as soon as it is there"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in reversed(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers


def keeps_the_first_one_apart(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    with ThreadPoolExecutor(limit) as pool:
        slow = pool.submit(ask, questions[0])
        rest = []
        for question, answer in zip(questions[1:], pool.map(ask, questions[1:])):
            rest.append(answer)
            show(question, answer)
        show(questions[0], slow.result())
    return [slow.result(), *rest]


def _shows_when_there_are(enough, ask, questions, limit, show):
    answers, collected = [None] * len(questions), []
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in as_completed(futures):
            answers[futures[future]] = future.result()
            collected.append(futures[future])
            if len(collected) == enough or None not in answers:
                for place in collected:
                    show(questions[place], answers[place])
                collected = []
    return answers


def shows_ten_at_a_time(ask, questions, limit, show):
    """shown as soon as it is there"""
    return _shows_when_there_are(10, ask, questions, limit, show)


def shows_eighteen_together(ask, questions, limit, show):
    """what your loop collects before it calls show"""
    return _shows_when_there_are(18, ask, questions, limit, show)


def fifteen_and_then_in_a_row(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, questions[place]): place for place in range(15)}
        for future in as_completed(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    for place in range(15, len(questions)):
        answers[place] = ask(questions[place])
        show(questions[place], answers[place])
    return answers


def asks_everything_twice(ask, questions, limit, show):
    """what is sent more than once"""

    def twice(question):
        ask(question)
        return ask(question)

    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(twice, question): place for place, question in enumerate(questions)}
        for future in as_completed(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers
