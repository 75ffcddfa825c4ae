"""One number of each tower against another, with the line on which they agree and a limit on both."""

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Span

from explorer.style import MARK_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import frame, reach, set_range

__all__ = ["SitePairsView"]

COLUMNS = ("x", "y", "site", "group", "colour", "n")


class SitePairsView:
    """A point for each tower.

    Parameters
    ----------
    x, y : str
        Words beside the axes, with their unit.
    limit : float
        A value that is marked on both axes.
    height : int
        Of the plot [pixels].
    """

    def __init__(self, x: str, y: str, *, limit: float, height: int = 380):
        self.limit = limit
        self.source = ColumnDataSource({name: [] for name in COLUMNS})
        self._mark = ColumnDataSource({"x": [], "y": []})
        self._line = ColumnDataSource({"x": [], "y": []})
        fig = self.figure = frame(height=height, x=x, y=y, name="site-pairs")
        for dimension in ("width", "height"):
            fig.add_layout(
                Span(location=limit, dimension=dimension, line_color=MARK_COLOUR, line_width=1.2, line_dash="dashed")
            )
        fig.line("x", "y", source=self._line, color="#808080", line_dash="dashed", line_width=1.2)
        dots = fig.scatter("x", "y", source=self.source, size=9, color="colour", alpha=0.9, line_color=None)
        fig.text(
            "x", "y", "site", source=self.source, text_font_size="10px", text_color="#808080", x_offset=7, y_offset=4
        )
        fig.scatter(
            "x", "y", source=self._mark, marker="circle_cross", size=18, fill_alpha=0, line_color=MARK_COLOUR,
            line_width=1.6,
        )  # fmt: skip
        tips = (("", "@site · @group"), ("across", "@x{0.00}"), ("up", "@y{0.00}"), ("days", "@n{0,0}"))
        fig.add_tools(HoverTool(renderers=[dots], tooltips=tooltip(*tips)))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, columns: dict[str, object], selected: str = "", title: str = "") -> None:
        """Show other towers: ``x y site group colour n`` of each; the one that is ``selected`` is marked."""
        x, y = np.asarray(columns["x"], float), np.asarray(columns["y"], float)
        sites = list(columns["site"])
        place = [sites.index(selected)] if selected in sites else []
        ends = reach(x, y, [0.0, 1.25 * self.limit])

        def write() -> None:
            self.source.data = {name: columns[name] for name in COLUMNS}
            self._mark.data = {"x": x[place], "y": y[place]}
            self._line.data = {"x": list(ends), "y": list(ends)}
            set_range(self.figure.x_range, ends)
            set_range(self.figure.y_range, ends)
            self.figure.title.text = title or " "

        push(self.figure, write)
