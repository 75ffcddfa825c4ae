"""A quantity by latitude and time (Hovmöller 1949)."""

import numpy as np
import panel as pn
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    HoverTool,
    LinearColorMapper,
    Range1d,
)

from explorer.style import LEVELS, Scale, number, tooltip
from explorer.views.events import push
from explorer.views.frame import DEGREES_JS, frame, reach, set_range

__all__ = ["HovmoellerView"]


class HovmoellerView:
    """A quantity by latitude and time.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    months : str
        How the axis of time writes a month: "%b" in a mean year.
    latitude : Range1d, optional
        Of the vertical axis, shared with other plots.
    below : bool
        Whether the colour bar lies below the plot, not to its right.
    brief : bool
        Whether only the title stands above the plot, without the range of the values.
    name : str
        Under which tests find the plot.
    """

    def __init__(
        self,
        *,
        height: int = 300,
        brief: bool = False,
        months: str = "%b %Y",
        latitude: Range1d | None = None,
        below: bool = False,
        name: str = "hovmoeller",
    ):
        self.source = ColumnDataSource({key: [] for key in ("image", "x", "y", "dw", "dh")})
        self._mapper = LinearColorMapper(palette=["#888888"] * LEVELS, low=0.0, high=1.0, nan_color=(0, 0, 0, 0))
        self._brief = brief
        ends = {} if latitude is None else {"y_range": latitude}
        fig = self.figure = frame(height=height, y="latitude [degrees]", x_axis_type="datetime", name=name, **ends)
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months=months, years="%Y")
        fig.yaxis.formatter = CustomJSTickFormatter(code=DEGREES_JS)
        image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=self._mapper)
        fig.add_tools(
            HoverTool(
                renderers=[image],
                tooltips=tooltip(("value", "@image{0,0.000}"), ("latitude", "$y{0.0}°"), ("date", "$x{%d %b}")),
                formatters={"$x": "datetime"},
            )
        )
        side = {"height": 8} if below else {"width": 10}
        self._bar = ColorBar(
            color_mapper=self._mapper, padding=4, title=" ", title_text_font_size="11px",
            major_label_text_font_size="10px", **side,
        )  # fmt: skip
        fig.add_layout(self._bar, "below" if below else "right")
        self.text = ""
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self, values: np.ndarray, time: np.ndarray, south: float, north: float, scale: Scale, title: str = ""
    ) -> None:
        """Show a field.

        Parameters
        ----------
        values : (band, time) array
            From south to north; NaN where nothing was observed.
        time : (time,) datetime64 array
            First day of each step, evenly spaced or nearly so.
        south, north : float
            Edges of the bands together [degrees].
        scale : Scale
            Limits, colours and unit.
        """
        values = np.asarray(values, dtype=np.float32)
        days = np.asarray(time).astype("datetime64[ms]").astype(np.int64).astype(float)
        step = float(np.median(np.diff(days))) if days.size > 1 else 86_400_000.0 * 30
        finite = values[np.isfinite(values)]
        self.text = (
            f"{title}: {number(float(finite.min()))} to {number(float(finite.max()))} {scale.unit}".strip()
            if finite.size
            else f"{title}: nothing observed"
        )
        start, end = (days[0], days[-1] + step) if days.size else (0.0, 1.0)

        def write() -> None:
            self.source.data = {
                "image": [values],
                "x": [start],
                "y": [south],
                "dw": [end - start],
                "dh": [north - south],
            }
            self._mapper.update(palette=list(scale.palette), low=scale.low, high=scale.high)
            set_range(self.figure.x_range, (start, end))
            set_range(self.figure.y_range, reach([south, north], share=0.0))
            self._bar.title = f"[{scale.unit or '1'}]"
            self.figure.title.text = (title if self._brief else self.text) or " "

        push(self.figure, write)
