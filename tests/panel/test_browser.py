"""The course as a learner meets it: JupyterLab in a real browser, one lesson run from top to bottom, its panel used."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from helpers.charts.palette import KINDS

ROOT = Path(__file__).parents[2]
LESSON = "notebooks/05_async_agents.ipynb"
MODEL = KINDS["model"].colour
PATIENCE = 60.0
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
]
FLAGS = [
    "--no-sandbox",  # a container's root has no sandbox to offer
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {
        "windowingMode": "none"
    },  # every cell is in the page, seen or not
}
NOTEBOOK = "const nb = window.jupyterapp?.shell.currentWidget;"


def chromium():
    """Where the browser is. Without one the test fails in CI; elsewhere it says how to get one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next(filter(os.path.exists, PLACES), None)
    if found is None:
        words = "no Chromium or Chrome found: install one (Debian: apt-get install chromium), or set CHROMIUM to its path"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a copy of the notebooks, with settings of its own: (address of the lesson, process)."""
    browser, home = chromium(), tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port, token = free.getsockname()[1], secrets.token_hex(16)
    own = {
        "LAB_SETTINGS": "settings",
        "LAB_WORKSPACES": "workspaces",
        "_CONFIG": "config",
        "_RUNTIME": "runtime",
    }
    env = os.environ | {f"JUPYTER{name}_DIR": str(home / folder) for name, folder in own.items()}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
    ]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home}"]
    with open(home / "lab.log", "w") as log:
        process = subprocess.Popen(
            [*command, f"--IdentityProvider.token={token}"], env=env, stdout=log, stderr=log
        )
    try:
        _answers(f"http://127.0.0.1:{port}/api?token={token}", process, home / "lab.log")
        yield browser, f"http://127.0.0.1:{port}/lab/tree/{LESSON}?token={token}", process
    finally:
        _end(process)


def _answers(url, process, log):
    """Return when JupyterLab answers; fail with its log when it ends or never does."""
    for _ in range(int(PATIENCE / 0.1)):
        try:
            return urllib.request.urlopen(url, timeout=PATIENCE).close()
        except OSError:
            if _ended(process, 0.1):
                break
    pytest.fail("JupyterLab did not start:\n" + log.read_text()[-2000:])


def _ended(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process):
    process.terminate()
    if not _ended(process, PATIENCE):
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def page(lab):
    """The lesson, opened and run from top to bottom by JupyterLab's own command."""
    browser, url, _ = lab
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = chrome.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(url)
        idle = "nb?.context?.isReady && nb.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(f"() => {{ {NOTEBOOK} return {idle} }}")
        page.evaluate(
            "window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ranAll = true })"
        )
        page.wait_for_function("window.ranAll", timeout=2 * PATIENCE * 1000)
        yield page
        chrome.close()


@pytest.fixture
def panel(page):
    """The lesson's panel."""
    return page.locator(".course-panel").first


def choose(panel, strategy, **numbers):
    """Set the panel's controls, as a person does with the keyboard."""
    panel.get_by_label("Strategy").select_option(strategy)
    for label, value in numbers.items():
        field = panel.get_by_label(f"{label}, as a number")
        field.fill(str(value))
        field.press("Tab")


def press(panel, name):
    panel.get_by_role("button", name=name, exact=True).click()


def bars(panel):
    """How many calls of the model the chart shows."""
    drawn = panel.locator(f"svg[role=img] path[stroke='{MODEL}']")
    return sum(path.get_attribute("d").count("M") for path in drawn.all())


def test_run_all_ends_without_an_error(page):
    """Every cell of the learner's edition runs, its open exercises included."""
    outputs = page.evaluate(
        f"() => {{ {NOTEBOOK} return nb.content.widgets.flatMap(c => c.model.outputs?.toJSON() ?? []) }}"
    )
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert "still open" in json.dumps(outputs)


def test_the_slider_holds_for_the_next_run_whose_bars_fill_the_chart(panel):
    """Concurrency 5: fifteen questions run five at a time, and each has its bar."""
    choose(panel, "threads", Concurrency=5, Queries=15)
    assert panel.get_by_label("Concurrency", exact=True).input_value() == "5"
    press(panel, "Run")
    expect(panel.get_by_role("status")).to_contain_text("Done. threads: 15 of 15 answered")
    expect(panel.get_by_role("status")).to_contain_text("at most 5 in flight")
    assert bars(panel) >= 15


def test_stop_ends_a_run_within_a_request(page, panel):
    """A serial run draws while it lasts; after Stop hardly more is answered than was when it was pressed."""
    choose(panel, "serial", Queries=200)
    press(panel, "Run")
    live = panel.locator("svg[role=img][aria-label^='serial: ']")
    expect(live).to_have_attribute("aria-label", re.compile(r"serial: [2-9] of 200 answered"))
    assert bars(panel) >= 2
    press(panel, "Stop")
    expect(panel.get_by_role("status")).to_contain_text("Stopped. serial: ")
    answered = int(re.search(r"serial: (\d+) of 200", panel.get_by_role("status").inner_text())[1])
    assert answered < 20
    expect(panel.get_by_role("button", name="Run", exact=True)).to_be_enabled()


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_the_panel_is_legible_in_both_themes(page, panel, theme):
    """axe-core finds nothing in the panel, contrast included, and the chart's text follows the theme."""
    page.evaluate(
        "name => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: name}) }",
        theme,
    )
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
    found = Axe().run(page, context=".course-panel").response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in found] == []
    text = panel.locator("svg[role=img] text").first
    red, green, blue = map(
        int, re.findall(r"\d+", text.evaluate("e => getComputedStyle(e).fill"))[:3]
    )
    assert (red + green + blue > 382) == (theme == "JupyterLab Dark")


def test_the_lab_leaves_nothing_behind(page, lab):
    """No script error on the page; when JupyterLab ends, so do its kernel and the kernel's fake LLM."""
    assert page.errors == []
    *_, process = lab
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("helpers.fake_llm" in " ".join(child.cmdline()) for child in children)
    _end(process)
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []
