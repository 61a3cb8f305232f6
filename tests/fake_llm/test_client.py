"""Participants, as they and their owner see them: each its own numbers, nobody another's."""

import pytest

from helpers import Agent, FakeLLM, questions, run
from helpers.fake_llm import Client, FakeLLMGone
from helpers.strategies import limited, threads
from tests.fake_llm.clients import until
from tests.fake_llm.raw import ask, bearer, chat, connect, get, post

QUICK = {"latency": 0.0, "search_latency": 0.0, "weather_latency": 0.0, "save_latency": 0.0}


@pytest.fixture
def llm():
    """A server of one's own: who has been added closes it to all who have no key."""
    with FakeLLM(**QUICK) as server:
        yield server


def asks(client, **body):
    """The status of a chat completion's request with this participant's key."""
    return ask(client, post(chat(**body), lines=bearer(client.api_key)))[0]


@pytest.mark.parametrize("strategy", [threads, limited])
def test_a_participant_is_accepted_wherever_a_fake_llm_is(llm, strategy):
    """A run on it uses its key, and sees what the server saw of it alone."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    assert asks(bob) == 200
    done = run(strategy, llm=ada, questions=6, limit=3)
    assert done.right == 6
    assert done.server["requests"] == len(done.requests()) == ada.stats()["requests"] > 6
    assert asks(bob) == 200
    assert len(done.requests()) == ada.stats()["requests"]


def test_each_reads_its_own_and_the_owner_reads_all(llm):
    """Records name who sent them where there is more than one."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    for client in (ada, bob, bob):
        assert asks(client) == 200
    assert [client.stats()["requests"] for client in (ada, bob)] == [1, 2]
    assert [r["participant"] for r in bob.journal()] == ["Bob", "Bob"]
    assert sorted(r["participant"] for r in llm.journal()) == ["Ada", "Bob", "Bob"]
    assert llm.stats()["requests"] == 3
    mark = ada.mark()
    assert asks(bob) == 200
    assert ada.journal(since=mark) == [] and len(llm.journal(since=mark)) == 1


def test_what_changes_one_changes_no_other(llm):
    """A script, a latency, a limit of Ada's; the common ones are everybody's."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    llm.behave("Ada", script=["503"], requests_per_minute=60, latency=0.01)
    assert [asks(client) for client in (bob, ada, bob, ada)] == [200, 503, 200, 429]
    assert ada.behaviour()["latency"] == 0.01 and bob.behaviour()["latency"] == 0.0
    llm.behave(latency=0.02)
    assert bob.behaviour()["latency"] == llm.behaviour()["latency"] == 0.02
    assert ada.behaviour()["latency"] == 0.01
    with pytest.raises(ValueError, match="capacity is the server's"):
        llm.behave("Ada", capacity=1)


def test_a_shared_quota_is_one_for_all(llm):
    """One a minute: what Ada uses up, Bob has not; with a quota each, both have their own."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    llm.behave(requests_per_minute=1, shared_quota=True)
    assert [asks(client) for client in (ada, bob)] == [200, 429]
    llm.behave(shared_quota=False)
    assert [asks(client) for client in (ada, bob, ada)] == [200, 200, 429]


def test_the_same_tag_of_a_neighbour_does_not_change_ones_luck():
    """Both draw as if the other were not there."""
    planned = []
    for neighbours in (0, 3):
        with FakeLLM(latency=0.01, tail=1.0) as llm:
            ada, bob = llm.add("Ada"), llm.add("Bob")
            tagged = b"x-tag: same\r\n"
            llm.behave("Bob", script=["503"] * 3)
            for _ in range(neighbours):
                ask(bob, post(chat(), lines=tagged + bearer(bob.api_key)))
            assert ask(ada, post(chat(), lines=tagged + bearer(ada.api_key)))[0] == 200
            planned.append(ada.journal()[0]["planned"])
    assert planned[0] == planned[1]


