"""A run: it keeps what happened, it can be stopped, and it says clearly what went wrong."""

import asyncio
import functools
import inspect
import sys
import threading
import time

import pytest

from helpers import FakeLLM, run
from helpers.agents import Agent, ModelError
from helpers.process import run_python
from helpers.runs import start, wait_for
from helpers.strategies import batches, gather, limited, serial, threads, workers

ALL = [serial, threads, batches, gather, limited, workers]
# A reply after every test is over: what waits for it ends only if somebody ends it.
SLOW = 60.0
# Against hanging alone; nothing here should take so long.
PATIENCE = 30.0
QUICK = {"latency": 0.02, "search_latency": 0.0, "save_latency": 0.0, "weather_latency": 0.0}
each = pytest.mark.parametrize("strategy", ALL, ids=lambda strategy: strategy.__name__)


@pytest.fixture(scope="module")
def shared():
    """One fake LLM for the module."""
    with FakeLLM() as llm:
        yield llm


@pytest.fixture
def llm(shared):
    """The same, with quick replies and no faults at the start of each test."""
    shared.behave(**QUICK, capacity=None, script=[])
    return shared


@pytest.fixture(scope="module")
def slow():
    """Another, whose replies nobody waits for; when it closes, code that was abandoned ends too."""
    with FakeLLM(**QUICK | {"latency": SLOW}) as llm:
        yield llm


@pytest.fixture
def gate():
    """An event for which a strategy waits; it is set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def held(gate, begun=None):
    """A strategy that waits at a gate, and then asks one question after the other."""

    def waits(ask, questions, limit):
        if begun is not None:
            begun.set()
        gate.wait(PATIENCE)
        return [ask(question) for question in questions]

    return waits


def wait_until_asked(live, count=1):
    """Wait until the server has this many calls of the model of a run in flight."""
    end = time.monotonic() + PATIENCE
    while live._visit.stats("chat")["in_flight"] < count:
        assert time.monotonic() < end and not live.over
        live.pause(0.005)


@each
def test_a_run_keeps_answers_trace_and_what_the_server_saw(llm, strategy):
    """All answered, all right, and three accounts of it that agree."""
    done = run(strategy, llm=llm, questions=6, limit=3)
    assert (done.outcome, done.right, done.summary.answered, done.error) == ("done", 6, 6, None)
    assert done.server["by_kind"] == {"search": 6, "chat": 6, "notes": 6}
    assert done.seconds > 0 and all(span.end is not None for span in done.spans())
    assert len(done.requests()) == 18


@pytest.mark.parametrize(
    ("strategy", "most"), [(serial, 1), (threads, 3), (limited, 3), (workers, 3), (gather, 6)]
)
def test_the_servers_peak_is_the_limit(slow, strategy, most):
    """As many as the limit allows are at the server at one time, and never more."""
    live = start(strategy, llm=slow, questions=6, limit=3)
    wait_until_asked(live, most)
    live.stop()
    assert live.wait(PATIENCE).server["peak"] == most


@each
def test_a_run_takes_no_less_than_the_ideal(llm, strategy):
    """Little's law bounds every strategy from below, with as many in flight as there were."""
    llm.behave(latency=0.05)
    done = run(strategy, llm=llm, questions=4, kind=None, limit=2)
    assert done.seconds >= done.ideal


def test_the_ideal_is_that_of_the_most_in_flight(llm):
    """Serial has one in flight, whatever its limit; gather has all of them."""
    one = run(serial, llm=llm, questions=4, limit=10)
    assert one.ideal == pytest.approx(sum(one.planned))
    every = run(gather, llm=llm, questions=4, limit=1)
    assert every.ideal == pytest.approx(max(every.planned))


def test_the_ideal_counts_no_more_than_the_server_works_on(llm):
    """With two slots at the server, two of four questions in flight are under way."""
    done = run(gather, llm=llm, questions=4, behaviour={"capacity": 2})
    assert done.ideal == pytest.approx(sum(done.planned) / 2)


