"""A web service of the learner's in a process of its own: a Python file whose `app` uvicorn serves on a free port.

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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

from helpers.agents import Answer, ModelError
from helpers.process import Child, end_with_parent
from helpers.strategies import limited
from helpers.trace import Recorder, step


class Service:
    """A running service; usable with `with`, and without: it ends with this process, however that ends.

    path: a file that defines `app`, an ASGI application. environment: variables for it.
    Raises ValueError where there is no such file, and RuntimeError with the service's words if it cannot start.
    """

    def __init__(self, path: str | Path, **environment: str):
        self.path = Path(path).resolve()
        if not self.path.is_file():
            raise ValueError(f"path is {str(path)!r}; it takes a Python file that defines `app`")
        self._child = Child("helpers.service", str(self.path), environment=environment)
        if "url" not in self._child.hello:
            self.close()
            raise RuntimeError(
                f"the service did not start: {self._child.hello.get('error', 'it ended at once')}"
            )
        self.url: str = self._child.hello["url"]
        self.pid: int = self._child.hello["pid"]

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
    """Users of one address of a service, in place of an agent: `ask` sends the question as the parameter q."""

    def __init__(self, address: str, record: Recorder | None):
        self.address, self.record = address, record

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def ask(self, question: str) -> Answer:
        with step(self.record, question, "service"):
            async with self._session.get(self.address, params={"q": question}) as reply:
                body = await reply.json(content_type=None)
                if reply.status != 200:
                    raise ModelError(reply.status, str(body))
                return Answer(**body)


def customers(service: Service, path: str) -> Callable:
    """A strategy in which `limit` users at a time ask this address of the service, each over their own connection.

    The address takes the question as `q`, and replies with an Answer. Raises ModelError on another status.
    """

    async def strategy(ask: Callable, questions: Sequence[str], limit: int) -> list:
        return await limited(ask, questions, limit)

    strategy.__name__ = path.strip("/").replace("-", "_")
    strategy.agent = lambda base_url, record=None: _Customers(service.url + path, record)
    return strategy


def _main(path: str) -> None:
    import uvicorn  # here only: the notebook's process needs none of it

    sys.stdout = sys.stderr  # nobody reads ours after the first line

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                url = "http://{}:{}".format(*sockets[0].getsockname())
                _say({"url": url, "pid": os.getpid()})

    async def serve() -> None:
        app = runpy.run_path(path, run_name="service")["app"]
        config = uvicorn.Config(
            app, log_level="critical", timeout_graceful_shutdown=1, backlog=1024
        )
        server, place = Server(config), socket.socket()
        place.bind(("127.0.0.1", 0))
        end_with_parent(lambda: setattr(server, "should_exit", True))
        await server.serve(sockets=[place])

    try:
        asyncio.run(serve())
    except KeyError:
        _say({"error": f"{Path(path).name} defines no `app`"})
    except Exception:
        _say({"error": traceback.format_exc().strip().splitlines()[-1]})


def _say(hello: dict[str, Any]) -> None:
    print(json.dumps(hello), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
    os._exit(0)  # a thread that still waits for the model is not worth waiting for
