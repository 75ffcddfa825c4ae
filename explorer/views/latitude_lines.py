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
    most : int
        Lines that it can hold.
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
        most: int = 8,
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
        self.sources = [ColumnDataSource({"x": [], "latitude": [], "label": []}) for _ in range(most)]
        self._lines = [fig.line("x", "latitude", source=source, line_width=2) for source in self.sources]
        digits = "0" * tips
        # A benchmark that covers one band has no line.
        self._dots = [fig.scatter("x", "latitude", source=source, size=4) for source in self.sources]
        rows = (("", "@label"), ("latitude", "@latitude{0.0}°"), ("value", f"@x{{0,0.{digits}}}"))
        fig.add_tools(HoverTool(renderers=self._lines, tooltips=tooltip(*rows), line_policy="nearest"))
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
            No more than ``most`` are drawn.
        x : str
            What stands under the horizontal axis, with its unit.
        limits : (float, float), optional
            Of that axis; it follows the values without them.
        title : str
            Above the plot.
        """
        lines = list(lines)[: len(self.sources)]
        seen = latitude[np.any([np.isfinite(line.values) for line in lines], axis=0)] if lines else latitude
        ends = limits or reach(*(line.values for line in lines), [0.0])
        step = float(np.min(np.diff(latitude))) if latitude.size > 1 else 5.0

        def write() -> None:
            for number, (source, drawn, dots) in enumerate(zip(self.sources, self._lines, self._dots, strict=True)):
                drawn.visible = dots.visible = number < len(lines)
                if not drawn.visible:
                    source.data = {"x": [], "latitude": [], "label": []}
                    continue
                line = lines[number]
                source.data = {"x": line.values, "latitude": latitude, "label": [line.label] * latitude.size}
                dots.glyph.update(fill_color=line.colour, line_color=None)
                drawn.glyph.update(line_color=line.colour, line_dash=line.dash, line_width=line.width)
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
