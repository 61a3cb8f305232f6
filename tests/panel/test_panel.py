"""The panel stays alive whatever a strategy does, says what happened, and leaves nothing behind."""

import asyncio
import gc
import re
import subprocess
import sys
import threading
import time

import pytest
import traitlets

from helpers import FakeLLM, Panel
from helpers.panel.controls import Choice, Number, Slider
from helpers.panel.output import Printed
from helpers.strategies import gather, limited, serial, threads

QUICK = {"latency": 0.02, "search_latency": 0.0, "save_latency": 0.0}


@pytest.fixture(scope="module")
def llm():
    """A quick fake LLM for all panels here."""
    with FakeLLM(**QUICK) as llm:
        yield llm


@pytest.fixture
def make(llm):
    """Makes panels on it, and closes them."""
    panels = []

    def make(*strategies, **settings):
        panels.append(Panel(*strategies, **{"llm": llm, "queries": 4, "concurrency": 2} | settings))
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def wait(panel, timeout=30):
    """As a cell does."""
    return asyncio.run(panel.wait(timeout))


def said(panel):
    """The status line."""
    return panel.screen.status.value


def drawn(panel):
    """How many bars of the model step the chart has."""
    path = re.search(r'<path d="([^"]*)" stroke="#0072B2" stroke-width', panel.screen.chart.value)
    return path.group(1).count("M") if path else 0


def hold(ask, questions, limit):
    """Blocks until the test lets it go."""
    hold.inside.set()
    hold.gate.wait(20)
    return [ask(q) for q in questions]


@pytest.fixture
def held():
    """hold, ready; it is let go in the end."""
    hold.gate, hold.inside = threading.Event(), threading.Event()
    yield hold
    hold.gate.set()


@pytest.mark.parametrize("strategy", [serial, threads, gather, limited], ids=lambda s: s.__name__)
def test_a_run_fills_the_chart(make, strategy):
    """Run from a cell: every answer, a bar for each, the numbers, and what was said."""
    panel = make(strategy)
    assert panel.run() is panel._live
    assert wait(panel).summary.answered == 4
    assert drawn(panel) >= 4 and "4 of 4" in panel.screen.numbers.value
    assert said(panel).startswith(f"Done. {strategy.__name__}: 4 of 4 answered in")


def test_the_buttons_call_the_methods(make):
    """A click is a call."""
    panel = make(serial)
    panel.run_button.click()
    assert panel.stop_button.disabled is False
    wait(panel)
    panel.pin_button.click()
    assert panel.pinned == [panel.last]
    panel.reset_button.click()
    assert (panel.pinned, panel.screen.chart.value) == ([], "")


def test_settings_of_run_are_those_of_the_controls(make):
    """By name; an unknown one or a bad value is named, and nothing starts."""
    panel = make(serial, threads)
    assert len(panel.run(strategy="threads", queries=6, concurrency=3).questions) == 6
    assert wait(panel).limit == 3
    for settings, words in (({"speed": 1}, "run takes no ['speed']"), ({"queries": 0}, "Queries is 0"),
                            ({"strategy": "magic"}, "Strategy is 'magic'")):  # fmt: skip
        assert panel.run(**settings) is None
        assert words in said(panel) and panel.screen.status.alert


def test_run_pressed_twice(make, held):
    """The second is refused with words; the first goes on."""
    panel = make(held)
    first = panel.run()
    held.inside.wait(10)
    assert panel.run() is None and "A run is under way" in said(panel)
    held.gate.set()
    assert wait(panel) is first and first.outcome == "done"


def test_stop_before_anything_started(make):
    """Harmless, and says so."""
    panel = make(serial)
    panel.stop()
    assert said(panel) == "Nothing is running."
    assert panel.run() and wait(panel).outcome == "done"


