"""Typical wrong answers to exercise 13.2. Each docstring is a part of the message meant for it."""


async def async_for_everything(measure, needed):
    """the simplest model for 2.5 a second: serial"""
    return "async", 10


async def never_gives_up(measure, needed):
    """more in flight does not help where the provider is full"""
    if await measure("serial", 1) >= needed:
        return "serial", 1
    return "threads", 10


async def one_by_one(measure, needed):
    """the steps of your search"""
    if await measure("serial", 1) >= needed:
        return "serial", 1
    for in_flight in range(1, 17):
        if await measure("threads", in_flight) >= 1.2 * needed:
            return "threads", in_flight
    return None


async def far_too_many(measure, needed):
    """how you find the number"""
    if await measure("serial", 1) >= needed:
        return "serial", 1
    return ("threads", 60) if await measure("threads", 60) >= needed else None


async def skips_threads(measure, needed):
    """the simplest model for 30 a second: threads"""
    if await measure("serial", 1) >= needed:
        return "serial", 1
    return ("async", 10) if await measure("async", 10) >= needed else None
