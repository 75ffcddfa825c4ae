"""The mean year of a tower by month: what it saw and how that varies between years, and what A and B give then."""

import numpy as np
import pandas as pd
import panel as pn
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Span

from explorer.style import A_COLOUR, B_COLOUR, OBSERVED_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import frame, legend, reach, set_range

__all__ = ["SeasonView"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SeasonView:
    """Twelve months.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 260):
        self.source = ColumnDataSource({name: [] for name in ("month", "word", "mean", "low", "high", "a", "b")})
        fig = self.figure = frame(height=height, x="month", name="tower-season")
        fig.xaxis.ticker = FixedTicker(ticks=list(range(1, 13)))
        fig.xaxis.major_label_overrides = dict(enumerate(MONTHS, 1))
        set_range(fig.x_range, (0.6, 12.4))
        fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
        band = fig.varea("month", "low", "high", source=self.source, fill_color=OBSERVED_COLOUR, fill_alpha=0.22)
        seen = fig.line("month", "mean", source=self.source, color=OBSERVED_COLOUR, line_width=2.0)
        fig.scatter("month", "mean", source=self.source, color=OBSERVED_COLOUR, size=6, line_color=None)
        a = fig.line("month", "a", source=self.source, color=A_COLOUR, line_width=1.6, line_dash="dashed")
        b = fig.line("month", "b", source=self.source, color=B_COLOUR, line_width=2.0)
        legend(fig, [("tower", [seen]), ("±1 sd between years", [band]), ("B", [b]), ("A", [a])])
        tips = (("month", "@word"), ("tower", "@mean{0.00}"), ("B", "@b{0.00}"), ("A", "@a{0.00}"))
        fig.add_tools(HoverTool(renderers=[b, seen], tooltips=tooltip(*tips), mode="vline", line_policy="nearest"))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, season: pd.DataFrame, axis: str) -> None:
        """Show a year.

        Parameters
        ----------
        season : DataFrame
            Index month 1-12; columns mean, low, high of the tower, then "0" (B) and "1" (A).
        axis : str
            Symbol and unit, beside the axis.
        """
        columns = {name: season[name].to_numpy(float) for name in ("mean", "low", "high")}
        columns |= {"b": season["0"].to_numpy(float), "a": season["1"].to_numpy(float)}
        columns |= {"month": np.arange(1, 13), "word": list(MONTHS)}
        ends = reach(*(columns[name] for name in ("low", "high", "a", "b")), [0.0])

        def write() -> None:
            self.source.data = columns
            set_range(self.figure.y_range, ends)
            self.figure.yaxis.axis_label = axis

        push(self.figure, write)
