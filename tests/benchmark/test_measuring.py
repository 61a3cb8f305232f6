"""Rows measured for real, small ones, and scripts that run alone."""

import json
import subprocess
from tempfile import TemporaryFile

import psutil
import pytest

from helpers import FakeLLM
from helpers.benchmark.measuring import fresh_python, measure, measured_alone
from helpers.benchmark.rows import Row

THREADS = Row("threads", "threads", 4, 12, 0.1)
ASYNC = Row("async", "async", 4, 12, 0.1)


@pytest.mark.parametrize(("row", "threads"), [(THREADS, 4 + 1), (ASYNC, 1)])
def test_a_row_tells_what_the_client_and_the_server_saw(row, threads, llm):
    """No less time than Little's law, a connection for each in flight, and its own memory.

    Threads are counted from outside, the main one among them.
    """
    result = measure(row, llm)
    assert result.threads == threads
    assert result.row is row
    assert result.seconds >= result.ideal == pytest.approx(12 * 0.1 / 4, rel=0.05)
    assert result.connections == row.in_flight
    assert result.p95 >= result.p95_from_start >= 0.1
    assert 5 < result.memory < 500 and result.cpu > 0


def test_aiohttps_default_stops_at_a_hundred(llm):
    """Without a limit of ours a hundred connections; with limit=0 as many as requests."""
    default = measure(Row("default", "aiohttp's default", 0, 104, 0.4), llm)
    unlimited = measure(Row("unlimited", "async", 0, 104, 0.4), llm)
    assert (default.connections, unlimited.connections) == (100, 104)


def test_a_row_leaves_the_fake_llm_as_it_was(llm):
    """Latency and tail are the caller's again."""
    llm.behave(latency=0.07, tail=0.2)
    before = llm.behaviour()
    measure(Row("tail", "async", 2, 2, 0.02, tail=0.5), llm)
    assert llm.behaviour() == before


def test_a_client_that_fails_says_why():
    """The last line of its traceback, with the row's name; the settings are as they were."""
    with FakeLLM(fault_500=1.0) as broken:
        before = broken.behaviour()
        with pytest.raises(RuntimeError, match="async: the client failed: .*500"):
            measure(ASYNC, broken)
        assert broken.behaviour() == before


def test_an_interrupt_ends_the_client(llm, monkeypatch):
    """It arrives while the client is being looked at for the first time."""
    looked_at = []

    def interrupted(process):
        looked_at.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.benchmark.measuring._memory", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(ASYNC, llm)
    (client,) = looked_at
    assert not client.is_running()


def test_a_process_may_print_more_than_a_pipe_holds_before_anybody_reads():
    """A row of 3,000 requests does; with a pipe it would wait for ever."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        script = "print('x' * 1_000_000)"
        with fresh_python("-c", script, output=output, errors=errors) as process:
            assert process.wait(timeout=30) == 0
        assert output.seek(0, 2) > 1_000_000


def test_a_fresh_process_does_not_outlive_its_block():
    """Whatever happens inside."""
    with TemporaryFile() as output:
        with (
            pytest.raises(KeyError),
            fresh_python("-c", "import time; time.sleep(60)", output=output, errors=output) as it,
        ):
            raise KeyError
        assert it.poll() is not None


def test_where_the_pages_of_a_process_may_not_be_counted_its_resident_set_is_taken(monkeypatch):
    """As on macOS, for anybody but root."""
    from helpers.benchmark import measuring

    def refused(self):
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "memory_full_info", refused)
    resident = psutil.Process().memory_info().rss / 2**20
    assert measuring._memory(psutil.Process()) == pytest.approx(resident, rel=0.2)


def test_scripts_run_alone_and_come_back_in_order():
    """Each in a fresh process: the module that the first imports is not in the second."""
    script = "import json, sys; print(json.dumps('decimal' in sys.modules))"
    assert measured_alone(f"import decimal; {script}", script) == [True, False]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("1 / 0", "^ZeroDivisionError: division by zero$"),
        ("raise SystemExit(3)", "^it said nothing$"),
        ("print('three')", "a script printed 'three.n'; it must print JSON"),
    ],
)
def test_a_script_that_fails_says_why(script, says):
    """The last line of its error, also beside one that does not fail."""
    with pytest.raises(RuntimeError, match=says):
        measured_alone("print(1)", script)


def test_the_client_has_the_environment_of_a_python_of_ours(monkeypatch):
    """Nothing colours its last line, which a message repeats."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    script = "import json, os; print(json.dumps('FORCE_COLOR' in os.environ))"
    with TemporaryFile() as output:
        with fresh_python("-c", script, output=output, errors=subprocess.DEVNULL) as process:
            process.wait(timeout=30)
        output.seek(0)
        assert json.loads(output.read()) is False
