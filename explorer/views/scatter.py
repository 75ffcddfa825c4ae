"""Model against tower: points if they are few, else how many of them fall on a pixel."""

import numpy as np
import panel as pn
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    HoverTool,
    Legend,
    LegendItem,
    LogColorMapper,
    LogTicker,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.palettes import cividis
from bokeh.plotting import figure

from explorer.style import A_COLOUR, B_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.towers import SIDES, count_pairs

__all__ = ["FEW", "PairsView"]

FEW = 800
"""Pairs that are drawn one by one; of more, Datashader counts those of B by pixel."""


class PairsView:
    """Days of a tower against those of A and B.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 260):
        self.points = ColumnDataSource({name: np.zeros(0) for name in ("observed", "a", "b")})
        self.counts = ColumnDataSource({name: [] for name in ("image", "x", "y", "dw", "dh")})
        self._line = ColumnDataSource({"x": [], "y": []})
        self._x, self._y = Range1d(0, 1), Range1d(0, 1)
        self._mapper = LogColorMapper(palette=cividis(256)[90:235], low=1.0, high=10.0, nan_color=(0, 0, 0, 0))
        fig = self.figure = figure(
            height=height, sizing_mode="stretch_width", x_range=self._x, y_range=self._y, tools="",
            toolbar_location=None, min_border_left=66, title=" ",
        )  # fmt: skip
        fig.name = "tower-pairs"
        fig.title.text_font_size = "12px"
        fig.title.text_font_style = "normal"
        fig.axis.axis_label_text_font_size = "11px"
        self._image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.counts, color_mapper=self._mapper)
        before = fig.scatter("observed", "a", source=self.points, size=4, color=A_COLOUR, alpha=0.5, line_color=None)
        after = fig.scatter("observed", "b", source=self.points, size=4, color=B_COLOUR, alpha=0.7, line_color=None)
        fig.line("x", "y", source=self._line, color="#808080", line_dash="dashed", line_width=1.4)
        self._few = (before, after)
        items = [LegendItem(label="B", renderers=[after]), LegendItem(label="A", renderers=[before])]
        self._legend = Legend(items=items, location="top_left", padding=3, label_text_font_size="11px")
        self._legend.background_fill_alpha = 0
        fig.add_layout(self._legend)
        self._bar = ColorBar(
            color_mapper=self._mapper, width=10, padding=4, visible=False, ticker=LogTicker(desired_num_ticks=4),
            formatter=NumeralTickFormatter(format="0,0"),
        )  # fmt: skip
        fig.add_layout(self._bar, "right")
        fig.add_tools(HoverTool(renderers=[after], tooltips=tooltip(("tower", "@observed{0.000}"), ("B", "@b{0.000}"))))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, observed: np.ndarray, b: np.ndarray, a: np.ndarray, label: str) -> None:
        """Show pairs; those with a NaN are left out.

        Parameters
        ----------
        observed, b, a : (day,) array
            In one unit.
        label : str
            Symbol and unit, beside the axes.

        Raises
        ------
        ValueError
            If they differ in length.
        """
        if not observed.size == b.size == a.size:
            msg = f"There are {observed.size} days of the tower, {b.size} of B, {a.size} of A; pair them by day first."
            raise ValueError(msg)
        good = np.isfinite(observed) & np.isfinite(b)
        observed, b, a = observed[good], b[good], a[good]
        values = np.concatenate([observed, b, a[np.isfinite(a)]])
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        spare = 0.04 * max(high - low, 1e-3)
        low, high = low - spare, high + spare
        few = observed.size <= FEW
        nothing = np.zeros(0)
        shown = {"observed": observed, "a": a, "b": b} if few else dict.fromkeys(("observed", "a", "b"), nothing)
        side = int(np.clip(1.5 * np.sqrt(observed.size), *SIDES))
        count = np.zeros((1, 1)) if few else count_pairs(observed, b, low, high, side)
        image = np.where(count > 0, count, np.nan).astype(np.float32)
        words = f"{observed.size:,} days" if observed.size else "no days with both"
        words += "" if few else ", colour: days of B on a pixel"

        def write() -> None:
            span = high - low
            self.points.data = shown
            self.counts.data = {"image": [image], "x": [low], "y": [low], "dw": [span], "dh": [span]}
            self._line.data = {"x": [low, high], "y": [low, high]}
            for axis in (self._x, self._y):
                axis.update(start=low, end=high)
            self._mapper.high = max(float(count.max()), 2.0)
            self._bar.visible, self._legend.visible = not few, few
            self.figure.title.text = f"{words}; dashed: model = tower"
            self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = f"tower {label}", f"model {label}"

        push(self.figure, write)
