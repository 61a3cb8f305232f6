"""The benchmark: what is done is kept and not run again, and the table says what was run."""

import json

import pytest

from helpers.benchmark.benchmark import Benchmark, same_ratios, shipped
from helpers.benchmark.rows import FULL, SMALL, Row
from tests.benchmark.made_up import result

ONE = Row("one", "serial", 1, 1, 0.01)
TWO = Row("two", "async", 2, 2, 0.01)
THREE = Row("three", "async", 1, 1, 0.01)


def filled(rows, path=None):
    """A benchmark with a result for each of these rows."""
    return Benchmark(rows, path=path, results={row.name: result(row) for row in rows})


@pytest.fixture
def counted(monkeypatch):
    """The names of the rows that were run, in order; nothing is measured."""
    names = []

    def counting(row, llm):
        names.append(row.name)
        return result(row)

    monkeypatch.setattr("helpers.benchmark.benchmark.measure", counting)
    return names


def test_rows_are_run_and_a_line_is_printed_for_each(llm, tmp_path, capsys):
    """For real, and into a file."""
    bench = Benchmark([ONE, TWO], llm, tmp_path / "kept.json")
    assert bench.run() is bench
    assert repr(bench) == "Benchmark(2 of 2 rows)" and bench.left == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(" 2 of 2  two: about 0 s ... ") and lines[1].endswith(" s")
    assert Benchmark([ONE, TWO], path=bench.path).results == bench.results


def test_what_is_done_is_not_run_again(llm, tmp_path, counted):
    """A second benchmark on the same file runs only what is left."""
    path = tmp_path / "kept.json"
    Benchmark([ONE, TWO], llm, path).run()
    again = Benchmark([ONE, TWO, THREE], llm, path)
    assert again.left == [THREE]
    again.run()
    assert counted == ["one", "two", "three"]


def test_a_row_that_has_changed_is_run_anew(llm, tmp_path, counted):
    """Its old result is replaced, and the others stay in the file."""
    path = tmp_path / "kept.json"
    Benchmark([ONE, TWO], llm, path).run()
    changed = Row("one", "serial", 1, 7, 0.01)
    Benchmark([changed], llm, path).run()
    assert counted == ["one", "two", "one"]
    kept = {
        entry["row"]["name"]: entry["row"]["requests"] for entry in json.loads(path.read_text())
    }
    assert kept == {"one": 7, "two": 2}


def test_two_on_one_file_keep_each_others_rows(llm, tmp_path, counted):
    """Both have read the empty file before either writes."""
    path = tmp_path / "kept.json"
    first, second = Benchmark([ONE], llm, path), Benchmark([TWO], llm, path)
    first.run()
    second.run()
    assert Benchmark([ONE, TWO], path=path).left == []


def test_an_interrupt_keeps_what_is_done(llm, tmp_path, monkeypatch):
    """In memory and in the file; a second run goes on with the row that was interrupted."""

    def interrupted(row, llm):
        if row is TWO:
            raise KeyboardInterrupt
        return result(row)

    monkeypatch.setattr("helpers.benchmark.benchmark.measure", interrupted)
    bench = Benchmark([ONE, TWO, THREE], llm, tmp_path / "kept.json")
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert bench.left == Benchmark(bench.rows, path=bench.path).left == [TWO, THREE]


@pytest.mark.parametrize("text", ["{", '[{"row": {}}]', "[1]", '[{"row": {"article": null}}]'])
def test_a_file_with_something_else_is_named(tmp_path, text):
    """The message says what to do; the file is left as it is."""
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="kept.json holds no results .* remove it"):
        Benchmark([ONE], path=path)
    assert path.read_text() == text


def test_without_a_server_only_what_is_kept_can_be_had():
    """The message names the argument."""
    assert filled([ONE]).run().left == []
    with pytest.raises(ValueError, match="llm is None; it takes a FakeLLM"):
        Benchmark([ONE]).run()


def test_the_shipped_results_are_those_of_the_full_rows():
    """Each row is still the row that was measured when the course was made."""
    bench = shipped()
    assert bench.left == [] and list(bench.results) == [row.name for row in FULL]


def test_the_table_says_what_is_extrapolated():
    """The column "run as" names the scale and, for a part, how many were sent."""
    text = str(filled(SMALL))
    lines = dict(zip([row.name for row in SMALL], text.splitlines()[1:]))
    assert lines["serial"].endswith("1/8, 4 sent")
    assert lines["100 threads"].endswith("1/4")
    assert lines["1,000 threads"].endswith("full")


def test_the_table_has_the_articles_figures_beside_ours():
    """And none where the article says nothing; what differs from run to run is marked."""
    page = filled(SMALL)._repr_html_()
    assert ">2,000 s, 0.5/s</td>" in page and ">800</td>" in page
    assert page.count('class="varies"') == 10 * len(SMALL)


def test_rows_without_a_result_are_not_in_the_table():
    """The heading alone where there is none."""
    bench = Benchmark([ONE, TWO], results={"two": result(TWO)})
    assert len(str(bench).splitlines()) == 2
    assert len(str(Benchmark([ONE])).splitlines()) == 1


def test_a_result_is_found_by_the_name_of_its_row():
    """A name that is not there is answered with those that are."""
    assert filled([ONE, TWO])["two"].row is TWO
    with pytest.raises(KeyError, match="no result 'nothing'; there are one, two"):
        filled([ONE, TWO])["nothing"]
    with pytest.raises(KeyError, match="there are none yet"):
        Benchmark([ONE])["one"]


def test_same_ratios_tell_how_far_the_small_one_is_off():
    """Relative to the base row, whose own ratio is right by definition; no row with a tail."""
    base = Row("async, limit 50", "async", 50)
    other = Row("100 threads", "threads", 100)
    tailed = Row("tailed", "async", 50, tail=0.5)
    full = filled([base, other, tailed])
    small = filled([base, other, tailed])
    small.results["100 threads"] = result(other, seconds=1.1)
    assert same_ratios(small, full) == {
        "async, limit 50": 0.0,
        "100 threads": pytest.approx(0.1),
    }
