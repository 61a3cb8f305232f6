"""Search, weather, models: their replies, and what they refuse."""

import pytest

from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.services import MOST_RESULTS, Library, model, models, weather


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
