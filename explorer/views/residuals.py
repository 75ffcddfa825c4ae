"""Residuals of a tower against each driver: where a model departs from what was seen, and whether a driver says so."""

from collections.abc import Mapping

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, HoverTool, Span

from explorer.style import A_COLOUR, B_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["ResidualsView", "medians_by"]

BINS = 10
"""Groups of equally many days along a driver."""

LEAST = 5
"""Days of a group below which it has no median."""

MOST_DOTS = 700
"""Days that are drawn one by one; of more, every second, third, ... is."""


def medians_by(driver: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group days by a driver into `BINS` of equally many.

    Parameters
    ----------
    driver, residual : (day,) array
        NaN is left out.

    Returns
    -------
    centre : (bin,) array
        Median of the driver in each group; a driver of few values (a constant one) has fewer groups.
    quartiles : (3, bin) array
        25, 50 and 75 % of the residual.
    """
    good = np.isfinite(driver) & np.isfinite(residual)
    driver, residual = driver[good], residual[good]
    edges = np.unique(np.quantile(driver, np.linspace(0, 1, BINS + 1))) if driver.size else np.zeros(0)
    group = np.clip(np.searchsorted(edges, driver, side="right") - 1, 0, max(len(edges) - 2, 0))
    kept = [members for k in range(max(len(edges) - 1, 1)) if (members := np.flatnonzero(group == k)).size >= LEAST]
    centre = np.array([np.median(driver[some]) for some in kept])
    quartiles = np.array([np.percentile(residual[some], (25, 50, 75)) for some in kept]).reshape(-1, 3).T
    return centre, quartiles


class ResidualsView:
    """A plot for each driver, all with one vertical axis.

    Parameters
    ----------
    drivers : mapping of str to (str, str)
        Name -> words and unit beside its axis.
    height : int
        Of each plot [pixels].
    """

    def __init__(self, drivers: Mapping[str, tuple[str, str]], *, height: int = 210):
        self.figures, self.dots, self.lines = {}, {}, {}
        for number, (name, (words, unit)) in enumerate(drivers.items()):
            dots = self.dots[name] = ColumnDataSource({"x": [], "y": []})
            b = ColumnDataSource({key: [] for key in ("x", "low", "mid", "high")})
            a = ColumnDataSource({key: [] for key in ("x", "low", "mid", "high")})
            self.lines[name] = b, a
            fig = self.figures[name] = frame(height=height, x=axis_text(words, unit), name=f"residual-{name}")
            fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
            fig.scatter("x", "y", source=dots, size=3, color=B_COLOUR, alpha=0.22, line_color=None)
            fig.varea("x", "low", "high", source=b, fill_color=B_COLOUR, fill_alpha=0.22)
            before = fig.line("x", "mid", source=a, color=A_COLOUR, line_width=1.8, line_dash="dashed")
            after = fig.line("x", "mid", source=b, color=B_COLOUR, line_width=2.4)
            fig.scatter("x", "mid", source=b, color=B_COLOUR, size=6, line_color=None)
            if number == 0:
                legend(fig, [("B, median", [after]), ("A", [before])])
            tips = ((words, "@x{0,0.00}"), ("median B", "@mid{0.00}"), ("25 to 75 %", "@low{0.00} … @high{0.00}"))
            fig.add_tools(HoverTool(renderers=[after], tooltips=tooltip(*tips), mode="vline"))
        wide = {"sizing_mode": "stretch_width", "height": height, "margin": 0}
        panes = (pn.pane.Bokeh(fig, **wide) for fig in self.figures.values())
        cells = (pmui.Grid(pane, size={"xs": 12, "sm": 6, "lg": 4}) for pane in panes)
        self.pane = pmui.Grid(*cells, container=True, sizing_mode="stretch_width")

    def update(self, drivers: Mapping[str, np.ndarray], b: np.ndarray, a: np.ndarray, axis: str) -> None:
        """Show residuals.

        Parameters
        ----------
        drivers : mapping of str to (day,) array
            In the unit of their axis.
        b, a : (day,) array
            Model less tower.
        axis : str
            Beside the vertical axes: what the residual is, and its unit.
        """
        inside = b[np.isfinite(b)]
        ends = reach(np.percentile(inside, (1, 99)) if inside.size else [0.0], [0.0])
        made = {}
        for name, values in drivers.items():
            good = np.flatnonzero(np.isfinite(values) & np.isfinite(b))
            some = good[:: max(1, -(-good.size // MOST_DOTS))]
            lines = []
            for residual in (b, a):
                centre, (low, mid, high) = medians_by(values, residual)
                lines.append({"x": centre, "low": low, "mid": mid, "high": high})
            dots = {"x": values[some].astype(np.float32), "y": b[some].astype(np.float32)}
            made[name] = dots, lines, reach(values[good])

        def write() -> None:
            for name, (dots, lines, across) in made.items():
                self.dots[name].data = dots
                for source, line in zip(self.lines[name], lines, strict=True):
                    source.data = line
                set_range(self.figures[name].x_range, across)
                set_range(self.figures[name].y_range, ends)
                self.figures[name].yaxis.axis_label = axis

        push(next(iter(self.figures.values())), write)
