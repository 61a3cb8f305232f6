"""The fake LLM of a panel: the one it was given, or its own, which is there when it is needed."""

from types import SimpleNamespace

import pytest

from helpers.panel.server import Server


@pytest.fixture
def own():
    """A server of a panel that was given none."""
    server = Server()
    yield server
    server.close()


def test_it_is_started_when_first_needed_and_only_once(own):
    """A panel that nobody runs costs no process."""
    first = own.open()
    assert first.alive
    assert own.open() is first


def test_it_is_started_again_when_it_has_ended(own):
    """A learner can kill it; the next run works."""
    first = own.open()
    first.close()
    second = own.open()
    assert second is not first
    assert second.alive


def test_it_ends_with_the_panel(own):
    """No process is left."""
    llm = own.open()
    own.close()
    assert not llm.alive
    own.close()


def test_before_it_is_started_it_is_known_how_it_will_behave(own):
    """A panel shows it from the beginning; of how JSON writes a tuple it says nothing."""
    known, true = own.behaviour(), own.open().behaviour()
    assert known | {"script": ()} == true | {"script": ()}


def test_one_that_was_given_is_used_and_stays(llm):
    """It belongs to the lesson."""
    server = Server(llm)
    assert server.open() is llm
    assert server.behaviour() == llm.behaviour()
    server.close()
    assert llm.alive


def test_steerable_is_what_takes_settings(llm, own):
    """Not a server that can only be looked at, as in a class."""
    looking = ("base_url", "url", "behaviour", "mark", "journal", "stats")
    shared = SimpleNamespace(**{name: getattr(llm, name) for name in looking})
    assert Server(llm).steerable
    assert own.steerable
    assert not Server(shared).steerable
