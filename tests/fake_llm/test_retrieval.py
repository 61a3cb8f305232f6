"""Answers from documents: words without endings, the sentence that fits, the summary."""

import pytest

from helpers.fake_llm.retrieval import look_up, summarise, words

DOCUMENTS = [
    ("Rivers", "A river flows to the sea. The Nile is the longest river. Rivers carry sand."),
    ("Mountains", "A mountain rises. The Alps have snow. Mountains are old."),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What is the longest of the rivers?", {"longest", "river"}),
        ("walked walking walks", {"walk"}),
        ("bus ring red", {"bus", "ring", "red"}),
    ],
)
def test_words_carry_meaning_and_have_no_endings(text, found):
    """Common words are left out; a short word keeps what looks like an ending."""
    assert words(text) == found


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which river is longest?", "The Nile is the longest river."),
        ("Where is snow?", "The Alps have snow."),
        ("What do rivers carry?", "Rivers carry sand."),
    ],
)
def test_the_sentence_that_shares_most_with_the_question_is_the_answer(question, sentence):
    """Words that few sentences have weigh more."""
    assert look_up(question, DOCUMENTS) == sentence


def test_a_summary_is_the_beginning_of_the_right_document():
    """Two sentences of the document whose title is asked for."""
    assert (
        summarise("Summarise the mountains", DOCUMENTS) == "A mountain rises. The Alps have snow."
    )
