"""The upper part of the live chart, beyond 200 queries: how many are in which state."""

from collections.abc import Iterator

import numpy as np

from helpers.charts.flow import Flow, Layer
from helpers.charts.hatching import fill
from helpers.charts.palette import ACCENT
from helpers.charts.scene import LEFT, PLOT, TOP, Scene, TimeAxis
from helpers.charts.svg import path, repeated, text

_BOTTOM = TOP + PLOT


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
    look = (ACCENT, 0.16) if layer.name == "answered" else (fill(layer.name, scene.key), 1)
    return path(f"M{outline[1:]}z", fill=look[0], opacity=look[1])


def _heights(edge: np.ndarray, scene: Scene) -> list[int]:
    """The pixels of an edge."""
    return (_BOTTOM - edge * (PLOT / scene.queries)).astype(int).tolist()


def _labels(scene: Scene, axis: TimeAxis, flow: Flow) -> Iterator[str]:
    one = PLOT / scene.queries
    for count in (0, scene.queries // 2, scene.queries):
        yield text(LEFT - 8, _BOTTOM - count * one + 4, f"{count:,}", "end")
    answered = next((int(layer.high[-1]) for layer in flow.layers if layer.name == "answered"), 0)
    x = axis.x(scene.now) - 8
    # Where the layer is too low or too short for it, the number is beside the chart only.
    if answered * one > 30 and x > 192:
        yield text(x, _BOTTOM - 10, f"answered {answered:,}", "end")
