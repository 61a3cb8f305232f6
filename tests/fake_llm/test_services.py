"""Search, weather, models: their replies, and what they refuse."""

import json

import pytest

from helpers import FakeLLM
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.services import (
    LONGEST_KEY,
    MOST_KEYS,
    MOST_RESULTS,
    Library,
    model,
    models,
    weather,
)
from tests.fake_llm.raw import ask, bearer, connect, post, read


@pytest.fixture(scope="module")
def library():
    return Library()


def test_a_search_finds_the_document_with_that_title_first(library):
    """By any form of its words: the stems are compared."""
    title = library.search({"q": "bicycle"})["results"][0]["title"]
    assert library.search({"q": "bicycles"})["results"][0]["title"] == title
    assert "icycle" in title


def test_a_search_gives_as_many_results_as_asked_for(library):
    """Three unless said, and none for a query without words."""
    assert len(library.search({"q": "the of and"})["results"]) == 3
    assert len(library.search({"q": "the of and", "limit": "1"})["results"]) == 1
    assert library.search({"q": "?!"}) == {"query": "?!", "results": []}


@pytest.mark.parametrize("query", ['"', "a OR", "NEAR(a b)", "title:x", "*", "a" * 100_000])
def test_a_query_is_text_and_never_a_command(library, query):
    """FTS5 has a language of its own, which no query can speak."""
    assert library.search({"q": query})["query"] == query


@pytest.mark.parametrize("limit", ["0", "21", "-1", "x", "", "1.5", "٣", "0" * 30 + "1999"])
def test_a_limit_out_of_range_is_refused(library, limit):
    """Whatever it looks like."""
    with pytest.raises(ApiError, match=f"a whole number from 1 to {MOST_RESULTS}") as caught:
        library.search({"q": "a", "limit": limit})
    assert (caught.value.status, caught.value.error["param"]) == (400, "limit")


def test_the_weather_is_known_for_some_cities():
    """In any letters; another city is a 404 that names it, none is a 400."""
    assert weather({"city": " oslo "})["city"] == "Oslo"
    with pytest.raises(ApiError, match="'Atlantis' is not known") as caught:
        weather({"city": "Atlantis"})
    assert caught.value.status == 404
    with pytest.raises(ApiError, match="'city'"):
        weather({})


def test_models_are_those_that_are_set():
    """Or a few well-known ones."""
    assert [m["id"] for m in models(("a", "b"))["data"]] == ["a", "b"]
    assert model("gpt-4o", None)["object"] == "model"
    with pytest.raises(ApiError, match="gpt-4o"):
        model("gpt-4o", ("a",))


def note(llm, key=None, lines=b""):
    """The status and the id of a note that was posted with this idempotency key."""
    lines += b"" if key is None else b"idempotency-key: %b\r\n" % key
    status, _, body = ask(llm, post({"text": "a note"}, "/notes", lines))
    return status, json.loads(body).get("id")


def test_every_note_without_a_key_is_another(llm):
    """Also where it says the same."""
    (_, first), (_, second) = note(llm), note(llm)
    assert first != second


def test_a_note_with_the_same_key_is_the_same_note(llm):
    """As often as it comes; another key makes another, and so does none."""
    first = note(llm, b"order-17")
    assert [note(llm, b"order-17") for _ in range(3)] == [first] * 3
    assert len({first, note(llm, b"order-18"), note(llm)}) == 3


def test_a_key_is_one_participants_own():
    """The same key of a neighbour is another note."""
    with FakeLLM() as llm:
        ada, bob = llm.add("Ada"), llm.add("Bob")
        assert note(ada, b"1", bearer(ada.api_key)) != note(bob, b"1", bearer(bob.api_key))


def test_keys_are_bounded_in_length_and_number(llm):
    """A long one is refused with its length, and the oldest is forgotten."""
    assert note(llm, b"k" * LONGEST_KEY)[0] == 200
    assert note(llm, b"k" * (LONGEST_KEY + 1))[0] == 400
    first = note(llm, b"first")
    with connect(llm) as sock:
        for number in range(MOST_KEYS):
            sock.sendall(post({"text": ""}, "/notes", b"idempotency-key: %d\r\n" % number))
            read(sock)
    assert note(llm, b"first") != first
