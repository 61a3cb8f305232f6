"""Typical wrong answers to exercise 4.3. Each docstring is a part of the message meant for it."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor


async def calls_it_directly(ask, read, names):
    """read was called in the thread of the loop"""
    return [await ask(read(name)) for name in names]


async def wraps_it_in_async_def(ask, read, names):
    """An `async def` around it changes nothing"""

    async def one(name):
        return await ask(read(name))

    return await asyncio.gather(*[one(name) for name in names])


async def pauses_before_it(ask, read, names):
    """read was called in the thread of the loop"""

    async def one(name):
        await asyncio.sleep(0)
        return await ask(read(name))

    return await asyncio.gather(*[one(name) for name in names])


async def calls_it_for_to_thread(ask, read, names):
    """hand over `read` itself"""

    async def one(name):
        return await ask(await asyncio.to_thread(read(name)))

    return await asyncio.gather(*[one(name) for name in names])


async def one_thread_after_the_other(ask, read, names):
    """never more than 1 at once"""
    return [await ask(await asyncio.to_thread(read, name)) for name in names]


async def reads_in_a_row_then_gathers(ask, read, names):
    """never more than 1 at once"""
    found = [await asyncio.to_thread(read, name) for name in names]
    return await asyncio.gather(*[ask(question) for question in found])


async def reads_together_and_asks_in_a_row(ask, read, names):
    """never more than 1 in flight"""
    found = await asyncio.gather(*[asyncio.to_thread(read, name) for name in names])
    return [await ask(question) for question in found]


async def everything_in_one_thread(ask, read, names):
    """never more than 1 at once"""

    def read_all():
        return [read(name) for name in names]

    return await asyncio.gather(*[ask(question) for question in await asyncio.to_thread(read_all)])


async def waits_for_the_pool_in_the_loop(ask, read, names):
    """it stood still for"""
    with ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(read, names))
    return await asyncio.gather(*[ask(question) for question in found])


async def waits_for_result_in_the_loop(ask, read, names):
    """it stood still for"""
    with ThreadPoolExecutor(len(names)) as pool:
        futures = [pool.submit(read, name) for name in names]
        return await asyncio.gather(*[ask(future.result()) for future in futures])


async def a_pool_that_is_too_small(ask, read, names):
    """never more than 2 at once"""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:

        async def one(name):
            return await ask(await loop.run_in_executor(pool, read, name))

        return await asyncio.gather(*[one(name) for name in names])


async def forgets_to_await_the_thread(ask, read, names):
    """a coroutine or a task is not its result"""
    return await asyncio.gather(*[ask(asyncio.to_thread(read, name)) for name in names])


async def asks_in_a_thread(ask, read, names):
    """a coroutine or a task is not its result"""

    async def one(name):
        lost = await asyncio.to_thread(ask, await asyncio.to_thread(read, name))
        lost.close()
        return lost

    return await asyncio.gather(*[one(name) for name in names])


async def reads_twice(ask, read, names):
    """read was called 8 times"""

    async def one(name):
        await asyncio.to_thread(read, name)
        return await ask(await asyncio.to_thread(read, name))

    return await asyncio.gather(*[one(name) for name in names])


async def asks_about_the_names(ask, read, names):
    """read was called 0 times"""
    return await asyncio.gather(*[ask(name) for name in names])


async def in_the_order_of_arrival(ask, read, names):
    """all answers are there, in another order"""

    async def one(name):
        return await ask(await asyncio.to_thread(read, name))

    return list(reversed(await asyncio.gather(*[one(name) for name in names])))


async def swallows_errors(ask, read, names):
    """the exception that stands where an answer should be"""

    async def one(name):
        return await ask(await asyncio.to_thread(read, name), "twice")

    return await asyncio.gather(*[one(name) for name in names], return_exceptions=True)


async def holds_it_a_moment_later(ask, read, names):
    """it stood still for"""
    with ThreadPoolExecutor(len(names)) as pool:
        futures = [pool.submit(read, name) for name in names]
        await asyncio.sleep(0.05)
        found = [future.result() for future in futures]
    return await asyncio.gather(*[ask(question) for question in found])


async def holds_it_when_all_is_read(ask, read, names):
    """it stood still for"""
    found = await asyncio.gather(*[asyncio.to_thread(read, name) for name in names])
    time.sleep(0.5)
    return await asyncio.gather(*[ask(question) for question in found])


async def asks_whether_they_are_done(ask, read, names):
    """a loop whose heart beats all the time"""
    with ThreadPoolExecutor(len(names)) as pool:
        futures = [pool.submit(read, name) for name in names]
        while not all(future.done() for future in futures):
            time.sleep(0.05)
            await asyncio.sleep(0.01)
    return await asyncio.gather(*[ask(future.result()) for future in futures])


async def asks_two_at_a_time(ask, read, names):
    """never more than 2 in flight"""
    two = asyncio.Semaphore(2)

    async def one(name):
        question = await asyncio.to_thread(read, name)
        async with two:
            return await ask(question)

    return await asyncio.gather(*[one(name) for name in names])


async def takes_them_as_they_arrive(ask, read, names):
    """all answers are there, in another order"""

    async def one(name):
        return await ask(await asyncio.to_thread(read, name))

    return [await task for task in asyncio.as_completed([one(name) for name in names])]


async def awaits_read(ask, read, names):
    """an `await` before it does not make it pause"""

    async def one(name):
        return await ask(await read(name))

    return await asyncio.gather(*[one(name) for name in names])


async def reads_the_last_name_only(ask, read, names):
    """read was called 4 times, and 4 of them for 'minutes'"""
    threads = []
    for name in names:
        threads.append(asyncio.to_thread(lambda: read(name)))  # noqa: B023, the mistake
    found = await asyncio.gather(*threads)
    return await asyncio.gather(*[ask(question) for question in found])


async def gathers_a_list(ask, read, names):
    """the star"""

    async def one(name):
        return await ask(await asyncio.to_thread(read, name))

    coroutines = [one(name) for name in names]
    try:
        return await asyncio.gather(coroutines)
    finally:
        for coroutine in coroutines:
            coroutine.close()


async def takes_a_loop_for_each(ask, read, names):
    """`ask` belongs to the loop of the check"""

    async def one(name):
        return await ask(read(name))

    return await asyncio.gather(*[asyncio.to_thread(asyncio.run, one(name)) for name in names])


async def sets_the_result_in_its_thread(ask, read, names):
    """loop.call_soon_threadsafe"""

    async def one(name):
        found = asyncio.get_running_loop().create_future()
        threading.Thread(target=lambda: found.set_result(read(name))).start()
        return await ask(await found)

    return await asyncio.gather(*[one(name) for name in names])


async def fills_a_queue_of_asyncio(ask, read, names):
    """without waking it"""

    async def one(name):
        queue = asyncio.Queue()
        threading.Thread(target=lambda: queue.put_nowait(read(name))).start()
        return await ask(await queue.get())

    return await asyncio.gather(*[one(name) for name in names])
