"""`python -m helpers.bench`: which sections it runs, and what it says of a wrong command line."""

from functools import partial

import pytest

from helpers.bench import __main__ as bench
from helpers.process import run_python


@pytest.fixture
def ran(monkeypatch):
    """The (section, rounds) that were run; none of them measures anything."""
    found = []
    for name in bench.SECTIONS:
        section = partial(lambda name, rounds: found.append((name, rounds)), name)
        monkeypatch.setattr(f"helpers.bench.{name}.{name}", section)
    return found


def test_without_a_section_all_are_run(ran, capsys):
    """In their order, five rounds each; the machine is named first."""
    bench.main([])
    assert ran == [("fake_llm", 5), ("panel", 5), ("planner", 5)]
    assert " cores, " in capsys.readouterr().out


def test_sections_are_run_as_they_are_named(ran):
    """With as many rounds as asked for."""
    bench.main(["planner", "fake_llm", "--rounds", "2"])
    assert ran == [("planner", 2), ("fake_llm", 2)]


def test_what_times_replies_has_no_widgets_in_its_memory():
    """With them Python's garbage collector stops the client, and replies seem late."""
    code = "import sys, helpers.bench.__main__, helpers.bench.fake_llm; print(*sys.modules)"
    loaded = set(run_python("-c", code).stdout.split())
    assert "helpers.bench.load" in loaded
    assert not {"matplotlib", "ipywidgets", "numpy"} & loaded


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fake-llm"], "no section fake-llm; there are fake_llm, panel, planner"),
        (["panel", "x", "y"], "no section x, y; there are"),
        (["--rounds", "0"], "--rounds is 0; it takes a whole number from 1 up"),
        (["--rounds", "few"], "argument --rounds: invalid int value: 'few'"),
    ],
)
def test_a_wrong_command_line_is_an_error_before_anything_is_run(ran, capsys, arguments, says):
    """It says what is wrong, and what there is."""
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == 2 and says in capsys.readouterr().err
    assert ran == []
