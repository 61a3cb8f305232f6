"""The screen draws a run, and draws it again when page or choice of rows change."""

import threading

import pytest

from helpers import run
from helpers.panel.screen import LANE_ROWS, LEAST_WIDTH, MOST_WIDTH, Screen
from helpers.strategies import threads


@pytest.fixture(scope="module")
def done(llm):
    """A run that is over."""
    return run(threads, llm=llm, questions=4, limit=2)


@pytest.fixture
def screen():
    """A screen of its own."""
    screen = Screen("test")
    yield screen
    screen.close()


def widen(screen, width):
    """As if the browser had told the page's width in pixels."""
    screen.status._handle_custom_msg({"width": width}, [])


def test_a_run_has_a_chart_and_numbers(screen, done):
    """Both say how many are answered."""
    screen.draw(done)
    assert "threads: 4 of 4 answered" in screen.chart.value
    assert "4 of 4" in screen.numbers.value
    assert screen.rows.layout.display == ""


def test_notes_are_text_below_the_numbers(screen, done):
    """A strategy may print what looks like HTML."""
    screen.draw(done, notes=["It printed:\n<b>bold</b>"])
    assert "&lt;b&gt;bold&lt;/b&gt;" in screen.numbers.value
    assert "<b>bold</b>" not in screen.numbers.value


def test_a_guess_and_a_pinned_run_are_marked(screen, done, llm):
    """With their words; a run is not compared with itself."""
    other = run(threads, llm=llm, questions=4, limit=1)
    screen.draw(done, pinned=[other, done], guess=50.0)
    assert "your guess 50 s" in screen.chart.value
    assert screen.chart.value.count(f"threads {other.seconds:.2f} s") == 1


def test_the_choice_of_rows_draws_the_run_again(screen, done):
    """Also when it is over."""
    screen.draw(done)
    screen.rows.value = LANE_ROWS
    assert ">thread</text>" in screen.chart.value


@pytest.mark.parametrize(("told", "drawn"), [(480, 480), (10, LEAST_WIDTH), (9000, MOST_WIDTH)])
def test_the_chart_is_as_wide_as_the_page_within_reason(screen, done, told, drawn):
    """Told by the browser at any time, also after the run."""
    screen.draw(done)
    widen(screen, told)
    assert f'viewBox="0 0 {drawn} ' in screen.chart.value


def test_another_picture_is_drawn_at_that_width_too(screen):
    """It has no rows to choose, and notes below."""
    screen.draw_svg(lambda width: f"<svg>{width}</svg>", ["a note"])
    widen(screen, 640)
    assert screen.chart.value == "<svg>640</svg>"
    assert "a note" in screen.numbers.value
    assert screen.rows.layout.display == "none"


def test_a_screen_that_is_cleared_stays_empty(screen, done):
    """A page that changes its width does not bring the old chart back."""
    screen.draw(done)
    screen.clear()
    widen(screen, 500)
    assert (screen.chart.value, screen.numbers.value) == ("", "")


def test_a_page_that_changes_while_a_thread_draws_waits_for_it(screen):
    """Both set the same widgets, and the later picture has to stay."""
    inside, gate = threading.Event(), threading.Event()

    def slow(width):
        inside.set()
        gate.wait(20)
        return f"<svg>{width}</svg>"

    drawing = threading.Thread(target=screen.draw_svg, args=[slow])
    drawing.start()
    assert inside.wait(20)
    widening = threading.Thread(target=widen, args=[screen, 640])
    widening.start()
    gate.set()
    drawing.join(20)
    widening.join(20)
    assert screen.chart.value == "<svg>640</svg>"


def test_two_screens_on_a_page_keep_their_ids_apart(done):
    """A chart's hatchings are found by id, and ids are the page's."""
    first, second = Screen("one"), Screen("two")
    first.draw(done)
    second.draw(done)
    assert 'id="one-' in first.chart.value
    assert 'id="one-' not in second.chart.value
