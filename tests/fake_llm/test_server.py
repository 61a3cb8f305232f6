"""The handle, the process and its life, and behaviour as clients see it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time

import aiohttp
import psutil
import pytest

from helpers import Agent, FakeLLM, questions
from tests.fake_llm.raw import ask, chat, connect, post, read

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's")
QUICK = {"latency": 0.0, "search_latency": 0.0, "weather_latency": 0.0, "save_latency": 0.0}


@pytest.fixture(scope="module")
def shared():
    with FakeLLM(**QUICK) as server:
        yield server


@pytest.fixture
def llm(shared):
    """One fake LLM for all tests of this file, each of which finds it as new."""
    defaults = {
        **shared.behaviour(),
        **QUICK,
        "script": [],
        "capacity": None,
        "queue": None,
        "api_key": None,
    }
    yield shared
    shared.behave(**defaults)
    until(lambda: not shared.stats()["in_flight"])
    shared.reset()


def until(true, patience=20.0):
    """Wait for something that is about to be true."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it never came true"


def together(llm, bodies, headers=None):
    """Statuses of requests sent at one instant, in order; None where there was no reply."""

    async def one(session, body):
        try:
            async with session.post(
                f"{llm.base_url}/chat/completions", json=body, headers=headers
            ) as reply:
                await reply.read()
                return reply.status
        except (aiohttp.ClientError, ConnectionError):
            return None

    async def main():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return await asyncio.gather(*(one(session, body) for body in bodies))

    return asyncio.run(main())


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


# Settings.


def test_settings_change_all_at_once_or_not_at_all(llm):
    """One bad value, and none is taken."""
    with pytest.raises(ValueError, match="latency is -1; it takes a number from 0 to 600"):
        llm.behave(capacity=3, latency=-1)
    assert llm.behaviour()["capacity"] is None
    reply = ask(llm, post({"capacity": 3, "latency": -1}, "/behaviour").replace(b"POST", b"PUT", 1))
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


# Capacity, limits, time.


def test_capacity_is_never_exceeded_and_serves_in_order(llm):
    """40 requests at one instant, 3 slots."""
    llm.behave(latency=0.01, capacity=3)
    assert together(llm, [chat(f"Question {i}") for i in range(40)]) == [200] * 40
    stats = llm.stats()
    assert (stats["peak_in_service"], stats["peak"]) == (3, 40)
    started = [r["started"] for r in llm.journal()]
    assert started == sorted(started)
    assert stats["seconds"] >= 40 / 3 * 0.01


@pytest.mark.parametrize("status", [503, 429])
def test_a_full_queue_refuses(llm, status):
    """2 in service and 3 waiting; the other 5 are told to come back."""
    llm.behave(latency=0.3, capacity=2, queue=3, when_full=status)
    assert sorted(together(llm, [chat(f"Question {i}") for i in range(10)])) == sorted(
        [200] * 5 + [status] * 5
    )
    refused = [r for r in llm.journal() if r["status"] == status]
    assert all(0 < r["retry_after"] <= 0.31 for r in refused)


def test_retry_after_is_true(llm):
    """Who comes back at the time named is let in; who comes before is refused and seen."""
    llm.behave(requests_per_minute=600, burst=0.1)
    with connect(llm) as sock:

        def again():
            sock.sendall(post(chat(), lines=b"x-tag: a\r\n"))
            return read(sock)

        assert again()[0] == 200
        status, headers, body = again()
        wait = int(headers["retry-after-ms"]) / 1000
        assert (status, headers["retry-after"]) == (429, "1")
        assert json.loads(body)["error"]["code"] == "rate_limit_exceeded"
        again()
        threading.Event().wait(wait)
        assert again()[0] == 200
    assert llm.stats()["too_early"] == 1


def test_tokens_are_limited_too(llm):
    """A bucket of one second's tokens; the headers tell what is left."""
    llm.behave(tokens_per_minute=6000)
    with connect(llm) as sock:
        sock.sendall(post(chat(max_tokens=90)))
        assert int(read(sock)[1]["x-ratelimit-remaining-tokens"]) < 20
        sock.sendall(post(chat(max_tokens=90)))
        assert read(sock)[0] == 429


