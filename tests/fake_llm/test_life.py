"""The server's process: it ends with its parent, however that ends, and by hand at Ctrl-C."""

import gc
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest

from helpers import FakeLLM
from helpers.process import own_environment
from helpers.runs import start
from helpers.strategies import serial
from tests.fake_llm.clients import ended, until

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX's")
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
PARENT = """
import os, signal, sys
from helpers import FakeLLM
if os.name == "posix":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tests may run under nohup, which ignores it
llm = FakeLLM(latency=0)
print(llm.pid, flush=True)
sys.stdin.readline()
{end}
"""


@contextmanager
def parent_of_a_server(end, **options):
    """A process that has a fake LLM, and after a line of input does `end`; and the server's."""
    command = [sys.executable, "-c", PARENT.format(end=end)]
    with subprocess.Popen(command, **PIPES, env=own_environment(), **options) as parent:
        yield parent, psutil.Process(int(parent.stdout.readline()))


@pytest.mark.parametrize("end", ["pass", "raise RuntimeError", "os._exit(1)", "sys.exit(3)"])
def test_it_ends_when_its_parent_ends_by_itself(end):
    """Whether Python cleans up or not."""
    with parent_of_a_server(end) as (parent, server):
        parent.communicate(b"\n")
        until(lambda: ended(server))


@POSIX
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGHUP"])
def test_it_ends_when_its_parent_is_ended_by_a_signal(name):
    """Killed with -9, a parent can do nothing about it any more."""
    with parent_of_a_server("") as (parent, server):
        parent.send_signal(getattr(signal, name))
        until(lambda: ended(server))


@POSIX
def test_it_ends_though_a_forked_child_of_the_parent_lives_on():
    """The child holds the pipe's other end open; the parent's id tells."""
    with parent_of_a_server("if os.fork() == 0: sys.stdin.read()\nos._exit(0)") as (parent, server):
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        parent.wait()
        until(lambda: ended(server))


@POSIX
def test_an_interrupt_of_the_parents_group_does_not_end_it():
    """Jupyter's interrupt goes to the kernel's whole process group; the server is in another."""
    end = """
try:
    print("ready", flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    print(llm.stats()["requests"], flush=True)
"""
    with parent_of_a_server(end, start_new_session=True) as (parent, _):
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == b"ready\n"
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stdout.readline() == b"0\n"


def test_the_old_server_ends_when_its_cell_is_run_again():
    """The new one has taken its name; nobody could reach the old one any more."""
    llm = FakeLLM()
    first = llm.pid
    llm = FakeLLM()
    until(lambda: not psutil.pid_exists(first))
    assert llm.alive and llm.stats()["requests"] == 0
    llm.close()


def test_a_run_keeps_the_server_that_it_asks():
    """As long as somebody has the run, which may want to know what the server saw."""
    llm = FakeLLM(latency=0.2)
    live = start(serial, llm=llm, questions=3)
    llm = None
    gc.collect()
    assert live.wait().right == 3 and live.llm.alive
    first, live = live.llm.pid, None
    gc.collect()
    until(lambda: not psutil.pid_exists(first))


def test_a_server_outlives_the_thread_that_made_it():
    """It ends with the process; for Linux, a process has a thread as its parent."""
    with ThreadPoolExecutor(1) as pool:
        llm = pool.submit(FakeLLM).result()
    with llm:
        assert llm.stats()["requests"] == 0


@POSIX
def test_by_hand_it_ends_at_ctrl_c_and_not_with_its_standard_input():
    """Without a parent's pipe, an empty standard input does not end it; an interrupt does."""
    command = [sys.executable, "-m", "helpers.fake_llm", "--latency", "0"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, env=own_environment()) as process:
        hello = json.loads(process.stdout.readline())
        assert hello["pid"] == process.pid
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
