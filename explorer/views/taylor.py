"""Taylor and target diagrams: spread, correlation and bias of many series at once, each over the tower's own spread."""

import math

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, Span

from explorer.style import A_COLOUR, MARK_COLOUR, OBSERVED_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import frame, set_range
from explorer.views.viewport import FIT_JS

__all__ = ["TargetView", "TaylorView", "target_places", "taylor_places"]

CORRELATIONS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)
FARTHEST = 2.5
"""Of the tower's spread, beyond which a point is drawn at the rim."""


def taylor_places(r: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where series stand in a Taylor diagram: at the distance of their relative spread, at the angle arccos R.

    Their distance to (1, 0) is the ubRMSE over the tower's spread (Taylor 2001, doi 10.1029/2000JD900719).

    Examples
    --------
    >>> x, y = taylor_places(np.array([1.0, 0.0]), np.array([1.0, 0.5]))
    >>> x.round(6).tolist(), y.round(6).tolist()
    ([1.0, 0.0], [0.0, 0.5])
    """
    angle = np.arccos(np.clip(r, -1.0, 1.0))
    return spread * np.cos(angle), spread * np.sin(angle)


def target_places(bias: np.ndarray, ubrmse: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where series stand in a target diagram: ubRMSE across, to the right if the model varies more; bias up.

    Parameters
    ----------
    bias, ubrmse : array
        Over the tower's standard deviation.
    spread : array
        The model's standard deviation over the tower's.

    Notes
    -----
    Their distance to the centre is the RMSE over the tower's spread (Jolliff et al. 2009,
    doi 10.1016/j.jmarsys.2008.05.014).
    """
    return np.where(spread >= 1.0, ubrmse, -ubrmse), bias


def _arc(radius: float, first: float, last: float, centre: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(first, last, 91)
    return centre + radius * np.cos(angle), radius * np.sin(angle)


class _Points:
    """Points of B in their colours, of A as rings behind them, and a mark."""

    def __init__(self, *, height: int, x: str, y: str, name: str):
        columns = ("x", "y", "x_a", "y_a", "site", "group", "colour", "r", "spread", "bias", "ubrmse")
        self.source = ColumnDataSource({key: [] for key in columns})
        self.mark = ColumnDataSource({"x": [], "y": []})
        fig = self.figure = frame(height=height, x=x, y=y, name=name)
        fig.grid.visible = False
        # Circles stay round whatever the shape of the card.
        self.home = ColumnDataSource({"extent": [-1.0, 1.0, -1.0, 1.0]})
        fit = CustomJS(args={"plot": fig, "home": self.home}, code=FIT_JS)
        for side in ("inner_width", "inner_height"):
            fig.js_on_change(side, fit)
        self.home.js_on_change("data", fit)
        fig.segment("x_a", "y_a", "x", "y", source=self.source, color=A_COLOUR, alpha=0.35, line_width=0.8)
        fig.scatter("x_a", "y_a", source=self.source, size=5, fill_alpha=0, line_color=A_COLOUR, line_alpha=0.7)
        dots = fig.scatter("x", "y", source=self.source, size=6.5, color="colour", alpha=0.9, line_color=None)
        fig.scatter(
            "x", "y", source=self.mark, marker="circle_cross", size=16, fill_alpha=0, line_color=MARK_COLOUR,
            line_width=1.6,
        )  # fmt: skip
        tips = (
            *(("", "@site · @group"), ("R", "@r{0.00}"), ("spread over the tower's", "@spread{0.00}")),
            *(("bias over spread", "@bias{0.00}"), ("ubRMSE over spread", "@ubrmse{0.00}")),
        )
        fig.add_tools(HoverTool(renderers=[dots], tooltips=tooltip(*tips)))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def fill(
        self, places: tuple, before: tuple, words: dict[str, object], selected: str, extent: tuple[float, ...]
    ) -> None:
        """Send points, mark one, and show the plane from left to right, bottom to top."""
        sites = list(words["site"])
        columns = {**words, "x": places[0], "y": places[1], "x_a": before[0], "y_a": before[1]}
        place = [sites.index(selected)] if selected in sites else []

        def write() -> None:
            self.source.data = {key: columns[key] for key in self.source.data}
            self.mark.data = {"x": np.asarray(places[0])[place], "y": np.asarray(places[1])[place]}
            self.home.data = {"extent": list(extent)}
            set_range(self.figure.x_range, extent[:2])
            set_range(self.figure.y_range, extent[2:])

        push(self.figure, write)


class TaylorView:
    """A point for each tower: spread by its distance to the origin, R by its angle.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 340):
        self._points = _Points(height=height, x="spread over the tower's [1]; angle: R", y="", name="taylor")
        self.figure, self.pane = self._points.figure, self._points.pane
        fig = self.figure
        arcs = [_arc(radius, 0, math.pi) for radius in (0.5, 1.0, 1.5, 2.0, FARTHEST)]
        fig.multi_line([a[0] for a in arcs], [a[1] for a in arcs], color="#808080", alpha=0.5, line_width=0.8)
        around = [_arc(radius, 0, math.pi, 1.0) for radius in (0.5, 1.0, 1.5)]
        fig.multi_line(
            [a[0] for a in around], [a[1] for a in around], color=OBSERVED_COLOUR, alpha=0.5, line_width=0.8,
            line_dash="dotted",
        )  # fmt: skip
        marks = [*(-r for r in CORRELATIONS[:5:2]), 0.0, *CORRELATIONS]
        ends = [(FARTHEST * r, FARTHEST * math.sqrt(1 - r * r)) for r in marks]
        fig.segment(0, 0, [x for x, _ in ends], [y for _, y in ends], color="#808080", alpha=0.3, line_width=0.7)
        fig.text(
            [1.04 * x for x, _ in ends], [1.04 * y for _, y in ends], [f"{r:g}".replace("-", "−") for r in marks],
            text_font_size="10px", text_color="#808080", text_align="center", text_baseline="middle",
        )  # fmt: skip
        fig.scatter([1.0], [0.0], marker="star", size=13, color=OBSERVED_COLOUR)
        fig.yaxis.visible = False

    def update(
        self, b: dict[str, np.ndarray], a: dict[str, np.ndarray], words: dict[str, object], selected: str = ""
    ) -> None:
        """Show other towers.

        Parameters
        ----------
        b, a : dict of str to (site,) array
            ``r``, and over the tower's standard deviation ``spread bias ubrmse``.
        words : dict
            ``site group colour`` of each.
        selected : str
            Code of the tower that is marked.
        """
        near = taylor_places(b["r"], np.minimum(b["spread"], FARTHEST))
        before = taylor_places(a["r"], np.minimum(a["spread"], FARTHEST))
        left = -1.08 * FARTHEST if np.nanmin(b["r"], initial=1.0) < 0 else -0.15
        self._points.fill(near, before, {**words, **b}, selected, (left, 1.1 * FARTHEST, -0.08, 1.1 * FARTHEST))


class TargetView:
    """A point for each tower: ubRMSE across, bias up, so that its distance to the centre is the RMSE.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 340):
        self._points = _Points(
            height=height, x="± ubRMSE over the tower's spread [1]", y="bias over the tower's spread [1]", name="target"
        )
        self.figure, self.pane = self._points.figure, self._points.pane
        fig = self.figure
        for dimension in ("width", "height"):
            fig.add_layout(Span(location=0, dimension=dimension, line_color="#808080", line_width=0.8))
        for radius, dash in ((0.5, "dotted"), (1.0, "solid"), (2.0, "dotted")):
            fig.line(*_arc(radius, 0, 2 * math.pi), color="#808080", alpha=0.8, line_width=0.9, line_dash=dash)

    def update(
        self, b: dict[str, np.ndarray], a: dict[str, np.ndarray], words: dict[str, object], selected: str = ""
    ) -> None:
        """Show other towers; see `TaylorView.update`."""
        near = target_places(b["bias"], b["ubrmse"], b["spread"])
        before = target_places(a["bias"], a["ubrmse"], a["spread"])
        far = [values[np.isfinite(values)] for values in near]
        reach = min(max(1.2, *(1.08 * float(np.abs(values).max(initial=0.0)) for values in far)), 4.0)
        self._points.fill(near, before, {**words, **b}, selected, (-reach, reach, -reach, reach))
