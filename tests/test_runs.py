"""A run: it keeps what happened, it can be stopped, and it says clearly what went wrong."""

import asyncio
import functools
import subprocess
import sys
import threading
import time

import pytest

from helpers import FakeLLM, run
from helpers.agents import AsyncAgent, ModelError, planned_seconds, questions
from helpers.runs import start
from helpers.strategies import batches, gather, limited, serial, threads, workers
from helpers.trace import Stopped

ALL = [serial, threads, batches, gather, limited, workers]
SLOW = 30.0
each = pytest.mark.parametrize("strategy", ALL, ids=lambda s: s.__name__)


@pytest.fixture(scope="module")
def shared():
    """One fake LLM for the module."""
    with FakeLLM() as llm:
        yield llm


@pytest.fixture
def llm(shared):
    """It, quick, for one test."""
    shared.behave(**DEFAULTS | {"latency": 0.02, "search_latency": 0.0, "save_latency": 0.0})
    return shared


DEFAULTS = {
    "tail": 0.0,
    "weather_latency": 0.0,
    "capacity": None,
    "script": [],
    "fault_stall": 0.0,
    "fault_500": 0.0,
}


def busy(live, count=1):
    """Wait until the server has this many chat requests of a run in flight."""
    for _ in range(2000):
        stats = live._visit.stats("chat")
        if stats["in_flight"] >= count or live.over:
            return
        live._over.wait(0.005)


@each
def test_a_run_keeps_answers_trace_and_what_the_server_saw(llm, strategy):
    """All answered, all right, and three accounts of it that agree."""
    done = run(strategy, llm=llm, questions=6, limit=3)
    assert (done.outcome, done.right, done.summary.answered, done.error) == ("done", 6, 6, None)
    assert done.server["by_kind"] == {"search": 6, "chat": 6, "notes": 6}
    assert done.seconds > 0 and all(span.end is not None for span in done.trace.spans())


@pytest.mark.parametrize(
    ("strategy", "most"), [(serial, 1), (threads, 3), (limited, 3), (workers, 3), (gather, 6)]
)
def test_the_servers_peak_is_the_limit(llm, strategy, most):
    """Counted by the server, over all kinds of requests."""
    llm.behave(latency=0.1)
    assert run(strategy, llm=llm, questions=6, limit=3).server["peak"] == most


@each
def test_a_run_takes_no_less_than_the_ideal(llm, strategy):
    """Little's law bounds every strategy from below."""
    llm.behave(latency=0.05)
    done = run(strategy, llm=llm, questions=4, kind=None, limit=2)
    bound = done.ideal if strategy is not gather else max(done.planned)
    assert done.seconds >= bound


@each
def test_stop_ends_every_strategy(llm, strategy):
    """Stopped or, where one blocking request is under way, abandoned; within a second either way."""
    llm.behave(latency=SLOW)
    live = start(strategy, llm=llm, questions=6, limit=3)
    busy(live)
    live.stop()
    live.wait(5)
    assert live.outcome == ("stopped" if asyncio.iscoroutinefunction(strategy) else "abandoned")
    assert live.error is None and all(span.end is not None for span in live.trace.spans())
    replace(llm)


def replace(llm):
    """Free what an abandoned strategy still waits for, so that its threads end."""
    llm.behave(latency=0.0)
    llm.behave(latency=0.02)


def test_a_blocking_strategy_stops_between_requests(llm):
    """After the request under way no other begins."""
    live = start(serial, llm=llm, questions=200, limit=1)
    busy(live)
    live.stop()
    live.wait(5)
    assert live.outcome == "stopped" and live.server["by_kind"]["chat"] < 200


def test_an_abandoned_run_adds_nothing_any_more(llm):
    """What its thread does later is not its trace, and a new run can start at once."""
    began, gate = threading.Event(), threading.Event()

    def stubborn(ask, questions, limit):
        began.set()
        gate.wait(10)
        return [ask(q) for q in questions]

    live = start(stubborn, llm=llm, questions=2)
    began.wait(10)
    live.stop()
    assert live.wait(5).outcome == "abandoned"
    again = run(serial, llm=llm, questions=2)
    gate.set()
    live._thread.join(5)
    assert (live.trace.spans(), live.answers, live.outcome) == ([], None, "abandoned")
    assert again.outcome == "done"


