"""The zonal mean: a variable by latitude, of A, B and their difference."""

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import (
    BasicTickFormatter,
    ColumnDataSource,
    CustomJSTickFormatter,
    HoverTool,
    Legend,
    LegendItem,
    Range1d,
    Span,
)
from bokeh.plotting import figure

from explorer.style import A_COLOUR, B_COLOUR, DIFFERENCE_COLOUR, Scale, tooltip
from explorer.views.events import push
from explorer.views.frame import DEGREES_JS
from models.skill.zonal import zonal_means

__all__ = ["ZonalView", "zonal_mean"]

FINE, COARSE = 2.0, 4.0
MANY = 30_000
"""From this many cells on the bands are `FINE` degrees wide, else `COARSE`: a band needs several rows of cells."""


def zonal_mean(
    values: np.ndarray, latitude: np.ndarray, area: np.ndarray, width: float, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Average cells by band of latitude, weighted by area.

    Parameters
    ----------
    values, latitude, area : (cell,) array
        Values in any unit (NaN is left out), degrees and m2.
    width : float
        Of a band [degrees].
    mask : (cell,) bool array, optional
        Cells of the region.

    Returns
    -------
    centres : (band,) array
        Latitudes of the centres of the bands [degrees], from south to north.
    means : (band,) array
        NaN where a band has no cell.
    """
    area = np.asarray(area, float)
    return zonal_means(values, latitude, area if mask is None else np.where(mask, area, 0.0), width)


class ZonalView:
    """Two plots that share their latitude: A and B, and B minus A.

    Parameters
    ----------
    height : int
        Of the plots [pixels].
    """

    def __init__(self, *, height: int = 380):
        self.source = ColumnDataSource({name: [] for name in ("latitude", "a", "b", "d")})
        self._latitude = Range1d(-60, 85)
        self.values, self.difference = self._figure(height), self._figure(height)
        before = self.values.line(
            "a", "latitude", source=self.source, color=A_COLOUR, line_width=1.8, line_dash="dashed"
        )
        after = self.values.line("b", "latitude", source=self.source, color=B_COLOUR, line_width=2.2)
        legend = Legend(
            items=[LegendItem(label="B", renderers=[after]), LegendItem(label="A, baseline", renderers=[before])],
            orientation="horizontal",
            margin=0,
            padding=2,
        )
        self.values.add_layout(legend, "above")
        change = self.difference.line("d", "latitude", source=self.source, color=DIFFERENCE_COLOUR, line_width=2.2)
        self.difference.add_layout(
            Legend(
                items=[LegendItem(label="B − A", renderers=[change])], orientation="horizontal", margin=0, padding=2
            ),
            "above",
        )
        self.difference.add_layout(Span(location=0, dimension="height", line_color="#808080", line_width=1))
        tips = [("latitude", "@latitude{0.0}°"), ("B", "@b{0,0.000}"), ("A", "@a{0,0.000}"), ("B − A", "@d{+0,0.000}")]
        for fig, line in ((self.values, after), (self.difference, change)):
            fig.add_tools(HoverTool(renderers=[line], tooltips=tooltip(*tips), mode="hline", line_policy="nearest"))
        self.pane = pmui.Row(
            *(
                pn.pane.Bokeh(f, sizing_mode="stretch_width", height=height, margin=0)
                for f in (self.values, self.difference)
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _figure(self, height: int) -> figure:
        """Make one of the two plots."""
        fig = figure(
            height=height,
            sizing_mode="stretch_width",
            y_range=self._latitude,
            x_range=Range1d(0, 1),
            tools="",
            toolbar_location=None,
            min_border_left=50,
            min_border_right=16,
        )
        fig.yaxis.axis_label = "latitude [degrees]"
        fig.yaxis.ticker = [-60, -40, -20, 0, 20, 40, 60, 80]
        fig.yaxis.formatter = CustomJSTickFormatter(code=DEGREES_JS)
        fig.xaxis.ticker.desired_num_ticks = 3
        fig.xaxis.formatter = BasicTickFormatter(use_scientific=False)
        fig.axis.axis_label_text_font_size = "11px"
        return fig

    def update(
        self,
        b: np.ndarray,
        a: np.ndarray,
        latitude: np.ndarray,
        area: np.ndarray,
        scale: Scale,
        mask: np.ndarray | None = None,
    ) -> None:
        """Show the zonal means of two fields.

        Parameters
        ----------
        b, a, latitude, area : (cell,) array
            Fields in ``scale.unit``, degrees, m2.
        scale : Scale
            Gives unit and title.
        mask : (cell,) bool array, optional
            Cells of the region.
        """
        width = FINE if np.size(b) >= MANY else COARSE
        centres, mean_b = zonal_mean(b, latitude, area, width, mask)
        _, mean_a = zonal_mean(a, latitude, area, width, mask)
        data = {"latitude": centres, "a": mean_a, "b": mean_b, "d": mean_b - mean_a}
        unit = f" [{scale.unit}]" if scale.unit else ""
        seen = centres[np.isfinite(mean_b)]
        south, north = (seen.min() - width, seen.max() + width) if seen.size else (-60.0, 85.0)

        def write() -> None:
            self.source.data = data
            self._latitude.update(start=max(-90.0, south), end=min(90.0, north))
            for fig, columns, words in ((self.values, "ab", "A, B"), (self.difference, "d", "B − A")):
                start, end = _span(np.concatenate([data[column] for column in columns]), mean_b, columns == "d")
                fig.x_range.update(start=start, end=end)
                fig.xaxis.axis_label = words + unit

        push(self.values, write)


def _span(values: np.ndarray, mean: np.ndarray, difference: bool) -> tuple[float, float]:
    """Return where an axis begins and ends; a difference is shown symmetric about 0, no difference as none."""
    values, mean = values[np.isfinite(values)], np.abs(mean[np.isfinite(mean)])
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    least = 0.01 * max(float(mean.max()) if mean.size else 0.0, 1e-3)
    if difference:
        reach = max(abs(low), abs(high), least) * 1.1
        return -reach, reach
    low = min(low, 0.0) if low < 0.5 * high else low
    reach = max(high - low, least)
    return low - 0.05 * reach, high + 0.05 * reach
