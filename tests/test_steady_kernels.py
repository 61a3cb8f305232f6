"""A notebook's kernel that died at its start is started again, and not for ever."""

import pytest

from tests.steady_kernels import ATTEMPTS, steady


def starter(deaths):
    """A function that raises so many times, as for a kernel that died, and its calls."""
    calls = []

    def start(**settings):
        calls.append(settings)
        if len(calls) <= deaths:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return "a kernel"

    return start, calls


def test_a_kernel_that_died_at_its_start_is_started_again_with_the_same_settings():
    start, calls = starter(deaths=1)
    assert steady(start)(kernel_name="python3") == "a kernel"
    assert calls == [{"kernel_name": "python3"}] * 2


def test_a_kernel_that_never_starts_is_an_error():
    start, calls = starter(deaths=100)
    with pytest.raises(RuntimeError, match="Kernel died"):
        steady(start)(kernel_name="python3")
    assert len(calls) == ATTEMPTS
