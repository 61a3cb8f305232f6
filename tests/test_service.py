"""A learner's service in its own process: it starts on a free port, serves, says why it cannot start, and ends."""

import signal
import subprocess
import sys

import psutil
import pytest
import requests

from helpers import FakeLLM, run
from helpers.agents import ModelError
from helpers.service import Service, customers

APP = """
import asyncio, os
from fastapi import FastAPI, HTTPException
from helpers import AsyncAgent

print("many words " * 100)
app = FastAPI()

@app.get("/ask")
async def ask(q: str):
    async with AsyncAgent(os.environ["LLM"]) as agent:
        return await agent.ask(q)

@app.get("/broken")
async def broken(q: str):
    raise HTTPException(503, "closed today")
"""


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.05) as llm:
        yield llm


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "service.py"
    path.write_text(APP, encoding="utf-8")
    return path


def test_users_are_served_and_the_model_sees_them(llm, path):
    """Twelve users at a time are twelve in flight at the model, and every answer is right."""
    with Service(path, LLM=llm.base_url) as service:
        done = run(customers(service, "/ask"), llm=llm, questions=24, limit=12)
    assert done.right == 24 and done.summary.peak == 12
    assert {span.step for span in done.trace.spans()} == {"query", "service"}


def test_a_failure_of_the_service_is_raised(llm, path):
    """With its status."""
    with (
        Service(path, LLM=llm.base_url) as service,
        pytest.raises(ModelError, match="closed today") as caught,
    ):
        run(customers(service, "/broken"), llm=llm, questions=1, limit=1)
    assert caught.value.status == 503


def test_it_ends_when_it_is_closed(path):
    """Twice, to be sure."""
    service = Service(path, LLM="unused")
    assert requests.get(f"{service.url}/openapi.json", timeout=10).ok and service.alive
    service.close()
    service.close()
    assert not service.alive and not psutil.pid_exists(service.pid)


@pytest.mark.parametrize("how", ["end", "kill"])
def test_it_ends_with_its_parent(path, how):
    """However the parent ends."""
    code = f"from helpers.service import Service; s = Service({str(path)!r}); print(s.pid, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    service = psutil.Process(int(parent.stdout.readline()))
    if how == "kill":
        parent.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    parent.communicate("\n")
    assert psutil.wait_procs([service], timeout=10)[1] == []


@pytest.mark.parametrize(
    ("source", "says"),
    [("x = 1", "service.py defines no `app`"), ("import nowhere", "No module named 'nowhere'"), ("x = (", "SyntaxError")],
)  # fmt: skip
def test_it_says_why_it_cannot_start(tmp_path, source, says):
    """The last line of its traceback, and no process left."""
    path = tmp_path / "service.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(RuntimeError, match=says):
        Service(path)


def test_a_file_that_is_not_there():
    """Names the argument."""
    with pytest.raises(
        ValueError, match="path is 'nowhere.py'; it takes a Python file that defines `app`"
    ):
        Service("nowhere.py")
