"""What tests read from a panel."""

import asyncio
import re

from helpers.charts.palette import KINDS


def wait(panel, timeout=30):
    """Wait as a cell does; the latest run."""
    return asyncio.run(panel.wait(timeout))


def said(panel):
    """The status line."""
    return panel.screen.status.value


def bars(panel):
    """How many calls of the model the chart shows."""
    paths = re.findall(r"<path [^>]*>", panel.screen.chart.value)
    calls = [path for path in paths if f'stroke="{KINDS["model"].colour}"' in path]
    return sum(re.search(r' d="([^"]*)"', path)[1].count("M") for path in calls)


def enabled(panel):
    """The names of the buttons that can be pressed."""
    return [button.description for button in panel.buttons.children if not button.disabled]
