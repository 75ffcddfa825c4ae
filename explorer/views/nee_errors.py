"""The error of NEE: shares of the inputs, the linear error beside draws, and both through the year."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, FactorRange, HoverTool, Span

from explorer.style import B_COLOUR, DIFFERENCE_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["DrawsView", "ErrorYearView", "SharesView"]

MOST_POINTS = 3000
"""Points of a group that are drawn, picked at random; numbers are of all."""

UNIT = "gC m⁻² d⁻¹"


class SharesView:
    """Bars: each input's share in the variance of NEE."""

    def __init__(self, *, height: int = 240):
        self._names = FactorRange(factors=[" "])
        self.source = ColumnDataSource({"name": [], "share": []})
        fig = self.figure = frame(height=height, x_range=self._names, name="shares")
        bars = fig.vbar("name", top="share", width=0.7, source=self.source, color=B_COLOUR, fill_alpha=0.85)
        fig.yaxis.axis_label = axis_text("share of the variance", "%")
        fig.add_tools(HoverTool(renderers=[bars], tooltips=tooltip(("", "@name: @share{0.0} %"))))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, names: Sequence[str], shares: np.ndarray) -> None:
        """Show shares [1] by input."""
        percent = 100 * np.nan_to_num(np.asarray(shares, float))

        def write() -> None:
            self._names.factors = list(names)
            self.source.data = {"name": list(names), "share": percent}
            set_range(self.figure.y_range, (0.0, max(5.0, 1.1 * float(percent.max(initial=0.0)))))

        push(self.figure, write)


class DrawsView:
    """The error of Eq. 10 against that of draws, day by day; where a ramp is at a limit in another colour."""

    def __init__(self, *, height: int = 360):
        fig = self.figure = frame(height=height, name="draws")
        self._sources = {name: ColumnDataSource({"x": [], "y": []}) for name in ("outside", "inside")}
        words = {
            "outside": ("a ramp at a limit", DIFFERENCE_COLOUR),
            "inside": ("none is", B_COLOUR),
        }
        items = []
        for name, (text, colour) in words.items():
            dots = fig.scatter(
                "x", "y", source=self._sources[name], size=3.5, color=colour, fill_alpha=0.5, line_color=None
            )
            items.append((text, [dots]))
        self._line = fig.line([], [], color="#808080", line_width=1.5)
        self._band = fig.varea([], [], [], color="#808080", fill_alpha=0.18)
        legend(fig, [*items, ("± 10 %", [self._band])])
        fig.xaxis.axis_label = axis_text("NEE error by Eq. 10", UNIT)
        fig.yaxis.axis_label = axis_text("NEE error by draws", UNIT)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, linear: np.ndarray, drawn: np.ndarray, inside: np.ndarray) -> None:
        """Show points."""
        rng = np.random.default_rng(0)
        both = np.concatenate([linear, drawn])
        most = float(np.percentile(both, 99.8)) * 1.05 if both.size else 1.0
        data = {}
        for name, chosen in (("outside", np.flatnonzero(~inside)), ("inside", np.flatnonzero(inside))):
            some = chosen if chosen.size <= MOST_POINTS else rng.choice(chosen, MOST_POINTS, replace=False)
            data[name] = {"x": linear[some], "y": drawn[some]}

        def write() -> None:
            for name, source in self._sources.items():
                source.data = data[name]
            self._line.data_source.data = {"x": [0, most], "y": [0, most]}
            self._band.data_source.data = {"x": [0, most], "y1": [0, 0.9 * most], "y2": [0, 1.1 * most]}
            for axis in (self.figure.x_range, self.figure.y_range):
                set_range(axis, (0.0, most))

        push(self.figure, write)


class ErrorYearView:
    """The error of a cell's NEE through the year: by Eq. 10 and by draws, with days on which a ramp is at a limit."""

    def __init__(self, *, height: int = 300):
        fig = self.figure = frame(height=height, x_axis_type="datetime", tools="xpan,xwheel_zoom", name="error-year")
        self.source = ColumnDataSource({name: [] for name in ("time", "linear", "drawn", "away")})
        line = fig.line("time", "linear", source=self.source, color=B_COLOUR, line_width=2)
        dots = fig.scatter(
            "time", "drawn", source=self.source, size=5, color=DIFFERENCE_COLOUR, fill_alpha="away",
            line_color=DIFFERENCE_COLOUR,
        )  # fmt: skip
        legend(fig, [("Eq. 10", [line]), ("draws (filled: no ramp at a limit)", [dots])])
        self._limit = Span(location=1.6, dimension="width", line_color="#808080", line_dash="dashed", line_width=1.2)
        fig.add_layout(self._limit)
        fig.yaxis.axis_label = axis_text("NEE error", UNIT)
        fig.xaxis.axis_label = "date"
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months="%b", years="%Y")
        fig.add_tools(
            HoverTool(
                renderers=[dots], formatters={"@time": "datetime"},
                tooltips=tooltip(("", "@time{%d %b}"), ("Eq. 10", "@linear{0.000}"), ("draws", "@drawn{0.000}"),
                                 ("plants with no ramp at a limit", "@away{0 %}")),
            )
        )  # fmt: skip
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self, time: np.ndarray, linear: np.ndarray, drawn: np.ndarray, away: np.ndarray, limit: float, title: str
    ) -> None:
        """Show a year, and the accuracy that the mission asks for."""
        milliseconds = time.astype("datetime64[ms]").astype(np.int64)

        def write() -> None:
            self.source.data = {"time": milliseconds, "linear": linear, "drawn": drawn, "away": away}
            self._limit.location = limit
            set_range(self.figure.x_range, (int(milliseconds[0]), int(milliseconds[-1])))
            set_range(self.figure.y_range, reach(linear, drawn, [0.0, 1.05 * limit]))
            self.figure.title.text = f"{title} · dashed: {limit:g} {UNIT}"

        push(self.figure, write)
