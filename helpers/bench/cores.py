"""Which cores a process may use, so that server and client do not take each other's time."""

import os

import psutil

SERVER_CORE = 0
CLIENT_CORE = 1


def can_pin() -> bool:
    """Whether there are two cores, and a system that lets us choose: macOS does not."""
    return (os.cpu_count() or 1) > 1 and hasattr(psutil.Process, "cpu_affinity")


def pin(pid: int, core: int) -> None:
    """Let a process use this core only, where that is possible."""
    if can_pin():
        psutil.Process(pid).cpu_affinity([core])


def unpin() -> None:
    """Let this process use every core again, as it would on a learner's machine.

    What it starts inherits that.
    """
    if can_pin():
        psutil.Process().cpu_affinity(list(range(os.cpu_count() or 1)))
