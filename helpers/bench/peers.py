"""Other servers beside which the fake LLM is measured, each in a process of its own."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from helpers.bench.cores import SERVER_CORE, pin
from helpers.process import own_environment, raise_file_limit

# Against hanging only.
START_TIMEOUT = 30.0
LOOK_PERIOD = 0.05


def _bare(port: int, latency: float) -> list[str]:
    return [sys.executable, "-m", "helpers.bench.bare_server", str(port), str(latency)]


def _llmock(port: int, latency: float) -> list[str]:
    return ["llmock", "serve", f"--port={port}", f"--latency-ms={latency * 1000:.0f}"]


PEERS: dict[str, Callable[[int, float], list[str]]] = {"bare aiohttp": _bare, "llmock": _llmock}
"""The command that starts each, from a port and the seconds that a reply takes."""


def installed() -> list[str]:
    """The peers that can be started on this machine."""
    return [name for name, command in PEERS.items() if shutil.which(command(0, 0.0)[0])]


@contextmanager
def serving(name: str, latency: float) -> Iterator[str]:
    """The base URL of a peer that runs during the block; a reply takes `latency` seconds.

    Raises RuntimeError where it does not start.
    """
    raise_file_limit()  # the peer inherits it
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        PEERS[name](port, latency),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=own_environment(),
    )
    try:
        pin(process.pid, SERVER_CORE)
        _wait_until_it_listens(name, process, port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _wait_until_it_listens(name: str, process: subprocess.Popen, port: int) -> None:
    end = time.monotonic() + START_TIMEOUT
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{name} did not start: {' '.join(process.args)}")
        time.sleep(LOOK_PERIOD)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
