"""The server as clients see it: capacity, limits, time, faults, disconnects."""

import json

import pytest

from helpers import Agent, FakeLLM, questions
from tests.fake_llm.clients import good, held, together, until
from tests.fake_llm.conftest import QUICK
from tests.fake_llm.raw import ask, bearer, chat, connect, get, post, read


def crowd(count, **body):
    """So many different requests."""
    return [chat(f"Question {i}", **body) for i in range(count)]


# The brain, through the whole agent.


@pytest.mark.parametrize("kind", ["weather", "arithmetic", "lookup", "summary"])
def test_every_shipped_question_is_answered(llm, kind):
    """Through real searches and tool calls; nothing is hard-coded but the corpus."""
    with Agent(llm.base_url) as agent:
        asked = {q: q for q in questions(400, kind)}
        wrong = [(q, str(a)) for q in asked if not q.accepts(a := agent.ask(q))]
    assert not wrong


def test_tool_questions_really_use_tools(llm):
    """A weather question takes two model calls and one call of the weather service."""
    with Agent(llm.base_url) as agent:
        assert agent.ask("What is the weather in Oslo?").steps == 2
    assert llm.stats()["by_kind"] == {"search": 1, "chat": 2, "weather": 1, "notes": 1}


# Capacity, limits, time.


def test_capacity_is_never_exceeded_and_serves_in_order(llm):
    """40 requests while 3 slots are taken: when these come free, they start as they arrived."""
    llm.behave(script=["stall"] * 3, capacity=3)
    with held(llm, crowd(3)) as taken, held(llm, crowd(40), more=3) as lines:
        for line in taken:
            line.close()
        assert [read(line)[0] for line in lines] == [200] * 40
        assert llm.settle(seconds=20)
    stats = llm.stats()
    assert (stats["peak_in_service"], stats["peak"]) == (3, 43)
    started = [r["started"] for r in llm.journal()]
    assert started == sorted(started)


@pytest.mark.parametrize("status", [503, 429])
def test_a_full_queue_refuses(llm, status):
    """2 in service and 3 waiting; the other 5 are told when to come back."""
    llm.behave(latency=60, capacity=2, queue=3, when_full=status)
    with held(llm, crowd(5)):
        refused = [ask(llm, post(body)) for body in crowd(5)]
    assert [reply[0] for reply in refused] == [status] * 5
    waits = [r["retry_after"] for r in llm.journal() if r["outcome"] == "rejected"]
    assert len(waits) == 5 and all(0 < wait <= 60.001 for wait in waits)


def test_tokens_are_limited_too(llm):
    """A bucket of one second's tokens; the headers tell what is left."""
    llm.behave(tokens_per_minute=60, burst=60)
    with connect(llm) as sock:
        sock.sendall(post(chat(max_tokens=40)))
        assert int(read(sock)[1]["x-ratelimit-remaining-tokens"]) < 20
        sock.sendall(post(chat(max_tokens=40)))
        assert read(sock)[0] == 429


def test_replies_are_never_early(llm):
    """Whatever the load, a reply leaves at its time or after it."""
    llm.behave(latency=0.05, tail=0.5)
    together(llm, crowd(100))
    assert all(r["late"] >= 0 for r in llm.journal())


def test_the_time_of_a_request_does_not_depend_on_the_order(llm):
    """The same questions, forwards and backwards: the same planned times."""
    llm.behave(latency=0.01, tail=1.0)
    plans = []
    for order in (1, -1):
        mark = llm.mark()
        for i in list(range(10))[::order]:
            ask(llm, post(chat(f"Question {i}"), lines=b"x-tag: %d\r\n" % i))
        plans.append({r["tag"]: r["planned"] for r in llm.journal(mark)})
    assert plans[0] == plans[1]
    assert len(set(plans[0].values())) == 10


def test_equal_requests_without_a_tag_have_times_of_their_own(llm):
    """A histogram of one question asked many times shows the tail, the same after each reset."""
    llm.behave(latency=0.01, tail=0.5)
    runs = []
    for _ in range(2):
        llm.reset()
        for _ in range(5):
            ask(llm, post(chat()))
        runs.append([r["planned"] for r in llm.journal()])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 5


def test_the_knee_slows_a_crowd(llm):
    """The last of 20 in service past a knee of 5 is slower than the first, by the formula."""
    llm.behave(latency=60, knee=5)
    with held(llm, crowd(20)):
        planned = [r["planned"] for r in llm.journal()]
    assert planned[0] == pytest.approx(60)
    assert planned[-1] == max(planned) == pytest.approx(60 * (1 + 20 * 19 / 25))