def test_a_strategy_that_never_returns(make, held):
    """Stop abandons it with words, and the next run works."""
    panel = make(held, serial)
    panel.run()
    held.inside.wait(10)
    panel.stop()
    assert wait(panel).outcome == "abandoned" and "did not stop: its code is busy" in said(panel)
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
        (broken_task, "Error: "),
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
    assert words in said(panel) and panel.screen.status.alert and panel.pinned == [kept]
    panel.run(strategy="serial")
    assert wait(panel).outcome == "done" and not panel.screen.status.alert


def test_controls_moved_during_a_run_are_for_the_next(make, held):
    """The run keeps what it began with."""
    panel = make(held)
    live = panel.run(queries=3)
    held.inside.wait(10)
    panel.controls["queries"].value = 5
    held.gate.set()
    assert len(wait(panel).questions) == 3 and live.outcome == "done"


def test_a_million_lines_are_counted_not_shown(make, capsys):
    """The first twenty are in the panel; none reaches a cell; stdout is afterwards as before."""

    def noisy(ask, questions, limit):
        print("\n".join(["tick"] * 100_000))
        return [ask(q) for q in questions]

    before = sys.stdout
    panel = make(noisy)
    panel.run()
    wait(panel)
    assert (
        "tick" in panel.screen.numbers.value and "99,980 lines more" in panel.screen.numbers.value
    )
    assert sys.stdout is before and "tick" not in capsys.readouterr().out


def test_the_main_threads_prints_are_let_through(capsys):
    """Only other threads are listened to."""
    printed = Printed().open()
    print("from a cell")
    printed.close()
    printed.close()
    assert capsys.readouterr().out == "from a cell\n" and printed.note() == []


def test_a_blocked_loop_is_doubted(make):
    """The panel says that the loop was late, beside the numbers."""

    async def blocks(ask, questions, limit):
        await asyncio.sleep(0.05)
        time.sleep(0.25)
        await asyncio.sleep(0.05)
        return [await ask(q) for q in questions]

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
    assert "You said 50 s" in said(panel) and "more waiting overlapped than you thought" in said(
        panel
    )
    assert panel.controls["prediction"].value is None


def test_a_pinned_run_is_drawn_behind_the_next(make):
    """As a ghost with its name and time."""
    panel = make(serial, gather)
    panel.run(strategy="serial")
    wait(panel)
    panel.pin()
    panel.run(strategy="gather")
    wait(panel)
    assert re.search(r"serial \d+\.\d\d s", panel.screen.chart.value)


def test_rows_may_be_lanes(make):
    """The switch draws the run that is over again."""
    panel = make(threads)
    panel.run()
    wait(panel)
    panel.screen.rows.value = "thread or task"
    assert ">thread</text>" in panel.screen.chart.value


def test_the_chart_follows_the_pages_width(make):
    """Told by the browser, at any time, also after the run."""
    panel = make(serial)
    panel.run()
    wait(panel)
    panel.screen.status._told(None, {"width": 480}, [])
    assert 'viewBox="0 0 480 ' in panel.screen.chart.value


def test_the_fake_llm_is_given_back_as_it_was(make, llm):
    """A panel's settings hold for its run only, and only those of its controls."""
    llm.behave(tail=0.3)
    panel = make(serial, latency=0.05)
    panel.run()
    wait(panel)
    assert (panel.last.behaviour["latency"], panel.last.behaviour["tail"]) == (0.05, 0.3)
    assert llm.behaviour()["latency"] == QUICK["latency"]
    llm.behave(tail=0.0)


def test_two_panels_on_one_fake_llm(make, llm, held):
    """The second is refused while the first runs, and does not change the first one's settings."""
    first, second = make(held), make(serial, latency=0.5)
    first.run()
    held.inside.wait(10)
    assert second.run() is None and "still uses this fake LLM" in said(second)
    assert llm.behaviour()["latency"] != 0.5
    held.gate.set()
    wait(first)


