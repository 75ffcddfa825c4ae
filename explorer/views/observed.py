"""A series as it was observed, its quality by colour, and a calendar of what is there."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.core.properties import value
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    Legend,
    LegendItem,
    LinearColorMapper,
    Range1d,
    ResetTool,
)
from bokeh.palettes import viridis
from bokeh.plotting import figure

from explorer.style import B_COLOUR, DIFFERENCE_COLOUR, OBSERVED_COLOUR, tooltip
from explorer.views.events import push

__all__ = ["POOR_COLOUR", "CalendarView", "ObservedView"]

GOOD = 0.8
"""Share of good values from which a day counts as measured, as on the page Carbon."""

POOR_COLOUR = "#b9b9b9"
MOST_POINTS = 30_000
"""Points sent to a browser; of more every n-th is left out, which the title says."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STARTS = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
ROW = 18
"""Pixels of a year in the calendar."""


class ObservedView:
    """One series: points coloured by quality, on a thin line.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 250):
        self.source = ColumnDataSource({name: [] for name in ("time", "value", "good", "colour", "observed")})
        self.beside = ColumnDataSource({"time": [], "value": []})
        self._title = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self._time, self._values = Range1d(0, 1), Range1d(0, 1)
        fig = self.figure = figure(
            height=height, sizing_mode="stretch_width", x_axis_type="datetime", x_range=self._time,
            y_range=self._values, tools="xpan,xwheel_zoom,xbox_zoom,save", toolbar_location="right",
            active_scroll="xwheel_zoom", min_border_left=64, min_border_right=8, lod_threshold=None, name="observed",
        )  # fmt: skip
        fig.add_tools(ResetTool())
        fig.toolbar.logo = None
        fig.toolbar.autohide = True
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b %Y", months="%b %Y", years="%Y")
        fig.axis.axis_label_text_font_size = "11px"
        fig.xaxis.axis_label = "time [UTC or local, as the file has it]"
        fig.yaxis.ticker.desired_num_ticks = 5
        fig.line("time", "value", source=self.source, color=B_COLOUR, alpha=0.35, line_width=1)
        dots = fig.scatter("time", "value", source=self.source, size=4, color="colour", alpha=0.8, line_color=None)
        beside = fig.line("time", "value", source=self.beside, color=DIFFERENCE_COLOUR, line_width=1.3)
        keys = [
            fig.scatter([0], [-1e30], size=6, color=colour, line_color=None)
            for colour in (OBSERVED_COLOUR, POOR_COLOUR)
        ]
        self._good = LegendItem(label=value("good"), renderers=[keys[0]])
        self._poor = LegendItem(label=value("gap-filled or flagged"), renderers=[keys[1]])
        self._beside = LegendItem(label=value("world"), renderers=[beside], visible=False)
        items = [self._good, self._poor, self._beside]
        fig.add_layout(Legend(items=items, orientation="horizontal", padding=2, margin=0), "above")
        fig.add_tools(
            HoverTool(
                renderers=[dots],
                tooltips=tooltip(("", "@time{%F %H:%M}"), ("", "@value{0,0.[0000]}"), ("good", "@good{0 %}")),
                formatters={"@time": "datetime"},
            )
        )
        self.pane = pmui.Column(
            self._title,
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(
        self,
        time: np.ndarray,
        values: np.ndarray,
        good: np.ndarray,
        *,
        axis: str,
        title: str,
        flagged: bool,
        beside: tuple[np.ndarray, np.ndarray] | None = None,
        beside_words: str = "world",
        words: str = "value; the file has no quality flags for it",
    ) -> None:
        """Show a series.

        Parameters
        ----------
        time : (step,) datetime64
        values : (step,) float
            NaN is a gap, in the line too.
        good : (step,) float
            Share of good values, 0-1.
        axis : str
            Symbol and unit, beside the vertical axis.
        title : str
            Above the plot; escaped here.
        flagged : bool
            Whether the file tells good from poor.
        beside : (time, values), optional
            Another series, drawn as a line; the axes take it in.
        beside_words : str
            Its name in the legend.
        words : str
            Name of the points where the file does not tell good from poor.
        """
        values = np.asarray(values, float)
        every = max(1, int(np.ceil(values.size / MOST_POINTS)))
        time, values, good = time[::every], values[::every], np.asarray(good, float)[::every]
        columns = {
            "time": time.astype("datetime64[ms]"),
            "value": values.astype(np.float32),
            "good": good.astype(np.float32),
            "colour": list(np.where(good >= GOOD, OBSERVED_COLOUR, POOR_COLOUR)),
            "observed": np.arange(values.size, dtype=np.int32),
        }
        other = (time[:0], values[:0]) if beside is None else (beside[0], np.asarray(beside[1], float))
        held = np.concatenate([values[np.isfinite(values)], other[1][np.isfinite(other[1])]])
        low, high = (float(held.min()), float(held.max())) if held.size else (0.0, 1.0)
        pad = 0.05 * max(high - low, 1e-6 * max(abs(high), 1e-6))
        both = np.concatenate([time.astype("datetime64[ms]"), other[0].astype("datetime64[ms]")]).astype(np.int64)
        ends = [int(both.min()), int(both.max())]
        if ends[0] == ends[1]:
            ends[1] += 86_400_000
        note = f"; every {every}th value is drawn" if every > 1 else ""
        self._title.object = f"<div style='font-size:13px'>{html.escape(title + note)}</div>"

        def write() -> None:
            self.source.data = columns
            self.beside.data = {"time": other[0].astype("datetime64[ms]"), "value": other[1].astype(np.float32)}
            self._beside.update(visible=beside is not None, label=value(beside_words))
            self._time.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
            self._values.update(start=low - pad, end=high + pad, reset_start=low - pad, reset_end=high + pad)
            self.figure.yaxis.axis_label = axis
            self._poor.visible = flagged
            self._good.label = value("good" if flagged else words)

        push(self.figure, write)


class CalendarView:
    """Days across, years down: the share of good values of each day."""

    def __init__(self):
        self.source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._years = Range1d(0, 1)
        mapper = LinearColorMapper(palette=viridis(256), low=0.0, high=1.0, nan_color=(0, 0, 0, 0))
        fig = self.figure = figure(
            height=4 * ROW + 70, sizing_mode="stretch_width", x_range=Range1d(0, 366), y_range=self._years, tools="",
            toolbar_location=None, min_border_left=64, min_border_right=8, name="calendar",
        )  # fmt: skip
        image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=mapper)
        fig.xaxis.ticker = FixedTicker(ticks=[start + 15 for start in STARTS])
        fig.xaxis.major_label_overrides = {start + 15: word for start, word in zip(STARTS, MONTHS, strict=True)}
        fig.xgrid.ticker = FixedTicker(ticks=list(STARTS))
        fig.xaxis.axis_label, fig.yaxis.axis_label = "day of the year", "year"
        fig.axis.axis_label_text_font_size = "11px"
        fig.axis.minor_tick_line_color = None
        fig.grid.grid_line_alpha = 0.25
        fig.ygrid.visible = False
        bar = ColorBar(
            color_mapper=mapper, width=10, padding=4, title="good", ticker=FixedTicker(ticks=[0.0, 0.5, 1.0]),
            major_label_overrides={0: "0 %", 0.5: "50 %", 1: "100 %"},
        )  # fmt: skip
        fig.add_layout(bar, "right")
        fig.add_tools(HoverTool(renderers=[image], tooltips=tooltip(("good", "@image{0 %}"), ("day", "$x{0}"))))
        self.caption = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self._plot = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=fig.height, margin=0)
        self.pane = pmui.Column(self._plot, self.caption, sizing_mode="stretch_width", margin=0)

    def update(self, years: np.ndarray, share: np.ndarray, words: str) -> None:
        """Show a record.

        Parameters
        ----------
        years : (year,) int
        share : (year, 366) float
            0-1; NaN is outside the record.
        words : str
            Below the plot, for those who can't see it; escaped here.
        """
        n = len(years)
        # The first year stands above: the axis counts down.
        image = np.ascontiguousarray(share[::-1]).astype(np.float32)
        row = ROW if n <= 14 else max(9, 260 // n)
        height = max(120, n * row + 70)
        every = max(1, int(np.ceil(n * 11 / max(height - 70, 1))))
        ticks = {n - 0.5 - k: str(int(year)) for k, year in enumerate(years) if k % every == 0}
        self.caption.object = f"<div role='note' style='font-size:12px;opacity:.75'>{html.escape(words)}</div>"

        def write() -> None:
            self.source.data = {"image": [image], "x": [0], "y": [0], "dw": [366], "dh": [n]}
            self._years.update(start=0, end=n)
            self.figure.yaxis.ticker = FixedTicker(ticks=list(ticks))
            self.figure.yaxis.major_label_overrides = ticks
            self.figure.height = height

        push(self.figure, write)
        self._plot.height = height
