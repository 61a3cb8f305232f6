"""The list of the article's claims, and the table of verdicts."""

import re

import pytest

from helpers.claims import all_claims, claim, verdicts


def test_the_list_has_all_claims_in_order():
    """There are 102, numbered from 1, each with its lines in the article and a text."""
    assert list(all_claims()) == list(range(1, 103))
    assert all(re.fullmatch(r"\d[\d, -]*", c["lines"]) and c["text"] for c in all_claims().values())


@pytest.mark.parametrize(
    ("claimed", "measured", "compare", "verdict"),
    [
        (20, 20.4, "about", "holds"),
        (20, 25.1, "about", "does not hold"),
        (10, 40.3, "about", "does not hold"),
        (95, 99, "at least", "holds"),
        (95, 94, "at least", "does not hold"),
        (5, 4, "at most", "holds"),
        (5, 6, "at most", "does not hold"),
    ],
)
def test_a_verdict_is_computed_from_the_figures(claimed, measured, compare, verdict):
    """About means within the tolerance of the claimed figure."""
    assert claim(81, claimed=claimed, measured=measured, compare=compare).verdict == verdict


def test_a_given_verdict_wins():
    """A lesson may know better than the figures, and says why."""
    row = claim(15, claimed=2, measured=20, verdict="holds with a condition", because="serial only")
    assert (row.verdict, row.because) == ("holds with a condition", "serial only")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"number": 103, "verdict": "holds"}, "claim 103 does not exist"),
        ({"number": 1}, "give two numbers"),
        ({"number": 1, "verdict": "true"}, "holds with a condition"),
        ({"number": 1, "verdict": "holds with a condition"}, "say which in because="),
        ({"number": 1, "verdict": "cannot be tested"}, "say what is missing in because="),
        ({"number": 1, "claimed": 1, "measured": 1, "compare": "around"}, "at least"),
    ],
)
def test_a_wrong_row_is_refused(arguments, message):
    """The error names the claim and what it takes."""
    with pytest.raises(ValueError, match=message):
        claim(**arguments)


@pytest.mark.parametrize("stray", ["100 threads are fast", "", None, 81])
def test_what_is_no_claim_is_no_row(stray):
    """A table takes rows made by claim(), whatever else stands there."""
    with pytest.raises(TypeError, match="is no claim; make each row with claim"):
        verdicts(claim(81, claimed=20, measured=20), stray)


def test_the_repr_is_the_same_on_every_run():
    """Measured figures are in the str and the HTML, never in the repr that nbval compares."""
    tables = [
        verdicts(claim(81, claimed=20, theory=20, measured=m, unit="s")) for m in (20.41, 20.93)
    ]
    assert repr(tables[0]) == repr(tables[1]) and "holds" in repr(tables[0])
    assert "20.4 s" in str(tables[0])


def test_the_html_is_an_accessible_table():
    """A caption, scoped headers, escaped text, and the measured figure marked as varying."""
    html = verdicts(claim(81, "<b>fast</b>", claimed=20, measured=20, unit="s"))._repr_html_()
    assert "<caption" in html and html.count('scope="col"') == 7
    assert "&lt;b&gt;" in html and 'class="varies">20 s<' in html


def test_claims_default_to_the_words_of_the_list():
    """A row without a text takes that of the registry."""
    assert claim(83, claimed=10, measured=40).text == all_claims()[83]["text"]


def test_a_median_says_of_how_many_runs_it_is():
    """Beside the figure, where a reader weighs it."""
    row = claim(81, claimed=20, theory=20, measured=20.4, unit="s", runs=3)
    assert (row.measured, row.theory) == ("20.4 s (median of 3)", "20 s")


def test_six_rows_are_in_sight_and_the_others_are_folded():
    """A long table is not read; nothing of it is lost either."""
    rows = [claim(number, verdict="holds") for number in range(1, 10)]
    short, long = verdicts(*rows[:6])._repr_html_(), verdicts(*rows)._repr_html_()
    assert "<details>" not in short and short.count("<tr>") == 1 + 6
    shown, folded = long.split("<details><summary>3 more of this lesson</summary>")
    assert shown.count("<tr>") == 1 + 6 and folded.count("<tr>") == 1 + 3
