"""An answer from documents: the sentence, or the summary, that shares most with a question. Pure.

A document is (title, text).
"""

import re
from collections.abc import Sequence

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“])")
WORD = re.compile(r"[a-z0-9]+")
_STOP = """a an and are as at be by can do does did for from has have how i in is it its me my of
on or that the their many much them there they this to was were what when where which who whom
whose why will with would you your about please tell give say"""
STOP_WORDS = frozenset(_STOP.split())
ENDINGS = ("ing", "ed", "es", "s")
SHORTEST_STEM = 3  # "bus" keeps its s, "ring" its ing
# A word of the sentence says more than one of the title above it, which all its sentences share.
TITLE_WEIGHT = 0.5
# The first word of the question that carries meaning ("capital of …") says what is asked for.
FOCUS_WEIGHT = 2
SUMMARY_SENTENCES = 2


def summarise(question: str, documents: Sequence[tuple[str, str]]) -> str:
    """The first sentences of the document that is asked about."""
    asked = words(question)

    def shared(document: tuple[str, str]) -> tuple[int, int]:
        title, text = document
        return len(words(title) & asked), len(words(text) & asked)

    _, text = max(documents, key=shared)
    return " ".join(SENTENCE.split(text)[:SUMMARY_SENTENCES])


def look_up(question: str, documents: Sequence[tuple[str, str]]) -> str:
    """The sentence that shares most with the question; a word weighs less the more have it."""
    asked = words(question)
    sentences = [(title, s) for title, text in documents for s in SENTENCE.split(text)]
    spread = [words(title) | words(sentence) for title, sentence in sentences]
    weight = {word: 1 / (1 + sum(word in s for s in spread)) for word in asked}
    focus = next((stem for stem in _stems(question) if stem in asked), None)
    if focus:
        weight[focus] *= FOCUS_WEIGHT

    def score(title: str, sentence: str) -> float:
        of_title = words(title)
        own = sum(weight[word] for word in asked & words(sentence) - of_title)
        return own + TITLE_WEIGHT * sum(weight[word] for word in asked & of_title)

    scores = [score(title, sentence) for title, sentence in sentences]
    return sentences[scores.index(max(scores))][1]


def words(text: str) -> set[str]:
    """The words that carry meaning, without their endings."""
    return set(_stems(text))


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word
