"""What a panel leaves in its cell: a picture that the saved notebook keeps, and only one panel."""

import pytest
from jupyter_client.manager import start_new_kernel

from helpers.panel.cell import Picture, replace_panel
from helpers.process import own_environment
from helpers.strategies import serial

SECONDS = 60  # against hanging
SETUP = """
from helpers import FakeLLM, Panel
from helpers.strategies import serial

llm = FakeLLM(latency=0.02)
panels = []

def show():
    panels.append(Panel(serial, llm=llm, queries=2))
    return panels[-1]
"""


@pytest.fixture(scope="module")
def cell():
    """cell(code, id): run a cell in a real kernel, as a notebook does; what it put out."""
    manager, client = start_new_kernel(env=own_environment())

    def run(code, cell_id="a"):
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        client.shell_channel.send(request)
        outputs = []
        while True:
            message = client.get_iopub_msg(timeout=SECONDS)
            assert message["msg_type"] != "error", message["content"]["evalue"]
            # What a thread puts out may name another cell as its own, so only the end is asked.
            is_own = message["parent_header"].get("msg_id") == request["header"]["msg_id"]
            if is_own and message["content"].get("execution_state") == "idle":
                return outputs
            outputs.append(message)

    run(SETUP)
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def texts(outputs, kind):
    """(text/plain, display id) of the outputs of a kind."""
    return [
        (message["content"]["data"]["text/plain"], message["content"]["transient"]["display_id"])
        for message in outputs
        if message["msg_type"] == kind and message["content"].get("transient")
    ]


def test_a_picture_takes_the_place_that_was_kept_for_it(cell):
    """An ordinary output, which is saved; beside the panel only its table is seen."""
    ((text, place),) = texts(cell("show()"), "display_data")
    assert text == "no run yet"
    outputs = cell("panels[-1].run(); await panels[-1].wait();", "another")
    assert ("the last run", place) in texts(outputs, "update_display_data")
    (page,) = [m["content"]["data"]["text/html"] for m in outputs if "update" in m["msg_type"]]
    assert page.startswith('<div class="course-once">')
    assert 'class="course-picture"' in page


def test_a_cell_run_again_closes_the_panel_it_made_before(cell):
    """And no other cell's."""
    cell("show()", "mine")
    cell("show()", "theirs")
    cell("show()", "mine")
    outputs = cell("print([panel.comm is None for panel in panels[-3:]])")
    assert outputs[-1]["content"]["text"] == "[True, False, False]\n"


def test_in_a_script_there_is_no_cell(make):
    """Nothing to show a picture in, and nothing to replace."""
    assert not Picture().is_open
    first, second = make(serial), make(serial)
    replace_panel(first)
    replace_panel(second)
    assert first.comm is not None


def test_where_nobody_looks_each_strategy_is_run_once(cell):
    """So a worked notebook, read without a kernel, has a picture and a table of them all."""
    cell("import os; from helpers.strategies import threads; os.environ['COURSE_STRICT'] = '1'")
    outputs = cell("Panel(serial, threads, llm=llm, queries=2, latency=0.02)", "unattended")
    cell("del os.environ['COURSE_STRICT']")
    last = [m["content"]["data"] for m in outputs if m["msg_type"] == "update_display_data"][-1]
    assert "<img" in last["text/html"]
    assert ">serial</td>" in last["text/html"] and ">threads</td>" in last["text/html"]
    assert last["text/html"].count(">2 of 2</td>") == 2
