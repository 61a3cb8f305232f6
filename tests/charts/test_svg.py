"""Elements are well-formed whatever words and numbers they are given."""

from hypothesis import given
from hypothesis import strategies as st

from helpers.charts.svg import element, line, path, picture, text
from helpers.tables import visible
from tests.charts.made_up import parsed


@given(st.text(st.characters()))
def test_any_words_come_through(words):
    """In an attribute and as text, they are what they were, controls spelt out, and no markup."""
    shown = visible(words)
    assert (parsed(text(1, 2, words)).text or "") == shown
    assert parsed(element("g", aria_label=words)).get("aria-label") == shown


def test_a_terminals_commands_are_words_in_a_picture():
    """Not even escaped would XML take them; and a direction would turn what stands beside it."""
    words = "\x1b]0;owned\x07 \x9b31m \u202e\n"
    assert parsed(text(0, 0, words)).text == r"\x1b]0;owned\x07 \x9b31m \u202e\n"


def test_names_are_those_of_svg():
    """A hyphen where Python has an underscore, and no underscore where Python has a word."""
    assert element("rect", stroke_width=2, class_="a") == '<rect stroke-width="2" class="a"/>'


def test_what_is_none_is_left_out():
    """So a caller needs no case for it; nought is something."""
    assert element("rect", opacity=None, x=0) == '<rect x="0"/>'


def test_a_float_is_as_fine_as_one_can_see():
    """A tenth of a pixel, or two digits of a share."""
    assert element("rect", x=12.3456, opacity=0.125) == '<rect x="12.3" opacity="0.12"/>'


def test_only_childless_elements_close_themselves():
    """HTML takes <div/> for a start tag: what follows would stand inside."""
    assert element("div") == "<div></div>"
    assert element("div", element("path", d="M0 0")) == '<div><path d="M0 0"/></div>'


def test_a_path_without_points_is_nothing():
    """An empty path is an error in SVG."""
    assert path("") == line("") == ""
    assert 'stroke="currentColor"' in line("M0 0H9") and 'stroke="red"' in line(
        "M0 0", stroke="red"
    )


def test_text_can_be_faint_or_bold_and_have_a_look_of_its_own():
    """What is given wins."""
    words = text(1, 2, "a", "end", faint=True, bold=True, fill="red")
    assert words.count("fill=") == 1 and 'fill="red"' in words
    assert 'opacity="0.75"' in words and 'font-weight="600"' in words


def test_a_picture_says_what_it_is():
    """To a screen reader it is an image with a name; one unit is one pixel."""
    svg = parsed(picture(300, 99.6, 'a "b"', text(0, 0, "c"), style="margin:0"))
    assert (svg.get("role"), svg.get("aria-label"), svg.get("viewBox")) == (
        "img",
        'a "b"',
        "0 0 300 100",
    )
    assert svg.get("style").endswith(";margin:0")