def test_a_strategy_that_swallows_stopped_is_abandoned(llm):
    """`except Exception` around every question does not keep a run alive."""
    end = threading.Event()

    def deaf(ask, questions, limit):
        while not end.is_set():
            try:
                ask(questions[0])
            except Exception:
                end.wait(0.01)

    live = start(deaf, llm=llm, questions=1)
    busy(live)
    live.stop()
    assert live.wait(5).outcome == "abandoned"
    end.set()


def test_a_coroutine_that_swallows_its_cancellation_is_abandoned(llm):
    """A run does not wait for code that refuses to end."""
    began, end = threading.Event(), threading.Event()

    async def deaf(ask, questions, limit):
        began.set()
        while not end.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
        return []

    live = start(deaf, llm=llm, questions=1)
    began.wait(10)
    live.stop()
    assert live.wait(5).outcome == "abandoned"
    end.set()


def test_stopping_at_once_and_twice_and_when_over_is_harmless(llm):
    """Whenever stop comes, the run ends and stays as it ended."""
    for strategy in (serial, gather):
        live = start(strategy, llm=llm, questions=3)
        live.stop()
        live.stop()
        assert live.wait(5).outcome in ("stopped", "done")
        outcome = live.outcome
        live.stop()
        assert live.outcome == outcome


def test_one_run_at_a_time_and_then_the_next(llm):
    """A second run on the same fake LLM is refused while the first uses it."""
    llm.behave(latency=0.3)
    live = start(gather, llm=llm, questions=2)
    with pytest.raises(
        RuntimeError, match=r"Run\(gather, 2 questions, limit 10, running\) still uses"
    ):
        start(gather, llm=llm, questions=2)
    live.wait(10)
    assert run(gather, llm=llm, questions=2).server["by_kind"]["chat"] == 2


def test_a_second_fake_llm_may_be_used_at_the_same_time(llm):
    """Only runs on the same server exclude each other."""
    with FakeLLM(latency=0.1) as other:
        first = start(gather, llm=llm, questions=2)
        second = start(gather, llm=other, questions=2)
        assert (first.wait(10).outcome, second.wait(10).outcome) == ("done", "done")


@pytest.mark.parametrize(
    ("garbage", "got"),
    [
        (None, "NoneType"),
        (42, "int"),
        ([1], "1 answers"),
        (iter([1, 2]), "list_iterator"),
        ("ab", "str"),
    ],
)
def test_garbage_returned_is_told(llm, garbage, got):
    """A strategy returns a list of as many answers as there were questions."""
    done = run(lambda ask, questions, limit: garbage, llm=llm, questions=2, check=False)
    assert done.outcome == "failed" and got in str(done.error)


def test_a_failure_is_raised_and_the_run_keeps_the_rest(llm):
    """run() raises what the strategy raised; with check=False it is in the Run, beside the trace."""
    llm.behave(script=[None, "500"])
    with pytest.raises(ModelError, match="HTTP 500"):
        run(serial, llm=llm, questions=3)
    llm.behave(script=[None, "500"])
    done = run(serial, llm=llm, questions=3, check=False)
    assert (done.outcome, done.summary.answered, done.summary.failed) == ("failed", 1, 1)
    llm.behave(script=[])


@each
def test_a_server_that_dies_in_mid_run_is_named(strategy):
    """The error says that the fake LLM has ended and how to start it again; nothing hangs."""
    with FakeLLM(latency=SLOW) as llm:
        live = start(strategy, llm=llm, questions=4, limit=2)
        busy(live)
        llm.close()
        live.wait(20)
    assert live.outcome == "failed" and live.server is None
    assert any("fake LLM has ended" in note for note in live.error.__notes__)


