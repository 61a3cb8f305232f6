"""What an application waits for besides chat: a search, the weather, saving a note, the models.

The search is SQLite's full-text search (FTS5) over the documents of corpus.json.
"""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.fake_llm.chat.request import read_json
from helpers.fake_llm.errors import ApiError, missing, unknown_model
from helpers.fake_llm.jobs import Job, Jobs
from helpers.fake_llm.question import cities

MOST_RESULTS = 20
MOST_WORDS = 100
# Idempotency keys that are remembered, the latest of all participants together, and how long one
# may be: a few megabytes at most.
MOST_KEYS = 10_000
LONGEST_KEY = 255
MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1", "o4-mini")
MODELS_SINCE = 1_721_172_741  # July 2024, when gpt-4o-mini appeared
MODELS_PATH = "/v1/models/"
# bm25 is smaller for better documents. Its weights are the columns': id none, the title double.
SEARCH = """
select id, title, text from documents where documents match ?
order by bm25(documents, 0, 2, 1), id limit ?
"""

Query = dict[str, str]


class Services:
    """Handlers of these addresses: each answers its job, or raises the ApiError that refuses it."""

    def __init__(self, jobs: Jobs):
        self.jobs = jobs
        self.notes = 0
        self._by_key: dict[tuple[str, bytes], int] = {}

    @cached_property
    def library(self) -> "Library":
        """Made for the first search: a server starts sooner without."""
        return Library()

    def search(self, job: Job) -> None:
        """GET /search"""
        self.jobs.answer(
            job, self.library.search(job.request.query), job.participant.behaviour.search_latency
        )

    def weather(self, job: Job) -> None:
        """GET /weather"""
        self.jobs.answer(job, weather(job.request.query), job.participant.behaviour.weather_latency)

    def note(self, job: Job) -> None:
        """POST /notes: the note is counted, and forgotten.

        With a header Idempotency-Key it is counted once, however often the same participant sends
        it: whoever repeats a key gets the note that it made, whatever the text is then.
        """
        if not isinstance(read_json(job.request.body).get("text"), str):
            raise missing("text")
        key = job.request.headers.get(b"idempotency-key")
        number = self.notes + 1 if key is None else self._number_of(job.participant.name, key)
        self.notes = max(self.notes, number)
        saved = {"saved": True, "id": f"note_{number}"}
        self.jobs.answer(job, saved, job.participant.behaviour.save_latency)

    def _number_of(self, participant: str, key: bytes) -> int:
        """The number of the note that this key made, or the next one, which it makes now."""
        if len(key) > LONGEST_KEY:
            message = f"Idempotency-Key has {len(key)} characters; it takes {LONGEST_KEY} at most."
            raise ApiError(400, message, param="Idempotency-Key")
        made = self._by_key.setdefault((participant, key), self.notes + 1)
        while len(self._by_key) > MOST_KEYS:
            del self._by_key[next(iter(self._by_key))]  # the oldest
        return made

    def models(self, job: Job) -> None:
        """GET /v1/models"""
        self.jobs.answer(job, models(job.participant.behaviour.models), 0.0)

    def model(self, job: Job) -> None:
        """GET /v1/models/{name}"""
        name = job.request.path.removeprefix(MODELS_PATH)
        self.jobs.answer(job, model(name, job.participant.behaviour.models), 0.0)


class Library:
    """The documents of corpus.json, searched by SQLite's FTS5, best first."""

    def __init__(self) -> None:
        import sqlite3  # here, for the same reason

        documents = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))
        self._db = sqlite3.connect(":memory:")
        columns = "id unindexed, title, text, tokenize='porter'"
        self._db.execute(f"create virtual table documents using fts5({columns})")
        rows = [(d["id"], d["title"], d["text"]) for d in documents]
        self._db.executemany("insert into documents values (?, ?, ?)", rows)

    def search(self, query: Query) -> dict[str, Any]:
        """The reply to GET /search with these query parameters; ApiError 400 if they are wrong."""
        if "q" not in query:
            raise missing("q")
        limit = _limit(query.get("limit", "3"))
        # Quoted, so that none is taken for an operator of FTS5's own language.
        words = [f'"{word}"' for word in re.findall(r"\w+", query["q"])[:MOST_WORDS]]
        found = self._db.execute(SEARCH, (" OR ".join(words), limit)) if words else []
        names = ("id", "title", "text")
        return {"query": query["q"], "results": [dict(zip(names, row)) for row in found]}


def _limit(text: str) -> int:
    """How many results a query asks for; ApiError 400."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    if is_number and 1 <= int(text) <= MOST_RESULTS:
        return int(text)
    message = f"Invalid 'limit': {text!r:.40}; it takes a whole number from 1 to {MOST_RESULTS}."
    raise ApiError(400, message, param="limit")


def weather(query: Query) -> dict[str, Any]:
    """The reply to GET /weather with these query parameters; ApiError 400 or 404."""
    if "city" not in query:
        raise missing("city")
    asked = query["city"].strip().lower()
    for city, sky in cities().items():
        if city.lower() == asked:
            return {"city": city, **sky}
    message = f"The weather of {query['city']!r:.80} is not known."
    raise ApiError(404, message, code="unknown_city", param="city")


def models(names: tuple[str, ...] | None) -> dict[str, Any]:
    """The reply to GET /v1/models; `names` are the only ones there are, or None."""
    return {"object": "list", "data": [model(name, names) for name in names or MODELS]}


def model(name: str, names: tuple[str, ...] | None) -> dict[str, Any]:
    """The reply to GET /v1/models/{name}; `names` as for `models`; ApiError 404."""
    if name not in (names or MODELS):
        raise unknown_model(name)
    return {"id": name, "object": "model", "created": MODELS_SINCE, "owned_by": "fake-llm"}