def test_replies_are_never_early(llm):
    """Whatever the load, a reply leaves at its time or after it."""
    llm.behave(latency=0.05, tail=0.5)
    together(llm, [chat(f"Question {i}") for i in range(100)])
    assert all(r["late"] >= 0 for r in llm.journal())
    assert llm.stats()["late"]["p50"] < 0.05


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


def test_the_knee_slows_a_crowd(llm):
    """20 at once past a knee of 5 are slower than one alone."""
    llm.behave(latency=0.02, knee=5)
    together(llm, [chat(f"Question {i}") for i in range(20)])
    planned = [r["planned"] for r in llm.journal()]
    assert planned[0] == pytest.approx(0.02)
    assert max(planned) == pytest.approx(0.02 * (1 + 20 * 19 / 25))


# Faults.


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("500", "failed"),
        ("503", "failed"),
        ("429", "rejected"),
        ("refuse", "failed"),
        ("reset", "failed"),
    ]
    + [("cut", "failed"), ("garbage", "failed"), ("truncate", "failed"), (None, "answered")],
)
def test_faults_happen_by_script(llm, fault, outcome, stream):
    """What the client gets is not a good reply, the journal knows, and the next request is served."""
    llm.behave(script=[fault])
    assert good(llm, stream) == (fault is None)
    assert llm.journal()[0]["outcome"] == outcome
    assert good(llm, stream)


def good(llm, stream):
    """Whether a request gets a whole and sensible reply."""
    with connect(llm) as sock:
        sock.sendall(post(chat(stream=stream)))
        try:
            reply = read(sock)
            if reply is None or reply[0] != 200:
                return False
            events = (
                [line[6:] for line in reply[2].split(b"\n\n")[:-1]]
                if stream
                else [reply[2], b"[DONE]"]
            )
            return events[-1] == b"[DONE]" and all(json.loads(e)["choices"] for e in events[:-1])
        except Exception:
            return False


def test_a_stalled_reply_holds_its_slot_until_the_client_leaves(llm):
    """Half a reply comes and no more."""
    llm.behave(script=["stall"], capacity=1)
    with connect(llm) as sock:
        sock.sendall(post(chat()))
        assert sock.recv(20)
        assert llm.stats()["in_flight"] == 1
    until(lambda: llm.stats()["disconnected"] == 1)
    assert good(llm, False)


def test_faults_by_probability_are_the_same_in_each_run(llm):
    """Seed and request decide."""
    llm.behave(fault_500=0.3)
    runs = [together(llm, [chat(f"Question {i}") for i in range(60)]) for _ in range(1)]
    with FakeLLM(**QUICK, fault_500=0.3) as other:
        runs.append(together(other, [chat(f"Question {i}") for i in range(60)]))
    assert runs[0] == runs[1]
    assert 5 < runs[0].count(500) < 40


# Disconnects.


def leave(llm, count, stream=False):
    """Open requests and go away while they are served."""
    socks = [connect(llm) for _ in range(count)]
    for sock in socks:
        sock.sendall(post(chat(stream=stream)))
    until(lambda: llm.stats()["in_flight"] == count)
    for sock in socks:
        sock.close()


def test_a_client_that_leaves_frees_its_slot(llm):
    """In service or waiting: both are given up."""
    llm.behave(latency=60, capacity=2)
    leave(llm, 5)
    until(lambda: llm.stats()["disconnected"] == 5)
    llm.behave(latency=0.0)
    assert good(llm, False)


