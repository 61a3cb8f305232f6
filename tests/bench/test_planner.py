"""The planner's predictions beside measured runs: what is printed of a row."""

from helpers.bench import planner
from helpers.planner import Calibration, ClientCost

# Of no machine; what its own calibration finds is tested with the planner.
COST = ClientCost(cpu=0.001, extra=0.0, base=40.0, each=0.1)


def test_cells_say_by_what_share_a_prediction_is_off():
    """A prediction above what was measured is off by a plus."""
    assert planner.compared(1.1, 1.0) == ("1.10", "1.00", "+10.0%")


def test_each_row_has_a_name_of_its_own():
    """And so can be found again in the next table."""
    names = [row.name for row in planner.ROWS]
    assert len(set(names)) == len(names)


def test_a_row_is_predicted_and_measured(monkeypatch, capsys):
    """The table has a cell for each of its head's names."""
    monkeypatch.setattr(planner, "calibrate", lambda llm: Calibration(COST, COST, cores=2))
    monkeypatch.setattr(planner, "ROWS", planner.ROWS[:1])
    planner.planner(1)
    title, _, head, _, row, _ = capsys.readouterr().out.splitlines()
    assert title.startswith("Planner: predicted and measured")
    assert head.count("|") == row.count("|") == len(planner.HEAD) + 1
    name, predicted, measured, *_ = row.strip("| ").split(" | ")
    # Eight replies of 0.2 s, one after the other.
    assert name == "serial" and predicted == "1.61" and float(measured) >= 1.6
