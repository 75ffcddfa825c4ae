"""Several quantities of one unit by latitude, a line each."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, HoverTool, Range1d, Span

from explorer.style import tooltip
from explorer.views.events import push
from explorer.views.frame import DEGREES_JS, frame, reach, set_range

__all__ = ["LatitudeLine", "LatitudeLinesView"]


@dataclass(frozen=True, eq=False)
class LatitudeLine:
    """One line: what the legend says, its values (band,), its colour and how it is drawn."""

    label: str
    values: np.ndarray
    colour: str
    dash: str = "solid"
    width: float = 2.0


class LatitudeLinesView:
    """Lines by latitude; ``pane`` is the plot, ``key`` says which line is what.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    latitude : Range1d, optional
        Of the vertical axis, shared with other plots.
    zero : bool
        Whether a line marks 0.
    tips : int
        Decimals under the pointer.
    name : str
        Under which tests find the plot.
    """

    def __init__(
        self,
        *,
        height: int = 380,
        latitude: Range1d | None = None,
        zero: bool = False,
        tips: int = 3,
        name: str = "latitude-lines",
    ):
        ends = {} if latitude is None else {"y_range": latitude}
        fig = self.figure = frame(height=height, x=" ", y="latitude [degrees]", name=name, **ends)
        fig.yaxis.formatter = CustomJSTickFormatter(code=DEGREES_JS)
        self._shared = latitude is not None
        if zero:
            fig.add_layout(Span(location=0.0, dimension="height", line_color="#808080", line_width=0.8))
        # One renderer for all lines, however many: each takes the browser and the server a moment of its own.
        self.source = ColumnDataSource({name: [] for name in ("x", "latitude", "label", "colour", "dash", "width")})
        self.dots = ColumnDataSource({name: [] for name in ("x", "latitude", "colour")})
        lines = fig.multi_line(
            "x", "latitude", source=self.source, line_color="colour", line_dash="dash", line_width="width"
        )
        # A benchmark that covers one band alone has no line.
        fig.scatter("x", "latitude", source=self.dots, size=4, fill_color="colour", line_color=None)
        rows = (("", "@label"), ("latitude", "$y{0.0}°"), ("value", f"$x{{0,0.{'0' * tips}}}"))
        fig.add_tools(HoverTool(renderers=[lines], tooltips=tooltip(*rows), line_policy="nearest"))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)
        self.key = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12))

    def update(
        self,
        latitude: np.ndarray,
        lines: Sequence[LatitudeLine],
        x: str,
        *,
        limits: tuple[float, float] | None = None,
        title: str = "",
    ) -> None:
        """Show other lines.

        Parameters
        ----------
        latitude : (band,) array
            Centres of the bands [degrees].
        lines : sequence of LatitudeLine
            The first lies above the others.
        x : str
            What stands under the horizontal axis, with its unit.
        limits : (float, float), optional
            Of that axis; it follows the values without them.
        title : str
            Above the plot.
        """
        seen = latitude[np.any([np.isfinite(line.values) for line in lines], axis=0)] if lines else latitude
        ends = limits or reach(*(line.values for line in lines), [0.0])
        step = float(np.min(np.diff(latitude))) if latitude.size > 1 else 5.0
        order = list(lines)[::-1]
        drawn = {
            "x": [line.values for line in order],
            "latitude": [latitude] * len(order),
            "label": [line.label for line in order],
            "colour": [line.colour for line in order],
            "dash": [line.dash for line in order],
            "width": [line.width for line in order],
        }
        dots = {
            "x": np.concatenate([*drawn["x"], []]),
            "latitude": np.concatenate([*drawn["latitude"], []]),
            "colour": [line.colour for line in order for _ in latitude],
        }

        def write() -> None:
            self.source.data, self.dots.data = drawn, dots
            set_range(self.figure.x_range, ends)
            if not self._shared and seen.size:
                set_range(self.figure.y_range, (float(seen.min()) - step, float(seen.max()) + step))
            self.figure.xaxis.axis_label = x
            self.figure.title.text = title or " "

        push(self.figure, write)
        self.key.object = "".join(_swatch(line) for line in lines)


def _swatch(line: LatitudeLine) -> str:
    """Write a line's colour and name."""
    return (
        "<span style='font-size:12px;margin-right:14px;display:inline-block'><span style='display:inline-block;"
        f"width:20px;vertical-align:middle;margin-right:5px;border-top:2.5px {line.dash} {line.colour}'></span>"
        f"{html.escape(line.label)}</span>"
    )
