"""Typical wrong answers to exercise 4.1. Each docstring is a part of the message meant for it."""

import asyncio
import time


def one_after_the_other(coroutines):
    """each ran to its end before the next began"""
    results = []
    for coroutine in coroutines:
        while True:
            try:
                time.sleep(coroutine.send(None))
            except StopIteration as end:
                results.append(end.value)
                break
    return results


def in_turns(coroutines):
    """the one whose pause ends first"""
    results, waiting = [None] * len(coroutines), list(enumerate(coroutines))
    while waiting:
        for place, coroutine in list(waiting):
            try:
                time.sleep(coroutine.send(None))
            except StopIteration as end:
                results[place] = end.value
                waiting.remove((place, coroutine))
    return results


def only_starts_them(coroutines):
    """not everybody ran to the end"""
    return [coroutine.send(None) for coroutine in coroutines]


def forgets_the_results(coroutines):
    """its `value` is what the coroutine returned"""
    waiting = [(0.0, place, coroutine) for place, coroutine in enumerate(coroutines)]
    while waiting:
        waiting.sort()
        due, place, coroutine = waiting.pop(0)
        try:
            waiting.append((due + coroutine.send(None), place, coroutine))
        except StopIteration:
            pass


def gives_them_to_asyncio(coroutines):
    """Task got bad yield"""

    async def main():
        return await asyncio.gather(*coroutines)

    return asyncio.run(main())
