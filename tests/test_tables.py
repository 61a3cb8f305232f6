"""Tables and notes: the same in HTML and in text, escaped, accessible, and alike on every run."""

import pytest

from helpers.tables import (
    BLOCK,
    Markup,
    Table,
    Varying,
    figure,
    html_table,
    note_html,
    note_text,
    text_table,
    visible,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.123456, "0.123"),
        (12.34, "12.3"),
        (99.96, "100"),
        (100, "100"),
        (-1234.5, "-1,234"),
        (1_234_567.8, "1,234,568"),
        (float("inf"), "inf"),
    ],
)
def test_a_figure_has_three_digits_and_no_powers_of_ten(value, words):
    """Thousands stand apart, and a minus does not change the rule."""
    assert figure(value) == words


def test_text_columns_are_as_wide_as_their_widest_cell():
    """Two blanks between columns, and none at the end of a line."""
    assert text_table(("No.", "What"), [(1, "short"), (1000, "a longer one")]).splitlines() == [
        "No.   What",
        "1     short",
        "1000  a longer one",
    ]
    assert text_table(("No.", "What"), []) == "No.  What"


def test_a_table_can_be_read_without_eyes():
    """A caption, a scope for each header, a named region that the keyboard can scroll."""
    page = html_table('Fast & "slow"', ("No.", "What"), [(1, "short")])
    assert page.count('scope="col"') == 2 and ">Fast &amp; &quot;slow&quot;</caption>" in page
    assert 'role="region" aria-label="Fast &amp; &quot;slow&quot;" tabindex="0"' in page


def test_cells_are_escaped_unless_they_are_markup():
    """What a learner typed or a server said is never markup."""
    page = html_table("t", ("<h>",), [("<b>",), (Markup("<i>x</i>"),)])
    assert "&lt;h&gt;" in page and ">&lt;b&gt;</td>" in page and "><i>x</i></td>" in page


HOSTILE = {
    "[/x]": "[/x]",
    "\x1b]0;owned\x07": r"\x1b]0;owned\x07",
    "\x9b31m": r"\x9b31m",
    "pay \u202e001": r"pay \u202e001",
    "half \ud83d": r"half \ud83d",
    "e" + "\u0301" * 200: "e" + "\u0301" * 200,
    "日本語": "日本語",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_controls_are_spelt_out_wherever_text_is_shown(text):
    """A question is a learner's text and an answer a model's: neither steers a terminal or page."""
    shown = [
        html_table(text, (text,), [(text,), (Varying(text),)]),
        note_html(text, [(text, text)], good=True),
        text_table((text,), [(text,)]),
        note_text(text, [(text, text)]),
    ]
    assert [page.count(HOSTILE[text]) for page in shown] == [5, 3, 2, 3]
    assert all(visible(page, BLOCK) == page for page in shown)


def test_lines_are_kept_where_there_is_room_for_them():
    """In the cells of a page and in a note's texts; a cell of text columns has one line."""
    text = "one\n\ttwo"
    assert text in html_table("t", ("a",), [(text,)])
    assert text in note_html("t", [("a", text)], good=True) and text in note_text(
        "t", [("a", text)]
    )
    assert text_table(("a", "b"), [(text, "c")]).splitlines()[1] == r"one\n\ttwo  c"
    assert r"one\n\ttwo</caption>" in html_table(text, ("a",), [])


def test_what_varies_is_marked_and_escaped():
    """A comparison of stored outputs finds it by its class."""
    page = html_table("t", ("a", "b"), [("same", Varying("1 < 2"))])
    assert page.count("varies") == 1 and 'class="varies">1 &lt; 2</td>' in page


def test_a_note_is_the_same_in_html_and_in_text():
    """Title and named parts; whether it is good shows in its colour too, and never there alone."""
    parts = [("Seen", "3 < 4"), ("Look at", "the limit")]
    page = note_html("Not yet.", parts, good=False)
    assert 'role="status"' in page and "<strong>Not yet.</strong>" in page
    assert "<dt><b>Seen</b></dt><dd>3 &lt; 4</dd>" in page
    assert note_text("Not yet.", parts) == "Not yet.\n  Seen: 3 < 4\n  Look at: the limit"
    assert page != note_html("Not yet.", parts, good=True)
    assert "<dl" not in note_html("Passed.", [], good=True)


def test_a_table_shows_figures_where_they_are_read_and_not_in_its_repr():
    """The repr is what a comparison of notebooks sees, so it holds nothing that was measured."""
    one, two = (Table("Rates", ("n", "a second"), [(1, Varying(rate))]) for rate in (19.7, 20.4))
    assert repr(one) == repr(two) == "Rates: a table of 1 rows"
    assert str(one) == "n  a second\n1  19.7"
    assert one._repr_html_() == html_table("Rates", one.head, one.rows)
    assert repr(Table("Rates", ("n",), [], about="rates of three models")).startswith("rates of")
