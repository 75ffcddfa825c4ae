"""Who gave each driver on each day: drivers down, days across, a colour for each giver."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import (
    ColumnDataSource,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    ResetTool,
)
from bokeh.plotting import figure

from explorer.style import tooltip
from explorer.views.events import push

__all__ = ["SourcesView"]

ROW = 17
"""Pixels of a driver."""

DAY = 86_400_000
"""Milliseconds."""


class SourcesView:
    """A calendar of givers.

    Parameters
    ----------
    colours : mapping of str to str
        Giver -> colour; the last stands for what nobody gave.
    """

    def __init__(self, colours: Mapping[str, str]):
        self._givers, self._colours = list(colours), list(colours.values())
        self.source = ColumnDataSource({name: [] for name in ("image", "x", "y", "dw", "dh")})
        self._time, self._rows = Range1d(0, 1), Range1d(0, 1)
        mapper = LinearColorMapper(palette=self._colours, low=-0.5, high=len(self._colours) - 0.5)
        fig = self.figure = figure(
            height=10 * ROW + 50, sizing_mode="stretch_width", x_axis_type="datetime", x_range=self._time,
            y_range=self._rows, tools="xpan,xwheel_zoom,save", active_scroll="xwheel_zoom", toolbar_location="right",
            min_border_left=64, lod_threshold=None, name="sources",
        )  # fmt: skip
        fig.add_tools(ResetTool())
        fig.toolbar.logo = None
        fig.toolbar.autohide = True
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b %Y", months="%b %Y", years="%Y")
        fig.xaxis.axis_label, fig.yaxis.axis_label = "day", "driver"
        fig.axis.axis_label_text_font_size = "11px"
        fig.axis.minor_tick_line_color = None
        fig.grid.visible = False
        image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=mapper)
        fig.add_tools(HoverTool(renderers=[image], tooltips=tooltip(("", "$x{%F}")), formatters={"$x": "datetime"}))
        self.caption = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self._plot = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=fig.height, margin=0)
        self.pane = pmui.Column(self._plot, self.caption, sizing_mode="stretch_width", margin=0)

    def update(self, time: np.ndarray, given: Mapping[str, np.ndarray], labels: Sequence[str]) -> None:
        """Show a stack.

        Parameters
        ----------
        time : (day,) datetime64
        given : mapping of str to (day,) int array
            Driver -> position of its giver among the colours.
        labels : sequence of str
            Of the drivers, in their order, as people read them.
        """
        rows = list(given.values())
        # The first driver stands above: the axis counts up.
        image = np.stack(rows[::-1]).astype(np.float32)
        first = int(time[0].astype("datetime64[ms]").astype(np.int64))
        wide = DAY * len(time)
        ticks = {len(rows) - 0.5 - k: label for k, label in enumerate(labels)}
        here = np.unique(image).astype(int)
        dots = "".join(
            f"<span style='margin-right:14px;white-space:nowrap'><span style='color:{self._colours[k]}'>■</span> "
            f"{html.escape(self._givers[k])} {100 * float((image == k).mean()):.0f} %</span>"
            for k in here
        )
        self.caption.object = f"<div role='note' style='font-size:12px'>{dots}of all drivers' days</div>"

        def write() -> None:
            self.source.data = {"image": [image], "x": [first], "y": [0], "dw": [wide], "dh": [len(rows)]}
            self._time.update(start=first, end=first + wide, reset_start=first, reset_end=first + wide)
            self._rows.update(start=0, end=len(rows))
            self.figure.yaxis.ticker = FixedTicker(ticks=list(ticks))
            self.figure.yaxis.major_label_overrides = ticks

        push(self.figure, write)
