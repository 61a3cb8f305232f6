"""A neighbour: another client of the same server, who asks all the time and notes what it bears.

It is a process of its own: in a thread it would wait for whatever the attacker computes.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from queue import Empty, Queue
from urllib.parse import urlsplit

import psutil

from helpers.process import own_environment
from tests.slowness import slowness

PERIOD = 0.005
"""Seconds from one question to the next."""

PATIENCE = 20.0
"""Seconds after which a server counts as dead."""

USUAL_WAIT = 0.25
"""Seconds that a neighbour may wait. On a quiet machine it is 0.05; tests run side by side."""

MOST_MEMORY = 100e6
"""Bytes that one request may take."""

ATTEMPTS = 3
"""Another process may use the cores for a moment; what an attack does, it does each time."""


def longest_wait() -> float:
    """Seconds that a neighbour may wait on this machine now: a shared one is slower at times."""
    return USUAL_WAIT * slowness()


@dataclass
class Seen:
    """What a neighbour has seen since it was last asked.

    count: its questions, all of which were answered with 200; longest: the seconds that it waited
    for one of them at most; busy: the seconds of these that the server's process worked, which no
    other process can lengthen; grown: the bytes by which the server's memory grew at most.
    """

    count: int = 0
    longest: float = 0.0
    busy: float = 0.0
    grown: int = 0


class Neighbour:
    """The handle on a neighbour's process."""

    def __init__(self, process: subprocess.Popen[str]):
        self._process = process

    def seen(self) -> Seen:
        """What it has seen since the last call, with one whole question more; AssertionError where
        it got anything else than good replies.
        """
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except OSError:
            pass  # then it has ended, and says nothing
        line = self._process.stdout.readline()
        assert line, "the neighbour is no longer served"
        return Seen(**json.loads(line))

    def bears(self, attack: Callable[[], object]) -> None:
        """Attack: the neighbour hardly waits, and the server stays small, or AssertionError."""
        for _ in range(ATTEMPTS):
            self.seen()
            attack()
            seen = self.seen()
            assert seen.grown < MOST_MEMORY
            longest = longest_wait()
            if seen.longest < longest:
                return
        assert seen.longest < longest


@contextmanager
def neighbour(llm) -> Iterator[Neighbour]:
    """A client of whatever has a `url`, a `pid` and, where it needs one, an `api_key`."""
    key = getattr(llm, "api_key", None) or "none"
    command = [sys.executable, "-m", "tests.fake_llm.neighbour", llm.url, str(llm.pid), key]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, env=own_environment()) as process:
        beside = Neighbour(process)
        beside.seen()
        yield beside
        beside.seen()
        process.communicate()  # the end of its input ends it


# In the process.


def main(url: str, pid: str, key: str) -> None:
    """Ask until standard input ends; for each line of it, print what was seen."""
    where, server = urlsplit(url), psutil.Process(int(pid))
    question, told = _question(key), Queue()
    threading.Thread(target=_listen, args=(told,), daemon=True).start()
    with socket.create_connection((where.hostname, where.port), PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(PERIOD)
        seen, before, line = Seen(), server.memory_info().rss, None
        while line != "":
            asked, worked = time.monotonic(), _worked(server)
            most = _ask(sock, question, server)
            waited = time.monotonic() - asked
            seen.count += 1
            seen.longest = max(seen.longest, waited)
            seen.busy = max(seen.busy, _worked(server) - worked)
            seen.grown = max(seen.grown, most - before)
            if line is not None:
                print(json.dumps(asdict(seen)), flush=True)
                seen, before = Seen(), server.memory_info().rss
            try:
                line = told.get(timeout=max(0.0001, PERIOD - waited))
            except Empty:
                line = None


def _worked(server: psutil.Process) -> float:
    """The seconds that it has used of a processor."""
    return sum(server.cpu_times()[:2])


def _listen(told: Queue) -> None:
    """Pass each line of standard input on, and "" at its end."""
    while line := sys.stdin.readline():
        told.put(line)
    told.put("")


def _question(key: str) -> bytes:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    raw = json.dumps(body).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


def _ask(sock: socket.socket, question: bytes, server: psutil.Process) -> int:
    """Ask once; the most memory that the server had while we waited, in bytes."""
    sock.sendall(question)
    asked, reply, most = time.monotonic(), b"", 0
    while not reply.endswith(b"}"):  # a reply is small: where it ends so, all of it is there
        most = max(most, server.memory_info().rss)
        try:
            part = sock.recv(65_536)
        except TimeoutError:
            assert time.monotonic() < asked + PATIENCE
            continue
        assert part, "the server has closed the connection"
        reply += part
    assert reply.startswith(b"HTTP/1.1 200 "), reply[:400]
    return max(most, server.memory_info().rss)


if __name__ == "__main__":
    main(*sys.argv[1:])
