"""The panel: strategies with sliders, buttons and a live chart, in a notebook."""

from helpers.panel.panel import Panel

__all__ = ["Panel"]
