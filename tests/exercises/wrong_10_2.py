"""Typical wrong answers to exercise 10.2. Each docstring is a part of the message meant for it."""

import asyncio
import threading

from helpers import AsyncAgent


def _started():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    return loop, thread


def runs_a_loop_for_each_call(base_url):
    """cannot be called from a running event loop"""

    def ask(question):
        async def main():
            async with AsyncAgent(base_url) as agent:
                return await agent.ask(question)

        return asyncio.run(main())

    return ask, lambda: None


def a_session_for_each_call(base_url):
    """where a session is made, and how often"""
    loop, thread = _started()

    async def once(question):
        async with AsyncAgent(base_url) as agent:
            return await agent.ask(question)

    def close():
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    return lambda question: asyncio.run_coroutine_threadsafe(once(question), loop).result(), close


def never_ends_its_thread(base_url):
    """thread still running"""
    loop, _ = _started()
    agent = AsyncAgent(base_url)

    def wait_for(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    wait_for(agent.__aenter__())
    return lambda question: wait_for(agent.ask(question)), lambda: wait_for(agent.__aexit__())


def returns_futures(base_url):
    """.result() waits for the answer"""
    loop, thread = _started()
    agent = AsyncAgent(base_url)
    asyncio.run_coroutine_threadsafe(agent.__aenter__(), loop).result()

    def close():
        asyncio.run_coroutine_threadsafe(agent.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    return lambda question: asyncio.run_coroutine_threadsafe(agent.ask(question), loop), close


def one_after_the_other(base_url):
    """never more than 1 in flight"""
    loop = asyncio.new_event_loop()
    agent = AsyncAgent(base_url)
    lock = threading.Lock()
    loop.run_until_complete(agent.__aenter__())

    def ask(question):
        with lock:
            thread_result = []
            thread = threading.Thread(
                target=lambda: thread_result.append(loop.run_until_complete(agent.ask(question)))
            )
            thread.start()
            thread.join()
            return thread_result[0]

    def close():
        loop.run_until_complete(agent.__aexit__())
        loop.close()

    return ask, close
