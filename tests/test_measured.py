"""An expectation that is not met: an error for the maker, a note for a learner, never silence."""

import re

import numpy
import pytest
from jupyter_client.manager import start_new_kernel

from helpers.measured import STRICT, Note, expect, your_guess
from helpers.process import own_environment

PATIENCE = 60.0  # seconds, against hanging alone


@pytest.fixture
def strict(monkeypatch):
    """As in `make test`."""
    monkeypatch.setenv(STRICT, "1")


@pytest.fixture
def lenient(monkeypatch):
    """As at a learner's."""
    monkeypatch.delenv(STRICT, raising=False)


@pytest.fixture(scope="module")
def cell():
    """A learner's kernel: runs a cell and gives all that came out of it."""
    environment = own_environment()
    environment.pop(STRICT, None)
    manager, client = start_new_kernel(env=environment)

    def run(code):
        messages = []
        client.execute_interactive(code, output_hook=messages.append, timeout=PATIENCE)
        shown = ("stream", "display_data", "execute_result", "error")
        return [m["content"] for m in messages if m["msg_type"] in shown]

    run("from helpers import expect")
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("environment", ["strict", "lenient"])
def test_a_condition_that_holds_is_silent(request, capsys, environment):
    """Nothing is raised and nothing shown, whatever stands for true."""
    request.getfixturevalue(environment)
    for condition in (True, 1 < 2, numpy.float64(2) > 1, [0]):
        assert expect(condition) is None
    assert capsys.readouterr() == ("", "")


def test_where_it_is_strict_it_is_an_error_with_all_there_is_to_know(strict):
    """The condition as it is written, the value of each thing in it, and the machine."""
    speedup, most = 3.14159, 11
    with pytest.raises(AssertionError) as caught:
        expect(8 < speedup < most)
    assert re.fullmatch(
        r"expected 8 < speedup < most; seen: speedup = 3.14, most = 11; "
        r"\d+\.\d programs at a time wanted its \d+ processors",
        str(caught.value),
    )


class Run:
    """Something with figures in it."""

    seconds = 12.5
    server = {"peak": 3}
    asked = 0

    @property
    def once(self):
        """A figure that there is only once."""
        self.asked += 1
        if self.asked > 1:
            raise LookupError("gone")
        return 1


def seen(caught):
    """What an expectation says of the values."""
    return re.search(r"seen: (.*); [\d.]+ programs", str(caught.value)).group(1)


def test_what_is_seen_are_the_largest_parts_that_can_be_asked(strict):
    """An attribute or an item rather than all of its object; a call is told by its arguments."""
    run, names, twice = Run(), ["a", "b"], (lambda value: 2 * value)
    with pytest.raises(AssertionError) as caught:
        expect(run.seconds < 1 and run.server["peak"] > 9 and len(names) > 2)
    assert seen(caught) == "run.seconds = 12.5, run.server['peak'] = 3, len(names) = 2"
    with pytest.raises(AssertionError) as caught:
        expect(twice(run.seconds) < 1)
    assert seen(caught) == "run.seconds = 12.5"


def test_names_of_a_comprehension_have_no_one_value(strict):
    """They are left out, even where something of the same name stands outside."""
    x, xs = "not this one", [3, -1]
    with pytest.raises(AssertionError) as caught:
        expect(all(x > 0 for x in xs) and x)
    assert seen(caught) == "xs = [3, -1]"
    with pytest.raises(AssertionError) as caught:
        expect(max(x * 2 for x in xs) > 9)
    assert seen(caught) == "max((x * 2 for x in xs)) = 6"


def test_what_cannot_be_asked_is_left_out(strict):
    """A property that raises; then what it belongs to is told."""
    run = Run()
    with pytest.raises(AssertionError) as caught:
        expect(run.seconds < run.once)
    assert seen(caught).startswith("run.seconds = 12.5, run = <")


def test_what_is_long_is_cut(strict):
    """A list of a hundred says nothing that its beginning does not."""
    many = list(range(100))
    with pytest.raises(AssertionError) as caught:
        expect(many == [])
    assert len(seen(caught)) == len("many = ") + 61 and seen(caught).endswith("…")


