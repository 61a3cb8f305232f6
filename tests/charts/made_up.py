"""Traces, runs and sweeps whose every number is known, and what can be read from a picture."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from helpers.charts.scene import Scene
from helpers.sweeps import Point, Sweep
from helpers.trace import Span, ideal_seconds, summarise

STEPS = (("retrieve", 0.0, 0.1), ("model", 0.1, 0.9), ("process", 0.9, 1.0))


def spans_of(queries, at_once, state="ok"):
    """A trace of so many queries of 1 s, `at_once` in a thread each, with three steps each."""
    spans = []
    for query in range(queries):
        start, lane = float(query // at_once), f"ThreadPoolExecutor-0_{query % at_once}"
        spans.append(Span(query, "query", lane, start, start + 1, state))
        spans += [Span(query, name, lane, start + a, start + b, "ok") for name, a, b in STEPS]
    return spans


def scene_of(queries=6, at_once=2, **changes):
    """A scene of such a trace at its end."""
    settings = {
        "spans": spans_of(queries, at_once),
        "now": float(-(-queries // at_once)),
        "queries": queries,
        "title": "threads",
    }
    return Scene(**settings | changes)


@dataclass
class MadeUpRun:
    """A run that is over, as charts see it: 1 s for each query, `limit` at a time."""

    queries: int = 6
    limit: int = 2
    name: str = "made_up"
    outcome: str = "done"
    state: str = "ok"
    slower: float = 1.0
    over: bool = True
    lag: list = field(default_factory=list)
    behaviour: dict = field(default_factory=lambda: {"latency": 0.1})
    server: dict | None = None

    @property
    def questions(self):
        return list(range(self.queries))

    @property
    def seconds(self):
        return self.slower * -(-self.queries // self.limit)

    @property
    def ideal(self):
        return ideal_seconds([1.0] * self.queries, self.limit)

    @property
    def summary(self):
        return summarise(self.spans(), self.seconds, self.queries)

    def spans(self):
        return spans_of(self.queries, self.limit, self.state)

    def now(self):
        return self.seconds

    def requests(self):
        return []


def swept(rates=(9.0, 40.0, 41.0), cpu=0.001):
    """A sweep of 1, 5 and 50 in flight that gave these queries a second."""
    limits = (1, 5, 50)
    sweep = Sweep(len, limits, llm=None)
    sweep.points = [
        Point(
            limit=limit,
            queries=10,
            seconds=10 / rate,
            throughput=rate,
            ideal=limit * 9.0,
            p50=0.1,
            p95=0.2,
            failed=0,
            cpu=cpu,
        )
        for limit, rate in zip(limits, rates)
    ]
    return sweep


def parsed(svg):
    """The SVG as XML, which raises where it is not well-formed."""
    return ET.fromstring(svg)


def elements(svg, tag):
    """All its elements of this name, as they come."""
    return [node for node in parsed(svg).iter() if node.tag.rpartition("}")[2] == tag]


def words_in(svg):
    """All text in the picture."""
    return " ".join(node.text or "" for node in elements(svg, "text"))


def strokes(d):
    """How many separate strokes a path has."""
    return len(re.findall("M", d))


def fragment(svg):
    """A part of a picture as a whole document."""
    return f"<svg>{svg}</svg>"
