"""What can be read of journals: a page of records, counts and times, a mark.

Both doors answer with it: the public one from a participant's own journal, the control door from
all of them.
"""

from collections.abc import Sequence
from typing import Any

from helpers.fake_llm import journal
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.journal import AT_ONCE, Journal, Record, Steps

MOST_DIGITS = 18
"""Of a number, so that it fits into 64 bits: no server sees as many requests."""

Query = dict[str, str]


def page(journals: Sequence[Journal], query: Query) -> dict[str, Any]:
    """Records from the mark `since` on, at most `limit` of them; `next` is the mark to go on from.

    ApiError 400 names the parameter.
    """
    limit = min(_number(query, "limit", AT_ONCE), AT_ONCE)
    if not limit:
        raise ApiError(400, "Invalid 'limit': 0; it takes a whole number from 1.", param="limit")
    records, following = journal.page(journals, _number(query, "since", 0), limit)
    return {"records": [_shown(record) for record in records], "next": following}


def stats(journals: Sequence[Journal], query: Query) -> Steps[dict[str, Any]]:
    """Counts and times from the mark `since` on, of one `kind` or of all; ApiError 400."""
    return journal.stats(journals, _number(query, "since", 0), query.get("kind"))


def _shown(record: Record) -> dict[str, Any]:
    """The record; who sent it is of interest where there are names."""
    shown = record.as_dict()
    return {**shown, "participant": record.participant} if record.participant else shown


def _number(query: Query, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit():
        return int(text[:MOST_DIGITS])
    message = f"Invalid '{name}': {text!r:.40}; it takes a whole number from 0."
    raise ApiError(400, message, param=name)
