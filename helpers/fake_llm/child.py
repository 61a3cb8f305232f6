"""A server in a process of its own that ends with the process that started it, however that ends: both sides of it."""

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARENT_CHECK = 1.0
END_TIMEOUT = 3.0


class Child:
    """`python -m module arguments...`; its first line of output, an object in JSON, is `hello`.

    environment: variables besides our own. An interrupt meant for the notebook is not for the child: it has a session
    of its own.
    """

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None):
        self._process = _start(module, arguments, environment or {})
        self._owner, self._closing = os.getpid(), threading.Lock()
        atexit.register(self.close)
        try:
            self.hello: dict[str, Any] = json.loads(self._process.stdout.readline() or b"{}")
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it. Harmless when it has ended, and in a forked child."""
        if os.getpid() != self._owner:
            return
        with self._closing:
            atexit.unregister(self.close)
            process = self._process
            try:
                process.stdin.close()
            except OSError:
                pass
            try:
                process.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _start(module: str, arguments: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen:
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    apart = {"creationflags": 0x00000200} if os.name == "nt" else {"start_new_session": True}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment, "PYTHONPATH": path},
        **apart,
    )


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` in the running loop when the parent's end of our standard input closes, as it does however the parent
    ends. A process that the parent has forked may hold it open, so where there is a parent's id, a change counts too."""
    loop = asyncio.get_running_loop()
    parent = os.getppid()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(end)

    def look() -> None:
        if os.getppid() != parent:
            end()
        loop.call_later(PARENT_CHECK, look)

    threading.Thread(target=watch, daemon=True, name="stdin watch").start()
    if os.name == "posix":
        look()
