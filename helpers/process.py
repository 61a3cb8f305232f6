"""Other processes: a child that ends with its parent, a script in a Python of its own, open files.

It is imported where a process's memory is measured: so it takes nothing but the standard library,
and asyncio only where a loop is running anyway.
"""

import _thread
import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Variables that name a proxy, in capitals or not."""

NOT_THROUGH_PROXIES = ("no_proxy", "NO_PROXY")
"""Variables for what does not go there. Clients that read only the second find it, too."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""This machine, as a client may write it in an address."""

MANY_FILES = (65_536, 10_240, 4_096)
"""Limits of open files to try: the most that is of use, what macOS allows, the least of use."""

COLOURING = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS")
"""Variables that make programs write colours even where nobody looks."""

PLAIN = {"NO_COLOR": "1", "PYTHON_COLORS": "0"}
"""What forbids colours; Python 3.13 and later obey the second before all others."""

PARENT_CHECK = 0.5
"""Seconds from one look for the parent to the next. The pipe tells at once; this is for forks."""

HEAD_START = 0.02
"""Seconds that a child has to say how it started, before it loads what its parent's end needs."""

GRACE = 1.5
"""Seconds in which a child without a parent has to end by itself, whatever is running in it."""

START_TIMEOUT = 30.0
"""Seconds in which a child has to say how it started: a slow disk, a hundred processes at once."""

END_TIMEOUT = 3.0
"""Seconds in which a child has to end by itself. It is killed then."""

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's <sys/prctl.h>."""

LONGEST_LINE = 1 << 20
"""Bytes that a child's first line may have, in and out: a script of faults has some thousand."""

CLIP = 200
"""Characters that are shown of a line which should not be there."""