def test_before_anything_has_begun_the_ideal_is_one_after_the_other(llm, gate):
    """The live chart's axis needs a length before the first question is asked."""
    live = start(held(gate), llm=llm, questions=3)
    assert live.ideal == pytest.approx(sum(live.planned))
    assert live.seconds is None and live.now() > 0
    gate.set()
    assert live.wait(PATIENCE).now() == live.seconds


@each
def test_stop_ends_every_strategy(slow, strategy):
    """Stopped or, where a blocking request is under way, abandoned; every step has an end then."""
    live = start(strategy, llm=slow, questions=6, limit=3)
    wait_until_asked(live)
    live.stop()
    live.wait(PATIENCE)
    assert live.outcome == ("stopped" if inspect.iscoroutinefunction(strategy) else "abandoned")
    assert live.error is None and all(span.end is not None for span in live.spans())


def test_a_blocking_strategy_stops_between_requests(llm, gate):
    """Once it is stopped, no other step of an agent begins."""
    begun = threading.Event()
    live = start(held(gate, begun), llm=llm, questions=200)
    assert begun.wait(PATIENCE)
    live.stop()
    gate.set()
    assert live.wait(PATIENCE).outcome == "stopped"
    assert (live.server["requests"], live.spans()) == (0, [])


def test_an_abandoned_run_adds_nothing_any_more(llm, gate):
    """What its thread does and returns later is not this run's, and a new run can start at once."""
    begun = threading.Event()

    def stubborn(ask, questions, limit):
        begun.set()
        gate.wait(PATIENCE)
        return ["late"] * len(questions)

    live = start(stubborn, llm=llm, questions=2)
    assert begun.wait(PATIENCE)
    live.stop()
    assert live.wait(PATIENCE).outcome == "abandoned"
    again = run(serial, llm=llm, questions=2)
    gate.set()
    live._thread.join(PATIENCE)
    assert (live.spans(), live.answers, live.outcome) == ([], None, "abandoned")
    assert again.outcome == "done"


def test_a_strategy_that_swallows_stopped_is_abandoned(llm, gate):
    """`except Exception` around every question does not keep a run alive."""

    def deaf(ask, questions, limit):
        while not gate.is_set():
            try:
                ask(questions[0])
            except Exception:
                gate.wait(0.01)

    live = start(deaf, llm=llm, questions=1)
    wait_until_asked(live)
    live.stop()
    assert live.wait(PATIENCE).outcome == "abandoned"


def test_a_coroutine_that_swallows_its_cancellation_is_abandoned(llm, gate):
    """A run does not wait for code that refuses to end."""
    begun = threading.Event()

    async def deaf(ask, questions, limit):
        begun.set()
        while not gate.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
        return []

    live = start(deaf, llm=llm, questions=1)
    assert begun.wait(PATIENCE)
    live.stop()
    assert live.wait(PATIENCE).outcome == "abandoned"


def test_stopping_at_once_twice_and_when_over_is_harmless(slow):
    """Whenever stop comes, the run ends as stopped, and stays so."""
    live = start(gather, llm=slow, questions=3)
    live.stop()
    live.stop()
    assert live.wait(PATIENCE).outcome == "stopped"
    live.stop()
    assert live.outcome == "stopped"


def test_a_run_stopped_while_its_agent_opens_never_begins(llm, gate):
    """The strategy is not called any more."""
    called = []

    def slow_to_open(base_url, *, record):
        gate.wait(PATIENCE)
        return Agent(base_url, record=record)

    live = start(lambda *arguments: called.append(arguments), llm=llm, agent=slow_to_open)
    live.stop()
    gate.set()
    assert (live.wait(PATIENCE).outcome, called) == ("stopped", [])


