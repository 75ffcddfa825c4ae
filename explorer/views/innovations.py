"""What the sensors said against what the ensemble expected: histogram of normalised innovations, latitude and time."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.core.properties import value
from bokeh.models import ColorBar, ColumnDataSource, CustomJSTickFormatter, DatetimeTickFormatter, LinearColorMapper

from explorer.style import LEVELS, LINE_COLOURS, Scale, number
from explorer.views.events import push
from explorer.views.frame import frame, legend, reach, set_range

__all__ = ["HISTOGRAM_EDGES", "SENSOR_COLOURS", "HistogramView", "HovmoellerView"]

HISTOGRAM_EDGES = np.linspace(-5.0, 5.0, 51)
"""Edges of the bins of normalised innovations; what lies beyond goes into the end bins."""

SENSOR_COLOURS = (*LINE_COLOURS, "#8c8c8c")
"""One colour a sensor, apart for every kind of colour vision."""

_DEGREES_JS = "return Math.abs(tick) + '°' + (tick < 0 ? 'S' : tick > 0 ? 'N' : '')"


class HistogramView:
    """Normalised innovations of each sensor against the standard normal distribution, which a right filter gives.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 270):
        fig = self.figure = frame(
            height=height,
            x="normalised innovation (O − F) / √(HPHᵀ + R) [1]",
            y="density [1]",
            name="innovation-histogram",
        )
        set_range(fig.x_range, (-5.0, 5.0))
        x = np.linspace(-5.0, 5.0, 201)
        normal = fig.line(
            x, np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi), color="#808080", line_width=2, line_dash="dashed"
        )
        self.sources = [ColumnDataSource({"x": [], "density": []}) for _ in SENSOR_COLOURS]
        lines = [
            fig.step("x", "density", source=source, mode="after", color=colour, line_width=2)
            for source, colour in zip(self.sources, SENSOR_COLOURS, strict=True)
        ]
        self._items = legend(fig, [("N(0, 1)", [normal]), *((" ", [line]) for line in lines)])
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, counts: Mapping[str, np.ndarray]) -> None:
        """Show histograms.

        Parameters
        ----------
        counts : mapping
            Title of a sensor -> (bin,) counts between `HISTOGRAM_EDGES`.
        """
        shown = []
        width = float(HISTOGRAM_EDGES[1] - HISTOGRAM_EDGES[0])
        for title, count in list(counts.items())[: len(SENSOR_COLOURS)]:
            count = np.asarray(count, dtype=float)
            total = count.sum()
            if total > 0.0:
                shown.append((title, np.append(count / (total * width), 0.0)))
        top = max([0.42, *(1.05 * float(density.max()) for _, density in shown)])

        def write() -> None:
            set_range(self.figure.y_range, (0.0, top))
            for number_, source in enumerate(self.sources):
                there = number_ < len(shown)
                source.data = {
                    "x": HISTOGRAM_EDGES if there else np.zeros(0),
                    "density": shown[number_][1] if there else np.zeros(0),
                }
                item = self._items[number_ + 1]
                item.update(visible=there, label=value(shown[number_][0] if there else ""))

        push(self.figure, write)


class HovmoellerView:
    """A quantity by latitude and time.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 300):
        self.source = ColumnDataSource({key: [] for key in ("image", "x", "y", "dw", "dh")})
        self._mapper = LinearColorMapper(palette=["#888888"] * LEVELS, low=0.0, high=1.0, nan_color=(0, 0, 0, 0))
        fig = self.figure = frame(height=height, y="latitude [degrees]", x_axis_type="datetime", name="hovmoeller")
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months="%b %Y", years="%Y")
        fig.yaxis.formatter = CustomJSTickFormatter(code=_DEGREES_JS)
        fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=self._mapper)
        self._bar = ColorBar(
            color_mapper=self._mapper, width=10, padding=4, title=" ", title_text_font_size="11px",
            major_label_text_font_size="10px",
        )  # fmt: skip
        fig.add_layout(self._bar, "right")
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
            self.figure.title.text = self.text or " "

        push(self.figure, write)
