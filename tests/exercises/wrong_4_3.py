"""Typical wrong answers to exercise 4.3. Each docstring is a part of the message meant for it."""

import asyncio


def a_loop_in_the_loop(ask, question):
    """another thread has none yet"""
    work = ask(question)
    try:
        return asyncio.run(work)
    finally:
        work.close()


def a_new_loop_in_the_same_thread(ask, question):
    """another thread has none yet"""
    loop, work = asyncio.new_event_loop(), ask(question)
    try:
        return loop.run_until_complete(work)
    finally:
        work.close()
        loop.close()


def returns_a_task(ask, question):
    """a coroutine or a task is not its result"""
    return asyncio.get_running_loop().create_task(ask(question))


def forgets_to_await(ask, question):
    """a coroutine or a task is not its result"""
    return ask(question)


def waits_for_the_loop_in_its_own_thread(ask, question):
    """your function to return within 1.5 seconds"""
    return asyncio.run_coroutine_threadsafe(ask(question), asyncio.get_running_loop()).result(
        timeout=4
    )
