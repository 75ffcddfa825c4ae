"""Several quantities of one unit by latitude, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import panel as pn
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, HoverTool, Range1d, Span

from explorer.style import tooltip
from explorer.views.events import push
from explorer.views.frame import DEGREES_JS, frame, legend, reach, set_range

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
    """Lines by latitude.

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
        self._items = legend(fig, [(" ", [line]) for line in self._lines])
        fig.legend[0].update(orientation="vertical", spacing=0, label_text_font_size="10px", glyph_height=9)
        digits = "0" * tips
        rows = (("", "@label"), ("latitude", "@latitude{0.0}°"), ("value", f"@x{{0,0.{digits}}}"))
        fig.add_tools(HoverTool(renderers=self._lines, tooltips=tooltip(*rows), line_policy="nearest"))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

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
            for number, (source, drawn, item) in enumerate(zip(self.sources, self._lines, self._items, strict=True)):
                there = number < len(lines)
                drawn.visible = item.visible = there
                if not there:
                    source.data = {"x": [], "latitude": [], "label": []}
                    continue
                line = lines[number]
                source.data = {"x": line.values, "latitude": latitude, "label": [line.label] * latitude.size}
                drawn.glyph.update(line_color=line.colour, line_dash=line.dash, line_width=line.width)
                item.label = value(line.label)
            set_range(self.figure.x_range, ends)
            if not self._shared and seen.size:
                set_range(self.figure.y_range, (float(seen.min()) - step, float(seen.max()) + step))
            self.figure.xaxis.axis_label = x
            self.figure.title.text = title or " "

        push(self.figure, write)
