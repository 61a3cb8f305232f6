"""Imports point one way, and the public names are what they say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

ROOT = Path(__file__).parent.parent / "helpers"
SHOW = {"charts", "figures", "timeline", "panel", "exercises", "claims", "doctor"}
TEACH = ["agents.py", "strategies.py", "trace.py", "experiment.py"]


def imported(path):
    """The modules of helpers that a file imports anywhere, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
            parts = node.module.split(".")
            found |= (
                {parts[1]}
                if len(parts) > 1
                else {helpers._HOME.get(a.name, a.name) for a in node.names}
            )
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("helpers.")}
    return found


@pytest.mark.parametrize("name", TEACH)
def test_what_teaches_never_imports_what_shows_or_judges(name):
    """agents, runners, trace and experiment know nothing of charts, panels and exercises."""
    assert not imported(ROOT / name) & (SHOW | {"fake_llm"})


def test_the_fake_llm_imports_only_itself():
    """It runs in a process of its own, which must stay small."""
    for path in (ROOT / "fake_llm").glob("*.py"):
        assert imported(path) <= {"fake_llm"}, path.name


def test_charts_know_nothing_of_panels():
    """What draws does not import what has buttons."""
    for path in ROOT.glob("*.py"):
        if path.stem in {"charts", "figures", "timeline"}:
            assert not imported(path) & {"panel", "exercises"}, path.name


def test_every_public_name_is_there_and_there_are_fewer_than_ten():
    """`from helpers import X` works for each name in __all__."""
    assert len(helpers.__all__) < 10
    for name in helpers.__all__:
        assert getattr(helpers, name) is not None


def test_an_unknown_name_is_a_clear_error():
    """The message lists the names there are."""
    with pytest.raises(AttributeError, match="helpers has no 'Agnt'; its names are FakeLLM"):
        helpers.Agnt


def test_the_servers_process_imports_none_of_the_rest():
    """`import helpers.fake_llm` loads neither matplotlib nor a widget nor a client."""
    code = "import sys, helpers.fake_llm.server; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"matplotlib", "ipywidgets", "requests", "aiohttp.client", "openai"} & set(loaded)