# Faults.


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("500", "failed"),
        ("502", "failed"),
        ("503", "failed"),
        ("504", "failed"),
        ("429", "rejected"),
        ("refuse", "failed"),
        ("reset", "failed"),
        ("cut", "failed"),
        ("garbage", "failed"),
        ("truncate", "failed"),
        (None, "answered"),
    ],
)
def test_faults_happen_by_script(llm, fault, outcome, stream):
    """The client gets no good reply, the journal knows, and the next request is served."""
    llm.behave(script=[fault])
    assert good(llm, stream) == (fault is None)
    assert llm.journal()[0]["outcome"] == outcome
    assert good(llm, stream)


def test_a_stalled_reply_holds_its_slot_until_the_client_leaves(llm):
    """Half a reply comes and no more."""
    llm.behave(script=["stall"], capacity=1)
    with connect(llm) as sock:
        sock.sendall(post(chat()))
        assert sock.recv(20)
        assert llm.stats()["in_flight"] == 1
    until(lambda: llm.stats()["disconnected"] == 1)
    assert good(llm)


def test_faults_by_probability_are_the_same_in_each_run(llm):
    """Seed and request decide: another server with the same seed has the same faults."""
    llm.behave(fault_500=0.3)
    here = together(llm, crowd(60))
    with FakeLLM(**QUICK, fault_500=0.3) as other:
        there = together(other, crowd(60))
    assert here == there
    assert 5 < here.count(500) < 40


# Disconnects.


def test_a_client_that_leaves_frees_its_slot(llm):
    """In service or waiting: both are given up."""
    llm.behave(latency=60, capacity=2)
    with held(llm, crowd(5)):
        pass
    until(lambda: llm.stats()["disconnected"] == 5)
    llm.behave(latency=0.0)
    assert good(llm)


def test_work_may_go_on_after_a_disconnect(llm):
    """The slot is held to the planned end, whoever has left, and who comes next waits for it."""
    llm.behave(latency=0.5, capacity=1, work_after_disconnect=True)
    with held(llm, crowd(1)):
        pass
    until(lambda: llm.stats()["disconnected"] == 1)
    assert good(llm)
    left, served = llm.journal()
    assert left["released"] >= left["started"] + left["planned"] > left["end"]
    assert served["started"] >= left["released"]
    assert llm.stats()["peak_in_service"] == 1


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.soak)])
def test_all_slots_come_back_from_clients_that_vanish_in_mid_stream(llm, count):
    """Streams cut off by their readers leave nothing behind."""
    llm.behave(tokens_per_second=1, time_to_first_token=0.0, capacity=count)
    for _ in range(count // 200):
        with held(llm, [chat(stream=True)] * 200):
            pass
        assert llm.settle(seconds=20)
    llm.behave(tokens_per_second=None, capacity=1)
    assert good(llm, stream=True)
    assert llm.stats()["disconnected"] == count


# The journal over HTTP.


def test_the_journal_shows_a_request(llm):
    """Times in order, on one clock; tag, tokens, connection."""
    llm.behave(latency=0.02)
    ask(llm, post(chat(max_tokens=5), lines=b"x-tag: mine\r\n"))
    record = llm.journal()[0]
    times = [record[name] for name in ("arrival", "started", "due", "first_byte", "end")]
    assert times == sorted(times)
    assert (record["tag"], record["kind"], record["status"]) == ("mine", "chat", 200)
    assert record["completion_tokens"] == 5


def test_a_mark_reads_only_what_came_after_it(llm):
    """Control requests are not journalled."""
    ask(llm, post(chat()))
    mark = llm.mark()
    ask(llm, post(chat()))
    assert len(llm.journal(mark)) == llm.stats(mark)["requests"] == 1
    assert llm.stats(mark, kind="search")["requests"] == 0


def test_what_is_wrong_is_journalled_as_other(llm):
    """No such address, a wrong method, no HTTP at all: someone may look for it."""
    wrong = [get("/stats"), get("/notes"), b"nonsense\r\n\r\n"]
    statuses = [ask(llm, data)[0] for data in wrong]
    assert statuses == [404, 405, 400]
    assert [(r["kind"], r["status"]) for r in llm.journal()] == [("other", s) for s in statuses]


def test_connections_are_counted(llm):
    """Two requests on one connection, one on another."""
    with connect(llm) as sock:
        for _ in range(2):
            sock.sendall(post(chat()))
            read(sock)
    ask(llm, post(chat()))
    assert llm.stats()["connections"] == 2


def test_a_key_guards_everything_at_the_public_door():
    """Who has it is let in; who has none, or another, is told so, and leaves no record."""
    with FakeLLM(latency=0, api_key="secret") as llm:
        for path in ("/me/journal", "/me/stats", "/v1/models", "/search?q=a", "/", "/nothing"):
            status, _, body = ask(llm, get(path), "GET")
            assert (status, json.loads(body)["error"]["param"]) == (401, None)
        assert ask(llm, get("/v1/models", bearer("wrong")), "GET")[0] == 401
        assert ask(llm, get("/v1/models", bearer("secret")), "GET")[0] == 200
        assert llm.stats()["requests"] == 1
