"""Typical wrong answers to exercise 10.1. Each docstring is a part of the message meant for it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI


def _with(endpoint):
    app = FastAPI()
    app.get("/ask")(endpoint)

    @app.get("/health")
    async def health():
        return {"ok": True}

    return app


def as_it_was(ask):
    """until 60 of 60 users had been served"""

    async def answer(q: str):
        return {"answer": ask(q).text}

    return _with(answer)


def leaves_it_to_fastapi(ask):
    """never more than 40, as many as FastAPI's own pool has threads"""

    def answer(q: str):
        return {"answer": ask(q).text}

    return _with(answer)


def uses_the_default_pool(ask):
    """as many as asyncio's default pool has threads"""

    async def answer(q: str):
        return {"answer": (await asyncio.to_thread(ask, q)).text}

    return _with(answer)


def takes_the_question_from_the_body(ask):
    """one got 422"""

    async def answer(q: dict):
        return {"answer": (await asyncio.to_thread(ask, q["q"])).text}

    return _with(answer)


def forgets_to_return(ask):
    """your function returned None"""
    _with(ask)


def never_ends_its_pool(ask):
    """threads still running"""
    pool = ThreadPoolExecutor(60)

    async def answer(q: str):
        return {"answer": (await asyncio.get_running_loop().run_in_executor(pool, ask, q)).text}

    return _with(answer)
