"""A storm second by second: what clients ask, and what they are answered."""

from matplotlib.axes import Axes

from helpers.charts.figures import FAINT, INK, Chart, figure_with_axes, grid, label, legend, title
from helpers.charts.palette import kind_of
from helpers.storms import Storm

HEAD = ("policy", "asked at its peak, a second", "asked at the end", "answered at the end")
# Seconds over which requests are counted for one point: about ten questions at the usual rate.
STEP = 0.25
# As a multiple of the questions' rate: so high that a storm is far above them, and so low that they
# are not lost on the ground. What is higher leaves the picture, and the words say how high it is.
TOP = 7
OUTAGE = "#E2E2E2"


def storm_chart(*storms: Storm) -> Chart:
    """For each storm a picture above the others: requests and answers a second, and the outage.

    Raises ValueError where there is none.
    """
    if not storms:
        raise ValueError("storms is empty; it takes one storm or more")
    figure, axes = figure_with_axes(0.6 + 1.9 * len(storms), nrows=len(storms), sharex=True)
    for axis, storm in zip(axes, storms):
        _draw(axis, storm)
    legend(axes[0], "upper right")
    label(axes[-1], "seconds")
    rows = [
        (
            storm.name,
            f"{max(rate for _, rate in per_second(storm.asked, storm)):.0f}",
            f"{storm.requests_at_the_end:.0f}",
            f"{storm.answers_at_the_end:.0f}",
        )
        for storm in storms
    ]
    said = [
        f"{name}: up to {peak} requests a second; at the end {asked} requests and {answered}"
        f" answers for 100 questions"
        for name, peak, asked, answered in rows
    ]
    return Chart(figure, f"Storms of retries. {'. '.join(said)}.", HEAD, rows)


def per_second(times: list[float], storm: Storm) -> list[tuple[float, float]]:
    """(middle of a step, how many a second came in it), from the storm's begin to its end."""
    counts = [0] * int(storm.scene.seconds / STEP)
    for time in times:
        if time < len(counts) * STEP:
            counts[int(time / STEP)] += 1
    return [((place + 0.5) * STEP, count / STEP) for place, count in enumerate(counts)]


def _draw(axis: Axes, storm: Storm) -> None:
    scene = storm.scene
    asked = per_second(storm.asked, storm)
    answered = per_second([came for _, came in storm.answered], storm)
    axis.axvspan(scene.before, scene.before + scene.outage, color=OUTAGE, linewidth=0)
    axis.plot(*zip(*asked), color=kind_of("failed").colour, linewidth=2, label="requests a second")
    axis.plot(
        *zip(*answered), color=kind_of("model").colour, linewidth=2.5, label="answers a second"
    )
    top = TOP * scene.rate
    axis.set_ylim(0, top)
    axis.set_xlim(0, scene.seconds)
    middle = scene.before + scene.outage / 2
    axis.text(middle, 0.03 * top, "outage", ha="center", color=FAINT, fontsize=9)
    peak = max(rate for _, rate in asked)
    if peak > top:
        axis.text(
            middle, 0.9 * top, f"up to {peak:.0f} a second", ha="center", color=INK, fontsize=9
        )
    grid(axis, "y")
    ending = (
        f"at the end {storm.requests_at_the_end:.0f} requests and"
        f" {storm.answers_at_the_end:.0f} answers for 100 questions"
    )
    title(axis, storm.name, ending)
