"""A panel and its fake LLM: what it sets there, and what if it may set nothing."""

from types import SimpleNamespace

import pytest

from helpers import Panel
from helpers.panel.settings import SETTINGS
from helpers.strategies import gather, serial, threads
from tests.panel.reading import said, wait


def test_the_fake_llm_is_given_back_as_it_was(make, llm):
    """A panel's settings hold for its run only, and only those of its controls."""
    before = llm.behaviour()
    llm.behave(tail=0.3)
    panel = make(serial, latency=0.05)
    panel.run()
    run = wait(panel)
    after = llm.behaviour()
    llm.behave(tail=before["tail"])
    assert (run.behaviour["latency"], run.behaviour["tail"]) == (0.05, 0.3)
    assert after == before | {"tail": 0.3}


def test_two_panels_on_one_fake_llm(make, llm, held):
    """The second is refused while the first runs, and does not change the first one's settings."""
    first, second = make(held), make(serial, latency=0.5)
    first.run()
    assert held.inside.wait(10)
    assert second.run() is None
    assert "still uses this fake LLM" in said(second)
    assert llm.behaviour()["latency"] != 0.5
    held.gate.set()
    wait(first)


def test_the_server_killed_during_a_run():
    """The alert says so and how to go on; the next run has a new one."""
    panel = Panel(gather, queries=2, latency=1.5)
    panel.run()
    panel._server.close()
    assert wait(panel).outcome == "failed"
    assert "The fake LLM has ended" in said(panel)
    panel.run(latency=0.02)
    assert wait(panel).outcome == "done"
    panel.close()


@pytest.fixture
def shared(llm):
    """The fake LLM as a member of a class has it, who may look at it and not steer it."""
    looking = ("base_url", "url", "behaviour", "mark", "journal", "stats")
    return SimpleNamespace(**{name: getattr(llm, name) for name in looking})


def test_the_controls_of_a_shared_fake_llm_are_disabled(make, llm, shared):
    """They show what its owner has set, and the status says who sets them."""
    panel = make(serial, llm=shared, latency=0.5, controls=("queries", "latency", "capacity"))
    latency = panel.controls["latency"]
    assert latency.disabled
    assert latency.value == llm.behaviour()["latency"]
    assert not panel.controls["queries"].disabled
    assert said(panel).startswith("Ready. This fake LLM is shared, so only its owner")
    assert said(panel).endswith("sets: Model latency, Provider slots.")


def test_a_run_on_a_shared_fake_llm_sets_nothing_there(make, llm, shared):
    """Although all controls are shown; what its owner has changed by then is."""
    panel = make(threads, llm=shared, controls=tuple(SETTINGS))
    before = llm.behaviour()
    llm.behave(latency=0.03)
    panel.run(queries=2)
    run = wait(panel)
    shown = panel.controls["latency"].value
    llm.behave(latency=before["latency"])
    assert (run.outcome, run.behaviour) == ("done", before | {"latency": 0.03})
    assert shown == 0.03


def test_a_sweep_on_a_shared_fake_llm_sets_nothing_there(make, llm, shared):
    """As a run."""
    panel = make(threads, llm=shared, controls=(*SETTINGS, "sweep"))
    before = llm.behaviour()
    panel.sweep((1, 2))
    wait(panel)
    assert "2 of 2 concurrencies" in said(panel)
    assert llm.behaviour() == before


def test_who_would_set_a_shared_fake_llm_is_told_who_may(make, shared):
    """In words, as any setting that is not taken."""
    panel = make(serial, llm=shared)
    assert panel.run(latency=0.5) is None
    assert said(panel) == (
        "ValueError: run takes no ['latency'] here: only the fake LLM's owner sets that"
    )
