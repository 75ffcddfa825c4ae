"""One flux of one cell in several runs: the values, and beneath them their errors against the truth."""

from collections.abc import Mapping

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, HoverTool, Range1d, Span

from explorer.style import A_COLOUR, B_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["FluxRunsView"]

LOOKS = {
    "ops": ("Ops", B_COLOUR, "solid"),
    "open_loop": ("Open Loop", A_COLOUR, "dashed"),
    "calib": ("Calib", "#cc79a7", "dotted"),
    "truth": ("Truth", "#009e73", "solid"),
}
"""Run -> words, colour, dash."""


class FluxRunsView:
    """Two plots that share their axis of time.

    Parameters
    ----------
    height : int
        Of both together [pixels].
    """

    def __init__(self, *, height: int = 380):
        time = Range1d(0, 1)
        lower = round(0.42 * height)
        options = {"x_axis_type": "datetime", "x_range": time, "tools": "xpan,xwheel_zoom,xbox_zoom"}
        self.figure = frame(height=height - lower, name="flux-runs", **options)
        self.errors = frame(height=lower, name="flux-errors", **options)
        columns = ["time", *LOOKS, *(f"{name}_error" for name in LOOKS if name != "truth")]
        self.source = ColumnDataSource({name: [] for name in columns})
        items = []
        for name, (words, colour, dash) in LOOKS.items():
            look = {"source": self.source, "color": colour, "line_dash": dash, "line_width": 1.6}
            items.append((words, [self.figure.line("time", name, **look)]))
            if name != "truth":
                self.errors.line("time", f"{name}_error", **look)
        legend(self.figure, items)
        tips = tooltip(("", "@time{%F}"), *((words, f"@{name}{{0.00}}") for name, (words, _, _) in LOOKS.items()))
        hover = HoverTool(
            renderers=items[0][1], tooltips=tips, formatters={"@time": "datetime"}, mode="vline", line_policy="nearest"
        )
        self.figure.add_tools(hover)
        self.errors.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
        for fig in (self.figure, self.errors):
            fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months="%b", years="%Y")
        self.pane = pmui.Column(
            *(
                pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=fig.height, margin=0)
                for fig in (self.figure, self.errors)
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(self, time: np.ndarray, runs: Mapping[str, np.ndarray], name: str, unit: str) -> None:
        """Show a flux: by key of a run, its daily values, in ``unit``."""
        time = np.asarray(time).astype("datetime64[ms]")
        data = {"time": time, **{key: np.asarray(runs[key], dtype=np.float32) for key in LOOKS}}
        errors = {f"{key}_error": data[key] - data["truth"] for key in LOOKS if key != "truth"}
        ends = tuple(time.astype(np.int64)[[0, -1]].astype(float))

        def write() -> None:
            self.source.data = {**data, **errors}
            if (self.figure.x_range.reset_start, self.figure.x_range.reset_end) != ends:
                set_range(self.figure.x_range, ends)
            set_range(self.figure.y_range, reach(*(data[key] for key in LOOKS)))
            set_range(self.errors.y_range, reach(*errors.values(), [0.0], least=1e-3))
            self.figure.yaxis.axis_label = axis_text(name, unit)
            self.errors.yaxis.axis_label = axis_text("less truth", unit)
            self.figure.title.text = f"{name}, daily"
            self.errors.title.text = "less what the truth gives"

        push(self.figure, write)
