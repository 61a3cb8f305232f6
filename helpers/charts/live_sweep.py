"""A sweep in a notebook's cell: its chart grows while it runs."""

from collections.abc import Callable, Sequence
from typing import Any

from IPython import get_ipython
from IPython.display import HTML, display

from helpers.charts.scene import WIDTH
from helpers.charts.sweep import sweep_svg
from helpers.runs import LLM
from helpers.sweeps import LIMITS, Sweep

# Seconds between two pictures: no point takes less, and drawing takes the same processor.
_FRAME = 0.25


def sweep(
    strategy: Callable, limits: Sequence[int] = LIMITS, *, llm: LLM, **settings: Any
) -> Sweep:
    """Run a strategy at each of these concurrencies and return the Sweep; throughput(...) draws it.

    Each point asks four times as many questions as are in flight, and ten at least. An interrupt
    stops the sweep and returns what there is; its `resume()` goes on.
    settings: as for helpers.runs.start. Raises what the strategy raises.
    """
    found = Sweep(strategy, limits, llm=llm, **settings)
    # Only a notebook can show a picture that changes; a script and a terminal wait for the end.
    in_notebook = hasattr(get_ipython(), "kernel")
    picture = display(HTML(""), display_id=True) if in_notebook else None
    found.resume()
    try:
        while not found.wait(_FRAME):
            if picture is not None:
                picture.update(HTML(sweep_svg(found, WIDTH)))
    except KeyboardInterrupt:
        found.stop()
        found.wait()
    if picture is not None:
        picture.update(HTML(""))  # the figure takes its place, with the table
    if found.error is not None:
        raise found.error
    return found
