"""The benchmark of lesson 11: real rows in real processes, small ones; what is done is kept."""

import json
import os

import psutil
import pytest

from helpers import FakeLLM
from helpers.benchmark.benchmark import (
    ARTICLE,
    FULL,
    SMALL,
    Benchmark,
    Row,
    fresh,
    measure,
    measured_alone,
)

FEW = [
    Row("serial", "serial", 1, 3, 0.05),
    Row("threads", "threads", 4, 12, 0.05),
    Row("async", "async", 4, 12, 0.05),
]


@pytest.fixture(scope="module")
def llm():
    with FakeLLM() as llm:
        yield llm


@pytest.mark.parametrize("row", FEW, ids=lambda row: row.name)
def test_a_row_tells_what_the_client_and_the_server_saw(row, llm):
    """Time no less than Little's law, one connection for each in flight, memory, threads and CPU of its own."""
    result = measure(row, llm)
    assert result.seconds >= result.ideal > 0 and result.connections == row.in_flight
    assert 5 < result.memory < 500 and result.cpu > 0
    assert result.threads >= (row.limit + 1 if row.how == "threads" else 1)
    assert result.p95 >= result.p95_from_start >= 0.05


def test_aiohttps_default_stops_at_a_hundred(llm):
    """The row without a limit of ours has a hundred connections, the one with limit=0 as many as requests."""
    default = measure(Row("default", "aiohttp's default", 0, 130, 0.3), llm)
    unlimited = measure(Row("unlimited", "async", 0, 130, 0.3), llm)
    assert (default.connections, unlimited.connections) == (100, 130)


def test_a_row_leaves_the_fake_llm_as_it_was(llm):
    """Latency and tail are the caller's again."""
    before = llm.behaviour()
    measure(Row("tail", "async", 2, 4, 0.02, tail=0.5), llm)
    assert llm.behaviour() == before


def test_a_scaled_row_is_shown_unscaled():
    """Times the scale, and times the requests that were not sent."""
    row = Row("10 threads", "threads", 10, 40, 0.25)
    result = _result(row, seconds=1.04)
    assert result.unscaled == pytest.approx(208) and result.rate == pytest.approx(1000 / 208)
    assert row.part and result.overhead == pytest.approx(0.04)


def _result(row, seconds):
    from helpers.benchmark.benchmark import Result

    ideal = row.requests * row.latency / row.in_flight
    return Result(row, seconds, ideal, 20.0, 1, 1, 0.1, 0.2, 0.3, 0.2, 0.3)


def test_what_is_done_is_kept_and_not_run_again(llm, tmp_path, capsys):
    """A second benchmark on the same file runs only what is left; a row that has changed is run anew."""
    path = tmp_path / "kept.json"
    Benchmark(FEW[:2], llm, path).run()
    again = Benchmark(FEW, llm, path)
    assert [row.name for row in again.left] == ["async"]
    assert repr(again.run()) == "Benchmark(3 of 3 rows)"
    assert "3 of 3  async: about" in capsys.readouterr().out
    changed = Benchmark([Row("serial", "serial", 1, 2, 0.05)], llm, path)
    assert len(changed.left) == 1 and len(json.loads(path.read_text())) == 3


def test_an_interrupt_keeps_what_is_done_and_ends_the_client(llm, tmp_path, monkeypatch):
    """The file has the rows before it; no client lives on."""
    bench = Benchmark(FEW[:2], llm, tmp_path / "kept.json")
    bench.rows = FEW[:1]
    bench.run()
    bench.rows = FEW[:2]

    def interrupted(pid):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.benchmark.benchmark._watch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert len(Benchmark(FEW, llm, bench.path).left) == 2
    assert not [
        c
        for c in psutil.Process(os.getpid()).children()
        if any("client.py" in word for word in c.cmdline())
    ]


def test_a_client_that_fails_says_why():
    """The last line of its traceback, with the row's name."""
    llm = FakeLLM(fault_500=1.0)
    with llm, pytest.raises(RuntimeError, match="async: the client failed: .*500"):
        measure(FEW[2], llm)


@pytest.mark.parametrize(("settings", "message"), [({"how": "magic"}, "how is 'magic'"), ({"requests": 0}, "requests is 0")])  # fmt: skip
def test_a_bad_row_is_refused(settings, message):
    """The message names the argument."""
    with pytest.raises(ValueError, match=message):
        Row(**{"name": "x", "how": "async", "limit": 1, **settings})


def test_both_sizes_have_the_same_ways():
    """Seven ways and serial, the article's five among them, and a long tail; the full size is not scaled."""
    assert [r.name for r in SMALL[:8]] == [r.name for r in FULL[:8]] and len(SMALL) == 10
    assert set(ARTICLE) <= {r.name for r in SMALL} and {r.latency for r in FULL} == {2.0}
    assert all(r.latency >= 0.25 for r in SMALL)


def test_scripts_run_alone_and_their_errors_come_back():
    """Each in a fresh process, in the order given."""
    assert measured_alone("print(1)", "import sys; print(len(sys.argv))") == [1, 1]
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        measured_alone("1 / 0")


def test_a_fresh_process_does_not_outlive_its_block():
    """Whatever happens inside."""
    with (
        pytest.raises(KeyError),
        fresh("-c", "input() if 0 else __import__('time').sleep(60)") as process,
    ):
        raise KeyError
    assert process.poll() is not None


def test_the_table_says_what_is_extrapolated():
    """The column 'run as' names the scale and, for a part, how many were sent."""
    bench = Benchmark(SMALL)
    bench.results = {row.name: _result(row, 1.0) for row in SMALL}
    assert "1/8, 4 sent" in str(bench) and "2,000 s, 0.5/s" in bench._repr_html_()
    with pytest.raises(KeyError, match="there are serial"):
        bench["nothing"]
