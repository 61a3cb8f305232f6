"""FakeLLM, the handle on a server: settings, settling, and what it says when the server is gone."""

import psutil
import pytest

from helpers import FakeLLM
from helpers.fake_llm import FakeLLMGone
from tests.fake_llm.clients import held, until
from tests.fake_llm.raw import ControlDoor, ask, chat, put


def test_settings_change_all_at_once_or_not_at_all(llm):
    """One bad value, and none is taken."""
    with pytest.raises(ValueError, match="latency is -1; it takes a number from 0 to 600"):
        llm.behave(capacity=3, latency=-1)
    assert llm.behaviour()["capacity"] is None
    door = ControlDoor(llm)
    reply = ask(door, put({"capacity": 3, "latency": -1}, "/behaviour", door.key))
    assert reply[0] == 400 and b"latency is -1" in reply[2]
    assert llm.behaviour()["capacity"] is None


def test_wrong_settings_are_refused_before_a_process_starts():
    """The message names setting, value and range."""
    with pytest.raises(ValueError, match="tail is 9; it takes a number from 0 to 3"):
        FakeLLM(tail=9)


def test_the_repr_is_short_and_stable():
    """No port and no process id: notebooks show it."""
    with FakeLLM(latency=0.0, seed=3) as llm:
        assert repr(llm) == "FakeLLM(latency=0.0, seed=3)"


def test_settling_waits_for_what_is_in_flight(llm):
    """False while a request that arrived since the mark is under way, True when its client left."""
    llm.behave(latency=60)
    with held(llm, [chat()]):
        later = llm.mark()
        assert not llm.settle(seconds=0.05)
        assert llm.settle(since=later, seconds=0.05)
    assert llm.settle(seconds=20)
    assert llm.stats()["disconnected"] == 1


def test_it_closes_twice_and_then_says_how_to_start_again():
    """A dead server is a clear ConnectionError, not a hang."""
    llm = FakeLLM(latency=0)
    process = psutil.Process(llm.pid)
    assert llm.alive
    llm.close()
    llm.close()
    assert not llm.alive and not process.is_running()
    with pytest.raises(FakeLLMGone, match="not running.*FakeLLM"):
        llm.stats()


def test_a_killed_server_is_noticed():
    """The next call says so."""
    with FakeLLM(latency=0) as llm:
        psutil.Process(llm.pid).kill()
        until(lambda: not llm.alive)
        with pytest.raises(ConnectionError, match="not running"):
            llm.behave(latency=1)


def test_a_used_port_is_a_clear_error(llm):
    """Host and port are named."""
    port = int(llm.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match=f"port {port} on 127.0.0.1 cannot be used"):
        FakeLLM(port=port)


def test_off_loopback_it_needs_a_key():
    """Or anybody on the network could change settings and read the journal."""
    with pytest.raises(RuntimeError, match="give an api_key"):
        FakeLLM(host="0.0.0.0")
