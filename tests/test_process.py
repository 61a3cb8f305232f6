"""Other processes: a child that ends with its parent, a script in a Python of its own."""

import gc
import os
import signal
import subprocess
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from helpers import process
from helpers.process import (
    LONGEST_LINE,
    PROXIES,
    Child,
    own_environment,
    run_python,
    spare_loopback,
)
from tests.fake_llm.clients import PATIENCE, ended, until

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits are POSIX's")
MAIN = threading.main_thread().ident
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only its kernel ends such a process")
PARENT = """
import sys, time
from helpers.process import Child
child = Child("{module}")
print(child.hello["pid"], flush=True)
sys.stdin.readline()
{end}
"""
CHILD = """
import asyncio, json, os, re, sys, threading, time
from helpers.process import end_with_parent, read_first_line

def hello(read=None):
    said = {"pid": os.getpid(), "said": os.environ.get("SAID"), "read": read}
    print(json.dumps(said), flush=True)

async def main():
    over = asyncio.Event()
    end_with_parent(over.set)
    hello()
    await over.wait()

asyncio.run(main())
"""
ARMED = """
from helpers import process
armed, die_with_parent = threading.Event(), process._die_with_parent

def arm():
    die_with_parent()
    armed.set()

process._die_with_parent = arm
"""
UNARMED = """
from helpers import process
process._die_with_parent = lambda: None
"""
BUSY = """
    await asyncio.to_thread(armed.wait)
    hello()
    {busy}
"""
READS = CHILD.replace("hello()\n", "hello(line)\n", 1).replace(
    "async def", "line = read_first_line()\n\nasync def"
)


def busy(work):
    """A child that does this work as soon as the kernel knows that it ends with its parent."""
    saying = BUSY.format(busy=work)
    return CHILD.replace("async def", ARMED + "\nasync def").replace("\n    hello()\n", saying)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A folder with modules to run as children: one that lives, some that do not."""
    folder = tmp_path_factory.mktemp("modules")
    written = {
        "lives": CHILD,
        "reads": READS,
        "ends": "",
        "babbles": "print('hello', flush=True); input()",
        "counts": "print(7, flush=True); input()",
        "waits": "import time; time.sleep(1000)",
        "unarmed": CHILD.replace("def hello", UNARMED + "\ndef hello"),
        "armed": busy("pass"),
        "loops": busy("while True: pass"),
        "blocks": busy("time.sleep(1000)"),
        "computes": busy("re.match('(a+)+$', 'a' * 100 + 'b')"),
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


def running(module):
    """Our children that run this module."""
    return [child for child in psutil.Process().children() if module in child.cmdline()]


# A child.


def test_the_first_line_of_a_child_is_its_hello(modules):
    """An object in JSON; and it has our environment with some variables more."""
    child = Child("lives", environment={"SAID": "so"})
    try:
        assert child.alive
        assert child.hello == {"pid": child._keeper.process.pid, "said": "so", "read": None}
    finally:
        child.close()


def test_a_child_ends_when_it_is_closed_and_closing_twice_is_harmless(modules):
    """Its standard input closes, and it ends by itself."""
    child = Child("lives")
    child.close()
    child.close()
    assert not child.alive
    assert child._keeper.process.returncode == 0


def test_a_child_that_does_not_end_is_killed(modules, monkeypatch):
    """After the seconds it has for it."""
    monkeypatch.setattr("helpers.process.END_TIMEOUT", 0.2)
    child = Child("stays")
    child.close()
    assert not child.alive
    assert child._keeper.process.returncode != 0


def test_a_child_that_ends_at_once_says_nothing(modules):
    """Its hello is empty, and whoever started it says what that means."""
    child = Child("ends")
    child.close()
    assert child.hello == {}


@pytest.mark.parametrize(("module", "said"), [("babbles", "hello"), ("counts", "7")])
def test_a_child_that_says_something_else_is_an_error_and_is_ended(modules, module, said):
    """The error says what it printed, and nobody would have the child to close it."""
    with pytest.raises(RuntimeError, match=f"{module} should have said .* '{said}'.*sitecustomize"):
        Child(module)
    assert not running(module)


def test_a_child_that_says_nothing_is_an_error_and_is_ended(modules, monkeypatch):
    """After the seconds it has for it."""
    monkeypatch.setattr("helpers.process.START_TIMEOUT", 0.2)
    with pytest.raises(RuntimeError, match=r"waits said nothing for 0\.2 s, and was ended"):
        Child("waits")
    assert not running("waits")


@POSIX
def test_an_interrupted_start_ends_the_child_and_goes_on(modules):
    """As when a cell is stopped; sixty of them leave nothing."""
    for turn in range(60):
        timer = threading.Timer(turn / 400, signal.pthread_kill, (MAIN, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            Child("waits")
    until(lambda: not running("waits"))


def test_a_first_line_is_written_at_once_and_is_nowhere_to_be_seen(modules):
    """What comes after it is left alone: the end of the parent is seen behind it."""
    line = "a secret ☂" * 10_000
    child = Child("reads", first_line=line)
    assert child.hello["read"] == line
    process = psutil.Process(child.hello["pid"])
    assert "secret" not in repr((process.cmdline(), process.environ()))
    child.close()
    assert child._keeper.process.returncode == 0


def test_a_child_that_ends_before_its_first_line_is_read_says_so_itself(modules):
    """Nobody gets an error of a pipe, however long the line is."""
    child = Child("ends", first_line="a secret" * 100_000)
    child.close()
    assert child.hello == {}


def test_a_first_line_is_one_line():
    """Before any process is started."""
    with pytest.raises(ValueError, match="first_line has several lines"):
        Child("lives", first_line="a\nb")


@pytest.mark.parametrize("text", ["", "no end", "x" * (LONGEST_LINE + 1)])
def test_a_first_line_that_does_not_end_is_an_error(text):
    """The line is not taken for a whole one."""
    script = "from helpers.process import read_first_line; read_first_line()"
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, env=own_environment()
    )
    assert done.stderr.splitlines()[-1].startswith("ValueError: ")


def test_a_child_that_nobody_holds_any_more_is_ended(modules):
    """The collector does not wait for that, and nothing of the process stays."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        child = Child("lives")
        first = psutil.Process(child.hello["pid"])
        child = Child("lives")
        until(lambda: not psutil.pid_exists(first.pid))
        assert child.alive
        child.close()