class Child:
    """`python -m module arguments...`, which ends with this process, however that ends.

    hello: its first line of output, an object in JSON; {} if it ended without one.
    environment: variables besides our own. first_line: what it reads first, a line without its
    end; a secret goes this way, since `ps` shows arguments and every child inherits variables.

    The module calls `end_with_parent`. When nobody holds the Child any more, its process ends too.
    An interrupt meant for the notebook is not for the process: it has a session (on Windows, a
    process group) of its own. RuntimeError if it says nothing for START_TIMEOUT seconds, or
    something that is no JSON object; it is ended then, as it is when waiting is interrupted.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
        first_line: str | None = None,
    ):
        if first_line is not None and "\n" in first_line:
            raise ValueError("first_line has several lines; it takes one, without its end")
        command = [sys.executable, "-m", module, *arguments]
        self._keeper = keeper = _Keeper(command, own_environment(**(environment or {})), first_line)
        # Not for the end of the interpreter: what is done there waits, and a collector must not.
        weakref.finalize(self, keeper.end).atexit = False
        try:
            keeper.start()
            self.hello: dict[str, Any] = keeper.hello(module)
        except BaseException:  # an interrupt too: nobody would have the child to close it
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._keeper.process.poll() is None

    def close(self) -> None:
        """End it. Harmless when it has ended, and in a forked child."""
        self._keeper.close()


class _Keeper:
    """A thread that starts a process, ends it when told to, and lives as long as that does.

    So nobody who lets a child go has to wait for its end, and the child's parent, which for Linux
    is a thread and not a process, is there for as long as the child is (see `end_with_parent`).
    It knows nothing of the Child, which therefore can be collected.
    """

    def __init__(self, command: list[str], environment: dict[str, str], first_line: str | None):
        from queue import SimpleQueue  # the child has this module too, and starts sooner without

        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._environment = environment
        self._first_line = None if first_line is None else first_line.encode() + b"\n"
        self._owner = os.getpid()
        # The one thing of the library that may be called while the collector runs.
        self._orders: SimpleQueue[None] = SimpleQueue()
        self._greeted = threading.Event()
        self._over = threading.Event()
        self._said = b""
        self._error: Exception | None = None

    def start(self) -> None:
        """Start the thread, which starts the process."""
        atexit.register(self.close)
        try:
            # Not in the list of threads, where a learner or a judge would take it for their own.
            _thread.start_new_thread(self._keep, ())
        except RuntimeError:  # no more threads: nothing was started that could end
            self._finish()
            raise

    def hello(self, module: str) -> dict[str, Any]:
        """The first line of output, when it is there."""
        if not self._greeted.wait(START_TIMEOUT):
            raise RuntimeError(f"{module} said nothing for {START_TIMEOUT:g} s, and was ended")
        if self._error is not None:
            raise self._error
        said = self._said.decode(errors="replace").strip()
        try:
            hello = json.loads(said or "{}")
        except ValueError:
            hello = None
        if not isinstance(hello, dict):
            raise RuntimeError(
                f"{module} should have said how it started, but the first line was "
                f"{said[:CLIP]!r}. Something in this Python prints when it starts, such as a "
                "sitecustomize.py or a .pth file; let it print to stderr."
            )
        return hello

    def end(self) -> None:
        """Tell the process to end, without waiting for that. Harmless in a forked child."""
        if os.getpid() != self._owner:
            return
        self._orders.put(None)
        # Before its first line it would not be told, and has nothing to lose.
        if self.process is not None and not self._greeted.is_set():
            self.process.kill()

    def close(self) -> None:
        """End the process and wait for that. Harmless when it has ended, and in a forked child."""
        if os.getpid() == self._owner:
            self.end()
            # A process that is not even gone when killed must not hold us as well.
            self._over.wait(2 * END_TIMEOUT)

    def _keep(self) -> None:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self._environment,
                **_apart(),
            )
        except Exception as error:
            self._error = error
            self._greeted.set()
            self._finish()
            return
        self.process = process
        if not self._orders.empty():
            process.kill()  # who told us to end may have been too early to see the process
        self._greet(process)
        self._greeted.set()
        self._orders.get()
        _quietly(process.stdin.close)
        try:
            process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._finish()

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        if self._first_line is not None:
            _quietly(process.stdin.write, self._first_line)
            _quietly(process.stdin.flush)
            self._first_line = None  # a secret is kept no longer than it is needed
        self._said = process.stdout.readline(LONGEST_LINE)

    def _finish(self) -> None:
        atexit.unregister(self.close)
        self._over.set()


def _quietly(write: Callable[..., object], *values: object) -> None:
    """Write to a process that may have ended: then there is nothing to do, its hello tells."""
    try:
        write(*values)
    except OSError:
        pass


def read_first_line() -> str:
    """The first line of our standard input, without its end; what comes after it is left there.

    So `end_with_parent` sees all of that. ValueError if the line does not end, or is longer than
    LONGEST_LINE bytes.
    """
    line = bytearray()
    while len(line) < LONGEST_LINE:
        byte = os.read(0, 1)
        if byte == b"\n":
            return line.decode()
        if not byte:
            raise ValueError("standard input closed before its first line ended")
        line += byte
    raise ValueError(f"the first line of standard input is longer than {LONGEST_LINE} bytes")


def _apart() -> dict[str, Any]:
    """Arguments for Popen: our Ctrl-C, which goes to our whole group, does not reach the child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` in the running loop when our parent ends, and end this process if that does not.

    Then the parent's end of our standard input closes. A process that it has forked may hold that
    open: so where a process knows its parent's id, a change of that counts too. GRACE seconds
    later this process is gone, whatever its loop is busy with.

    While C code holds the interpreter's lock, as a regular expression does, no thread runs that
    could see to that. Then Linux ends us, at once. It does so when the thread ends that started
    us: start a process that calls this with `Child`, or from a thread that lives on. On macOS and
    Windows such a process ends when the C code does.
    """
    import asyncio  # who calls this has it; who does not need not pay for it

    loop = asyncio.get_running_loop()
    parent = os.getppid()

    def watch() -> None:
        if not _is_gone(parent, HEAD_START):
            _die_with_parent()  # for the thread that asks for it: so not in one that may end
        while not _is_gone(parent, PARENT_CHECK):
            pass
        try:
            loop.call_soon_threadsafe(end)
        except RuntimeError:
            pass  # the loop has closed; the process may still wait for something
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent watch").start()


def _is_gone(parent: int, seconds: float) -> bool:
    """Whether our parent is gone, after a look at our standard input for so many seconds.

    On Windows the look lasts until there is something to read, which is as good.
    """
    if os.name == "posix" and os.getppid() != parent:
        return True
    try:
        if os.name == "posix" and not select.select([0], [], [], seconds)[0]:
            return False
        return not os.read(0, 4096)
    except OSError:
        return True  # there is no standard input, or no longer a terminal


def _die_with_parent() -> None:
    """Let the kernel end this process when its parent ends, where it can."""
    if sys.platform != "linux":
        return
    try:
        import ctypes  # a millisecond and a half: not while the process starts

        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError, ImportError):
        pass  # a C library without it: then as on macOS


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


def spare_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let clients reach this machine itself without a proxy, whatever variables name one.

    A proxy elsewhere would not find a server of ours, which listens here. Only where variables do:
    where none does, Windows and macOS have settings of their own, which Python's clients would no
    longer look at if a variable were set. What is not sent through proxies yet stays so.
    """
    if not any(environment.get(name) or environment.get(name.lower()) for name in PROXIES):
        return
    parts = ",".join(environment.get(name, "") for name in NOT_THROUGH_PROXIES).split(",")
    spared = dict.fromkeys(part.strip() for part in parts if part.strip())
    if list(spared) == ["*"]:
        return  # nothing goes there; and that holds only where the star stands alone
    for name in NOT_THROUGH_PROXIES:
        environment[name] = ",".join(spared | dict.fromkeys(LOOPBACK))


def own_environment(**more: str) -> dict[str, str]:
    """The environment for a Python of ours: it finds `helpers`, and nothing colours its messages.

    Jupyter's kernels set FORCE_COLOR, and since 3.13 Python then colours tracebacks even where
    they go to a pipe, so that a line of it no longer starts with the name of the error. Nor does
    it look for our servers behind a proxy.
    """
    plain = {name: value for name, value in os.environ.items() if name not in COLOURING}
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {**plain, **PLAIN, "PYTHONPATH": path, **more}
    spare_loopback(environment)
    return environment


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
