"""Typical wrong answers to exercise 4.2. Each docstring is a part of the message meant for it."""

import asyncio


async def profile_first(ask, questions, load_profile):
    """when the profile was there, 0 of 6 questions had been asked"""
    profile = await load_profile()
    return profile, await asyncio.gather(*[ask(question) for question in questions])


async def answers_first(ask, questions, load_profile):
    """answers were there before the profile was asked for"""
    answers = await asyncio.gather(*[ask(question) for question in questions])
    return await load_profile(), answers


async def awaits_the_tasks_first(ask, questions, load_profile):
    """answers were there before the profile was asked for"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    answers = [await task for task in tasks]
    return await load_profile(), answers


async def bare_coroutines(ask, questions, load_profile):
    """a bare coroutine is nothing that it runs"""
    tasks = [ask(question) for question in questions]
    profile = await load_profile()
    answers = [await task for task in tasks]
    return profile, answers


async def bare_coroutines_and_then_gather(ask, questions, load_profile):
    """when the profile was there, 0 of 6 questions had been asked"""
    coroutines = [ask(question) for question in questions]
    profile = await load_profile()
    return profile, await asyncio.gather(*coroutines)


async def all_in_a_row(ask, questions, load_profile):
    """when the profile was there, 0 of 6 questions had been asked"""
    profile = await load_profile()
    answers = [await ask(question) for question in questions]
    return profile, answers


async def only_the_profile_is_early(ask, questions, load_profile):
    """never more than 1 in flight"""
    profile = asyncio.create_task(load_profile())
    answers = [await ask(question) for question in questions]
    return await profile, answers


async def asks_again_instead_of_collecting(ask, questions, load_profile):
    """what is sent more than once"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    answers = [await ask(question) for question in questions]
    await asyncio.gather(*tasks)
    return profile, answers


async def returns_the_tasks(ask, questions, load_profile):
    """still running"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    return profile, tasks


async def waits_and_returns_the_tasks(ask, questions, load_profile):
    """a coroutine or a task is not its result"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    await asyncio.gather(*tasks)
    return profile, tasks


async def forgets_to_await_the_profile(ask, questions, load_profile):
    """a coroutine that nobody awaited"""
    profile = load_profile()
    profile.close()
    return profile, await asyncio.gather(*[ask(question) for question in questions])


async def returns_one_list(ask, questions, load_profile):
    """a pair: the profile, and the list of answers"""
    return await asyncio.gather(load_profile(), *[ask(question) for question in questions])


async def the_pair_the_other_way_round(ask, questions, load_profile):
    """the profile first, and then the answers"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    return [await task for task in tasks], profile


async def collects_from_the_end(ask, questions, load_profile):
    """the answers in the order of the questions"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    return profile, [await task for task in reversed(tasks)]


async def loads_the_profile_twice(ask, questions, load_profile):
    """load_profile was called 2 times"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    await load_profile()
    answers = [await task for task in tasks]
    return await load_profile(), answers


async def invents_the_answers(ask, questions, load_profile):
    """in the place of question 0 is str 'yes'"""
    return await load_profile(), ["yes" for _ in questions]


async def takes_them_as_they_arrive(ask, questions, load_profile):
    """the answers in the order of the questions"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    return profile, [await task for task in asyncio.as_completed(tasks)]


async def sleeps_before_the_profile(ask, questions, load_profile):
    """what pauses before everything is under way"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    await asyncio.sleep(0.12)
    profile = await load_profile()
    return profile, [await task for task in tasks]


async def sleeps_before_the_questions(ask, questions, load_profile):
    """what pauses before everything is under way"""
    profile = asyncio.create_task(load_profile())
    await asyncio.sleep(0.2)
    answers = await asyncio.gather(*[ask(question) for question in questions])
    return await profile, answers


async def asks_in_a_row_in_one_task(ask, questions, load_profile):
    """never more than 1 in flight"""

    async def all_answers():
        return [await ask(question) for question in questions]

    answers = asyncio.create_task(all_answers())
    profile = await load_profile()
    return profile, await answers


async def takes_the_results_at_once(ask, questions, load_profile):
    """`result()` of a task does not wait"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    profile = await load_profile()
    return profile, [task.result() for task in tasks]


async def keeps_one_question_back(ask, questions, load_profile):
    """never more than 5 in flight"""
    tasks = [asyncio.create_task(ask(question)) for question in questions[:-1]]
    profile = await load_profile()
    answers = [await task for task in tasks]
    return profile, [*answers, await ask(questions[-1])]
