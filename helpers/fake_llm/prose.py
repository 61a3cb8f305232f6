"""What to say where nothing is to be said: plausible sentences, as tokens. Pure."""

import re
from itertools import accumulate, chain

TOKEN = re.compile(r"\s*\w{1,8}|\s*[^\w\s]|\s+")
"""A token: a word or up to eight letters of one, or a sign, with the space before it."""

LONGEST = 2000
"""Tokens of the longest text."""

_SENTENCES = """
An agent spends most of its time waiting for an answer from somewhere else.
While one request waits, the program is free to send another.
A limit protects the server, and so it protects everyone who shares it.
The slowest step decides how long the whole takes.
Throughput is the number of requests in flight divided by the time of one.
A queue turns a short burst into a longer but calmer stream of work.
Measure first, then change one thing, and measure again.
Threads are a good choice when the library at hand only knows how to block.
Coroutines are cheap, which makes it easy to start too many of them.
Every retry is another request, and the server has to carry it too.
A timeout says how long an answer is worth waiting for.
Good programs say plainly what they could not do.
The mean hides the few requests that take far longer than the rest.
Reusing a connection saves the cost of opening one.
What cannot be seen on a chart is easily believed and hard to repair.
Work that nobody waits for any more should be given up.
Some waits overlap by themselves and some only when they are told to.
A small example that runs is worth more than a long explanation.
"""
_TOKENS = [TOKEN.findall(" " + sentence) for sentence in _SENTENCES.strip().splitlines()]
# Steps that share no divisor with the number of sentences (18): each visits all of them.
_STEPS = (1, 5, 7, 11)


def _ring(step: int) -> tuple[list[str], list[int]]:
    """The tokens of all sentences, every step-th in turn, and where each sentence starts.

    They are repeated often enough for a text of any length to be one slice of them.
    """
    count = len(_TOKENS)
    order = [_TOKENS[i * step % count] for i in range(count)]
    once = list(chain.from_iterable(order))
    starts = list(accumulate(map(len, order[:-1]), initial=0))
    return once * (LONGEST // len(once) + 2), starts


_RINGS = [_ring(step) for step in _STEPS]


def prose(draw: int, length: int) -> list[str]:
    """So many tokens (at most `LONGEST`) of a text that depends on the draw."""
    ring, starts = _RINGS[draw % len(_RINGS)]
    start = starts[draw // 7 % len(starts)]
    tokens = ring[start : start + length]
    tokens[0] = tokens[0].lstrip()
    return tokens
