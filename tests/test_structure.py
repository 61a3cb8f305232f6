"""Imports point one way, and the public names are what they say."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import helpers

ROOT = Path(__file__).parents[1] / "helpers"
TOP = "the files at the top"
# One rule for each package: what of helpers it may import besides itself. A new one needs its own.
MAY_IMPORT = {
    TOP: {"agents", "fake_llm"},  # runs need agents; the doctor starts a fake LLM
    "fake_llm": {TOP},  # and of these only `process`, see below
    "agents": {TOP},
    "charts": {TOP, "agents"},
    "panel": {TOP, "charts", "fake_llm"},
    "exercises": {TOP, "agents", "fake_llm"},
    "benchmark": {TOP, "charts"},
    "migration": {TOP, "agents", "fake_llm"},
    "planner": {TOP, "charts", "panel", "benchmark"},
    "bench": {TOP, "charts", "panel", "fake_llm", "benchmark", "planner"},
}


def module_of(path):
    """The dotted name of a module's file."""
    parts = ("helpers", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported(name):
    """The modules of helpers that a module imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            public = {a.name: f"helpers.{helpers._HOME.get(a.name, a.name)}" for a in node.names}
            found |= set(public.values())
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            inner = {f"{node.module}.{a.name}" for a in node.names} & MODULES.keys()
            found |= inner or {node.module}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("helpers.")}
    return found & MODULES.keys()


def room(name):
    """The package that a module stands in; the files at the top are one room."""
    parts = name.split(".")
    is_package = len(parts) > 2 or (len(parts) == 2 and (ROOT / parts[1]).is_dir())
    return parts[1] if is_package else TOP


def test_every_package_has_a_rule():
    """Whoever adds a package says what it may import."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == MAY_IMPORT.keys() - {TOP}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_what_its_rule_allows(package):
    """For example: charts know nothing of panels, and what judges does not show."""
    allowed = MAY_IMPORT[package] | {package}
    own = [name for name in MODULES if room(name) == package and name != "helpers"]
    assert own
    for name in own:
        stray = {other for other in imported(name) - {"helpers"} if room(other) not in allowed}
        assert not stray, f"{name} imports {', '.join(sorted(stray))}"


def test_imports_never_run_in_a_circle():
    """Of any two modules at most one knows the other, by whatever way; packages' fronts aside."""
    fronts = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    graph = {name: imported(name) - fronts for name in MODULES.keys() - fronts}
    assert list(TopologicalSorter(graph).static_order())


def test_the_fake_llm_imports_only_itself_and_how_a_process_ends():
    """It runs in a process of its own, which must stay small, and can be taken home alone."""
    for name in MODULES:
        if room(name) == "fake_llm":
            others = {other for other in imported(name) if room(other) != "fake_llm"}
            assert others <= {"helpers.process"}, name


def test_no_module_has_the_name_of_a_public_function():
    """`helpers.questions` would be the module or the function, depending on what came first."""
    beside = {name for name in MODULES if name.count(".") == 1}
    assert not {f"helpers.{public}" for public in helpers.__all__} & beside


def test_what_teaches_knows_nothing_of_what_shows_or_judges():
    """Agents and strategies are read in lessons: they stand on questions and traces alone."""
    taught = ["helpers.agents.twins", "helpers.strategies"]
    known, new = set(), set(taught)
    while new:
        known |= new
        new = set().union(*map(imported, new)) - known
    shows = {"charts", "panel", "exercises", "fake_llm"}
    assert not {name for name in known if room(name) in shows}
    assert "helpers.tables" not in known


def test_every_public_name_is_there_and_there_are_about_ten():
    """`from helpers import X` works for each name in __all__."""
    assert len(helpers.__all__) <= 11
    for name in helpers.__all__:
        assert getattr(helpers, name) is not None


def test_an_unknown_name_is_a_clear_error():
    """The message lists the names there are."""
    with pytest.raises(AttributeError, match="helpers has no 'Agnt'; its names are FakeLLM"):
        helpers.Agnt


def test_the_servers_process_imports_none_of_the_rest():
    """`import helpers.fake_llm` loads neither matplotlib nor a widget nor a client."""
    code = "import sys, helpers.fake_llm.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "ipywidgets", "requests", "openai", "psutil"} & set(
        done.stdout.split()
    )
