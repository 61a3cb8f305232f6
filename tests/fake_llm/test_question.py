"""What is read in a question: cities, arithmetic, parts; of hostile ones as fast as of others."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_llm import question, replies
from helpers.fake_llm.question import Question, cities_in, expression_in


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("What is 17 times 23?", "17 * 23"),
        ("(2 + 3) * 4 = ?", "(2 + 3) * 4"),
        ("12 % of 450", "12 * 450 / 100"),
    ]
    + [
        ("A box holds 12 eggs; how many are in 4 boxes?", "12 * 4"),
        ("1,200 divided by 4", "1200 / 4"),
    ]
    + [("In 1969 two men walked on the moon", None)],
)
def test_arithmetic_is_found_in_words(text, expression):
    """Signs, words, percentages and small word problems."""
    assert expression_in(text) == expression


def test_unknown_cities_are_found_by_their_capital_letter():
    """The tool may know more cities than we do."""
    assert cities_in("What is the weather in Port Blossom?") == ["Port Blossom"]


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("5(3+2)*2", "(3+2)*2"),
        ("x-5+3", "-5+3"),
        ("5 - - 3 + 4", "3 + 4"),
        ("-(1+2)--3", "-(1+2)--3"),
        ("2,3456+7", "3456+7"),
        ("1.5 percent of 1,000", "1.5 * 1000 / 100"),
        ("1 2% of 3", "2 * 3 / 100"),
        ("1+", None),
    ],
)
def test_arithmetic_starts_where_it_can(text, expression):
    """At the first sign or digit from which it goes on, whatever is in front of it."""
    assert expression_in(text) == expression


def test_letters_that_look_like_others_in_a_name_are_no_error():
    """Python takes a long s for an s, and the sign for kelvin for a k."""
    assert cities_in("O\u017flo, \u212ayiv and Rome") == ["O\u017flo", "Kyiv", "Rome"]


@given(st.text("abAB\u0130 ", max_size=12), st.text("abAB\u0130 ", max_size=4))
def test_a_question_says_its_parts(text, phrase):
    """As Python's own search finds them, whatever the size of the letters."""
    assert Question(text).says(phrase) == (phrase.lower() in text.lower())


PATTERNS = {
    name: pattern
    for module in (question, replies)
    for name, pattern in vars(module).items()
    if isinstance(pattern, re.Pattern)
}
BAIT = [
    *("1", "1,111", ",111", "1.", "(", "-", "(1", "1)", "1+", "1 + ", "1 - (", "1%", "1% of ", " "),
    *("in A", "Aa", "in Aa ", "A'", "“", "“'", '"', "new yor", "weathe", "1111 word", "how many "),
    *("[1] a", "[1", "[1] a: \n", "\n", "times", "x ", "1x", "a", "é", "."),
]


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_can_be_made_to_search_for_long(name):
    """Of 2,000 characters made to mislead it; tried again and again it would take seconds."""
    for bait in BAIT:
        for text in (bait * 2_000, bait * 900 + " " * 1_000, bait + "a" * 2_000, bait * 900 + "!"):
            start = time.thread_time()
            PATTERNS[name].findall(text[: replies.QUESTION_LIMIT])
            assert time.thread_time() - start < 0.1, bait
