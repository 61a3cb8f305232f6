"""A line for each name through its points: for what a lesson has measured itself."""

from collections.abc import Mapping

from helpers.charts.figures import (
    DASHES,
    SERIES,
    Chart,
    figure_with_axes,
    grid,
    label,
    legend,
    title,
)


def curves(
    series: Mapping[str, Mapping[float, float]], across: str, up: str, *, log: bool = True
) -> Chart:
    """A line for each name through its points, {x: y}.

    across, up: what the axes are. log: whether both go by powers of ten.
    Raises ValueError where there is no point.
    """
    places = sorted({x for points in series.values() for x in points})
    if not places:
        raise ValueError("series has no point; it takes {name: {x: y, ...}}")
    figure, (axis,) = figure_with_axes(3.4)
    for i, (name, points) in enumerate(series.items()):
        axis.plot(
            *zip(*sorted(points.items())),
            marker="o",
            markersize=5,
            linewidth=2,
            label=name,
            color=SERIES[i % len(SERIES)],
            linestyle=DASHES[i % len(DASHES)],
        )
    if log:
        axis.set_xscale("log")
        axis.set_yscale("log")
    axis.set_xticks(places, [f"{x:g}" for x in places])
    axis.minorticks_off()
    label(axis, across)
    title(axis, up)
    grid(axis, "both")
    legend(axis)
    rows = [(f"{x:g}", *(_value(points.get(x)) for points in series.values())) for x in places]
    said = [f"{name}: {_said(points)}" for name, points in series.items()]
    return Chart(figure, f"{up} against {across}. {'. '.join(said)}.", (across, *series), rows)


def _value(y: float | None) -> str:
    return "–" if y is None else f"{y:.3g}"


def _said(points: Mapping[float, float]) -> str:
    return ", ".join(f"{y:.3g} at {x:g}" for x, y in sorted(points.items()))
