"""Text that others wrote: what steers a terminal or a page is spelt out, all else stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_llm.visible import BLOCK, visible

ORDINARY = "Grüße, 日本語 👩‍👩‍👧, עברית, e\u0301, a\u00a0b, \\x1b"


def is_unseen(character):
    """Whether it is a control, a half of a pair or a turn of direction, and so never shown."""
    turns = unicodedata.bidirectional(character) in "LRE RLE PDF LRO RLO LRI RLI FSI PDI".split()
    return unicodedata.category(character) in ("Cc", "Cs") or turns or character in "\ufffe\uffff"


def test_ordinary_text_stays_as_it_is():
    """Any script, joined emoji, accents, and a backslash of its own."""
    assert visible(ORDINARY) == ORDINARY and visible("") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x7f\0", "a\\x7f\\x00"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("pay \u202e001", "pay \\u202e001"),
        ("\ud83d half", "\\ud83d half"),
        ("no\uffff", "no\\uffff"),
    ],
)
def test_what_is_not_to_be_seen_is_spelt_as_python_does(text, shown):
    """So a person who looks knows what was sent."""
    assert visible(text) == shown


def test_a_block_of_text_keeps_its_lines():
    """New lines and tabs are ordinary there; a carriage return writes over what stands there."""
    assert visible("a\n\tb\r\x1b", BLOCK) == "a\n\tb\\r\\x1b"


def test_each_character_is_shown_or_spelt():
    """All of Unicode, by its own categories: no character is forgotten, and none too many."""
    everything = map(chr, range(0x110000))
    assert [c for c in everything if (visible(c) != c) != is_unseen(c)] == []


@given(st.text(st.characters(), max_size=40))
def test_nothing_unseen_is_left(text):
    """Whatever stands beside it; and what was shown once stays the same."""
    shown = visible(text)
    assert not any(map(is_unseen, shown)) and visible(shown) == shown
    shown.encode("utf-8")
