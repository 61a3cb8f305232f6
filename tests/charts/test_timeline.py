"""The live chart: every bar of a trace is drawn, it stays small, and it says in words what it shows."""

import re
import xml.etree.ElementTree as ET

import pytest

from helpers.charts.bars import MOST_ROWS, by_lane, by_query
from helpers.charts.palette import KINDS, SCALE
from helpers.charts.sweep import sweep_svg
from helpers.charts.timeline import (
    Scene,
    describe,
    kinds_in,
    legend_html,
    nice,
    ticks,
    timeline_svg,
)
from helpers.sweeps import Point, Sweep
from helpers.trace import Span, summarise

KIB = 1024


def spans_of(queries, limit, state="ok"):
    """A trace of so many queries of 1 s, `limit` at a time, each with three steps."""
    spans = []
    for query in range(queries):
        start, lane = float(query // limit), f"ThreadPoolExecutor-0_{query % limit}"
        steps = (("retrieve", 0.0, 0.1), ("model", 0.1, 0.9), ("process", 0.9, 1.0))
        spans.append(Span(query, "query", lane, start, start + 1, state))
        spans += [Span(query, name, lane, start + a, start + b, "ok") for name, a, b in steps]
    return spans


def scene(queries=6, limit=2, **changes):
    """A scene of such a trace at its end."""
    settings = {
        "spans": spans_of(queries, limit),
        "now": -(-queries // limit),
        "queries": queries,
        "title": "threads",
    }
    return Scene(**settings | changes)


def parsed(svg):
    """The SVG as XML: what does not parse does not pass."""
    return ET.fromstring(svg)


def words(svg):
    """All text in the picture."""
    return " ".join(node.text or "" for node in parsed(svg).iter() if node.tag.endswith("text"))


@pytest.mark.parametrize("queries", [1, 2, 20, 199, 200, 201, 1000, 5000])
def test_a_frame_is_valid_and_small_at_any_size(queries):
    """Well-formed XML of less than 40 KiB, from one query to thousands."""
    svg = timeline_svg(scene(queries, limit=50))
    assert parsed(svg).get("role") == "img"
    assert len(svg) < 40 * KIB


def test_there_is_a_bar_for_each_step():
    """Six queries: six bars of each kind, each a stroke of the path of that kind."""
    svg = timeline_svg(scene())
    for name in ("retrieve", "model", "process"):
        path = re.search(rf'<path d="([^"]*)" stroke="{KINDS[name].colour}" stroke-width', svg)
        assert path.group(1).count("M") == 6


def test_the_scale_is_on_every_chart():
    """Nobody may take a tenth of a second for a second."""
    assert SCALE in words(timeline_svg(scene()))
    assert SCALE in words(sweep_svg(swept(), 760))


def test_the_label_says_what_the_picture_shows():
    """The description, escaped, is the accessible name."""
    svg = timeline_svg(scene(words='5 < 6 & "so"'))
    assert parsed(svg).get("aria-label") == '5 < 6 & "so"'


def test_beyond_two_hundred_rows_queries_are_counted():
    """The rows become layers; the number answered is written in."""
    assert "answered 1,000" in words(timeline_svg(scene(1000, limit=100)))
    assert "answered" not in words(timeline_svg(scene(MOST_ROWS, limit=100)))


def test_a_query_that_ended_badly_has_a_word_and_a_hatch():
    """Not by colour alone."""
    spans = [Span(0, "query", "t", 0, 1, "failed"), Span(0, "model", "t", 0, 1, "failed")]
    svg = timeline_svg(Scene(spans, 1.0, 1, "one", key="k"))
    assert "failed" in words(svg) and 'stroke="url(#k-failed)"' in svg


def test_two_charts_on_a_page_do_not_share_patterns():
    """Their ids differ, so hiding one chart leaves the other its hatching."""
    ids = [set(re.findall(r'id="([^"]+)"', timeline_svg(scene(key=key)))) for key in "ab"]
    assert ids[0] and not ids[0] & ids[1]


def test_the_limit_the_guess_and_the_pinned_run_are_drawn():
    """Each with its words."""
    svg = timeline_svg(scene(limit=2, marks=[(2.5, "your guess 2.5 s")], ghost=spans_of(6, 1)))
    assert "your guess 2.5 s" in words(svg)
    assert 'opacity=".14"' in svg
    assert "limit 9" in words(timeline_svg(Scene(spans_of(6, 2), 3.0, 6, "x", limit=9)))


def test_the_axis_reaches_the_ghost_and_the_guess():
    """Nothing is drawn outside of the picture."""
    assert scene(ghost=spans_of(6, 1)).end >= 6
    assert scene(marks=[(100.0, "far")]).end >= 100


def test_a_blocked_loop_is_named_and_shaded():
    """A lag of half a second is no small print."""
    svg = timeline_svg(scene(lag=[(0.02, 0.001), (1.0, 0.5)]))
    assert "event loop late by at most 500 ms: it was blocked" in words(svg)
    assert "blocked" not in words(timeline_svg(scene(lag=[(0.02, 0.001)])))


def test_lanes_are_threads_or_tasks():
    """A row for each, and the waiting is left out: a lane that waits is another query's."""
    rows = by_lane(spans_of(6, 2), 3.0)
    assert (rows.noun, rows.count, "waiting" in rows.bars) == ("thread", 2, False)
    assert by_lane([Span(0, "model", "Task-7", 0, 1, "ok")], 1.0).noun == "task"


def test_a_query_waits_from_submission_to_its_start():
    """And one that has not begun waits until now."""
    rows = by_query(spans_of(2, 1), 2.0, 3)
    assert rows.bars["waiting"] == [(0, 0.0, 0.0), (1, 0.0, 1.0), (2, 0.0, 2.0)]


def test_questions_of_ones_own_have_rows_too():
    """Spans that know no number are placed in order of appearance."""
    rows = by_query(
        [Span("b", "query", "t", 0, 1, "ok"), Span("a", "query", "t", 1, 2, "ok")], 2.0, 2
    )
    assert [row for row, _, _ in rows.bars["waiting"]] == [0, 1]


def test_a_step_of_the_learners_own_is_drawn():
    """In grey, under its own hatchless path."""
    assert "#999999" in timeline_svg(scene(spans=[Span(0, "ponder", "t", 0, 1, "ok")]))


def test_an_empty_trace_is_a_picture_too():
    """Before the first bar there is an axis."""
    assert "in flight" in words(timeline_svg(Scene([], 0.0, 5, "soon", limit=5)))


@pytest.mark.parametrize("width", [300, 480, 760, 1400])
def test_the_picture_is_as_wide_as_the_page(width):
    """One unit is one pixel, so text keeps its size."""
    assert parsed(timeline_svg(scene(width=width))).get("viewBox").split()[2] == str(width)


@pytest.mark.parametrize("value", [0.001, 0.1, 0.19, 1.0, 6.97, 61, 1234])
def test_axes_end_at_round_numbers(value):
    """At or above the value, at most 60 % above; ticks begin at 0, are evenly apart and not too many."""
    end = nice(value)
    assert value <= end <= max(0.01, value * 1.6)
    marks = ticks(end, 8)
    assert marks[0] == 0 and len(marks) <= 9 and marks[-1] <= end * 1.001


def test_the_key_names_what_is_shown():
    """In words, in the order in which a query meets them."""
    text = re.sub(r"<[^>]+>", " ", legend_html(kinds_in(spans_of(1, 1))))
    assert text.split() == ["waiting", "for", "a", "turn", "retrieve", "model", "process"]


def test_describe_counts_every_end():
    """Answered, failed and cancelled; what is none is not said."""
    said = describe("gather", summarise(spans_of(4, 2, "failed"), 2.0, 4))
    assert said == "gather: 0 of 4 answered, 4 failed in 2.00 s, at most 2 in flight"


def swept(rates=(9, 40, 41)):
    """A sweep with these throughputs, without having run."""
    found = Sweep(len, (1, 5, 50), llm=None)
    found.points = [
        Point(limit, 10, 1.0, rate, limit * 9.0, 0.1, 0.2, 0, 0.001)
        for limit, rate in zip((1, 5, 50), rates)
    ]
    return found


def test_the_knee_is_where_more_no_longer_helps():
    """The least concurrency within 5 % of the best; none while the last is the best."""
    assert swept().knee.limit == 5
    assert swept((9, 20, 41)).knee is None
    assert "knee: 5" in words(sweep_svg(swept(), 760)) and "knee" not in words(
        sweep_svg(swept((9, 20, 41)), 760)
    )
