"""Box plots: how one number is spread over cells, for several groups side by side."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, Span

from explorer.style import B_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, reach, set_range

__all__ = ["BoxView", "five_numbers"]

WHISKERS = (5, 25, 50, 75, 95)
"""Percentiles of the lower whisker, the box, its line, and the upper whisker."""

MOST_DOTS = 400


def five_numbers(values: np.ndarray) -> np.ndarray:
    """Return the `WHISKERS` of values, NaN left out; NaN if there are none."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return np.percentile(values, WHISKERS) if values.size else np.full(len(WHISKERS), np.nan)


class BoxView:
    """One box a group over its cells: 5, 25, 50, 75, 95 %.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    name : str
        Of the figure.
    """

    def __init__(self, *, height: int = 280, name: str = "boxes"):
        self._groups = FactorRange(factors=[" "])
        fig = self.figure = frame(height=height, x_range=self._groups, name=name)
        columns = ("group", "p5", "p25", "p50", "p75", "p95", "n", "better")
        self.source = ColumnDataSource({key: [] for key in columns})
        self.dots = ColumnDataSource({"group": [], "value": []})
        fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=1.2))
        fig.scatter("group", "value", source=self.dots, size=3, color="#808080", alpha=0.35, line_color=None)
        fig.segment("group", "p5", "group", "p95", source=self.source, color=B_COLOUR, line_width=1.5)
        box = fig.vbar(
            "group", bottom="p25", top="p75", width=0.45, source=self.source, fill_color=B_COLOUR, fill_alpha=0.4,
            line_color=B_COLOUR,
        )  # fmt: skip
        fig.scatter("group", "p50", source=self.source, marker="dash", size=40, color="#d9632b", line_width=3)
        fig.add_tools(
            HoverTool(
                renderers=[box],
                tooltips=tooltip(
                    ("", "@group"), ("median", "@p50{+0.0000}"), ("25–75 %", "@p25{+0.0000} … @p75{+0.0000}"),
                    ("cells", "@n{0,0}"), ("above 0", "@better{0 %}"),
                ),
            )
        )  # fmt: skip
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, groups: Mapping[str, np.ndarray], name: str, unit: str, title: str = "") -> None:
        """Show, by name of a group, its values."""
        rng = np.random.default_rng(0)  # which cells get a dot, if not all do; the boxes are of all
        columns: dict[str, list] = {key: [] for key in self.source.data}
        dot_groups: list[tuple[str, float]] = []
        dot_values: list[float] = []
        for group, values in groups.items():
            values = np.asarray(values, dtype=float)
            values = values[np.isfinite(values)]
            if not values.size:
                continue
            for key, value in zip(("p5", "p25", "p50", "p75", "p95"), five_numbers(values), strict=True):
                columns[key].append(float(value))
            columns["group"].append(group)
            columns["n"].append(values.size)
            columns["better"].append(float(np.mean(values > 0.0)))
            some = values if values.size <= MOST_DOTS else rng.choice(values, MOST_DOTS, replace=False)
            dot_groups += [(group, float(shift)) for shift in rng.uniform(-0.3, 0.3, some.size)]
            dot_values += some.tolist()
        ends = reach(columns["p5"], columns["p95"], [0.0], least=1e-4, share=0.1)

        def write() -> None:
            self._groups.factors = columns["group"] or [" "]
            self.source.data = columns
            self.dots.data = {"group": dot_groups, "value": dot_values}
            set_range(self.figure.y_range, ends)
            self.figure.yaxis.axis_label = axis_text(name, unit)
            self.figure.title.text = title or " "

        push(self.figure, write)
