"""A flow counts each query once at each instant, whatever happens to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.charts.flow import flow_of, under_way
from helpers.trace import Span
from tests.charts.made_up import spans_of


def edges(flow):
    """Each layer's name with its edges."""
    return {layer.name: (layer.low, layer.high) for layer in flow.layers}


@given(st.integers(1, 60), st.integers(1, 20), st.sampled_from(["ok", "failed", "cancelled"]))
def test_layers_lie_on_each_other_and_hold_every_query(queries, limit, state):
    """From nobody at the bottom to all that were submitted at the top, with no gap between."""
    end = float(-(-queries // limit))
    flow = flow_of(spans_of(queries, limit, state), end * 0.7, queries)
    layers = flow.layers
    assert not layers[0].low.any() and (layers[-1].high == queries).all()
    for below, above in zip(layers, layers[1:]):
        assert (above.low == below.high).all() and (below.low <= below.high).all()


def test_a_layer_is_as_high_as_queries_are_in_it():
    """Four queries, two at a time for 1 s each: after 1.5 s two are answered, two at the model."""
    flow = flow_of(spans_of(4, 2), 2.0, 4)
    instant = int(np.searchsorted(flow.times, 1.5))
    heights = {name: int((high - low)[instant]) for name, (low, high) in edges(flow).items()}
    assert heights == {"answered": 2, "process": 0, "model": 2, "retrieve": 0, "waiting": 0}


def test_a_layer_is_as_wide_as_a_query_stays_in_it():
    """Nobody has answered before the first second, and all have from the last one on."""
    _, answered = edges(flow_of(spans_of(4, 2), 2.0, 4))["answered"]
    times = flow_of(spans_of(4, 2), 2.0, 4).times
    assert not answered[times < 1].any() and answered[-1] == 4


def test_states_in_which_nobody_was_have_no_layer():
    """And the answered are no kind of bar, so the legend does not name them."""
    flow = flow_of(spans_of(4, 2), 2.0, 4)
    assert "failed" not in edges(flow)
    assert flow.kinds == {"waiting", "retrieve", "model", "process"}


def test_a_bad_end_has_a_layer():
    """Of the queries that ended so."""
    flow = flow_of([Span(0, "query", "t", 0, 1, "failed")], 2.0, 1)
    assert edges(flow)["failed"][1][-1] == 1


def test_before_the_first_step_all_wait():
    """At the very start of a run there is a picture, too."""
    flow = flow_of([], 0.0, 5)
    assert [layer.name for layer in flow.layers] == ["waiting"]


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), max_size=30))
def test_under_way_counts_the_intervals_around_each_instant(pairs):
    """As counting them one by one does; at its end, a thing is no longer under way."""
    intervals = [(min(pair), max(pair)) for pair in pairs]
    times = np.linspace(0, 9, 19)
    counted = under_way([a for a, _ in intervals], [b for _, b in intervals], times)
    assert counted.tolist() == [sum(a <= t < b for a, b in intervals) for t in times]


@pytest.mark.parametrize("ends", [[], [2.0]])
def test_what_goes_on_has_no_end(ends):
    """Two began; those without an end are under way for ever."""
    assert under_way([0.0, 1.0], ends, np.array([5.0])).tolist() == [2 - len(ends)]