def test_a_child_in_a_cycle_is_ended_when_the_cycle_is_collected(modules):
    """As one that stays in a traceback."""
    child = Child("lives")
    cycle = [child]
    cycle.append(cycle)
    pid = child.hello["pid"]
    del child, cycle
    assert psutil.pid_exists(pid)
    gc.collect()
    until(lambda: not psutil.pid_exists(pid))


def test_a_child_is_closed_by_many_threads_at_once(modules):
    """All of them return when it has ended."""
    child = Child("lives")
    threads = [threading.Thread(target=child.close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not child.alive


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


@pytest.mark.parametrize(
    "work",
    [
        "loops",
        "blocks",
        pytest.param(
            "computes", marks=pytest.mark.skipif(sys.platform != "linux", reason="README")
        ),
    ],
)
@pytest.mark.parametrize("how", ["end", "kill"])
def test_a_child_ends_with_its_parent_whatever_is_running_in_it(modules, work, how):
    """Where no thread of it can run any more, Linux ends it."""
    parent, child = started(work, "")
    with parent:
        if how == "kill":
            parent.kill()
        else:
            parent.communicate(b"\n")
        until(lambda: ended(child))


def test_a_child_without_a_parent_is_gone_within_three_seconds():
    """The look for it and the time it has to end by itself leave half of one to be late."""
    assert process.PARENT_CHECK + process.GRACE <= 2.5


@POSIX
def test_a_forked_copy_that_holds_the_pipe_does_not_hold_the_child(modules):
    """The child sees that its parent is another one."""
    hold = "import os\nif os.fork() == 0: os.read(0, 1)\nos._exit(0)"
    parent, child = started("unarmed", hold)
    with parent:
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        until(lambda: ended(child))


def test_a_child_outlives_the_thread_that_made_it(modules):
    """Which is its parent for Linux, if it has started it."""
    made = []
    thread = threading.Thread(target=lambda: made.append(Child("armed")))
    thread.start()
    thread.join(PATIENCE)
    (child,) = made
    child.close()
    assert child._keeper.process.returncode == 0


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


# This machine is never behind a proxy.


class Replies(BaseHTTPRequestHandler):
    """Answers every request with its server's status, and JSON that any client takes."""

    def do_GET(self):
        self.server.asked += 1
        content = b'{"object": "list", "data": []}'
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def servers():
    """A server and, before it, a proxy that lets nothing through."""
    both = [ThreadingHTTPServer(("127.0.0.1", 0), Replies) for _ in range(2)]
    for server, status in zip(both, (200, 502), strict=True):
        server.status, server.asked = status, 0
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield both
    for server in both:
        server.shutdown()
        server.server_close()


CLIENTS = {
    "requests": "import requests\ndef get(url): return requests.get(url).status_code",
    "session": "import requests\ndef get(url): return requests.Session().get(url).status_code",
    "urllib": """
import urllib.error, urllib.request
def get(url):
    try:
        return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        return error.code
""",
    "openai": """
import openai
def get(url):
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    try:
        return client.models.with_raw_response.list().http_response.status_code
    except openai.APIStatusError as error:
        return error.status_code
""",
    "async openai": """
import asyncio, openai
def get(url):
    async def main():
        client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        try:
            return (await client.models.with_raw_response.list()).http_response.status_code
        except openai.APIStatusError as error:
            return error.status_code
    return asyncio.run(main())
""",
    "aiohttp": """
import asyncio, aiohttp
def get(url):
    async def main():
        async with aiohttp.ClientSession(trust_env=True) as session:
            async with session.get(url) as reply:
                return reply.status
    return asyncio.run(main())
""",
}
BEFORE_AND_AFTER = """
import os, sys
from helpers.process import spare_loopback
for name in ("no_proxy", "NO_PROXY"):
    os.environ.pop(name, None)
before = get(sys.argv[1])
spare_loopback()
print(before, get(sys.argv[1]), get(sys.argv[1].replace("127.0.0.1", "localhost")))
"""


@pytest.mark.parametrize(
    ("client", "name"),
    [*((client, "HTTP_PROXY") for client in CLIENTS), ("requests", "all_proxy")],
)
def test_no_client_looks_for_this_machine_behind_a_proxy(monkeypatch, servers, client, name):
    """It did until it was told: then the proxy hears of nothing any more."""
    server, proxy = servers
    for known in PROXIES:
        monkeypatch.delenv(known, raising=False)
        monkeypatch.delenv(known.lower(), raising=False)
    monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
    heard = proxy.asked
    script = CLIENTS[client] + BEFORE_AND_AFTER
    address = f"http://127.0.0.1:{server.server_port}/v1"
    done = run_python("-c", script, address)
    assert (done.stdout, done.stderr, proxy.asked - heard) == ("502 200 200\n", "", 1)


@pytest.mark.parametrize(
    ("given", "spared"),
    [
        ({}, None),
        ({"NO_PROXY": "intranet"}, "intranet"),
        ({"HTTP_PROXY": ""}, None),
        ({"HTTP_PROXY": "p"}, "localhost,127.0.0.1,::1"),
        ({"https_proxy": "p", "NO_PROXY": "a, ::1"}, "a,::1,localhost,127.0.0.1"),
        ({"ALL_PROXY": "p", "no_proxy": "a", "NO_PROXY": "b,a"}, "a,b,localhost,127.0.0.1,::1"),
        ({"HTTP_PROXY": "p", "NO_PROXY": "*"}, "*"),
    ],
)
def test_what_is_spared_already_stays_so(given, spared):
    """And where no variable names a proxy, nothing is set."""
    environment = dict(given)
    spare_loopback(environment)
    assert environment.get("NO_PROXY") == spared
    assert environment.get("no_proxy") in (None, spared)
    spare_loopback(environment)
    assert environment.get("NO_PROXY") == spared


def test_a_python_of_ours_finds_this_machine(monkeypatch):
    """Whoever starts it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert "127.0.0.1" in own_environment()["NO_PROXY"].split(",")


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
