"""What else the server offers: a full-text search over the shipped corpus (SQLite FTS5), the weather, its models."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from helpers.fake_llm.errors import ApiError, missing, unknown_model
from helpers.fake_llm.tools import cities

MOST = 20
MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1", "o4-mini")
MODELS_SINCE = 1_721_172_741


class Library:
    """The documents of corpus.json, searched by SQLite's FTS5, best first (bm25, the title counts double)."""

    def __init__(self) -> None:
        documents = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "create virtual table documents using fts5(id unindexed, title, text, tokenize='porter')"
        )
        rows = [(d["id"], d["title"], d["text"]) for d in documents]
        self._db.executemany("insert into documents values (?, ?, ?)", rows)

    def search(self, query: dict[str, str]) -> dict[str, Any]:
        """The reply to GET /search with these query parameters; ApiError 400 if they make no sense."""
        if "q" not in query:
            raise missing("q")
        limit = query.get("limit", "3")
        if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= MOST:
            raise ApiError(
                400,
                f"Invalid 'limit': {limit!r:.40}; it takes a whole number from 1 to {MOST}.",
                param="limit",
            )
        words = re.findall(r"\w+", query["q"])[:100]
        match = " OR ".join(f'"{w}"' for w in words)
        sql = "select id, title, text from documents where documents match ? order by bm25(documents, 0, 2, 1), id limit ?"
        rows = self._db.execute(sql, (match, int(limit))).fetchall() if words else []
        return {
            "query": query["q"],
            "results": [dict(zip(("id", "title", "text"), row)) for row in rows],
        }


def weather(query: dict[str, str]) -> dict[str, Any]:
    """The reply to GET /weather with these query parameters; ApiError 400 or 404."""
    if "city" not in query:
        raise missing("city")
    asked = query["city"].strip().lower()
    for city, sky in cities().items():
        if city.lower() == asked:
            return {"city": city, **sky}
    raise ApiError(
        404,
        f"The weather of {query['city']!r:.80} is not known.",
        code="unknown_city",
        param="city",
    )


def models(names: tuple | None) -> dict[str, Any]:
    """The reply to GET /v1/models; `names` are the only ones there are, or None."""
    return {"object": "list", "data": [model(name, names) for name in names or MODELS]}


def model(name: str, names: tuple | None) -> dict[str, Any]:
    """The reply to GET /v1/models/{name}; ApiError 404."""
    if name not in (names or MODELS):
        raise unknown_model(name)
    return {"id": name, "object": "model", "created": MODELS_SINCE, "owned_by": "fake-llm"}
