"""A sweep in a cell: it ends with the result, an error or an interrupt, and the chart grows."""

import _thread
import itertools
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers.charts.live_sweep import sweep
from helpers.strategies import limited


@pytest.fixture
def notebook():
    """What a cell runs in: IPython with a kernel, which can change what it has shown."""
    shell = InteractiveShell.instance()
    shell.kernel = True
    yield shell
    InteractiveShell.clear_instance()


def test_it_returns_the_sweep_when_it_is_done(llm, capsys):
    """With a point for each limit; outside of a notebook nothing is shown."""
    found = sweep(limited, (1, 2), llm=llm)
    assert (found.outcome, [point.limit for point in found.points]) == ("done", [1, 2])
    assert capsys.readouterr().out == ""


def test_in_a_notebook_the_chart_is_there_while_it_runs_and_goes_when_it_is_over(llm, notebook):
    """One output that changes: empty, pictures, and empty again: the figure takes its place."""
    go = threading.Event()

    def waits(ask, questions, limit):
        go.wait(20)
        return [ask(question) for question in questions]

    with capture_output() as shown:
        # The strategy goes on when the first picture is there.
        seen = []
        publish = notebook.display_pub.publish

        def watched(data, **more):
            seen.append(data["text/html"])
            if "<svg" in data["text/html"]:
                go.set()
            return publish(data, **more)

        notebook.display_pub.publish = watched
        sweep(waits, (1,), llm=llm)
    assert shown.outputs and seen[0] == seen[-1] == ""
    assert all("0 of 1 concurrencies" in picture for picture in seen[1:-1]) and len(seen) > 2


def test_a_failure_is_raised(llm):
    """As from a run; the sweep does not go on with the next limit."""
    asked = []

    def broken(ask, questions, limit):
        asked.append(limit)
        raise KeyError("oops")

    with pytest.raises(KeyError, match="oops"):
        sweep(broken, (1, 2), llm=llm)
    assert asked == [1]


def test_an_interrupt_returns_what_there_is(llm):
    """And leaves nothing running; resume() goes on with the rest."""
    interrupted = threading.Event()

    def strategy(ask, questions, limit):
        if limit == 1 or interrupted.is_set():
            return [ask(question) for question in questions]
        interrupted.set()
        _thread.interrupt_main()  # as Jupyter's stop button does
        for question in itertools.cycle(questions):
            ask(question)  # raises when the run is stopped

    found = sweep(strategy, (1, 2), llm=llm)
    assert (found.outcome, [point.limit for point in found.points]) == ("stopped", [1])
    assert found.resume().wait(30) and [point.limit for point in found.points] == [1, 2]
