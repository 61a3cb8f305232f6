"""For nbval, with `-p tests.steady_kernels`: a kernel that died at its start is started again.

jupyter_client looks for free ports, and the kernel takes them half a second later. In between one
of the thousands of connections of a notebook that runs beside it may have got one of them. The
kernel ends at once then, and all cells of its notebook would be errors.
"""

from collections.abc import Callable
from typing import Any

import nbval.kernel

ATTEMPTS = 3  # two lost races in a row have not been seen


def steady(start: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, called again where it raises RuntimeError, as for a kernel that died."""

    def started(*args: Any, **settings: Any) -> Any:
        for _ in range(ATTEMPTS - 1):
            try:
                return start(*args, **settings)
            except RuntimeError:
                continue
        return start(*args, **settings)

    return started


def pytest_configure() -> None:
    """Put it in nbval's place."""
    nbval.kernel.start_new_kernel = steady(nbval.kernel.start_new_kernel)
