"""The command line: the settings' names, how their values are read, and what is wrong with them."""

import json
import subprocess
import sys

import pytest

from helpers.fake_llm.__main__ import KEY_VARIABLE, _behaviour, _parser, _secrets, main
from helpers.fake_llm.behaviour import SETTINGS, Behaviour
from helpers.process import own_environment


def behaviour(*arguments):
    """The settings that these arguments make."""
    options = _parser().parse_args(arguments)
    return _behaviour(options, _secrets(options))


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
        (["--behaviour", '{"tail": 1, "latency": 3}', "--latency", "2"], {"tail": 1, "latency": 2}),
    ],
)
def test_values_are_read_by_what_a_setting_is(arguments, settings):
    """Numbers, flags, lists and names; an option of its own goes before --behaviour."""
    assert behaviour(*arguments) == Behaviour().changed(**settings)


@pytest.mark.parametrize(
    ("arguments", "variable", "key"),
    [
        ([], None, None),
        (["--api-key", "123"], None, "123"),
        ([], "456", "456"),
        (["--api-key", "123"], "456", "123"),
    ],
)
def test_a_key_is_an_option_or_a_variable_and_no_setting(monkeypatch, arguments, variable, key):
    """The variable is not shown by `ps`."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if variable:
        monkeypatch.setenv(KEY_VARIABLE, variable)
    assert _secrets(_parser().parse_args(arguments))["api_key"] == key
    assert behaviour(*arguments) == Behaviour()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "standard input has no secrets in its first line"),
        (b"[1]\n", "the first line of standard input is no JSON object"),
        (b'{"secret": ""}\n', "the first line of standard input is no JSON object"),
        (b'{"secret": "s", "api_key": "a b"}\n', "api_key is text of 3 characters; it takes None"),
        (b'{"secret": "s", "behaviour": {"tail": 9}}\n', "tail is 9; it takes a number"),
    ],
)
def test_wrong_secrets_are_told_without_repeating_them(line, message):
    """Whoever starts the server reads why it does not."""
    command = [sys.executable, "-m", "helpers.fake_llm", "--secrets-from-stdin"]
    done = subprocess.run(command, input=line, capture_output=True, env=own_environment())
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"].startswith(message)
    assert b"a b" not in done.stdout + done.stderr


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
