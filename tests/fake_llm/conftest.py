"""One fake LLM for all tests of a module, each of which finds it as new."""

import pytest

from helpers import FakeLLM

QUICK = {"latency": 0.0, "search_latency": 0.0, "weather_latency": 0.0, "save_latency": 0.0}


@pytest.fixture(scope="module")
def shared():
    """The module's server, with what the last test has made of it."""
    with FakeLLM(**QUICK) as server:
        yield server


@pytest.fixture
def llm(shared):
    """The module's server: no latency, no limits, no faults, an empty journal."""
    defaults = shared.behaviour()
    yield shared
    shared.behave(**defaults)
    assert shared.settle(seconds=20)
    shared.reset()
