"""Other processes: a child that ends with its parent, a script in a Python of its own, open files.

It is imported where a process's memory is measured: so it takes nothing but the standard library,
and asyncio only where a loop is running anyway.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

MANY_FILES = (65_536, 10_240, 4_096)
"""Limits of open files to try: the most that is of use, what macOS allows, the least of use."""

COLOURING = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS")
"""Variables that make programs write colours even where nobody looks."""

PLAIN = {"NO_COLOR": "1", "PYTHON_COLORS": "0"}
"""What forbids colours; Python 3.13 and later obey the second before all others."""

PARENT_CHECK = 1.0
"""Seconds from one look for the parent to the next. The pipe tells at once; this is for forks."""

END_TIMEOUT = 3.0
"""Seconds in which a child has to end by itself. It is killed then."""


class Child:
    """`python -m module arguments...`, which ends with this process, however that ends.

    hello: its first line of output, an object in JSON; {} if it ended without one.
    environment: variables besides our own.

    The module calls `end_with_parent`. An interrupt meant for the notebook is not for the child:
    it has a session (on Windows, a process group) of its own. ValueError if its first line is not
    JSON; it is ended then.
    """

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None):
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=own_environment(**(environment or {})),
            **_apart(),
        )
        self._owner = os.getpid()
        self._closing = threading.Lock()
        atexit.register(self.close)
        try:
            self.hello: dict[str, Any] = json.loads(self._process.stdout.readline() or b"{}")
        except BaseException:  # an interrupt too: nobody would have the child to close it
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


def _apart() -> dict[str, Any]:
    """Arguments for Popen: our Ctrl-C, which goes to our whole group, does not reach the child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` in the running loop when our parent ends, however it ends.

    Then its end of our standard input closes. A process that the parent has forked may hold that
    open: so where a process knows its parent's id, a change of that counts too.
    """
    import asyncio  # who calls this has it; who does not need not pay for it

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

    A thousand connections need as many open files, and macOS and many shells start with 256 or
    1,024. A limit is never lowered.
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
    return None if now == resource.RLIM_INFINITY else now


def own_environment(**more: str) -> dict[str, str]:
    """The environment for a Python of ours: it finds `helpers`, and nothing colours its messages.

    Jupyter's kernels set FORCE_COLOR, and since 3.13 Python then colours tracebacks even where
    they go to a pipe, so that a line of it no longer starts with the name of the error.
    """
    plain = {name: value for name, value in os.environ.items() if name not in COLOURING}
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**plain, **PLAIN, "PYTHONPATH": path, **more}


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