def test_a_panel_has_a_fake_llm_of_its_own_and_ends_it():
    """Started when needed, again when it has died, ended with the panel."""
    panel = Panel(serial, queries=2, latency=0.02)
    panel.run()
    wait(panel)
    panel._llm.close()
    panel.run()
    assert wait(panel).outcome == "done"
    llm = panel._llm
    panel.close()
    panel.close()
    assert not llm.alive


def test_the_server_killed_during_a_run():
    """The alert says so and how to go on; the next run has a new one."""
    panel = Panel(gather, queries=2, latency=1.5)
    panel.run()
    panel._llm.close()
    assert wait(panel).outcome == "failed" and "The fake LLM has ended" in said(panel)
    panel.run(latency=0.02)
    assert wait(panel).outcome == "done"
    panel.close()


def test_a_sweep_in_the_panel_stops_and_resumes(make):
    """The second press goes on with the same sweep; its chart shows all points."""
    panel = make(limited, controls=("sweep",))
    sweep = panel.sweep((1, 2))
    panel.stop()
    wait(panel)
    assert panel.sweep((1, 2)) is sweep or len(sweep.points) == 2
    wait(panel)
    assert "2 of 2 concurrencies" in said(panel) and "<svg" in panel.screen.chart.value
    assert panel.sweep_button in panel.buttons.children


def test_wait_gives_up_clearly(make, held):
    """TimeoutError names the way out."""
    panel = make(held)
    panel.run()
    with pytest.raises(TimeoutError, match=r"panel.stop\(\) stops it"):
        asyncio.run(panel.wait(0.05))
    held.gate.set()
    wait(panel)


@pytest.mark.parametrize(
    ("strategies", "settings", "error", "words"),
    [
        ((), {}, ValueError, "at least one strategy"),
        (("serial",), {}, TypeError, "'serial' is no strategy"),
        ((serial,), {"controls": ("speed",)}, ValueError, r"controls has \['speed'\]"),
    ],
)
def test_a_wrong_argument_is_named(strategies, settings, error, words):
    """Before any server starts."""
    with pytest.raises(error, match=words):
        Panel(*strategies, **settings)


def test_strategies_by_name(make):
    """A keyword is the name in the list; one strategy needs no list."""
    panel = make(mine=serial, other=lambda ask, questions, limit: [ask(q) for q in questions])
    assert list(panel.strategies) == ["mine", "other"]
    panel.run(strategy="other")
    assert wait(panel).outcome == "done"


def test_its_repr_is_short_and_stable(make):
    """nbval compares it."""
    assert repr(make(serial, threads)) == "Panel(serial, threads): run this cell to use it"


def test_controls_refuse_what_is_out_of_range():
    """From code with an error that names the range; from the browser silently, with the old value sent back."""
    slider, choice, guess = (
        Slider("Queries", 5, 1, 9),
        Choice("Strategy", ["a", "b"]),
        Number(label="Guess", max=9),
    )
    with pytest.raises(
        traitlets.TraitError, match="Queries is 99.0; it takes a number from 1 to 9"
    ):
        slider.value = 99
    slider._told(None, {"value": 99}, [])
    choice._told(None, {"value": "c"}, [])
    guess._told(None, {"value": None}, [])
    assert (slider.value, choice.value, guess.value) == (5, "a", None)


def test_nothing_is_left_behind():
    """Ten panels, run and closed: no thread and no process more than before."""
    gc.collect()
    before = threading.active_count()
    for _ in range(3):
        panel = Panel(gather, queries=2, latency=0.02)
        panel.run()
        wait(panel)
        panel.close()
    assert threading.active_count() <= before + 1


def test_a_script_needs_no_notebook():
    """Without IPython running, a panel runs and answers all the same."""
    code = (
        "import asyncio\nfrom helpers import Panel\nfrom helpers.strategies import gather\n"
        "p = Panel(gather, queries=2, latency=0.02); p.run(); print(asyncio.run(p.wait()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "Run(gather, 2 questions, limit 10, done)\n"
