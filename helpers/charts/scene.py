"""What one frame of the live chart shows, and where things are on it. Places are in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.charts.axis import round_up
from helpers.trace import Span

# A notebook's page on a small laptop, until the browser has said how wide it is.
WIDTH = 760

# Left of the axis stands "1,000" or "thread"; right of it, half of the last second's number.
LEFT = 54
RIGHT = 18
# Above the plot stands one line of text, the title.
TOP = 30
# The lessons' 20 queries fit with rows of full height, and 200 rows are 1.7 pixels apart.
PLOT = 336
# The height of a row that has room for text of 12 pixels and for air.
TALL_ROW = 16.0

# Below the plot: the number in flight, and the event loop's lag, of which one sees only the peaks.
BAND = 46
LAG = 30
# Above each of the two stands a line of text.
GAP = 22


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one frame shows. Times are in seconds since the run began.

    queries: how many were submitted. title: above the picture. words: what a screen reader says.
    limit: a line across the number in flight, None for no line.
    expected: how long the run may take, so that the axis does not creep along with it.
    marks: (second, words) of vertical lines, such as the learner's prediction.
    ghost: the spans of a run to compare with, drawn pale behind.
    lag: (second, seconds late) of the event loop.
    lanes: whether there is a row for each thread or task instead of each query.
    width: in pixels. key: keeps the hatchings of two charts on one page apart.
    """

    spans: Sequence[Span]
    now: float
    queries: int
    title: str
    words: str = ""
    limit: int | None = None
    expected: float = 0.0
    marks: Sequence[tuple[float, str]] = ()
    ghost: Sequence[Span] = ()
    lag: Sequence[tuple[float, float]] = ()
    lanes: bool = False
    width: int = WIDTH
    key: str = "c"

    @property
    def end(self) -> float:
        """Where the time axis ends: a round number of seconds beyond all that is drawn."""
        ghosts = [span.end or 0.0 for span in self.ghost]
        # A mark at the very edge would look like the edge.
        marks = [second * 1.02 for second, _ in self.marks]
        return round_up(max([self.now, self.expected, 0.1, *ghosts, *marks]))


class TimeAxis:
    """Where on the picture a second is. right: the pixel at which the axis ends."""

    def __init__(self, scene: Scene):
        self.end = scene.end
        self.right = scene.width - RIGHT
        self.pixels_per_second = (self.right - LEFT) / self.end

    def x(self, second: float) -> float:
        """The pixel of a second."""
        return LEFT + second * self.pixels_per_second
