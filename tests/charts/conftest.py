"""What the tests of charts share: a quick fake LLM, and two runs on it."""

import pytest

from helpers import FakeLLM, run
from helpers.strategies import gather, serial


@pytest.fixture(scope="package")
def llm():
    """A quick fake LLM; whoever changes its settings puts them back."""
    with FakeLLM(latency=0.02, search_latency=0.0, save_latency=0.0) as llm:
        yield llm


@pytest.fixture(scope="package")
def runs(llm):
    """The same six questions, one by one and all at once."""
    return [run(strategy, llm=llm, questions=6, limit=3) for strategy in (serial, gather)]
