"""Lesson 11: the article's headline table, measured in fresh processes."""

from helpers.benchmark.benchmark import Benchmark, same_ratios, shipped
from helpers.benchmark.chart import rates
from helpers.benchmark.measuring import measure, measured_alone
from helpers.benchmark.rows import ARTICLE, FULL, SMALL, Result, Row

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
