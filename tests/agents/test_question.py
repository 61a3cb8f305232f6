"""The course's questions: how many, in which order, and when an answer to one is right."""

import pytest

from helpers.agents import Answer
from helpers.agents.question import KINDS, questions


def test_questions_come_in_turn_and_are_numbered():
    """All kinds in turn, or one; after the last the first comes again, under a new number."""
    assert [question.kind for question in questions(8)] == [*KINDS, *KINDS]
    many = questions(161)
    assert many[80] == many[0] and [question.number for question in many] == list(range(161))
    assert {question.kind for question in questions(9, kind="lookup")} == {"lookup"}


def test_a_question_is_a_string_that_knows_its_answer():
    """It goes wherever a string goes; text or an Answer that holds its phrase is right."""
    question = questions(1)[0]
    assert question == "What is the weather in Oslo?" and isinstance(question, str)
    assert question.accepts("It rains in OSLO.") and question.accepts(Answer("Oslo: rain", 2))
    assert not question.accepts("It rains.") and not question.accepts(None)


def test_no_two_shipped_questions_are_the_same():
    """Eighty, of each kind a quarter, each with a phrase for its answer."""
    shipped = questions(80)
    assert len(set(shipped)) == 80 and all(question.answer for question in shipped)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "count is 0"),
        ((-1,), "count is -1"),
        ((2.5,), "count is 2.5"),
        ((1, "jokes"), "kind is 'jokes'; it takes one of weather, arithmetic, lookup, summary"),
    ],
)
def test_a_wrong_number_or_kind_is_named(arguments, message):
    """ValueError says which argument, what it got, and what it takes."""
    with pytest.raises(ValueError, match=message):
        questions(*arguments)