def test_work_may_go_on_after_a_disconnect(llm):
    """The slot is held to the end, and who waits, waits."""
    llm.behave(latency=0.3, capacity=1, work_after_disconnect=True)
    leave(llm, 3)
    until(lambda: llm.stats()["disconnected"] == 3)
    assert good(llm, False)
    last = llm.journal()[-1]
    assert last["queued"] > 0.3
    assert llm.stats()["peak_in_service"] == 1


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.soak)])
def test_all_slots_come_back_from_clients_that_vanish_in_mid_stream(llm, count):
    """Streams cut off by their readers leave nothing behind."""
    llm.behave(tokens_per_second=1, time_to_first_token=0.0, capacity=count)
    for _ in range(count // 200):
        leave(llm, 200, stream=True)
        until(lambda: not llm.stats()["in_flight"])
    llm.behave(tokens_per_second=None, capacity=1)
    assert good(llm, True)
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


def test_connections_are_counted(llm):
    """Two requests on one connection, one on another."""
    with connect(llm) as sock:
        for _ in range(2):
            sock.sendall(post(chat()))
            read(sock)
    ask(llm, post(chat()))
    assert llm.stats()["connections"] == 2


# Life.


def test_it_closes_twice_and_then_says_how_to_start_again():
    """A dead server is a clear ConnectionError, not a hang."""
    llm = FakeLLM(latency=0)
    process = psutil.Process(llm.pid)
    assert llm.alive
    llm.close()
    llm.close()
    assert not llm.alive and not process.is_running()
    with pytest.raises(ConnectionError, match="not running.*FakeLLM"):
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


def test_a_key_guards_control_and_journal():
    """The handle has it, a stranger has not."""
    with FakeLLM(latency=0, api_key="secret") as llm:
        assert llm.stats()["requests"] == 0
        for path in (b"/journal", b"/stats", b"/behaviour", b"/mark", b"/search?q=a"):
            assert ask(llm, b"GET %b HTTP/1.1\r\n\r\n" % path, "GET")[0] == 401


PARENT = """
import os, signal, sys
from helpers import FakeLLM
if os.name == "posix":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup, which ignores it
llm = FakeLLM(latency=0)
print(llm.pid, flush=True)
{end}
"""


@pytest.mark.parametrize(
    ("end", "kill"),
    [("pass", None), ("raise RuntimeError", None), ("os._exit(1)", None), ("sys.exit(3)", None)]
    + [
        pytest.param("sys.stdin.read()", name, marks=POSIX)
        for name in ("SIGTERM", "SIGKILL", "SIGHUP")
    ],
)
def test_it_ends_with_its_parent(end, kill):
    """However the parent ends."""
    code = PARENT.format(end=end)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        pid = int(parent.stdout.readline())
        if kill:
            parent.send_signal(getattr(signal, kill))
        parent.wait()
        until(lambda: not psutil.pid_exists(pid))


@POSIX
def test_it_ends_though_a_forked_child_of_the_parent_lives_on():
    """The child holds the pipe's other end open; the parent's id tells."""
    code = PARENT.format(
        end="pid = os.fork()\nif pid == 0: sys.stdin.read(); os._exit(0)\nos._exit(0)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        pid = int(parent.stdout.readline())
        parent.wait()
        until(lambda: not psutil.pid_exists(pid))
        parent.stdin.close()


@POSIX
def test_an_interrupt_of_the_parents_group_does_not_end_it():
    """Jupyter's interrupt goes to the kernel's whole process group; the server is in another."""
    end = """
try:
    print("ready", flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    print(llm.stats()["requests"])
"""
    code = PARENT.format(end=end)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **pipes) as parent:
        assert [parent.stdout.readline(), parent.stdout.readline()][1] == b"ready\n"
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stdout.readline() == b"0\n"


@POSIX
def test_by_hand_it_ends_at_ctrl_c_and_not_with_its_standard_input():
    """Started without a parent's pipe, an empty standard input does not end it; an interrupt does, cleanly."""
    command = [sys.executable, "-m", "helpers.fake_llm", "--latency", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        hello = json.loads(process.stdout.readline())
        assert hello["pid"] == process.pid
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


def test_help_names_every_setting(llm):
    """The same names on the command line and in Python."""
    shown = subprocess.run(
        [sys.executable, "-m", "helpers.fake_llm", "--help"], capture_output=True, text=True
    ).stdout
    assert all(f"--{name.replace('_', '-')} " in shown for name in llm.behaviour())


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
