"""Typical wrong answers to exercise 5.3. Each docstring is a part of the message meant for it."""

import asyncio


async def waits_for_all(ask, questions, show):
    """8 answers had come before one of them was shown"""
    for question, answer in zip(questions, await asyncio.gather(*map(ask, questions))):
        show(question, answer)


async def one_after_the_other(ask, questions, show):
    """never more than 1 in flight"""
    for question in questions:
        show(question, await ask(question))


async def takes_the_answers_to_be_in_order(ask, questions, show):
    """was shown with another question"""
    tasks = [asyncio.create_task(ask(question)) for question in questions]
    for question, next_answer in zip(questions, asyncio.as_completed(tasks)):
        show(question, await next_answer)


async def shows_nothing(ask, questions, show):
    """0 were shown"""
    return await asyncio.gather(*map(ask, questions))


async def does_not_wait(ask, questions, show):
    """8 tasks still running"""

    async def one(question):
        show(question, await ask(question))

    for question in questions:
        asyncio.create_task(one(question))
