"""The client of a row, run as a row runs it: by its path, alone in a process."""

import json

import pytest

from helpers.benchmark.measuring import CLIENT
from helpers.process import run_python

HEAVY = {"requests", "aiohttp", "openai", "httpx", "psutil", "numpy", "matplotlib", "ipywidgets"}


def run_client(llm, how, limit, requests=3):
    """The finished process, with a log of its imports on standard error."""
    order = {"how": how, "limit": limit, "requests": requests}
    order["url"] = f"{llm.base_url}/chat/completions"
    llm.behave(latency=0.05, tail=0.0)
    return run_python("-X", "importtime", "-P", str(CLIENT), json.dumps(order))


def imports(log):
    """The names of the modules in the log of `-X importtime`."""
    lines = [line for line in log.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    ("how", "limit", "client"),
    [
        ("serial", 1, "requests"),
        ("threads", 2, "requests"),
        ("async", 2, "aiohttp"),
        ("aiohttp's default", 0, "aiohttp"),
    ],
)
def test_it_imports_one_client_and_of_ours_only_the_process_module(llm, how, limit, client):
    """Whatever else it had in memory would be counted as that client's."""
    loaded = imports(run_client(llm, how, limit).stderr)
    assert loaded & HEAVY == {client}
    ours = {name for name in loaded if name.split(".")[0] == "helpers"}
    assert ours == {"helpers", "helpers.process"}


def test_it_prints_one_line_with_the_times_of_every_request(llm):
    """Sorted, each from submission no shorter than from its own start, and in no more than all."""
    lines = run_client(llm, "threads", 2, requests=6).stdout.splitlines()
    assert len(lines) == 1
    figures = json.loads(lines[0])
    submitted, started = figures["from_submission"], figures["from_start"]
    assert len(submitted) == len(started) == 6
    assert submitted == sorted(submitted) and started == sorted(started)
    assert figures["seconds"] >= submitted[-1] >= started[-1] >= 0.05
    assert figures["cpu"] > 0


def test_a_request_that_waits_for_its_turn_starts_when_it_has_it(llm):
    """Four by one: the last takes all four times from submission, and one from its own start."""
    figures = json.loads(run_client(llm, "async", 1, requests=4).stdout)
    assert figures["from_submission"][-1] >= 4 * 0.05
    assert sum(figures["from_start"]) <= figures["seconds"]
