"""The response surface over soil texture: a variable over sand and clay, relative to its value at one texture."""

import html

import numpy as np
import panel as pn
from bokeh.models import (
    BasicTicker,
    ColorBar,
    ColumnDataSource,
    HoverTool,
    Label,
    LinearColorMapper,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

from explorer.style import MARK_COLOUR, diverging, number, round_up, tooltip
from explorer.views.events import push

__all__ = ["TextureView"]

# Where the names of the texture classes stand, (sand, clay) [%]: the representative fractions of the soil table.
CLASSES = {
    "sand": (92, 3),
    "loamy sand": (82, 6),
    "sandy loam": (58, 10),
    "silt loam": (17, 13),
    "silt": (7, 5),
    "loam": (43, 18),
    "sandy clay loam": (58, 27),
    "silty clay loam": (10, 34),
    "clay loam": (32, 34),
    "sandy clay": (52, 42),
    "silty clay": (6, 47),
    "clay": (22, 58),
}


SIDE = 200
"""Pixels along each side of the surface."""


class TextureView:
    """A triangle of sand and clay, coloured by a ratio.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 380):
        self.source = ColumnDataSource({"image": []})
        self._points = ColumnDataSource({name: np.zeros(0) for name in ("sand", "clay", "shown", "value")})
        self._place = ColumnDataSource({"sand": [], "clay": []})
        self._mapper = LinearColorMapper(palette=list(diverging()), low=0.5, high=1.5, nan_color=(0, 0, 0, 0))
        self.text = ""
        fig = self.figure = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=Range1d(0, 100),
            y_range=Range1d(0, 100),
            tools="",
            toolbar_location=None,
            title=" ",
            min_border_left=56,
        )
        fig.name = "texture"
        fig.title.text_font_size = "12px"
        fig.title.text_font_style = "normal"
        fig.axis.axis_label_text_font_size = "11px"
        fig.xaxis.axis_label, fig.yaxis.axis_label = "sand [%]", "clay [%]"
        fig.image("image", x=0, y=0, dw=100, dh=100, source=self.source, color_mapper=self._mapper)
        points = fig.scatter(
            "sand", "clay", source=self._points, size=9, fill_alpha=0.0, line_color="#808080", line_alpha=0.25
        )
        fig.line([0, 100], [100, 0], color="#808080", line_width=1.2)
        for name, (sand, clay) in CLASSES.items():
            fig.add_layout(
                Label(
                    x=sand, y=clay, text=name, text_font_size="10px", text_align="center", text_baseline="middle",
                    text_color="#333333", text_alpha=0.85,
                )
            )  # fmt: skip
        fig.scatter("sand", "clay", source=self._place, marker="circle_cross", size=14, fill_alpha=0, line_width=2,
                    line_color=MARK_COLOUR)  # fmt: skip
        self._bar = ColorBar(
            color_mapper=self._mapper, width=10, padding=4, ticker=BasicTicker(desired_num_ticks=6),
            formatter=NumeralTickFormatter(format="0.00[0]"),
        )  # fmt: skip
        fig.add_layout(self._bar, "right")
        self._hover = HoverTool(renderers=[points])
        fig.add_tools(self._hover)
        self.caption = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self.pane = pn.Column(
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0),
            self.caption,
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(
        self,
        sand: np.ndarray,
        clay: np.ndarray,
        values: np.ndarray,
        *,
        name: str,
        unit: str,
        reference: tuple[float, float] = (10.0, 10.0),
        relative: bool = True,
        place: tuple[float, float] | None = None,
        what: str = "",
    ) -> None:
        """Show a surface.

        Parameters
        ----------
        sand, clay : (point,) array
            Fractions [%] of every step of the triangle.
        values : (point,) array
            Of the variable, in ``unit``.
        name, unit : str
            Of the variable, as shown.
        reference : (float, float)
            Sand and clay [%] of the point that the others are compared with.
        relative : bool
            Whether the surface is a ratio to the reference, or a difference to it.
        place : (float, float), optional
            Sand and clay [%] of the selected place, which is marked.
        what : str
            Said in the caption: where, and under which weather.

        Raises
        ------
        ValueError
            If no point has the reference's texture.
        """
        sand, clay, values = (np.asarray(array, dtype=float).ravel() for array in (sand, clay, values))
        at = np.flatnonzero((np.abs(sand - reference[0]) < 1e-6) & (np.abs(clay - reference[1]) < 1e-6))
        if not at.size:
            msg = f"No point has {reference[0]:g} % sand and {reference[1]:g} % clay, which the others stand beside."
            raise ValueError(msg)
        base, middle = float(values[at[0]]), 1.0 if relative else 0.0
        relative = relative and base != 0.0
        shown = values / base if relative else values - base
        good = shown[np.isfinite(shown)]
        reach = float(np.abs(good - middle).max()) if good.size else 0.1
        reach = round_up(max(reach, 0.02 if relative else 1e-4))
        image = fill_triangle(sand, clay, shown)
        marked = {"sand": [], "clay": []} if place is None else {"sand": [place[0]], "clay": [place[1]]}
        where = f"{reference[0]:g} % sand and {reference[1]:g} % clay"
        ends = f"{number(float(good.min()))} to {number(float(good.max()))}" if good.size else "no value"
        if relative:
            self.text = f"{name}: {ends} times its value at {where}, which is {number(base)} {unit}."
        else:
            self.text = f"{name}: {ends} {unit} against its value at {where}, which is {number(base)} {unit}."
        bar = "ratio" if relative else f"[{unit}]"
        tips = tooltip(
            ("sand", "@sand{0} %"), ("clay", "@clay{0} %"), (bar, "@shown{0.000}"), (name, f"@value{{0.000}} {unit}")
        )

        def write() -> None:
            self._mapper.update(low=middle - reach, high=middle + reach)
            self.source.data = {"image": [image]}
            self._points.data = {"sand": sand, "clay": clay, "shown": shown, "value": values}
            self._place.data = marked
            self._hover.tooltips = tips
            self.figure.title.text = (
                f"{name}, ratio to its value at {where}" if relative else f"{name} minus that at {where} [{unit}]"
            )

        push(self.figure, write)
        words = html.escape(f"{self.text} {what}".strip())
        self.caption.object = f'<div role="note" style="font-size:12px;opacity:.8">{words}</div>'


def fill_triangle(sand: np.ndarray, clay: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate values at the steps of the triangle linearly to every 1 %.

    Parameters
    ----------
    sand, clay : (point,) array
        Fractions [%], every step of the triangle.
    values : (point,) array
        NaN stays NaN.

    Returns
    -------
    (SIDE, SIDE) float32 array
        Clay along the first axis; NaN where sand and clay exceed 100 %.
    """
    steps = np.unique(sand)
    size = steps[1] - steps[0]
    table = np.full((steps.size + 1, steps.size + 1), np.nan)
    table[np.rint(clay / size).astype(int), np.rint(sand / size).astype(int)] = values
    percent = (np.arange(SIDE) + 0.5) * 100.0 / SIDE
    x, y = np.meshgrid(percent / size, percent / size)
    k, j = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - k, y - j
    here, right, above, across = table[j, k], table[j, k + 1], table[j + 1, k], table[j + 1, k + 1]
    lower = here + u * (right - here) + v * (above - here)
    upper = across + (1.0 - u) * (above - across) + (1.0 - v) * (right - across)
    filled = np.where(u + v <= 1.0, lower, upper)
    filled[x + y > 100.0 / size] = np.nan
    return filled.astype(np.float32)
