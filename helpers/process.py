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

MANY_FILES = (65_536, 10_240, 4_096)  # the most that is of use, what macOS allows, the least
COLOURING = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS")
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


def _start(
    module: str, arguments: tuple[str, ...], environment: dict[str, str]
) -> subprocess.Popen:
    apart = {"creationflags": 0x00000200} if os.name == "nt" else {"start_new_session": True}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=own_environment(**environment),
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


def raise_file_limit() -> int | None:
    """Let this process open as many files as it may; the limit it got, None where there is none.

    A thousand connections need as many open files, and macOS and many shells start with 256 or 1,024.
    """
    try:
        import resource
    except ImportError:
        return None  # Windows has no limit that matters here
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in MANY_FILES:
        within = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or within <= soft:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (within, hard))
            break
        except (ValueError, OSError):
            continue  # macOS allows fewer than its hard limit says
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return now


def own_environment(**more: str) -> dict[str, str]:
    """The environment for a Python of ours: it finds `helpers`, and nothing colours its messages.

    Jupyter's kernels set FORCE_COLOR, and since 3.13 Python then colours tracebacks even where
    they go to a pipe, so that a line of it no longer starts with the name of the error.
    """
    plain = {name: value for name, value in os.environ.items() if name not in COLOURING}
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**plain, "NO_COLOR": "1", "PYTHONPATH": path, **more}


def run_python(
    *arguments: str, timeout: float = 60.0, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python with these arguments, such as ("-c", script), to its end.

    What it printed is in `stdout` and `stderr` of the result, as text. It has no standard input.
    Raises subprocess.TimeoutExpired after `timeout` seconds; the process is ended then.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=own_environment(**(environment or {})),
    )
