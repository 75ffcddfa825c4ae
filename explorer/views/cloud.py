"""One quantity against another in any number of points: Datashader counts them by pixel."""

import math

import numpy as np
import panel as pn
from bokeh.models import ColorBar, ColumnDataSource, FixedTicker, LinearColorMapper, Span
from bokeh.palettes import cividis

from explorer.views.events import push
from explorer.views.frame import axis_text, frame, reach, set_range

__all__ = ["CloudView", "count_points"]

SIDES = ((90, 60), (220, 150))
"""Pixels across and down, of few points and of many."""

MANY = 5000
CLIP = (0.02, 99.98)
"""Percentiles at which the axes end, so that one wild point does not squeeze the others."""


def count_points(
    x: np.ndarray, y: np.ndarray, x_ends: tuple[float, float], y_ends: tuple[float, float], side: tuple[int, int]
) -> np.ndarray:
    """Count points by pixel; (down, across) array, row 0 below.

    Parameters
    ----------
    x, y : (point,) float array
        NaN is left out.
    x_ends, y_ends : (float, float)
        Where the axes begin and end.
    side : (int, int)
        Pixels across and down.
    """
    if not np.size(x):
        return np.zeros(side[::-1], dtype=np.uint32)
    import datashader  # see `explorer.views.lookup.aggregate`
    import pandas as pd

    points = pd.DataFrame({"x": np.asarray(x, dtype=np.float64), "y": np.asarray(y, dtype=np.float64)})
    canvas = datashader.Canvas(*side, x_range=x_ends, y_range=y_ends)
    return canvas.points(points, "x", "y", datashader.count()).values


class CloudView:
    """A scatter of up to millions of points, with the line of least squares and its numbers above.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    zero : bool
        Whether lines mark 0 on both axes.
    """

    def __init__(self, *, height: int = 300, zero: bool = True, name: str = ""):
        self.source = ColumnDataSource({key: [] for key in ("image", "x", "y", "dw", "dh")})
        self._line = ColumnDataSource({"x": [], "y": []})
        self._mapper = LinearColorMapper(palette=cividis(256)[70:245], low=0.0, high=1.0, nan_color=(0, 0, 0, 0))
        self.text = ""
        fig = self.figure = frame(height=height, name=name or None)
        fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=self._mapper)
        if zero:
            for dimension in ("width", "height"):
                fig.add_layout(Span(location=0, dimension=dimension, line_color="#808080", line_width=0.8))
        fig.line("x", "y", source=self._line, color="#d9632b", line_width=1.8, line_dash="dashed")
        self._bar = ColorBar(
            color_mapper=self._mapper, width=8, padding=2, title="points", ticker=FixedTicker(ticks=[0.0]),
            major_label_overrides={0.0: "10,000"}, major_label_text_font_size="10px", title_text_font_size="10px",
        )  # fmt: skip
        fig.add_layout(self._bar, "right")
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_axis: tuple[str, str],
        y_axis: tuple[str, str],
        empty: str = "no pairs yet",
    ) -> None:
        """Show other points.

        Parameters
        ----------
        x, y : (point,) array
            Pairs; those with a NaN are left out.
        x_axis, y_axis : (str, str)
            Name and unit.
        empty : str
            Said while there are no points.
        """
        x, y = (np.asarray(values, dtype=np.float32) for values in (x, y))
        good = np.isfinite(x) & np.isfinite(y)
        x, y = x[good], y[good]
        x_ends, y_ends = _ends(x), _ends(y)
        count = count_points(x, y, x_ends, y_ends, SIDES[x.size > MANY])
        image = np.full(count.shape, np.nan, dtype=np.float32)
        image[count > 0] = np.log10(count[count > 0])
        most = int(count.max()) if count.size else 0
        line = _least_squares(x, y, x_ends)
        self.text = line[2] if x.size > 2 else empty
        ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000, 10_000, 100_000) if n <= max(most, 1)]

        def write() -> None:
            self.source.data = {
                "image": [image],
                "x": [x_ends[0]],
                "y": [y_ends[0]],
                "dw": [x_ends[1] - x_ends[0]],
                "dh": [y_ends[1] - y_ends[0]],
            }
            self._line.data = {"x": line[0], "y": line[1]}
            set_range(self.figure.x_range, x_ends)
            set_range(self.figure.y_range, y_ends)
            self._mapper.high = math.log10(most) if most > 1 else 1.0
            places = [math.log10(n) for n in ticks]
            self._bar.ticker = FixedTicker(ticks=places)
            self._bar.major_label_overrides = dict(zip(places, [f"{n:,}" for n in ticks], strict=True))
            self.figure.title.text = self.text
            self.figure.xaxis.axis_label = axis_text(*x_axis)
            self.figure.yaxis.axis_label = axis_text(*y_axis)

        push(self.figure, write)


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return where an axis ends: beyond nearly all values."""
    return reach(np.percentile(values, CLIP)) if values.size else (0.0, 1.0)


def _least_squares(x: np.ndarray, y: np.ndarray, ends: tuple[float, float]) -> tuple[list, list, str]:
    """Return the line of least squares between the ends of the axis, and what it says."""
    if x.size < 3 or np.ptp(x) == 0.0:
        return [], [], f"{x.size:,} points"
    x, y = x.astype(np.float64), y.astype(np.float64)
    x_mean, y_mean = float(x.mean()), float(y.mean())
    x, y = x - x_mean, y - y_mean
    slope, spread = float(x @ y) / float(x @ x), float(y @ y)
    base = y_mean - slope * x_mean
    r = slope * math.sqrt(float(x @ x) / spread) if spread > 0.0 else math.nan
    words = f"{x.size:,} points · slope {slope:.3g}" + (f" · r {r:.2f}" if math.isfinite(r) else "")
    return list(ends), [base + slope * end for end in ends], words.replace("-", "−")
