"""The panel stays alive whatever a strategy does, says what happened, and leaves nothing behind."""

import asyncio
import gc
import threading
import time
import weakref

import ipywidgets
import pytest
import traitlets

from helpers import Panel
from helpers.panel.screen import LANE_ROWS
from helpers.process import run_python
from helpers.strategies import gather, limited, serial, threads
from tests.panel.reading import bars, enabled, said, wait

# Runs


@pytest.mark.parametrize("strategy", [serial, threads, gather, limited], ids=lambda s: s.__name__)
def test_a_run_fills_the_chart(make, strategy):
    """Run from a cell: every answer, a bar for each, the numbers, and what was said."""
    panel = make(strategy)
    run = panel.run()
    assert wait(panel) is run
    assert run.summary.answered == 4
    assert bars(panel) >= 4
    assert "4 of 4" in panel.screen.numbers.value
    assert said(panel).startswith(f"Done. {strategy.__name__}: 4 of 4 answered in")


def test_a_run_that_was_started_is_handed_out_live(make, held):
    """So that a cell may look at it; the buttons say what can be done now."""
    panel = make(held)
    assert enabled(panel) == ["Run", "Reset"]
    run = panel.run()
    assert held.inside.wait(10)
    assert not run.over
    assert said(panel) == "held is running."
    assert enabled(panel) == ["Stop", "Reset"]
    held.gate.set()
    wait(panel)
    assert enabled(panel) == ["Run", "Pin", "Reset"]


def test_the_buttons_call_the_methods(make):
    """A click is a call."""
    panel = make(serial)
    panel.run_button.click()
    wait(panel)
    panel.pin_button.click()
    assert panel.pinned == [panel.last]
    panel.reset_button.click()
    assert panel.pinned == []
    assert panel.screen.chart.value == ""
    panel.stop_button.click()
    assert said(panel) == "Nothing is running."


def test_settings_of_run_are_those_of_the_controls(make):
    """They are set by name, and hold for the runs after it, too."""
    panel = make(serial, threads)
    assert len(panel.run(strategy="threads", queries=6, concurrency=3).questions) == 6
    assert wait(panel).limit == 3
    assert panel.controls["concurrency"].value == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"speed": 1}, "run takes no ['speed']"),
        ({"queries": 0}, "Queries is 0"),
        ({"strategy": "magic"}, "Strategy is 'magic'"),
    ],
)
def test_a_run_that_cannot_be_started_is_none_and_an_alert(make, settings, words):
    """Nothing starts, and the panel says why: a button's traceback would be seen nowhere."""
    panel = make(serial)
    assert panel.run(**settings) is None
    assert words in said(panel)
    assert panel.screen.status.alert
    assert enabled(panel) == ["Run", "Reset"]


def test_run_pressed_twice(make, held):
    """The second is refused with words; the first goes on."""
    panel = make(held)
    first = panel.run()
    assert held.inside.wait(10)
    assert panel.run() is None
    assert "A run is under way" in said(panel)
    held.gate.set()
    assert wait(panel) is first
    assert first.outcome == "done"


def test_controls_moved_during_a_run_are_for_the_next(make, held):
    """The run keeps what it began with."""
    panel = make(held)
    live = panel.run(queries=3)
    assert held.inside.wait(10)
    panel.controls["queries"].value = 5
    held.gate.set()
    assert len(wait(panel).questions) == 3
    assert live.outcome == "done"


def test_stop_before_anything_started(make):
    """Harmless, and says so; a run after it works."""
    panel = make(serial)
    panel.stop()
    assert said(panel) == "Nothing is running."
    panel.run()
    assert wait(panel).outcome == "done"


def test_a_strategy_that_never_returns(make, held):
    """Stop abandons it with words, and the next run works."""
    panel = make(held, serial)
    panel.run()
    assert held.inside.wait(10)
    panel.stop()
    assert wait(panel).outcome == "abandoned"
    assert "did not stop: its code is busy" in said(panel)
    panel.run(strategy="serial")
    assert wait(panel).outcome == "done"


def raises(ask, questions, limit):
    """A learner's bug."""
    raise ValueError("a bug <b> of mine")


def garbage(ask, questions, limit):
    """Not a list of answers."""
    return 42


async def broken_task(ask, questions, limit):
    """A bug inside of a task group."""
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(None))


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (raises, "ValueError: a bug <b> of mine"),
        (garbage, "garbage returned int"),
        (broken_task, "broken_task failed, "),
    ],
)
def test_a_strategy_that_fails_is_told(make, strategy, words):
    """As an alert, with the message; pinned runs survive, and the next run works."""
    panel = make(serial, strategy)
    panel.run(strategy="serial")
    kept = wait(panel)
    panel.pin()
    panel.run(strategy=strategy.__name__)
    assert wait(panel).outcome == "failed"
    assert words in said(panel)
    assert panel.screen.status.alert
    assert panel.pinned == [kept]
    panel.run(strategy="serial")
    assert wait(panel).outcome == "done"
    assert not panel.screen.status.alert


def test_a_chart_that_cannot_be_drawn_is_an_alert(make, monkeypatch):
    """The thread that draws would otherwise end unseen, and the panel wait for it for ever."""
    panel = make(serial)
    monkeypatch.setattr(panel.screen, "draw", lambda *_: 1 / 0)
    run = panel.run()
    run.wait(30)
    wait(panel)
    assert said(panel) == "ZeroDivisionError: division by zero"
    assert enabled(panel) == ["Run", "Reset"]


