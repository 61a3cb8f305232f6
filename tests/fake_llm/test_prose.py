"""Plausible text: as long as it should be, the same for the same draw, and made of sentences."""

import random

from helpers.fake_llm.prose import LONGEST, prose

RANDOM = random.Random(3)
DRAWS = [RANDOM.randrange(2**64) for _ in range(200)]


def test_a_text_has_exactly_the_tokens_that_are_asked_for():
    """Up to the longest, from wherever it starts."""
    for draw in DRAWS:
        for length in (1, 2, 100, LONGEST):
            assert len(prose(draw, length)) == length


def test_a_text_starts_with_a_sentence():
    """With a capital letter, and no space before it."""
    assert all(prose(draw, 1)[0][0].isupper() for draw in DRAWS)


def test_the_draw_decides_and_texts_differ():
    """And a text that was handed out is nobody else's: it may be changed."""
    first = prose(7, 50)
    first[0] = "changed"
    assert prose(7, 50)[0] != "changed"
    assert len({"".join(prose(draw, 100)) for draw in DRAWS}) > 20
