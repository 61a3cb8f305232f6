"""The command line: the settings' names, how their values are read, and what is wrong with them."""

import json

import pytest

from helpers.fake_llm.__main__ import _behaviour, _parser, main
from helpers.fake_llm.behaviour import SETTINGS, Behaviour


def behaviour(*arguments):
    """The settings that these arguments make."""
    return _behaviour(_parser().parse_args(arguments))


def test_help_names_every_setting(capsys):
    """The same names on the command line and in Python."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"--{name.replace('_', '-')} " in shown for name in SETTINGS)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {}),
        (["--latency", "2", "--capacity", "8"], {"latency": 2, "capacity": 8}),
        (["--knee", "none"], {"knee": None}),
        (["--work-after-disconnect", "True"], {"work_after_disconnect": True}),
        (["--script", "503,none,cut"], {"script": ["503", None, "cut"]}),
        (["--script", ""], {"script": []}),
        (["--models", "a,b"], {"models": ["a", "b"]}),
        (["--api-key", "123"], {"api_key": "123"}),
        (["--behaviour", '{"tail": 1, "latency": 3}', "--latency", "2"], {"tail": 1, "latency": 2}),
    ],
)
def test_values_are_read_by_what_a_setting_is(arguments, settings):
    """Numbers, flags, lists and names; an option of its own goes before --behaviour."""
    assert behaviour(*arguments) == Behaviour().changed(**settings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--latency", "soon"], "latency is 'soon'; it takes a number from 0 to 600"),
        (["--behaviour", "[1"], "--behaviour is '[1'; it takes a JSON object"),
        (["--port", "70000"], "port is 70000; it takes a whole number from 0"),
        (["--host", "nowhere"], "host is 'nowhere'; it takes an IP address or localhost"),
        (["--host", "0.0.0.0"], "host is '0.0.0.0', which others can reach; give an api_key"),
    ],
)
def test_what_is_wrong_is_told_to_programs_and_to_people(arguments, message, capsys):
    """One line of JSON on standard output, one of text on standard error, status 2."""
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["error"].startswith(message)
    assert told.err.startswith(f"fake LLM: {message}")
