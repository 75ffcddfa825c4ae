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

from explorer.style import MARK_COLOUR, diverging, number, tooltip
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


class TextureView:
    """A triangle of sand and clay, coloured by a ratio.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 380):
        self.source = ColumnDataSource({name: [] for name in ("sand", "clay", "ratio", "value")})
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
        self._size = ColumnDataSource({"width": [5.0]})
        self._tiles = fig.rect(
            "sand", "clay", width=5, height=5, source=self.source, line_color=None,
            fill_color={"field": "ratio", "transform": self._mapper},
        )  # fmt: skip
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
            color_mapper=self._mapper, width=10, padding=4, title=" ", ticker=BasicTicker(desired_num_ticks=6),
            formatter=NumeralTickFormatter(format="0.00[0]"),
        )  # fmt: skip
        fig.add_layout(self._bar, "right")
        self._hover = HoverTool(renderers=[self._tiles])
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
        place: tuple[float, float] | None = None,
        what: str = "",
    ) -> None:
        """Show a surface.

        Parameters
        ----------
        sand, clay : (point,) array
            Fractions [%].
        values : (point,) array
            Of the variable, in ``unit``; NaN is not drawn.
        name, unit : str
            Of the variable, as shown.
        reference : (float, float)
            Sand and clay [%] of the point that all others are divided by.
        place : (float, float), optional
            Sand and clay of the selected place, which is marked.
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
            msg = f"No point has {reference[0]:g} % sand and {reference[1]:g} % clay, which the others are divided by."
            raise ValueError(msg)
        base = float(values[at[0]])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = values / base
        good = np.isfinite(ratio)
        steps = np.unique(np.diff(np.unique(sand)))
        size = float(steps.min()) if steps.size else 5.0
        reach = float(np.abs(ratio[good] - 1.0).max()) if good.any() else 0.1
        reach = max(float(np.ceil(20.0 * reach) / 20.0), 0.05)
        shown = {"sand": sand[good], "clay": clay[good], "ratio": ratio[good], "value": values[good]}
        marked = {"sand": [], "clay": []} if place is None else {"sand": [place[0]], "clay": [place[1]]}
        self.text = (
            f"{name}: {number(float(ratio[good].min()))} to {number(float(ratio[good].max()))} times its value at "
            f"{reference[0]:g} % sand and {reference[1]:g} % clay, {number(base)} {unit}"
            if good.any()
            else f"{name}: no value"
        )
        tips = tooltip(
            ("sand", "@sand{0} %"),
            ("clay", "@clay{0} %"),
            ("ratio", "@ratio{0.000}"),
            (name, f"@value{{0.000}} {unit}"),
        )

        def write() -> None:
            self._tiles.glyph.update(width=size * 1.02, height=size * 1.02)
            self._mapper.update(low=1.0 - reach, high=1.0 + reach)
            self.source.data = shown
            self._place.data = marked
            self._hover.tooltips = tips
            self._bar.title = "ratio"
            self.figure.title.text = f"{name}, relative to {reference[0]:g} % sand, {reference[1]:g} % clay"

        push(self.figure, write)
        words = html.escape(f"{self.text}. {what}".strip())
        self.caption.object = f'<div role="note" style="font-size:12px;opacity:.8">{words}</div>'
