"""A figure is declared once: who measures it and who prints it agree, or there is an error."""

import pytest

from helpers.bench import fake_llm
from helpers.bench.figures import Figure, Unit, medians, print_table

START = Figure("start", Unit.SECONDS, "0.6")
LATE = Figure("late, p99", Unit.MILLISECONDS, "25 (10)")
MEMORY = Figure("memory", Unit.MEGABYTES, "60")
RATE = Figure("requests/s", Unit.COUNT)


def test_a_table_shows_each_figure_in_its_unit_beside_its_bar(capsys):
    """Measured are seconds and bytes; None is what was not to be measured."""
    ours = {START: 0.4371, LATE: 0.00396, MEMORY: 27.2 * 2**20, RATE: 4327.4}
    other = {START: None, LATE: 0.135, MEMORY: None, RATE: 3161.0}
    print_table("Servers", (START, LATE, MEMORY, RATE), {"ours": ours, "other": other})
    assert capsys.readouterr().out.splitlines() == [
        "Servers",
        "",
        "|  | ours | other | bar (moonshot) |",
        "|---|---|---|---|",
        "| start, s | 0.437 | – | 0.6 |",
        "| late, p99 ms | 3.96 | 135 | 25 (10) |",
        "| memory, MB | 27.2 | – | 60 |",
        "| requests/s | 4,327 | 3,161 |  |",
        "",
    ]


def test_a_figure_that_was_not_measured_is_an_error(capsys):
    """And not a dash that nobody notices; half a table is not printed either."""
    with pytest.raises(ValueError, match="other lacks late, p99 ms"):
        print_table("Servers", (START, LATE), {"ours": {START: 1, LATE: 1}, "other": {START: 1}})
    assert capsys.readouterr().out == ""


def test_a_figure_that_the_table_does_not_have_is_an_error():
    """Also one that differs in a comma only."""
    nearly = Figure("late p99", Unit.MILLISECONDS)
    with pytest.raises(ValueError, match="ours has what is not in the table: late p99 ms"):
        print_table("Servers", (LATE,), {"ours": {LATE: 1.0, nearly: 1.0}})


def test_medians_are_of_each_figure():
    """What is measured in no round has none."""
    rounds = [{START: 3.0, LATE: None}, {START: 1.0, LATE: None}, {START: 2.5, LATE: None}]
    assert medians(rounds) == {START: 2.5, LATE: None}


def test_a_round_that_lacks_a_figure_is_an_error():
    """Whichever round it is."""
    for rounds in ([{START: 1.0}, {}], [{}, {START: 1.0}]):
        with pytest.raises(KeyError):
            medians(rounds)


def test_the_fake_llms_table_has_each_figure_once():
    """No two rows have the same name, and what only ours has is in the table."""
    names = [str(figure) for figure in fake_llm.TABLE]
    assert len(set(names)) == len(names) == 19
    assert set(fake_llm.OURS_ALONE) < set(fake_llm.TABLE)


@pytest.mark.parametrize(
    ("time", "seconds"), [("201.34ms", 0.20134), ("1.38s", 1.38), ("873.00us", 0.000873)]
)
def test_wrks_report_is_read(time, seconds):
    """Its times come in three units; another percentile is not taken for this one."""
    report = f"  Latency Distribution\n     50%  1.00s \n     99%  {time}\n".replace("s \n", "s\n")
    assert fake_llm.wrk_latency(report, 99) == pytest.approx(seconds)
    with pytest.raises(ValueError, match="wrk's report has no 90%"):
        fake_llm.wrk_latency(report, 90)


def test_where_nothing_was_answered_there_is_no_lateness():
    """An error, because a percentile of nothing would look like a figure not to be measured."""
    lost = [fake_llm.TimedReply(status=503)]
    with pytest.raises(RuntimeError, match="no reply to measure late, 1,000 at one instant, p50"):
        fake_llm._late(fake_llm.LATE_BURST, lost, 0.2)
