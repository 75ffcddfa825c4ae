"""Plots of a calibration: the cost as it falls, the correlation of errors, profiles of the cost, scores by site."""

from collections.abc import Sequence

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    FactorRange,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    LogTickFormatter,
    Span,
)
from bokeh.plotting import figure

from explorer.style import A_COLOUR, B_COLOUR, DIFFERENCE_COLOUR, MARK_COLOUR, diverging, tooltip
from explorer.views.events import push
from explorer.views.frame import frame, legend, reach, set_range

__all__ = ["CorrelationView", "CostView", "DumbbellView", "ProfilesView", "SampleRow"]

COST = "cost [gC m⁻² d⁻¹]"
STEP_COLOURS = {"gpp": "#009e73", "reco": "#d9632b", "nee": "#2f8fd0"}
STEP_WORDS = {"gpp": "GPP", "reco": "RE", "nee": "NEE"}

SampleRow = tuple[str, float, float, bool]
"""Site, score before, score after, whether it was in the sample."""


class CostView:
    """The best cost so far (thick) and every evaluation's (thin) of each step.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 240):
        fig = self.figure = frame(
            height=height, x="evaluation of the step [1]", y=COST, y_axis_type="log", name="calibration-cost",
            tools="xpan,xwheel_zoom,box_zoom",
        )  # fmt: skip
        fig.toolbar_location = "above"
        fig.toolbar.autohide = True
        fig.yaxis.formatter = LogTickFormatter()
        self.sources = {step: ColumnDataSource({"n": [], "cost": [], "best": []}) for step in STEP_WORDS}
        drawn = []
        for step, source in self.sources.items():
            look = {"source": source, "color": STEP_COLOURS[step]}
            thin = fig.line("n", "cost", line_alpha=0.35, **look)
            thick = fig.line("n", "best", line_width=2.6, **look)
            drawn.append((STEP_WORDS[step], [thick, thin]))
            words = tooltip(("", STEP_WORDS[step]), ("evaluation", "@n"), ("cost", "@cost{0.0000}"),
                            ("best so far", "@best{0.0000}"))  # fmt: skip
            fig.add_tools(HoverTool(renderers=[thick], tooltips=words))
        legend(fig, drawn)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, curves: Sequence[tuple[str, np.ndarray, np.ndarray]], title: str = "") -> None:
        """Show step, cost and best cost of each evaluation (n,), for each step that began."""
        data = {step: {"n": [], "cost": [], "best": []} for step in self.sources}
        for step, cost, best in curves:
            data[step] = {"n": np.arange(1, len(cost) + 1), "cost": cost, "best": best}
        all_best = np.concatenate([best for _, _, best in curves] or [np.ones(1)])
        all_cost = np.concatenate([cost for _, cost, _ in curves] or [np.ones(1)])
        low = max(float(all_best.min()), 1e-6) * 0.95
        high = max(float(np.percentile(all_cost, 95)), low * 1.2) * 1.05
        longest = max([len(cost) for _, cost, _ in curves] or [10])

        def write() -> None:
            for step, source in self.sources.items():
                source.data = data[step]
            set_range(self.figure.x_range, (0, longest + 1))
            set_range(self.figure.y_range, (low, high))
            self.figure.title.text = title or " "

        push(self.figure, write)


class CorrelationView:
    """A square of the correlations between the errors of parameters.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 300):
        self._x, self._y = FactorRange(factors=[" "]), FactorRange(factors=[" "])
        fig = self.figure = frame(
            height=height, x_range=self._x, y_range=self._y, min_border_left=84, name="calibration-correlation"
        )
        fig.xaxis.major_label_orientation = 0.7
        self.source = ColumnDataSource({"x": [], "y": [], "r": [], "words": []})
        mapper = LinearColorMapper(palette=diverging(), low=-1, high=1, nan_color="rgba(128,128,128,0.25)")
        squares = fig.rect(
            "x", "y", 0.96, 0.96, source=self.source, fill_color={"field": "r", "transform": mapper}, line_color=None
        )
        fig.add_layout(
            ColorBar(
                color_mapper=mapper, width=10, padding=4, title="R [1]", title_text_font_size="11px",
                ticker=FixedTicker(ticks=[-1, -0.5, 0, 0.5, 1]),
            ),
            "right",
        )  # fmt: skip
        fig.add_tools(HoverTool(renderers=[squares], tooltips=tooltip(("", "@y · @x"), ("R", "@words"))))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, names: Sequence[str], correlation: np.ndarray, title: str = "") -> None:
        """Show the correlations (k, k) of some names; NaN is grey."""
        r = np.asarray(correlation, float).ravel()
        data = {
            "x": [name for _ in names for name in names],
            "y": [name for name in names for _ in names],
            "r": r,
            "words": [f"{value:+.2f}" if np.isfinite(value) else "no day answers to it" for value in r],
        }

        def write() -> None:
            self._x.factors, self._y.factors = list(names), list(names)[::-1]
            self.source.data = data
            self.figure.title.text = title or " "

        push(self.figure, write)