def test_a_figure_of_numpy_is_a_figure(strict):
    """Not np.float32(0.25), and a truth of numpy is a truth."""
    share = numpy.float32(0.25)
    with pytest.raises(AssertionError) as caught:
        expect(share > 1)
    assert seen(caught) == "share = 0.25"


def test_a_meaning_stands_for_the_condition(strict):
    """Where its source would not tell a reader enough."""
    with pytest.raises(AssertionError, match="expected the stream to outlast its timeout; seen"):
        expect(False, "the stream to outlast its timeout")


def test_the_condition_may_be_given_by_name(strict):
    """As any argument may."""
    count = 3
    with pytest.raises(AssertionError, match="expected count > 4; seen: count = 3; "):
        expect(condition=count > 4)


def test_outside_a_notebook_it_prints_and_goes_on(lenient, capsys):
    """The note as text, without a word of HTML."""
    count = 3
    expect(count > 4)
    said = capsys.readouterr().out
    assert said.startswith("This time it came out otherwise.\n  Expected: count > 4\n")
    assert "  Seen: count = 3\n" in said and "<" not in said


def test_without_source_it_says_what_it_can(lenient, capsys):
    """Code that was compiled from text that is kept nowhere: its condition has no words."""
    exec(compile("expect(1 > 2)", "nowhere.py", "exec"), {"expect": expect})
    assert "  Expected: the condition to be true\n  Seen: otherwise\n" in capsys.readouterr().out


def test_in_a_notebook_it_is_a_note_with_a_plain_twin_and_the_cell_goes_on(cell):
    """HTML for the eye, the same words as text for a terminal or a search."""
    note, rest = cell("count = 3\nexpect(count > 4)\nprint('on we go')")
    plain, page = note["data"]["text/plain"], note["data"]["text/html"]
    assert "Expected: count > 4\n  Seen: count = 3\n" in plain and "<" not in plain
    assert 'role="status"' in page and "<dd>count &gt; 4</dd>" in page
    assert rest["text"] == "on we go\n"


def test_in_a_notebook_a_condition_that_holds_shows_nothing(cell):
    """No output at all: a lesson's page is not longer for it."""
    assert cell("expect(1 < 2)") == []


def test_a_cell_may_await(cell):
    """In the condition and around it; what is awaited is not awaited again."""
    (note,) = cell(
        "import asyncio\n"
        "async def count(most):\n    await asyncio.sleep(0)\n    return most\n"
        "few = 3\n"
        "expect(await count(few) > 4)"
    )
    assert "Expected: await count(few) > 4\n  Seen: few = 3\n" in note["data"]["text/plain"]


def test_in_a_strict_kernel_it_is_an_error(cell):
    """As where the worked edition is built."""
    (error,) = cell(f"import os; os.environ[{STRICT!r}] = '1'\nexpect(1 > 2)")
    assert error["ename"] == "AssertionError" and "expected 1 > 2" in error["evalue"]
    cell(f"del os.environ[{STRICT!r}]")


def test_a_note_is_read_as_text():
    """Its repr is what a reader of a terminal sees."""
    note = Note("a > b", "a = 1, b = 2", "1.0 programs at a time wanted its 2 processors")
    assert repr(note).splitlines() == [
        "This time it came out otherwise.",
        "  Expected: a > b",
        "  Seen: a = 1, b = 2",
        "  This machine: 1.0 programs at a time wanted its 2 processors",
        "  Try: run the cell again when little else runs; the lesson goes on either way.",
    ]


@pytest.mark.parametrize(
    ("prediction", "unit", "said"),
    [
        (2, "s", "you guessed 2 s"),
        (0.25, "s", "you guessed 0.25 s"),
        (50, "", "you guessed 50"),
        ("faster", "", "you guessed faster"),
        (0, "in flight", "you guessed 0 in flight"),
    ],
)
def test_a_guess_is_said_beside_what_was_measured(prediction, unit, said):
    """As it was written, with its unit; nought is a guess too."""
    assert your_guess(prediction, unit) == said


def test_who_has_not_guessed_is_told_where_to(strict):
    """It is no error, even where everything else is one: the lesson goes on."""
    assert your_guess(None, "s").startswith("no guess yet: write one")