def test_a_run_on_a_dead_server_is_refused_clearly():
    """Before anything starts, and without blocking the next run."""
    llm = FakeLLM()
    llm.close()
    for _ in range(2):
        with pytest.raises((ConnectionError, RuntimeError), match="not running|ended|closed"):
            run(serial, llm=llm, questions=1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"strategy": "serial"}, TypeError, "strategy is 'serial'"),
        ({"limit": 0}, ValueError, "limit is 0"),
        ({"limit": 2.5}, ValueError, "limit is 2.5"),
        ({"questions": 0}, ValueError, "count is 0"),
        ({"kind": "jokes"}, ValueError, "kind is 'jokes'"),
        ({"questions": []}, ValueError, "questions is empty"),
    ],
)
def test_a_wrong_argument_is_named(llm, arguments, error, message):
    """Nothing has started then."""
    arguments = {"strategy": serial} | arguments
    with pytest.raises(error, match=message):
        start(arguments.pop("strategy"), llm=llm, **arguments)
    assert run(serial, llm=llm, questions=1).outcome == "done"


def test_a_callable_object_and_a_partial_are_strategies(llm):
    """A function of your own may be any callable."""

    def ask_some(ask, questions, limit, greeting):
        return [ask(q) for q in questions]

    done = run(functools.partial(ask_some, greeting="hi"), llm=llm, questions=2)
    assert repr(done) == "Run(partial, 2 questions, limit 10, done)"


def test_questions_of_your_own_are_plain_strings_too(llm):
    """They have no number, kind or right answer; a run works all the same."""
    done = run(gather, llm=llm, questions=["Hello", "How are you?"])
    assert done.outcome == "done" and len(done.planned) == 2


def test_a_run_works_inside_a_running_loop(llm):
    """As in a notebook's cell."""

    async def cell():
        return run(gather, llm=llm, questions=2)

    assert asyncio.run(cell()).outcome == "done"


def test_wait_gives_up_but_the_run_goes_on(llm):
    """TimeoutError, and later the run is done."""
    llm.behave(latency=0.3)
    live = start(serial, llm=llm, questions=1)
    with pytest.raises(TimeoutError, match="serial has not ended in 0.01 s"):
        live.wait(0.01)
    assert live.wait(10).outcome == "done"


def test_a_blocked_loop_shows_in_the_lag(llm):
    """The meter's worst lateness is at least the time for which the loop was blocked."""

    async def blocking(ask, questions, limit):
        await asyncio.sleep(0.05)
        time.sleep(0.2)
        await asyncio.sleep(0.05)
        return [await ask(q) for q in questions]

    done = run(blocking, llm=llm, questions=1)
    assert max(late for _, late in done.lag) >= 0.15


def test_planned_seconds_add_up_an_agents_steps():
    """A question with a tool takes two calls of the model."""
    behaviour = {
        "latency": 1.0,
        "search_latency": 0.1,
        "save_latency": 0.01,
        "weather_latency": 0.2,
    }
    asked = questions(4)
    assert planned_seconds(asked, behaviour) == pytest.approx([2.31, 2.11, 1.11, 1.11])


def test_stopped_in_an_agent_is_no_failure():
    """Stopped is how a recorder ends an agent; its step counts as cancelled."""
    assert issubclass(Stopped, Exception)
    assert AsyncAgent("http://127.0.0.1/v1").record is None


INTERRUPTED = """
import os, signal
from helpers import FakeLLM, run
from helpers.strategies import gather, serial

once = [signal.SIGINT]

def interrupt(query, step, state):
    if step == "model" and once:
        os.kill(os.getpid(), once.pop())

def agent(base_url, record):
    from helpers.agents import Agent, AsyncAgent
    kind = AsyncAgent if {strategy} is gather else Agent
    return kind(base_url, record=lambda *event: (record(*event), interrupt(*event)))

llm = FakeLLM(latency=30)
try:
    run({strategy}, llm=llm, questions=2, limit=2, agent=agent)
except KeyboardInterrupt:
    print("interrupted", llm.alive)
llm.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill is another thing on Windows")
@pytest.mark.parametrize("strategy", ["serial", "gather"])
def test_an_interrupt_ends_run_and_leaves_the_server(strategy):
    """Ctrl-C in the middle of run() raises KeyboardInterrupt soon; the program can go on and end."""
    code = INTERRUPTED.format(strategy=strategy)
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    assert child.stdout == "interrupted True\n"
