"""A learner's service in its own process: it starts, serves, says why it cannot start, and ends."""

import subprocess
import sys

import psutil
import pytest
import requests

from helpers import FakeLLM, run
from helpers.agents import ModelError
from helpers.process import own_environment
from helpers.service import Service, customers
from tests.fake_llm.clients import ended, until

APP = """
import asyncio, os
from fastapi import FastAPI, HTTPException
from helpers import AsyncAgent

print("many words " * 10_000)
asyncio.get_running_loop()
app = FastAPI()

@app.get("/ask")
async def ask(q: str):
    async with AsyncAgent(os.environ["LLM"]) as agent:
        return await agent.ask(q)

@app.get("/broken")
async def broken(q: str):
    raise HTTPException(503, "closed today")

@app.get("/wrong")
async def wrong(q: str):
    raise ZeroDivisionError
"""


def written(folder, source):
    path = folder / "service.py"
    path.write_text(source, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.05) as llm:
        yield llm


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return written(tmp_path_factory.mktemp("service"), APP)


@pytest.fixture(scope="module")
def service(llm, path):
    """One that prints more than a pipe holds, and expects a running loop when it is loaded."""
    with Service(path, LLM=llm.base_url) as service:
        yield service


def test_users_are_served_and_the_model_sees_them(llm, service):
    """Every answer is right, and the service's step is in the trace beside each whole query."""
    done = run(customers(service, "/ask"), llm=llm, questions=24, limit=12)
    assert (done.name, done.right) == ("ask", 24)
    assert {span.step for span in done.spans()} == {"query", "service"}


def test_as_many_users_as_the_limit_says_ask_at_one_time(llm, service):
    """The model sees more than the 100 that aiohttp's own limit would let through."""
    slow = {"latency": 2.0}
    done = run(customers(service, "/ask"), llm=llm, questions=120, limit=120, behaviour=slow)
    assert done.server["peak"] > 100


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [("/broken", 503, "closed today"), ("/wrong", 500, "Internal Server Error")],
)
def test_a_failure_of_the_service_is_raised_with_its_status(llm, service, address, status, says):
    """Whether its body is JSON or not."""
    with pytest.raises(ModelError, match=says) as caught:
        run(customers(service, address), llm=llm, questions=1, limit=1)
    assert caught.value.status == status


def test_it_ends_when_it_is_closed(path):
    """Once; closing it again is harmless."""
    service = Service(path, LLM="unused")
    assert requests.get(f"{service.url}/openapi.json", timeout=10).ok and service.alive
    service.close()
    service.close()
    assert not service.alive and not psutil.pid_exists(service.pid)


@pytest.mark.parametrize("how", ["end", "kill"])
def test_it_ends_with_its_parent(path, how):
    """However the parent ends."""
    code = (
        "import sys; from helpers.service import Service; "
        "print(Service(sys.argv[1]).pid, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=own_environment(),
    ) as parent:
        service = psutil.Process(int(parent.stdout.readline()))
        if how == "kill":
            parent.kill()
        parent.communicate("\n")
    assert psutil.wait_procs([service], timeout=10)[1] == []


STUCK = """
import os, re, time
from fastapi import FastAPI

app = FastAPI()

@app.get("/stuck")
async def stuck():
    os.write(2, b"!")
    {work}
"""
CALLER = """
import sys, urllib.request
from helpers.service import Service
service = Service(sys.argv[1])
print(service.pid, flush=True)
urllib.request.urlopen(service.url + "/stuck")
"""


@pytest.mark.parametrize(
    "work",
    [
        "time.sleep(1000)",
        "while True: pass",
        pytest.param(
            "re.match('(a+)+$', 'a' * 100 + 'b')",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only its kernel can do it"),
        ),
    ],
)
def test_it_ends_with_its_parent_whatever_an_endpoint_of_it_does(tmp_path, work):
    """Where it computes in C code no thread of it runs any more: then Linux ends it."""
    path = written(tmp_path, STUCK.format(work=work))
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=own_environment(),
    ) as parent:
        service = psutil.Process(int(parent.stdout.readline()))
        assert parent.stderr.read(1) == b"!"  # it writes there just before it is stuck
        parent.kill()
        until(lambda: ended(service))


def test_it_ends_with_its_parent_while_its_file_is_still_running(tmp_path):
    """A file that does not come to its end is not waited for."""
    path = written(tmp_path, "import os\nos.write(2, b'!')\nwhile True: pass")
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=own_environment(),
    ) as parent:
        assert parent.stderr.read(1) == b"!"
        (service,) = psutil.Process(parent.pid).children()
        parent.kill()
        until(lambda: ended(service))


def test_one_that_nobody_holds_any_more_is_ended(path):
    """As when its cell is run again: the new one takes the name, and the old one ends."""
    service = Service(path, LLM="unused")
    first = service.pid
    service = Service(path, LLM="unused")
    until(lambda: not psutil.pid_exists(first))
    assert service.alive
    service.close()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1", "service.py defines no `app`$"),
        ("import nowhere", "No module named 'nowhere'"),
        ("import os; os.environ['NO_SUCH_NAME']", "KeyError: 'NO_SUCH_NAME'"),
        ("x = (", "SyntaxError"),
        ("import os; os._exit(3)", "it ended at once"),
    ],
)
def test_it_says_why_it_cannot_start(tmp_path, source, says):
    """With the last line of its traceback, where it has one."""
    with pytest.raises(RuntimeError, match=f"the service did not start: .*{says}"):
        Service(written(tmp_path, source))


def test_a_file_that_is_not_there_is_named():
    """Before any process is started."""
    says = "path is 'nowhere.py'; it takes a Python file that defines `app`"
    with pytest.raises(ValueError, match=says):
        Service("nowhere.py")
