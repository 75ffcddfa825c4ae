"""What the sensors said against what the ensemble expected: the histogram of normalised innovations."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource

from explorer.style import LINE_COLOURS
from explorer.views.events import push
from explorer.views.frame import frame, legend, set_range

__all__ = ["HISTOGRAM_EDGES", "SENSOR_COLOURS", "HistogramView"]

HISTOGRAM_EDGES = np.linspace(-5.0, 5.0, 51)
"""Edges of the bins of normalised innovations; what lies beyond goes into the end bins."""

SENSOR_COLOURS = (*LINE_COLOURS, "#8c8c8c")
"""One colour a sensor, apart for every kind of colour vision."""


class HistogramView:
    """Normalised innovations of each sensor against the standard normal distribution, which a right filter gives.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 270):
        fig = self.figure = frame(
            height=height,
            x="normalised innovation (O − F) / √(HPHᵀ + R) [1]",
            y="density [1]",
            name="innovation-histogram",
        )
        set_range(fig.x_range, (-5.0, 5.0))
        x = np.linspace(-5.0, 5.0, 201)
        normal = fig.line(
            x, np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi), color="#808080", line_width=2, line_dash="dashed"
        )
        self.sources = [ColumnDataSource({"x": [], "density": []}) for _ in SENSOR_COLOURS]
        lines = [
            fig.step("x", "density", source=source, mode="after", color=colour, line_width=2)
            for source, colour in zip(self.sources, SENSOR_COLOURS, strict=True)
        ]
        self._items = legend(fig, [("N(0, 1)", [normal]), *((" ", [line]) for line in lines)])
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, counts: Mapping[str, np.ndarray]) -> None:
        """Show histograms.

        Parameters
        ----------
        counts : mapping
            Title of a sensor -> (bin,) counts between `HISTOGRAM_EDGES`.
        """
        shown = []
        width = float(HISTOGRAM_EDGES[1] - HISTOGRAM_EDGES[0])
        for title, count in list(counts.items())[: len(SENSOR_COLOURS)]:
            count = np.asarray(count, dtype=float)
            total = count.sum()
            if total > 0.0:
                shown.append((title, np.append(count / (total * width), 0.0)))
        top = max([0.42, *(1.05 * float(density.max()) for _, density in shown)])

        def write() -> None:
            set_range(self.figure.y_range, (0.0, top))
            for number_, source in enumerate(self.sources):
                there = number_ < len(shown)
                source.data = {
                    "x": HISTOGRAM_EDGES if there else np.zeros(0),
                    "density": shown[number_][1] if there else np.zeros(0),
                }
                item = self._items[number_ + 1]
                item.update(visible=there, label=value(shown[number_][0] if there else ""))

        push(self.figure, write)
