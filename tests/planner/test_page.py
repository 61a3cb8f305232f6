"""A plan as a page: the same in words, in a table and in a picture."""

import re
from xml.etree import ElementTree

from helpers.planner import Job, Plan, advice, plan
from helpers.planner.page import HIGHEST, reach

JOB = Job(peak=20)


def picture(choices, peak):
    """The root of the picture, and all words in it."""
    root = ElementTree.fromstring(reach(choices, peak))
    return root, [text for element in root.iter() if (text := element.text)]


def test_a_plan_reads_the_same_in_a_terminal(machine):
    """The same advice and the same models as on the page."""
    text, page = str(Plan(JOB, machine)), Plan(JOB, machine)._repr_html_()
    assert text.startswith(advice(JOB, machine)) and advice(JOB, machine) in page
    assert len(text.splitlines()) == 2 + len(plan(JOB, machine))
    for choice in plan(JOB, machine):
        assert choice.why in text and choice.why in page


def test_the_advice_is_announced_when_it_changes(machine):
    """A screen reader reads a polite live region."""
    page = Plan(JOB, machine)._repr_html_()
    said = re.match(r'<p role="status" aria-live="polite"><strong>(.*?)</strong></p>', page)
    assert said[1].startswith("Threads is enough")


def test_a_bar_ends_where_its_model_ends(machine):
    """Each power of ten is as long as the next, and rates stand at the ends."""
    choices = plan(JOB, machine)
    root, words = picture(choices, JOB.peak)
    bars = [float(bar.get("width")) for bar in root.iter() if bar.tag.endswith("rect")]
    assert bars == sorted(bars) and len(bars) == len(choices)
    assert abs((bars[3] - bars[2]) - 420 * 0.30103 / 5) < 0.2  # twice the rate is 0.3 powers of ten
    assert "4,000 a second" in words and "your peak: 20" in words


def test_the_picture_says_in_words_what_it_shows(machine):
    """For people who do not see it."""
    root, _ = picture(plan(JOB, machine), JOB.peak)
    assert root.get("role") == "img"
    assert "threads 250 a second, async 4,000 a second" in root.get("aria-label")


def test_a_peak_beyond_the_scale_stands_at_its_end(machine):
    """The picture is no wider for it."""
    choices = plan(JOB, machine)
    at_the_end, _ = picture(choices, HIGHEST)
    beyond, _ = picture(choices, 10 * HIGHEST)
    line = [path.get("d") for path in beyond.iter() if path.tag.endswith("path")]
    assert line == [path.get("d") for path in at_the_end.iter() if path.tag.endswith("path")]


def test_a_plan_has_a_repr_without_measured_figures(machine):
    """So it is the same on every machine."""
    assert repr(Plan(JOB, machine)) == f"Plan({JOB})"
