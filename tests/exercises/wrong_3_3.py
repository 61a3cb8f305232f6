"""Typical wrong answers to exercise 3.3. Each docstring is a part of the message meant for it."""

from concurrent.futures import ThreadPoolExecutor, as_completed


def _ask_and_show(ask, questions, limit, show, order=as_completed):
    """A right answer, if the arguments are right and the futures come in the right order."""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
        for future in order(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers


# In which order, and when


def in_the_order_of_the_questions(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    return _ask_and_show(ask, questions, limit, show, order=iter)


def backwards(ask, questions, limit, show):
    """shown as soon as it is there"""
    return _ask_and_show(ask, questions, limit, show, order=reversed)


def with_map(ask, questions, limit, show):
    """the next question's future, or whichever has ended"""
    answers = []
    with ThreadPoolExecutor(limit) as pool:
        for question, answer in zip(questions, pool.map(ask, questions)):
            show(question, answer)
            answers.append(answer)
    return answers


def shows_behind_the_with_block(ask, questions, limit, show):
    """the end of the with block waits for all answers"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask, question): place for place, question in enumerate(questions)}
    for future in as_completed(futures):
        place = futures[future]
        answers[place] = future.result()
        show(questions[place], answers[place])
    return answers


def collects_and_then_shows(ask, questions, limit, show):
    """so does a loop that only collects them"""
    answers = _ask_and_show(ask, questions, limit, lambda question, answer: None)
    for question, answer in zip(questions, answers):
        show(question, answer)
    return answers


def keeps_the_first_one_apart(ask, questions, limit, show):
    """what your loop waits for: the next question's future, or whichever has ended"""
    with ThreadPoolExecutor(limit) as pool:
        slow = pool.submit(ask, questions[0])
        rest = []
        for question, answer in zip(questions[1:], pool.map(ask, questions[1:])):
            rest.append(answer)
            show(question, answer)
        show(questions[0], slow.result())
    return [slow.result(), *rest]


def _shows_when_there_are(enough, ask, questions, limit, show):
    collected = []

    def collect(question, answer):
        collected.append((question, answer))
        if len(collected) % enough == 0 or len(collected) == len(questions):
            for pair in collected[(len(collected) - 1) // enough * enough :]:
                show(*pair)

    return _ask_and_show(ask, questions, limit, collect)


def shows_two_together(ask, questions, limit, show):
    """what your loop collects, or keeps until the next answer"""
    return _shows_when_there_are(2, ask, questions, limit, show)


def shows_four_together(ask, questions, limit, show):
    """what your loop collects, or keeps until the next answer"""
    return _shows_when_there_are(4, ask, questions, limit, show)


def shows_eight_together(ask, questions, limit, show):
    """what your loop collects, or keeps until the next answer"""
    return _shows_when_there_are(8, ask, questions, limit, show)


def shows_ten_at_a_time(ask, questions, limit, show):
    """shown as soon as it is there"""
    return _shows_when_there_are(10, ask, questions, limit, show)


def shows_eighteen_together(ask, questions, limit, show):
    """what your loop collects, or keeps until the next answer"""
    return _shows_when_there_are(18, ask, questions, limit, show)


def shows_the_answer_before(ask, questions, limit, show):
    """what your loop collects, or keeps until the next answer"""
    kept = []

    def show_the_one_before(question, answer):
        if kept:
            show(*kept.pop())
        kept.append((question, answer))

    answers = _ask_and_show(ask, questions, limit, show_the_one_before)
    show(*kept.pop())
    return answers


# What is shown, how often, and where


def never_shows(ask, questions, limit, show):
    """show was called 0 times"""
    return _ask_and_show(ask, questions, limit, lambda question, answer: None)


def shows_outside_of_the_loop(ask, questions, limit, show):
    """show was called once"""
    answers = _ask_and_show(ask, questions, limit, lambda question, answer: None)
    show(questions[-1], answers[-1])
    return answers


def returns_inside_the_loop(ask, questions, limit, show):
    """inside the loop it ends the function with the first answer"""
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


def shows_the_wrong_question(ask, questions, limit, show):
    """do not belong together"""
    left = iter(questions)
    return _ask_and_show(ask, questions, limit, lambda _, answer: show(next(left), answer))


def shows_every_answer_with_the_same_question(ask, questions, limit, show):
    """do not belong together"""
    return _ask_and_show(ask, questions, limit, lambda _, answer: show(questions[-1], answer))


# What is returned


def loses_the_places(ask, questions, limit, show):
    """in another order"""
    answers = []

    def show_and_keep(question, answer):
        show(question, answer)
        answers.append(answer)

    _ask_and_show(ask, questions, limit, show_and_keep)
    return answers


def places_that_were_never_filled(ask, questions, limit, show):
    """which line puts an answer into its place"""
    _ask_and_show(ask, questions, limit, show)
    return [None] * len(questions)


# How many are asked at once, and how often


def one_after_the_other(ask, questions, limit, show):
    """never more than 1 in flight"""
    return _ask_and_show(ask, questions, 1, show)


def everything_at_once(ask, questions, limit, show):
    """at most 5 in flight"""
    return _ask_and_show(ask, questions, len(questions), show)


def always_five(ask, questions, limit, show):
    """it has to be `limit`, whatever that is"""
    return _ask_and_show(ask, questions, 5, show)


def in_batches(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = []
    for first in range(0, len(questions), limit):
        answers += _ask_and_show(ask, questions[first : first + limit], limit, show)
    return answers


def a_batch_and_then_its_answers(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = []
    for first in range(0, len(questions), limit):
        batch = questions[first : first + limit]
        with ThreadPoolExecutor(limit) as pool:
            answers += pool.map(ask, batch)
        for question, answer in zip(batch, answers[first:]):
            show(question, answer)
    return answers


def fifteen_and_then_in_a_row(ask, questions, limit, show):
    """everybody waits for the slowest"""
    answers = _ask_and_show(ask, questions[:15], limit, show)
    for question in questions[15:]:
        answers.append(ask(question))
        show(question, answers[-1])
    return answers


def asks_everything_twice(ask, questions, limit, show):
    """what is sent more than once"""

    def twice(question):
        ask(question)
        return ask(question)

    return _ask_and_show(twice, questions, limit, show)


def submits_the_answer(ask, questions, limit, show):
    """submit(ask(question)) has asked before the pool is reached"""
    with ThreadPoolExecutor(limit) as pool:
        futures = {pool.submit(ask(question)): question for question in questions}
        for future in as_completed(futures):
            show(futures[future], future.result())
    return [future.result() for future in futures]


def always_twenty(ask, questions, limit, show):
    """in a second call, with 4 questions and limit 2"""
    return _ask_and_show(ask, [questions[place] for place in range(20)], limit, show)


def one_thread_less_and_one_of_its_own(ask, questions, limit, show):
    """in a fourth call, with 4 questions and limit 1"""
    answers = [None] * len(questions)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(limit - 1) as other:
        futures = {
            (other if place else one).submit(ask, question): place
            for place, question in enumerate(questions)
        }
        for future in as_completed(futures):
            place = futures[future]
            answers[place] = future.result()
            show(questions[place], answers[place])
    return answers


def never_more_than_ten(ask, questions, limit, show):
    """never more than 10 in flight at once, in another call"""
    return _ask_and_show(ask, questions, min(limit, 10), show)


def at_least_three(ask, questions, limit, show):
    """3 were in flight at once, in another call"""
    return _ask_and_show(ask, questions, max(limit, 3), show)


def three_for_a_small_limit(ask, questions, limit, show):
    """3 were in flight at once, in another call"""
    return _ask_and_show(ask, questions, limit if limit >= 5 else 3, show)
