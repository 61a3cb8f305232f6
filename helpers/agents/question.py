"""The course's 80 questions, each with a phrase by which a right answer is known.

(The module is not named after its function: `helpers.agents.questions` would then be
the module or the function, depending on what was imported first.)
"""

import functools
import json
from pathlib import Path

KINDS = ("weather", "arithmetic", "lookup", "summary")


class Question(str):
    """A question: a string that also knows its number, its kind, and what a right answer says.

    answer: a phrase that every right answer contains, in whatever words the rest is put.
    """

    number: int
    kind: str
    answer: str

    def accepts(self, answer: object) -> bool:
        """Whether an answer (text, or an object with a `text`, such as an Answer) is right."""
        return self.answer.lower() in str(getattr(answer, "text", answer)).lower()


def questions(count: int = 20, kind: str | None = None) -> list[Question]:
    """`count` questions of one kind, or of all kinds in turn.

    kind: "weather", "arithmetic", "lookup" or "summary"; None for all of them.
    There are 80; after the last the first comes again, under a new number.
    Raises ValueError that names the argument.
    """
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"count is {count!r}; it takes a whole number from 1 up")
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it takes one of {', '.join(KINDS)}, or None for all")
    pool = [entry for entry in _shipped() if kind in (None, entry["kind"])]
    return [_question(number, pool[number % len(pool)]) for number in range(count)]


@functools.cache
def _shipped() -> list[dict[str, str]]:
    path = Path(__file__).with_name("questions.json")
    return json.loads(path.read_text(encoding="utf-8"))


def _question(number: int, entry: dict[str, str]) -> Question:
    question = Question(entry["text"])
    question.number = number
    question.kind = entry["kind"]
    question.answer = entry["answer"]
    return question
