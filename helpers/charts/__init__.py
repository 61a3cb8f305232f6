"""What a run looks like: SVG while the clock runs, matplotlib's figures when it has stopped."""

from helpers.charts.comparison import compare, curves
from helpers.charts.figures import Chart

__all__ = ["Chart", "compare", "curves"]
