"""For the tests of panels: a quick fake LLM, and panels on it that are closed in the end."""

import threading

import pytest

from helpers import FakeLLM, Panel

QUICK = {"latency": 0.02, "search_latency": 0.0, "save_latency": 0.0}


@pytest.fixture(scope="module")
def llm():
    """A quick fake LLM for all panels of a module."""
    with FakeLLM(**QUICK) as llm:
        yield llm


@pytest.fixture
def make(llm):
    """Makes panels on it, and closes them."""
    panels = []

    def make(*strategies, **settings):
        panel = Panel(*strategies, **{"llm": llm, "queries": 4, "concurrency": 2} | settings)
        panels.append(panel)
        return panel

    yield make
    for panel in panels:
        panel.close()


@pytest.fixture
def held():
    """A strategy that blocks until its `gate` is set; `inside` says that it has come so far."""

    def held(ask, questions, limit):
        held.inside.set()
        held.gate.wait(20)
        return [ask(question) for question in questions]

    held.gate, held.inside = threading.Event(), threading.Event()
    yield held
    held.gate.set()
