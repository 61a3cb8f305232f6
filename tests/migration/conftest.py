"""What the tests of lesson 12's tools share."""

import pytest

from helpers.fake_llm import FakeLLM


@pytest.fixture(scope="session")
def llm():
    """One server for all: each run gives it back with the settings that it found."""
    with FakeLLM(latency=0.05) as server:
        yield server
