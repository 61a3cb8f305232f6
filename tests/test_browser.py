"""The course as a learner meets it: JupyterLab in a real browser, one lesson run, its panel used."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
LESSON = "notebooks/05_async_agents.ipynb"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
NOTEBOOK = "const nb = window.jupyterapp.shell.currentWidget;"


def browser_path():
    """Where Chromium is. In CI its absence fails the test; elsewhere it says how to get one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    found = found or (MAC if Path(MAC).exists() else None)
    if found is None:
        words = (
            "no Chromium found: install Debian's `chromium`, or Chrome, or set CHROMIUM to the program's path"
        )
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a copy of the notebooks; its address, and a check that it leaves no process behind."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    for name, settings in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    token = secrets.token_hex(16)
    env = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "ws"),
    }
    env |= {"JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    options += [
        f"--ServerApp.root_dir={home}",
        f"--IdentityProvider.token={token}",
        "--ServerApp.port_retries=0",
    ]
    with open(home / "lab.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=env, stdout=log, stderr=log
        )
    try:
        _answers(f"http://127.0.0.1:{port}/api?token={token}", process, home / "lab.log")
        yield f"http://127.0.0.1:{port}/lab/tree/{LESSON}?token={token}", process
    finally:
        _end(process)


def _answers(url, process, log):
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            process_ended = _wait(process, 0.1)
            if process_ended:
                break
    pytest.fail("JupyterLab did not start:\n" + log.read_text()[-2000:])


def _wait(process, seconds):
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def _end(process):
    process.terminate()
    if not _wait(process, 20):
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def page(lab):
    """The lesson, opened and run from top to bottom by JupyterLab's own command."""
    url, _ = lab
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(30_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(url)
        page.wait_for_function(
            f"() => {{ if (!window.jupyterapp) return false; {NOTEBOOK}"
            " return nb?.context?.isReady && nb.sessionContext?.session?.kernel?.status === 'idle' }",
            timeout=60_000,
        )
        page.evaluate(
            "window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ranAll = true })"
        )
        page.wait_for_function("window.ranAll === true", timeout=120_000)
        yield page
        browser.close()


def status(page):
    return page.locator(".jp-OutputArea [role=status], .jp-OutputArea [role=alert]").first


def choose(page, label, value):
    """Set one of the panel's sliders by its number field."""
    field = page.get_by_label(f"{label}, as a number")
    field.scroll_into_view_if_needed()
    field.fill(str(value))
    field.press("Tab")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def test_run_all_ends_without_an_error(page):
    """Every cell of the learner's edition ran, unsolved exercises included."""
    outputs = page.evaluate(
        f"() => {{ {NOTEBOOK} return nb.content.widgets.flatMap(c => c.model.outputs?.toJSON() ?? []) }}"
    )
    assert [o for o in outputs if o["output_type"] == "error"] == []
    assert "still open" in json.dumps(outputs)


def test_the_slider_run_and_the_chart(page):
    """A number typed into Concurrency is used by the next run, whose bars fill the chart."""
    page.locator(".jp-OutputArea select").first.select_option("threads")
    choose(page, "Concurrency", 5)
    choose(page, "Queries", 15)
    press(page, "Run")
    status(page).get_by_text("Done. threads: 15 of 15 answered").wait_for()
    assert "at most 5 in flight" in status(page).inner_text()
    bars = page.locator(".jp-OutputArea svg[role=img] path[stroke='#0072B2']").first.get_attribute("d")
    assert bars.count("M") >= 15


def test_stop_ends_a_long_run(page):
    """Stop during a serial run of a hundred questions ends it after the request under way."""
    page.locator(".jp-OutputArea select").first.select_option("serial")
    choose(page, "Queries", 100)
    press(page, "Run")
    page.get_by_text("a second", exact=False).first.wait_for()
    press(page, "Stop")
    status(page).get_by_text("Stopped. serial:").wait_for()
    assert "cancelled" in status(page).inner_text()


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_the_panel_is_legible_in_both_themes(page, theme):
    """axe-core finds no violation in the panel, contrast included, and the chart's text follows the theme."""
    page.evaluate(
        "name => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: name}) }", theme
    )
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
    found = Axe().run(page, context=".jp-OutputArea .widget-vbox")
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []
    colour = page.locator("svg[role=img] text").first.evaluate("e => getComputedStyle(e).fill")
    light = sum(int(part.split(".")[0]) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]) > 380
    assert light == (theme == "JupyterLab Dark")


def test_the_page_raised_nothing_and_the_lab_leaves_nothing(page, lab):
    """No script error in the browser; when JupyterLab ends, so do its kernel and every fake LLM."""
    assert page.errors == []
    _, process = lab
    children = psutil.Process(process.pid).children(recursive=True)
    servers = [c for c in children if "helpers.fake_llm" in " ".join(c.cmdline())]
    assert servers
    _end(process)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
