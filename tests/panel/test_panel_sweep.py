"""A sweep in a panel: it is drawn, can be stopped, and goes on if it is asked for again."""

from helpers.strategies import limited
from tests.panel.reading import said, wait


def test_a_sweep_in_the_panel_goes_on_where_it_was_stopped(make, held):
    """Pressed again it is the same sweep, and its chart shows all points."""
    panel = make(held, controls=("sweep",))
    assert panel.sweep_button in panel.buttons.children
    sweep = panel.sweep((1, 2))
    assert held.inside.wait(10)
    panel.stop()
    wait(panel)
    assert (sweep.outcome, sweep.points) == ("stopped", [])
    held.gate.set()
    assert panel.sweep((1, 2)) is sweep
    wait(panel)
    assert [point.limit for point in sweep.points] == [1, 2]
    assert "2 of 2 concurrencies" in said(panel)
    assert "<svg" in panel.screen.chart.value


def test_a_sweep_that_is_asked_for_otherwise_begins_anew(make, held):
    """With other limits or other settings, old points would be no part of it."""
    panel = make(held, controls=("sweep",))
    stopped = panel.sweep((1, 2))
    assert held.inside.wait(10)
    panel.stop()
    wait(panel)
    held.gate.set()
    other = panel.sweep((1, 2), latency=0.03)
    wait(panel)
    assert other is not stopped
    assert len(other.points) == 2


def test_a_sweep_that_is_done_begins_anew(make):
    """Whoever presses again wants to see it again."""
    panel = make(limited, controls=("sweep",))
    first = panel.sweep((1,))
    wait(panel)
    second = panel.sweep((1,))
    wait(panel)
    assert second is not first
    assert len(second.points) == 1
