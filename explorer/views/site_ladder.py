"""All towers in a row, from the smallest flux to the largest: a score of each, its interval, and the mission's line."""

import numpy as np
import panel as pn
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, FixedTicker, HoverTool, Span, Whisker

from explorer.style import A_COLOUR, MARK_COLOUR, tooltip
from explorer.views.events import Listeners, push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["LadderView"]

NAMED = 45
"""Towers up to which each has its code below the axis; of more, the pointer tells."""

COLUMNS = ("rank", "site", "group", "colour", "size", "score", "before", "low", "high", "n")


class LadderView:
    """A point for each tower.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 330):
        self.source = ColumnDataSource({name: [] for name in COLUMNS})
        self._mark = ColumnDataSource({"x": [], "y": []})
        self._chosen = Listeners()
        fig = self.figure = frame(height=height, tools="xpan,xwheel_zoom", name="tower-ladder")
        fig.xaxis.major_label_orientation = 1.2
        fig.xaxis.major_label_text_font_size = "9px"
        fig.xgrid.visible = False
        self._line = Span(location=0, dimension="width", line_color=MARK_COLOUR, line_width=1.4, line_dash="dashed")
        fig.add_layout(self._line)
        fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
        whisker = Whisker(base="rank", lower="low", upper="high", source=self.source, line_color="#808080",
                          line_alpha=0.6, level="underlay")  # fmt: skip
        whisker.lower_head.size = whisker.upper_head.size = 3
        whisker.lower_head.line_alpha = whisker.upper_head.line_alpha = 0.6
        fig.add_layout(whisker)
        size = fig.line("rank", "size", source=self.source, color="#808080", line_width=1.2, line_dash="dotted")
        before = fig.scatter(
            "rank", "before", source=self.source, size=6, fill_alpha=0, line_color=A_COLOUR, line_width=1.2
        )
        after = fig.scatter("rank", "score", source=self.source, size=7, color="colour", line_color=None)
        after.nonselection_glyph = None
        fig.scatter(
            "x", "y", source=self._mark, marker="circle_cross", size=16, fill_alpha=0, line_color=MARK_COLOUR,
            line_width=1.6,
        )  # fmt: skip
        self._legend = legend(fig, [("B", [after]), ("A", [before]), ("magnitude of the tower's flux", [size])])
        tips = (
            *(("", "@site · @group"), ("B", "@score{0.000}"), ("95 %", "@low{0.00} … @high{0.00}")),
            *(("A", "@before{0.000}"), ("flux", "@size{0.00}"), ("pairs", "@n{0,0}")),
        )
        fig.add_tools(HoverTool(renderers=[after], tooltips=tooltip(*tips)))
        fig.on_event(Tap, self._on_tap)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def on_choose(self, callback) -> None:
        """Call ``callback(site)`` when a tower is clicked."""
        self._chosen.add(callback)

    def _on_tap(self, event) -> None:
        ranks = np.asarray(self.source.data["rank"], float)
        if ranks.size and -0.5 <= event.x <= ranks.size - 0.5:
            self._chosen.tell(str(self.source.data["site"][int(np.argmin(np.abs(ranks - event.x)))]))

    def update(
        self, columns: dict[str, object], name: str, unit: str, *, line: float | None = None, selected: str = "",
        title: str = "",
    ) -> None:  # fmt: skip
        """Show other towers or another score.

        Parameters
        ----------
        columns : dict of str to sequences
            ``site group colour size score before low high n`` of each tower, in their order.
        name, unit : str
            Of the score.
        line : float, optional
            A value that is marked.
        selected : str
            Code of the tower that is marked.
        title : str
            Shown above.
        """
        sites = list(columns["site"])
        ranks = np.arange(len(sites), dtype=float)
        numbers = {key: np.asarray(columns[key], float) for key in ("size", "score", "before", "low", "high", "n")}
        sized = unit != ""
        values = [numbers["score"], numbers["before"], numbers["low"], numbers["high"], [0.0]]
        if sized:
            values += [numbers["size"], [line or 0.0]]
        ends = reach(*values)
        place = sites.index(selected) if selected in sites else None
        names = dict(enumerate(sites)) if len(sites) <= NAMED else {}

        def write() -> None:
            shown = {**columns, **numbers, "rank": ranks}
            if not sized:
                shown["size"] = np.full(ranks.size, np.nan)
            self.source.data = {key: shown[key] for key in COLUMNS}
            chosen = ([place], [float(numbers["score"][place])]) if place is not None else ([], [])
            self._mark.data = {"x": chosen[0], "y": chosen[1]}
            fig = self.figure
            set_range(fig.x_range, (-0.7, max(len(sites), 1) - 0.3))
            set_range(fig.y_range, ends)
            fig.xaxis.ticker = FixedTicker(ticks=list(names) if names else [])
            fig.xaxis.formatter = CustomJSTickFormatter(args={"names": list(names.values())}, code="return names[tick]")
            fig.xaxis.axis_label = "towers, from the smallest flux to the largest"
            fig.yaxis.axis_label = axis_text(name, unit)
            fig.title.text = title or " "
            self._line.visible = line is not None
            self._line.location = line or 0.0
            self._legend[2].visible = sized

        push(self.figure, write)
