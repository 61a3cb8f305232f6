"""What a run looks like: SVG while the clock runs, matplotlib's figures when it has stopped."""

from helpers.charts.comparison import compare
from helpers.charts.figures import Chart
from helpers.charts.lines import curves
from helpers.charts.sweep import throughput

__all__ = ["Chart", "compare", "curves", "throughput"]
