"""The upper part of the live chart, beyond 200 queries: how many are in which state."""

from collections.abc import Iterator

import numpy as np

from helpers.charts.flow import Flow, Layer
from helpers.charts.hatching import fill
from helpers.charts.palette import ACCENT
from helpers.charts.scene import LEFT, PLOT, TOP, Scene, TimeAxis
from helpers.charts.svg import path, repeated, text

_BOTTOM = TOP + PLOT
# What "answered 1,000" takes, in pixels: where the layer has less, it stands below the chart only.
_ROOM_ABOVE = 30
_ROOM_BESIDE = 200


def flow_svg(scene: Scene, axis: TimeAxis, flow: Flow) -> str:
    """The layers with their numbers, the answered queries at the bottom."""
    # Whole pixels: the layers are wide, and a frame is a third smaller.
    columns = [int(axis.x(second)) for second in flow.times.tolist()]
    parts = [_layer(layer, columns, scene) for layer in flow.layers]
    return "".join([*parts, *_labels(scene, axis, flow)])


def _layer(layer: Layer, columns: list[int], scene: Scene) -> str:
    """A shape whose outline runs along the upper edge and back along the lower one."""
    upper = zip(columns, _heights(layer.high, scene))
    lower = zip(columns, _heights(layer.low, scene))
    outline = repeated("L%d %d", [*upper, *reversed(list(lower))])
    paint, opacity = fill(layer.name, scene.key), 1
    if layer.name == "answered":
        paint, opacity = ACCENT, 0.16  # done, so it stays in the background
    return path(f"M{outline[1:]}z", fill=paint, opacity=opacity)


def _heights(edge: np.ndarray, scene: Scene) -> list[int]:
    """The pixels of an edge."""
    return (_BOTTOM - edge * (PLOT / scene.queries)).astype(int).tolist()


def _labels(scene: Scene, axis: TimeAxis, flow: Flow) -> Iterator[str]:
    one = PLOT / scene.queries
    for count in (0, scene.queries // 2, scene.queries):
        yield text(LEFT - 8, _BOTTOM - count * one + 4, f"{count:,}", "end")
    answered = next((int(layer.high[-1]) for layer in flow.layers if layer.name == "answered"), 0)
    x = axis.x(scene.now)
    if answered * one > _ROOM_ABOVE and x > _ROOM_BESIDE:
        yield text(x - 8, _BOTTOM - 10, f"answered {answered:,}", "end")