def test_the_owner_with_a_key_is_a_participant_too():
    """Its agents need it, and a run knows it."""
    with FakeLLM(**QUICK, api_key="first") as llm:
        assert run(threads, llm=llm, questions=2, limit=2).right == 2
        with Agent(llm.base_url, api_key="first") as agent:
            assert agent.ask(questions(1, "lookup")[0]).text
        assert "participant" not in llm.journal()[0]


def test_who_is_removed_is_cut_off_and_unknown(llm):
    """What is in flight ends, the key is nobody's, the others go on."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    llm.behave(latency=60, capacity=1)
    with connect(ada) as line:
        line.sendall(post(chat(), lines=bearer(ada.api_key)))
        until(lambda: ada.stats()["in_flight"] == 1)
        llm.remove("Ada")
        with pytest.raises(ConnectionError):
            assert line.recv(1) == b""
            raise ConnectionError("closed, if not reset")
    llm.behave(latency=0)
    assert (asks(ada), asks(bob), llm.participants()) == (401, 200, ["Bob"])
    with pytest.raises(ValueError, match="Incorrect API key"):
        ada.stats()


@pytest.mark.parametrize("name", ["Åsa 🐧", "x" * 64, "a+b&c=d;e"])
def test_a_name_is_any_short_text(llm, name):
    """Also where it stands in an address."""
    client = llm.add(name)
    assert asks(client) == 200
    llm.behave(name, latency=0.01)
    assert client.behaviour()["latency"] == 0.01 and client.name == name
    llm.remove(name)
    assert llm.participants() == []


def test_a_participant_keeps_the_server_that_it_was_added_to():
    """Although no name holds the handle on that any more."""
    ada = FakeLLM(**QUICK).add("Ada")
    assert asks(ada) == 200 and ada.stats()["requests"] == 1


def test_a_taken_name_is_a_clear_error(llm):
    """And the first keeps it."""
    ada = llm.add("Ada")
    with pytest.raises(ValueError, match="there is a participant 'Ada' already"):
        llm.add("Ada")
    assert asks(ada) == 200


def test_a_participant_needs_nothing_but_address_and_key(llm):
    """So it can be in another process, on another machine; its key is not shown."""
    ada = llm.add("Ada")
    elsewhere = Client(ada.base_url, ada.api_key)
    assert elsewhere.settle() and elsewhere.stats()["requests"] == 0
    assert ada.api_key not in repr(ada)
    llm.close()
    with pytest.raises(FakeLLMGone):
        elsewhere.mark()


def test_one_who_sends_a_thousand_does_not_starve_one_who_sends_one(llm):
    """Two slots, three hundred of Ada's waiting: Bob's one is served third at the latest."""
    ada, bob = llm.add("Ada"), llm.add("Bob")
    llm.behave(latency=60, capacity=2)
    lines = [connect(llm) for _ in range(300)]
    for line in lines:
        line.sendall(post(chat(), lines=bearer(ada.api_key)))
    until(lambda: ada.stats()["in_flight"] == 300)
    llm.behave(latency=0)
    with connect(llm) as one:
        one.sendall(post(chat(), lines=bearer(bob.api_key)))
        until(lambda: bob.stats()["in_flight"] == 1)
        for line in lines[:2]:  # those in service, whose sixty seconds nobody waits for
            line.close()
        until(lambda: bob.stats()["answered"] == 1)
    assert ada.settle(seconds=20)
    started = [r["participant"] for r in sorted(llm.journal(), key=lambda r: r["started"])]
    assert "Bob" in started[2:4]
    for line in lines:
        line.close()


def test_models_are_seen_without_a_record_of_others(llm):
    """A look at an address is a participant's own too."""
    ada = llm.add("Ada")
    assert ask(llm, get("/v1/models", bearer(ada.api_key)), "GET")[0] == 200
    assert ada.stats()["by_kind"] == {"models": 1}