def test_wait_gives_up_clearly(make, held):
    """TimeoutError names the way out."""
    panel = make(held)
    panel.run()
    with pytest.raises(TimeoutError, match=r"panel.stop\(\) stops it"):
        asyncio.run(panel.wait(0.05))
    held.gate.set()
    wait(panel)


# What is shown with a run


def test_what_a_strategy_prints_stands_below_the_numbers(make, capsys):
    """None of it reaches a cell."""

    def noisy(ask, questions, limit):
        print("\n".join(["tick"] * 100))
        return [ask(question) for question in questions]

    panel = make(noisy)
    panel.run()
    wait(panel)
    assert "tick" in panel.screen.numbers.value
    assert "80 lines more" in panel.screen.numbers.value
    assert "tick" not in capsys.readouterr().out


def test_a_blocked_loop_is_doubted(make):
    """The panel says that the loop was late, beside the numbers and in the chart."""

    async def blocks(ask, questions, limit):
        await asyncio.sleep(0.05)
        time.sleep(0.25)
        await asyncio.sleep(0.05)
        return [await ask(question) for question in questions]

    panel = make(blocks)
    panel.run()
    wait(panel)
    assert "The event loop was up to" in panel.screen.numbers.value
    assert "it was blocked" in panel.screen.chart.value


def test_the_guess_is_drawn_and_judged_kindly(make):
    """Captured at Run, drawn as a line, told in the end, and asked anew."""
    panel = make(serial)
    panel.run(prediction=50)
    wait(panel)
    assert "your guess 50 s" in panel.screen.chart.value
    assert "You said 50 s" in said(panel)
    assert "more waiting overlapped than you thought" in said(panel)
    assert panel.controls["prediction"].value is None


def test_a_pinned_run_is_drawn_behind_the_next(make):
    """As a ghost with its name and time."""
    panel = make(serial, gather)
    panel.run(strategy="serial")
    kept = wait(panel)
    panel.pin()
    panel.run(strategy="gather")
    wait(panel)
    assert f"serial {kept.seconds:.2f} s" in panel.screen.chart.value


def test_a_run_that_is_over_can_be_looked_at_in_other_rows(make):
    """The switch draws it again."""
    panel = make(threads)
    panel.run()
    wait(panel)
    panel.screen.rows.value = LANE_ROWS
    assert ">thread</text>" in panel.screen.chart.value


# What it is made from, and what it leaves


@pytest.mark.parametrize(
    ("strategies", "settings", "error", "words"),
    [
        ((), {}, ValueError, "at least one strategy"),
        (("serial",), {}, TypeError, "'serial' is no strategy"),
        ((serial,), {"controls": ("speed",)}, ValueError, r"controls has \['speed'\]"),
        ((serial,), {"queries": 0}, traitlets.TraitError, "Queries is 0"),
        ((serial,), {"latency": -1}, traitlets.TraitError, "Model latency is -1"),
    ],
)
def test_a_wrong_argument_is_named(strategies, settings, error, words):
    """Before any server starts."""
    with pytest.raises(error, match=words):
        Panel(*strategies, **settings)


def test_a_keyword_is_a_strategys_name(make):
    """In the list, and for run."""
    panel = make(mine=serial, other=lambda ask, questions, limit: [ask(q) for q in questions])
    assert panel.controls["strategy"].options == ["mine", "other"]
    panel.run(strategy="other")
    assert wait(panel).outcome == "done"


@pytest.mark.parametrize(
    ("strategies", "labels"),
    [((serial, threads), ["Strategy", "Queries"]), ((serial,), ["Queries"])],
)
def test_controls_are_shown_that_were_asked_for(make, strategies, labels):
    """Of a single strategy there is nothing to choose."""
    panel = make(*strategies, controls=("queries", "strategy"))
    assert [field.label for field in panel._fields.children] == labels


def test_its_repr_is_short_and_stable(make):
    """nbval compares it."""
    assert repr(make(serial, threads)) == "Panel(serial, threads): run this cell to use it"


def test_nothing_is_left_behind(llm):
    """Ten panels, run and closed: their threads end, and neither they nor a part of one is kept."""
    before = set(threading.enumerate())
    widgets_before = len(ipywidgets.widgets.widget._instances)
    closed = []
    for _ in range(10):
        panel = Panel(gather, llm=llm, queries=2, latency=0.02)
        panel.run()
        wait(panel)
        panel.close()
        closed.append(weakref.ref(panel))
    del panel
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(20)
    assert [thread for thread in left if thread.is_alive()] == []
    gc.collect()
    assert [reference() for reference in closed] == [None] * 10
    assert len(ipywidgets.widgets.widget._instances) == widgets_before


def test_a_panel_may_be_closed_twice():
    """By a cell that is run again, and when it is forgotten."""
    panel = Panel(serial)
    panel.close()
    panel.close()


def test_a_script_needs_no_notebook():
    """Without IPython running, a panel runs and answers all the same."""
    done = run_python(
        "-c",
        "import asyncio\n"
        "from helpers import Panel\n"
        "from helpers.strategies import gather\n"
        "panel = Panel(gather, queries=2, latency=0.02)\n"
        "panel.run()\n"
        "print(asyncio.run(panel.wait()))\n",
    )
    assert done.stdout == "Run(gather, 2 questions, limit 10, done)\n", done.stderr
