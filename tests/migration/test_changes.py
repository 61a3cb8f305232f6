"""What a step changes, as text and as HTML."""

import pytest

from helpers.migration import STEPS, change


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_a_change_says_by_signs_what_it_says_by_colours(number):
    """An added line is an <ins> that begins with +, a removed one a <del> that begins with -."""
    shown = change(number)
    page = shown._repr_html_()
    added = sum(line.startswith("+") for line in shown.lines[2:])
    removed = sum(line.startswith("-") for line in shown.lines[2:])
    assert page.count("<ins ") == page.count('.2)">+') == added > 0
    assert page.count("<del ") == page.count('.2)">-') == removed > 0


def test_a_change_is_a_region_with_a_name_and_its_text_is_escaped():
    """A screen reader announces it, and a program's quotes and brackets are not the page's."""
    page = change(1)._repr_html_()
    assert 'aria-label="What changes from step_0 to step_1"' in page
    assert '+"""Step 1' in repr(change(1)) and "+&quot;&quot;&quot;Step 1" in page


def test_any_two_states_can_be_compared():
    """The wrong order is best seen beside step 2."""
    shown = change("wrong_order", before=2)
    assert (shown.before, shown.after) == ("step_2", "wrong_order")
    assert not any("aiosqlite" in line for line in shown.lines)


@pytest.mark.parametrize("step", [0, 7, -1, "step_9", "wrong_order"])
def test_a_step_with_nothing_before_it_is_named(step):
    """The message says what was given, and what it takes."""
    with pytest.raises(ValueError, match=rf"step is {step!r}; it takes a number"):
        change(step)


def test_a_state_before_that_does_not_exist_is_named():
    """As for the step itself."""
    with pytest.raises(ValueError, match="step is 9; it takes a number from 0 to 6"):
        change(1, before=9)