class ProfilesView:
    """One small plot a parameter: the cost at fixed values of it, the others fitted anew.

    Parameters
    ----------
    height, width : int
        Of one plot [pixels].
    """

    def __init__(self, *, height: int = 190, width: int = 250):
        self.height, self.width = height, width
        self.figures: list[figure] = []
        self.pane = pmui.FlexBox(sizing_mode="stretch_width", margin=0)

    def update(
        self, curves: Sequence[tuple[str, str, np.ndarray, np.ndarray]], marks: Sequence[tuple[float, float, float]]
    ) -> None:
        """Show curves.

        Parameters
        ----------
        curves : sequence of (name, unit, values, cost)
            By parameter.
        marks : sequence of (before, after, truth)
            Values to mark; NaN marks nothing.
        """
        everything = [cost for *_, cost in curves]
        ends = reach(*everything, share=0.08) if everything else (0.0, 1.0)
        self.figures, panes = [], []
        for (name, unit, values, cost), (before, after, truth) in zip(curves, marks, strict=True):
            fig = frame(height=self.height, x=f"{name} [{unit or '1'}]", y=COST, min_border_left=52)
            fig.update(sizing_mode="fixed", width=self.width)
            good = np.isfinite(cost)
            source = ColumnDataSource({"value": values[good], "cost": cost[good]})
            fig.line("value", "cost", source=source, color=B_COLOUR, line_width=2)
            dots = fig.scatter("value", "cost", source=source, color=B_COLOUR, size=5)
            fig.add_tools(
                HoverTool(renderers=[dots], tooltips=tooltip((name, "@value{0.0000}"), ("cost", "@cost{0.0000}")))
            )
            for where, colour, dash in (
                (before, A_COLOUR, "dashed"), (after, B_COLOUR, "solid"), (truth, MARK_COLOUR, "dotted")
            ):  # fmt: skip
                if np.isfinite(where):
                    fig.add_layout(
                        Span(location=float(where), dimension="height", line_color=colour, line_dash=dash, line_width=2)
                    )
            set_range(fig.x_range, reach(values, share=0.03))
            set_range(fig.y_range, ends)
            self.figures.append(fig)
            panes.append(pn.pane.Bokeh(fig, width=self.width, height=self.height, margin=(0, 4)))
        self.pane[:] = panes


class DumbbellView:
    """A score of each site before (grey) and after (filled: in the sample, hollow: out of it)."""

    ROW = 22
    """Pixels of a site."""

    def __init__(self):
        self._sites = FactorRange(factors=[" "])
        fig = self.figure = frame(height=220, y_range=self._sites, min_border_left=170, name="calibration-scores")
        columns = ("row", "before", "after", "fill", "colour", "words")
        self.source = ColumnDataSource({name: [] for name in columns})
        look = {"source": self.source, "size": 9}
        fig.segment("before", "row", "after", "row", source=self.source, color="colour", line_width=2.4)
        before = fig.scatter("before", "row", color=A_COLOUR, line_color=None, **look)
        after = fig.scatter("after", "row", fill_color="fill", line_color="colour", line_width=2, **look)
        words = tooltip(("", "@row"), ("before", "@before{0.000}"), ("after", "@after{0.000}"), ("", "@words"))
        fig.add_tools(HoverTool(renderers=[before, after], tooltips=words))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=220, margin=0)

    def update(self, rows: Sequence[SampleRow], label: str, *, falls: bool = True, title: str = "") -> None:
        """Show rows.

        Parameters
        ----------
        rows : sequence of SampleRow
            The first on top.
        label : str
            Score and unit.
        falls : bool
            Whether less is better.
        title : str
            Above the plot.
        """
        names = [name for name, *_ in rows]
        better = [(after < before) == falls for _, before, after, _ in rows]
        colours = [B_COLOUR if good else DIFFERENCE_COLOUR for good in better]
        data = {
            "row": names,
            "before": [before for _, before, _, _ in rows],
            "after": [after for _, _, after, _ in rows],
            "fill": [colour if inside else "rgba(0,0,0,0)" for colour, (*_, inside) in zip(colours, rows, strict=True)],
            "colour": colours,
            "words": ["better" if good else "worse" for good in better],
        }
        height = 90 + self.ROW * max(len(rows), 3)
        ends = reach(data["before"], data["after"], least=0.01, share=0.06)

        def write() -> None:
            self._sites.factors = names[::-1] or [" "]
            self.source.data = data
            self.figure.height = height
            set_range(self.figure.x_range, ends)
            self.figure.xaxis.axis_label = label
            self.figure.title.text = title or " "

        push(self.figure, write)
        self.pane.height = height
