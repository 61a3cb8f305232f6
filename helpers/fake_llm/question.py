"""What a question says: cities, arithmetic, numbers, words in quotes. Pure.

Every pattern here reads 2,000 characters of any text in milliseconds: where it could try a place
again in another way, and never succeed, it is possessive (`++`).
"""

import json
import re
import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

# As text: `re` compiles each when a question first needs it, and keeps it; a server starts sooner.
WEATHER = (
    r"(?i)\b(weather|temperature|degrees|celsius|warm\w*|cold\w*|hot\w*|cool\w*|rain\w*|snow\w*"
    r"|wind\w*|cloud\w*|sun|sunny|shining|sky|umbrella|coat|jacket)\b"
)
NUMBER = r"\d++(?:,\d{3})*+(?:\.\d++)?+"
_SPOKEN = (
    (r"\b(?:multiplied by|times)\b", "*"),
    (r"\bdivided by\b", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"(?<=\d) ?[x×] ?(?=\d)", "*"),
    (r"÷", "/"),
)
# What did not match from the first of several digits or signs does not from the next ones either.
PERCENT = rf"(?i)(?<!\d)({NUMBER})\s*+(?:%|percent) of ({NUMBER})"
ARITHMETIC = rf"(?:(?<![-(])[-(]++|(?<![-(\d])){NUMBER}\)*+(?:\s*+[-+*/]\s*+[-(]*+{NUMBER}\)*+)++"
HOW_MANY = r"(?i)\bhow (?:many|much)\b"
EACH = r"(?i)\b(?:an?|each|every|one)\b"
_QUOTED = r"[\"“']([^\"”']++)[\"”']"
_UNKNOWN_CITY = r"\b(?:in|for|at) ((?:[A-Z][\w'-]++ ?+)++)"


@dataclass
class Question:
    """A text and what can be read in it, each thing read once, when it is first asked for."""

    text: str

    @cached_property
    def cities(self) -> list[str]:
        """The cities that it names."""
        return cities_in(self.text)

    @cached_property
    def asks_for_weather(self) -> bool:
        """Whether it has a word of the weather in it."""
        return re.search(WEATHER, self.text) is not None

    @cached_property
    def expression(self) -> str | None:
        """The arithmetic that it asks for."""
        return expression_in(self.text)

    @cached_property
    def number(self) -> float:
        """Its first number, 1 where there is none; finite."""
        found = re.search(NUMBER, self.text)
        return min(float(_plain(found[0])), sys.float_info.max) if found else 1.0

    @cached_property
    def quoted(self) -> str:
        """The first words in quotes, else the whole text."""
        found = re.search(_QUOTED, self.text)
        return found[1] if found else self.text

    @cached_property
    def words(self) -> set[str]:
        """Its words of three letters and more, in small letters."""
        return words_of(self.text)

    @cached_property
    def _endings(self) -> list[str]:
        """The text from each of its characters on, sorted: each part of it starts one of them."""
        text = self.text.lower()
        return sorted(text[i:] for i in range(len(text) + 1))

    def says(self, phrase: str) -> bool:
        """Whether the phrase is a part of it, large letters or small, in a microsecond.

        Python's own search would take a thousand times as long for the worst of phrases.
        """
        if len(phrase) >= len(self._endings):
            return False  # longer than the text, however long it is
        at = bisect_left(self._endings, lowered := phrase.lower())
        return at < len(self._endings) and self._endings[at].startswith(lowered)


@cache
def cities() -> dict[str, dict]:
    """The cities whose weather is known."""
    return json.loads(Path(__file__).with_name("cities.json").read_text(encoding="utf-8"))


@cache
def _city_pattern() -> re.Pattern:
    names = sorted(cities(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)


def cities_in(text: str) -> list[str]:
    """The cities that a text names: those known, else capitalised words after "in" or "for"."""
    known = {name.lower(): name for name in cities()}
    # The pattern takes "ſ" for an s, and other letters that no name of a city has.
    matches = [known.get(name.lower(), name) for name in _city_pattern().findall(text)]
    found = matches or re.findall(_UNKNOWN_CITY, text)
    return list(dict.fromkeys(name.strip() for name in found))


def expression_in(text: str) -> str | None:
    """The arithmetic that a text asks for, as an expression; None if it asks for none.

    It knows percentages, "a crate holds 24 bottles; how many are in 17 crates", and expressions,
    words such as "times" included.
    """
    if found := re.search(PERCENT, text):
        return f"{_plain(found[1])} * {_plain(found[2])} / 100"
    numbers = re.findall(NUMBER, text)
    if len(numbers) == 2 and re.search(EACH, text) and re.search(HOW_MANY, text):
        return f"{_plain(numbers[0])} * {_plain(numbers[1])}"
    for words, sign in _SPOKEN:
        text = re.sub(words, sign, text, flags=re.IGNORECASE)
    return max(map(_plain, re.findall(ARITHMETIC, text)), key=len, default=None)


def _plain(number: str) -> str:
    return number.replace(",", "")


def words_of(text: str) -> set[str]:
    """The words of three letters and more, in small letters."""
    return set(re.findall(r"[a-z]{3,}", text.lower()))
