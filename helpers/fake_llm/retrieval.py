"""An answer from documents: the sentence, or the summary, that shares most with a question. Pure.

A document is (title, text).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import fsum

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
# Of all documents; what goes beyond is one sentence for each.
MOST_SENTENCES = 2_000


def summarise(question: str, documents: Sequence[tuple[str, str]]) -> str:
    """The first sentences of the document that is asked about."""
    forms = _forms(words(question))

    def shared(document: tuple[str, str]) -> tuple[int, int]:
        title, text = document
        return len(_found(title, forms)), len(_found(text, forms))

    _, text = max(documents, key=shared)
    return " ".join(SENTENCE.split(text, SUMMARY_SENTENCES)[:SUMMARY_SENTENCES])


def look_up(question: str, documents: Sequence[tuple[str, str]]) -> str:
    """The sentence that shares most with the question; a word weighs less the more have it."""
    in_order = [_stem(word) for word in WORD.findall(question.lower()) if word not in STOP_WORDS]
    forms = _forms(in_order)
    # Of each document the asked words of its title, and of its sentences those beside them.
    read = []
    left = MOST_SENTENCES
    spread: Counter[str] = Counter()
    for title, text in documents:
        of_title = _found(title, forms)
        parts = SENTENCE.split(text, left) if left > 0 else [text]  # to `split` 0 is no bound
        left -= len(parts)
        sentences = [(s, _found(s, forms) - of_title) for s in parts]
        read.append((of_title, sentences))
        spread.update(chain.from_iterable(own for _, own in sentences))
        spread.update(dict.fromkeys(of_title, len(sentences)))
    weight = {word: 1 / (1 + spread[word]) for word in in_order}
    if in_order:
        weight[in_order[0]] *= FOCUS_WEIGHT

    def worth(found: set[str]) -> float:
        return fsum(weight[word] for word in found)  # the same whatever order a set has

    best, answer = -1.0, ""
    for of_title, sentences in read:
        of_all = TITLE_WEIGHT * worth(of_title)
        for sentence, own in sentences:
            if (score := worth(own) + of_all) > best:
                best, answer = score, sentence
    return answer


def words(text: str) -> set[str]:
    """The words that carry meaning, without their endings."""
    return {_stem(word) for word in set(WORD.findall(text.lower())) - STOP_WORDS}


def _forms(stems: Iterable[str]) -> dict[str, str]:
    """The words that have these stems: a text is looked through for them, not cut to stems."""
    forms = {stem + ending: stem for stem in stems for ending in ("", *ENDINGS)}
    return {w: stem for w, stem in forms.items() if w not in STOP_WORDS and _stem(w) == stem}


def _found(text: str, forms: dict[str, str]) -> set[str]:
    """The stems of those of these words that are in the text."""
    return {forms[word] for word in WORD.findall(text.lower()) if word in forms}


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word
