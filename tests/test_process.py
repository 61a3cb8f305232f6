"""Other processes: a child that ends with its parent, a script in a Python of its own."""

import json
import os
import subprocess
import sys

import psutil
import pytest

from helpers.process import Child, own_environment, run_python
from tests.fake_llm.clients import ended, until

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits are POSIX's")
PARENT = """
import sys, time
from helpers.process import Child
child = Child("{module}")
print(child.hello["pid"], flush=True)
sys.stdin.readline()
{end}
"""
CHILD = """
import asyncio, json, os, signal, sys
from helpers.process import end_with_parent

async def main():
    over = asyncio.Event()
    end_with_parent(over.set)
    print(json.dumps({"pid": os.getpid(), "said": os.environ.get("SAID")}), flush=True)
    await over.wait()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A folder with modules to run as children: one that lives, some that do not."""
    folder = tmp_path_factory.mktemp("modules")
    written = {
        "lives": CHILD,
        "ends": "",
        "babbles": "print('hello', flush=True); input()",
        "stays": CHILD.replace("over.set", "lambda: None"),
    }
    for name, code in written.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield


def started(module, end):
    """A process that has such a child and after a line of input does `end`; and the child's."""
    command = [sys.executable, "-c", PARENT.format(module=module, end=end)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    parent = subprocess.Popen(command, **pipes, env=own_environment())
    return parent, psutil.Process(int(parent.stdout.readline()))


# A child.


def test_the_first_line_of_a_child_is_its_hello(modules):
    """An object in JSON; and it has our environment with some variables more."""
    child = Child("lives", environment={"SAID": "so"})
    try:
        assert child.alive
        assert child.hello == {"pid": child._process.pid, "said": "so"}
    finally:
        child.close()


def test_a_child_ends_when_it_is_closed_and_closing_twice_is_harmless(modules):
    """Its standard input closes, and it ends by itself."""
    child = Child("lives")
    child.close()
    child.close()
    assert not child.alive
    assert child._process.returncode == 0


def test_a_child_that_does_not_end_is_killed(modules, monkeypatch):
    """After the seconds it has for it."""
    monkeypatch.setattr("helpers.process.END_TIMEOUT", 0.2)
    child = Child("stays")
    child.close()
    assert not child.alive
    assert child._process.returncode != 0


def test_a_child_that_ends_at_once_says_nothing(modules):
    """Its hello is empty, and whoever started it says what that means."""
    child = Child("ends")
    child.close()
    assert child.hello == {}


def test_a_child_that_says_something_else_is_an_error_and_is_ended(modules):
    """Nobody would have it to close it."""
    with pytest.raises(json.JSONDecodeError):
        Child("babbles")
    assert not [p for p in psutil.Process().children() if "babbles" in p.cmdline()]


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "import os; os._exit(1)"])
def test_a_child_ends_when_its_parent_ends_by_itself(modules, end):
    """Whether Python cleans up or not."""
    parent, child = started("lives", end)
    with parent:
        parent.communicate(b"\n")
        until(lambda: ended(child))


def test_a_child_ends_when_its_parent_is_killed(modules):
    """With kill -9, where the parent can do nothing about it any more."""
    parent, child = started("lives", "")
    with parent:
        parent.kill()
        until(lambda: ended(child))


@POSIX
def test_a_forked_copy_of_the_parent_does_not_end_the_child(modules):
    """What it closes, or leaves to be closed at its end, is not its own."""
    child = Child("lives")
    pid = os.fork()
    if pid == 0:
        child.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert child.alive
    child.close()


# A script in a Python of its own.


def test_a_script_finds_helpers_and_is_read_as_text():
    """From whatever folder, with whatever arguments."""
    done = run_python("-c", "import sys, helpers.process; print(sys.argv[1:])", "a", "b")
    assert (done.stdout.strip(), done.returncode) == ("['a', 'b']", 0)


def test_a_script_has_no_input_and_our_environment_with_some_more():
    """What waits for input ends at once."""
    script = "import os, sys; print(repr(sys.stdin.read()), os.environ['SAID'])"
    assert run_python("-c", script, environment={"SAID": "so"}).stdout.strip() == "'' so"


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "PYTHON_COLORS"])
def test_the_last_line_of_an_error_starts_with_its_name(monkeypatch, variable):
    """Even where Python is told to write colours, as Jupyter's kernels tell it."""
    monkeypatch.setenv(variable, "1")
    done = run_python("-c", "raise RuntimeError('no colours')")
    assert done.stderr.splitlines()[-1] == "RuntimeError: no colours"
    assert done.returncode == 1


def test_a_script_that_does_not_end_is_ended():
    """After the seconds it is given."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_python("-c", "input = open(0).read\nwhile True: pass", timeout=0.5)


def test_what_the_path_held_is_still_found(monkeypatch):
    """Our folder comes first, and the learner's after it."""
    monkeypatch.setenv("PYTHONPATH", "theirs")
    ours, theirs = own_environment()["PYTHONPATH"].split(os.pathsep)
    assert os.path.isdir(os.path.join(ours, "helpers"))
    assert theirs == "theirs"


# What it costs.


def test_it_is_light():
    """It is imported where memory is measured: asyncio alone would be 9 MB of that."""
    script = "import sys, helpers.process; print(*sys.modules)"
    before = set(run_python("-c", script.replace(", helpers.process", "")).stdout.split())
    loaded = set(run_python("-c", script).stdout.split()) - before
    ours = {name for name in loaded if name.split(".")[0] == "helpers"}
    assert ours == {"helpers", "helpers.process"}
    assert "asyncio" not in loaded
    assert {name.split(".")[0] for name in loaded - ours} <= sys.stdlib_module_names


LOW = """
import resource
from helpers.process import MANY_FILES, raise_file_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
got = raise_file_limit()
print(got, resource.getrlimit(resource.RLIMIT_NOFILE)[0], MANY_FILES[-1])
"""


def limits(soft, hard):
    """(what it says, what it is, the least that is of use) after raising such limits."""
    return tuple(map(int, run_python("-c", LOW.format(soft=soft, hard=hard)).stdout.split()))


@POSIX
def test_a_low_limit_of_open_files_is_raised():
    """To what is of use, where the system lets us; and it says how far it came."""
    said, is_now, least = limits(64, "hard")
    assert said == is_now >= least


@POSIX
@pytest.mark.parametrize("soft", [64, 100])
def test_a_limit_of_open_files_is_raised_no_further_than_allowed(soft):
    """The hard limit stays what it is."""
    assert limits(soft, 100)[:2] == (100, 100)