def test_one_run_at_a_time_and_then_the_next(llm, gate):
    """A second run on the same fake LLM is refused while the first uses it."""
    live = start(held(gate), llm=llm, questions=2)
    with pytest.raises(RuntimeError, match=r"Run\(waits, 2 questions, limit 10, running\) still"):
        start(gather, llm=llm, questions=2)
    gate.set()
    live.wait(PATIENCE)
    assert run(gather, llm=llm, questions=2).server["by_kind"]["chat"] == 2


def test_a_second_fake_llm_may_be_used_at_the_same_time(llm):
    """Only runs on the same server exclude each other: two on two servers meet in the middle."""
    meeting = threading.Barrier(2)

    def meets(ask, questions, limit):
        meeting.wait(PATIENCE)
        return [ask(question) for question in questions]

    with FakeLLM(latency=0.0) as other:
        both = [start(meets, llm=server, questions=2) for server in (llm, other)]
        assert [live.wait(PATIENCE).outcome for live in both] == ["done", "done"]


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
    """run() raises what the strategy raised; with check=False the Run has it, beside the trace."""
    llm.behave(script=[None, "500"])
    with pytest.raises(ModelError, match="HTTP 500"):
        run(serial, llm=llm, questions=3)
    llm.behave(script=[None, "500"])
    done = run(serial, llm=llm, questions=3, check=False)
    assert (done.outcome, done.summary.answered, done.summary.failed) == ("failed", 1, 1)


@each
def test_a_server_that_dies_in_mid_run_is_named(strategy):
    """The error says that the fake LLM has ended and how to start it again; nothing hangs."""
    with FakeLLM(**QUICK | {"latency": SLOW}) as llm:
        live = start(strategy, llm=llm, questions=4, limit=2)
        wait_until_asked(live)
        llm.close()
        live.wait(PATIENCE)
    assert live.outcome == "failed" and live.server is None
    assert any("fake LLM has ended" in note for note in live.error.__notes__)


def test_a_run_on_a_dead_server_is_refused_clearly():
    """Before anything starts, and without blocking the next run."""
    llm = FakeLLM()
    llm.close()
    for _ in range(2):
        with pytest.raises(ConnectionError, match="the fake LLM is not running"):
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
        ({"behaviour": {"latency": -1}}, ValueError, "latency is -1"),
        ({"behaviour": {"speed": 1}}, ValueError, "speed is no setting"),
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


def test_wait_gives_up_but_the_run_goes_on(llm, gate):
    """TimeoutError, and later the run is done."""
    live = start(held(gate), llm=llm, questions=1)
    with pytest.raises(TimeoutError, match="waits has not ended in 0.01 s"):
        live.wait(0.01)
    gate.set()
    assert live.wait(PATIENCE).outcome == "done"


def test_wait_for_tells_whether_it_happened(gate):
    """False once the time is up; True for an event that has happened, however short the time."""
    assert wait_for(gate, 0.01) is False
    gate.set()
    assert wait_for(gate, 0) is True and wait_for(gate) is True


def test_a_blocked_loop_shows_in_the_lag(llm):
    """An asynchronous run has a meter of its loop; a synchronous one has none to measure."""

    async def blocking(ask, questions, limit):
        time.sleep(0.2)
        return [await ask(q) for q in questions]

    done = run(blocking, llm=llm, questions=1)
    assert max(late for _, late in done.lag) >= 0.15
    assert run(serial, llm=llm, questions=1).lag == []


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

llm = FakeLLM(latency=60)
try:
    run({strategy}, llm=llm, questions=2, limit=2, agent=agent)
except KeyboardInterrupt:
    print("interrupted", llm.alive)
llm.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill is another thing on Windows")
@pytest.mark.parametrize("strategy", ["serial", "gather"])
def test_an_interrupt_ends_run_and_leaves_the_server(strategy):
    """Ctrl-C in the middle of run() raises KeyboardInterrupt; the program can go on and end."""
    done = run_python("-c", INTERRUPTED.format(strategy=strategy), timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("interrupted True\n", "")
