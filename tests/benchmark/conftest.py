"""One fake LLM for all tests of the benchmark."""

import pytest

from helpers import FakeLLM


@pytest.fixture(scope="package")
def llm():
    """Its settings are each row's own, so the tests can share it."""
    with FakeLLM() as llm:
        yield llm
