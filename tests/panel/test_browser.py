"""The course as a learner meets it: a lesson in JupyterLab, in a real browser, and its panel used.

The tests share one page, and go through it in their order: they run the lesson, then its panel, add
a panel of their own, and end the lab.
"""

import json
import os
import re

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from helpers.charts.palette import KINDS
from tests.panel.lab import FLAGS, PATIENCE, browser_path, running_lab

LESSON = "notebooks/00_start_here.ipynb"
# In the page's JavaScript: the notebook that is open.
NOTEBOOK = "const nb = window.jupyterapp?.shell.currentWidget;"

# A panel on a fake LLM as a member of a class has it, who may look at it and not steer it.
SHARED = """
from types import SimpleNamespace
from helpers import FakeLLM, Panel
from helpers.strategies import serial

owned = FakeLLM(latency=0.35)
looking = ("base_url", "url", "behaviour", "mark", "journal", "stats")
shared = SimpleNamespace(**{name: getattr(owned, name) for name in looking})
Panel(serial, llm=shared, queries=2, controls=("queries", "latency"))
"""


@pytest.fixture(scope="module")
def browser():
    """Where the browser is. A learner may have none and is told; in CI that is a failure."""
    try:
        return browser_path()
    except RuntimeError as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """A JupyterLab on a copy of the notebooks."""
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="module")
def page(lab, browser):
    """The lesson, opened and run from top to bottom by JupyterLab's own command."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(lab.url(LESSON))
        idle = "nb?.context?.isReady && nb.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(f"() => {{ {NOTEBOOK} return {idle} }}")
        run_cells(page, "notebook:run-all-cells")
        yield page
        chromium.close()


@pytest.fixture
def panel(page):
    """The lesson's own panel."""
    return page.locator(".course-panel").first


@pytest.fixture(scope="module")
def shared(page):
    """A second panel on the page, whose fake LLM is somebody else's."""
    add = "nb.model.sharedModel.addCell({ cell_type: 'code', source });"
    select = "nb.content.activeCellIndex = nb.content.widgets.length - 1;"
    page.evaluate(f"source => {{ {NOTEBOOK} {add} {select} }}", SHARED)
    run_cells(page, "notebook:run-cell")
    return page.locator(".course-panel").last


def run_cells(page, command):
    """Run cells by one of JupyterLab's commands, and wait until they have."""
    page.evaluate(
        """command => {
            window.ran = false;
            window.jupyterapp.commands.execute(command).then(() => { window.ran = true; });
        }""",
        command,
    )
    page.wait_for_function("window.ran", timeout=2 * PATIENCE * 1000)


def choose(panel, strategy, **numbers):
    """Set the panel's controls, as a person does with the keyboard."""
    panel.get_by_label("Strategy").select_option(strategy)
    for label, value in numbers.items():
        field = panel.get_by_label(f"{label}, as a number")
        field.fill(str(value))
        field.press("Tab")


def press(panel, name):
    """Press a button."""
    panel.get_by_role("button", name=name, exact=True).click()


def bars(panel):
    """How many calls of the model the chart shows."""
    colour = KINDS["model"].colour
    paths = panel.locator(f"svg[role=img] path[stroke='{colour}']")
    return sum(path.get_attribute("d").count("M") for path in paths.all())


def cells(page):
    """How many cells the notebook has."""
    return page.evaluate(f"() => {{ {NOTEBOOK} return nb.content.widgets.length; }}")


def test_run_all_ends_without_an_error(page):
    """Every cell of the learner's edition runs, its open exercises included."""
    outputs = page.evaluate(
        f"""() => {{
            {NOTEBOOK}
            return nb.content.widgets.flatMap(cell => cell.model.outputs?.toJSON() ?? []);
        }}"""
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


def test_beside_the_live_chart_the_kept_picture_shows_only_its_table(page):
    """A saved notebook needs the picture; beside the panel it would be the same twice."""
    kept = page.locator(".course-once").first
    expect(kept.get_by_role("table")).to_be_visible()
    expect(kept.locator(".course-picture")).to_be_hidden()


def test_keys_pressed_in_a_control_are_its_own(page, panel):
    """An arrow moves the slider, and the field follows; b is no command to add a cell."""
    before = cells(page)
    slider = panel.get_by_label("Concurrency", exact=True)
    slider.press("ArrowRight")
    slider.press("b")
    expect(panel.get_by_label("Concurrency, as a number")).to_have_value("6")
    assert cells(page) == before


def test_stop_ends_a_run_that_draws_while_it_lasts(panel):
    """Serially, two hundred questions would take more than a minute."""
    choose(panel, "serial", Queries=200)
    press(panel, "Run")
    live = panel.locator("svg[role=img][aria-label^='serial: ']")
    expect(live).to_have_attribute("aria-label", re.compile(r"serial: [2-9] of 200 answered"))
    assert bars(panel) >= 2
    press(panel, "Stop")
    expect(panel.get_by_role("status")).to_contain_text("Stopped. serial: ")
    answered = re.search(r"serial: (\d+) of 200", panel.get_by_role("status").inner_text())[1]
    assert int(answered) < 200
    expect(panel.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_the_controls_of_a_shared_fake_llm_cannot_be_moved(shared):
    """They show what its owner has set, the status says who that is, and a run goes on as usual."""
    expect(shared.get_by_role("status")).to_contain_text("only its owner")
    for label in ("Model latency", "Model latency, as a number"):
        expect(shared.get_by_label(label, exact=True)).to_be_disabled()
        expect(shared.get_by_label(label, exact=True)).to_have_value("0.35")
    expect(shared.get_by_label("Queries", exact=True)).to_be_enabled()
    press(shared, "Run")
    expect(shared.get_by_role("status")).to_contain_text("Done. serial: 2 of 2 answered")


def test_a_cell_that_is_run_again_shows_one_panel(page, shared):
    """The panel that it made before is closed, on the page as well."""
    run_cells(page, "notebook:run-cell")
    expect(shared.get_by_role("status")).to_contain_text("Ready.")
    expect(page.locator(".course-panel")).to_have_count(2)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_the_panels_are_legible_in_both_themes(page, panel, shared, theme):
    """axe-core finds nothing in them, contrast included, and the chart's text follows the theme."""
    page.evaluate(
        "theme => { window.jupyterapp.commands.execute('apputils:change-theme', { theme }) }",
        theme,
    )
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    found = Axe().run(page, context=".course-panel").response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in found] == []
    text = panel.locator("svg[role=img] text").first
    colour = text.evaluate("element => getComputedStyle(element).fill")
    is_light = sum(map(int, re.findall(r"\d+", colour)[:3])) > 3 * 127
    assert is_light == (theme == "JupyterLab Dark")


def test_the_lab_leaves_nothing_behind(page, lab):
    """No script failed on the page; with JupyterLab end its kernel and the kernel's fake LLMs."""
    assert page.errors == []
    children = psutil.Process(lab.process.pid).children(recursive=True)
    assert any("helpers.fake_llm" in " ".join(child.cmdline()) for child in children)
    lab.end()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []
