"""Lesson 11: the article's headline table, measured in fresh processes."""

from helpers.benchmark.benchmark import (
    ARTICLE,
    FULL,
    SMALL,
    Benchmark,
    Result,
    Row,
    measure,
    measured_alone,
    same_ratios,
    shipped,
)
from helpers.benchmark.chart import rates

__all__ = [
    "ARTICLE",
    "FULL",
    "SMALL",
    "Benchmark",
    "Result",
    "Row",
    "measure",
    "measured_alone",
    "rates",
    "same_ratios",
    "shipped",
]
