"""A learner's web service in a process of its own: the `app` of a Python file, on a free port.

with Service("service.py", LLM=llm.base_url) as service:
    requests.get(f"{service.url}/health").json()

    run(customers(service, "/ask"), llm=llm, questions=40, limit=40)
"""

import asyncio
import json
import os
import runpy
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self

import aiohttp

from helpers.agents import Answer, ModelError
from helpers.process import Child, end_with_parent, spare_loopback
from helpers.strategies import AskAsync, limited
from helpers.trace import Recorder, step

# What is under way when the service is told to end has a second, as has a learner who waits for it.
# It is less than a process has that has lost its parent.
GRACE = 1
# Connections that may wait to be accepted: a lesson's users all come at one instant.
BACKLOG = 1_024


class Service:
    """A running service. With or without `with`, it ends with this process, however that ends.

    path: a file that defines `app`, an ASGI application. environment: variables for it.
    Raises ValueError where there is no such file, and RuntimeError with the last line of the
    service's traceback if it cannot start.
    """

    def __init__(self, path: str | Path, **environment: str):
        self.path = Path(path).resolve()
        if not self.path.is_file():
            raise ValueError(f"path is {str(path)!r}; it takes a Python file that defines `app`")
        spare_loopback()
        self._child = Child("helpers.service", str(self.path), environment=environment)
        hello = self._child.hello
        if "url" not in hello:
            self.close()
            raise RuntimeError(
                f"the service did not start: {hello.get('error', 'it ended at once')}"
            )
        self.url: str = hello["url"]
        self.pid: int = hello["pid"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Service({self.path.name})"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child.alive

    def close(self) -> None:
        """End it. Harmless when it has ended."""
        self._child.close()


class _Customers:
    """In place of an agent: `ask` sends the question to one address of a service, as its `q`."""

    def __init__(self, address: str, record: Recorder | None):
        self.address = address
        self.record = record

    async def __aenter__(self) -> Self:
        # Without aiohttp's own limit of 100, which would hide how many users there are.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def ask(self, question: str) -> Answer:
        with step(self.record, question, "service"):
            async with self._session.get(self.address, params={"q": question}) as reply:
                if reply.status != 200:
                    raise ModelError(reply.status, await reply.text())
                # Of any content type: whoever writes the first service forgets to name one.
                return Answer(**await reply.json(content_type=None))


def customers(service: Service, path: str) -> Callable[..., Awaitable[list[Answer]]]:
    """A strategy in which `limit` users at a time ask a service, each over their own connection.

    path: of the address; it takes the question as `q`, and replies with an Answer as JSON.
    The strategy raises ModelError where the service replies with another status than 200.
    """

    async def strategy(ask: AskAsync, questions: Sequence[str], limit: int) -> list[Answer]:
        return await limited(ask, questions, limit)

    # What a run shows as its name, and where it looks for the agent of a strategy.
    strategy.__name__ = path.strip("/").replace("-", "_")
    strategy.agent = lambda base_url, record=None: _Customers(service.url + path, record)
    return strategy


def serve(path: str) -> None:
    """Serve the `app` of this file until the parent ends; what became of it is printed as JSON."""
    # The file's own prints go where its errors go: our parent reads one line, and a pipe that
    # nobody reads is full after 64 KiB and then stops whoever writes.
    sys.stdout = sys.stderr
    try:
        asyncio.run(_serve(path))
    except Exception:
        _tell_parent(error=traceback.format_exc().strip().splitlines()[-1])


async def _serve(path: str) -> None:
    import uvicorn  # here only: the notebook's process needs none of it

    def end() -> None:
        server.should_exit = True  # there is one as soon as the loop comes to this

    # Before the file runs: what it defines `app` with may not end either.
    end_with_parent(end)
    # In the loop, as uvicorn itself does it, so that a file may make what needs one.
    defined = runpy.run_path(path, run_name="service")
    if "app" not in defined:
        _tell_parent(error=f"{Path(path).name} defines no `app`")
        return

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                host, port = sockets[0].getsockname()
                _tell_parent(url=f"http://{host}:{port}", pid=os.getpid())

    server = Server(
        uvicorn.Config(
            defined["app"],
            log_level="critical",  # its other lines would stand in the notebook
            timeout_graceful_shutdown=GRACE,
            backlog=BACKLOG,
        )
    )

    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        await server.serve(sockets=[place])


def _tell_parent(**hello: str | int) -> None:
    print(json.dumps(hello), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
    # Not sys.exit: that would wait for threads which still wait for the model.
    os._exit(0)
