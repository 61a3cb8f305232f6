"""A run's visit to a server: alone there, behaving as it asked, and nobody else held up."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import FakeLLM, run
from helpers.runs import start
from helpers.strategies import serial
from helpers.visit import Steerable

PATIENCE = 30.0  # seconds, against hanging alone


@pytest.fixture(scope="module")
def shared():
    """One fake LLM for the module."""
    with FakeLLM(latency=0.01, search_latency=0.0, save_latency=0.0) as llm:
        yield llm


@pytest.fixture
def llm(shared):
    """The same, with its first settings at the start of each test."""
    shared.behave(latency=0.01)
    return shared


class ReadOnly:
    """A handle on a fake LLM that may read and not steer, as a participant in a class has."""

    def __init__(self, llm):
        self.base_url = llm.base_url
        self.url = llm.url + "#read-only"  # another server, as far as a run can see
        self.behaviour = llm.behaviour
        self.mark = llm.mark
        self.journal = llm.journal
        self.stats = llm.stats

    def __repr__(self):
        return "ReadOnly()"


class Silent(ReadOnly):
    """One that does not answer one of these questions: a real connection, and no reply on it."""

    def __init__(self, llm, question):
        super().__init__(llm)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        setattr(self, question, self._ask)

    def _ask(self, **settings):
        with socket.create_connection(self._listener.getsockname(), timeout=PATIENCE) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            if not connection.recv(1):
                raise ConnectionError("no answer")

    def asked(self):
        """Wait until somebody asks; the connection, which fails when it is closed."""
        connection, _ = self._listener.accept()
        return connection

    def close(self):
        """Nobody can ask any more."""
        self._listener.close()


@pytest.fixture
def silent(llm):
    """Makes a handle that is silent when it is asked one question."""
    made = []

    def make(question):
        made.append(Silent(llm, question))
        return made[-1]

    yield make
    for handle in made:
        handle.close()


def test_a_server_that_does_not_answer_at_the_start_holds_up_its_own_run_only(llm, silent):
    """A run elsewhere begins and ends meanwhile; a second one there is refused at once."""
    slow = silent("behaviour")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(start, serial, llm=slow, questions=2)
        with slow.asked():
            assert run(serial, llm=llm, questions=2).outcome == "done"
            with pytest.raises(RuntimeError, match=r"Run\(serial, 2 questions, .* still uses"):
                start(serial, llm=slow, questions=2)
        with pytest.raises(ConnectionError):
            waiting.result(PATIENCE)


def test_a_server_that_does_not_answer_at_the_end_holds_up_its_own_run_only(llm, silent):
    """It is not over before the server has been asked; a run elsewhere does not wait for that."""
    slow = silent("stats")
    live = start(serial, llm=slow, questions=2)
    with slow.asked():
        assert run(serial, llm=llm, questions=2).outcome == "done"
        assert not live.over
    live.wait(PATIENCE)
    assert (live.outcome, live.right, live.server) == ("done", 2, None)


@pytest.mark.parametrize("question", ["behaviour", "mark"])
def test_a_failed_start_leaves_the_place_free(silent, question):
    """The next run is let in; it fails for the same reason, and not because somebody is there."""
    broken = silent(question)
    broken.close()
    for _ in range(2):
        with pytest.raises(OSError):
            start(serial, llm=broken)


def test_a_thread_that_does_not_start_leaves_the_place_free(llm, monkeypatch):
    """Where the system has no more threads, the next run is let in all the same."""
    with monkeypatch.context() as patch:

        def refuse(thread):
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            start(serial, llm=llm)
    assert run(serial, llm=llm, questions=1).outcome == "done"


def test_settings_hold_for_the_run_and_are_set_back(llm):
    """The run knows them; afterwards the server has its own again."""
    done = run(serial, llm=llm, questions=1, behaviour={"latency": 0.0})
    assert done.behaviour["latency"] == 0.0
    assert llm.behaviour()["latency"] == 0.01


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_settings_nothing_is_set_and_nothing_set_back(llm, nothing):
    """What somebody changes meanwhile stays."""

    def changes(ask, questions, limit):
        llm.behave(latency=0.02)
        return serial(ask, questions)

    run(changes, llm=llm, questions=1, behaviour=nothing)
    assert llm.behaviour()["latency"] == 0.02


def test_a_server_that_cannot_be_steered_takes_a_run_without_settings(llm):
    """A participant of a class may run, and may not change the server that all share."""
    handle = ReadOnly(llm)
    assert isinstance(llm, Steerable) and not isinstance(handle, Steerable)
    with pytest.raises(TypeError, match=r"behaviour is {'latency': 0}; ReadOnly\(\) cannot be"):
        start(serial, llm=handle, behaviour={"latency": 0})
    assert run(serial, llm=handle, questions=2).right == 2


def test_the_journal_of_a_run_ends_with_it(llm):
    """Requests that come later belong to somebody else."""
    done = run(serial, llm=llm, questions=2)
    run(serial, llm=llm, questions=3)
    assert len(done.requests()) == 6
