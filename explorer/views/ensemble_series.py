"""A cell through time: open loop and analysis with their spread, the truth, the observations, and the increments."""

from dataclasses import dataclass, field

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, HoverTool, Range1d, Span

from explorer.style import A_COLOUR, B_COLOUR, DIFFERENCE_COLOUR, MARK_COLOUR, OBSERVED_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["EnsembleSeries", "EnsembleSeriesView"]

DATES = {"days": "%d %b", "months": "%b", "years": "%Y"}
TRUTH_COLOUR = "#009e73"


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class EnsembleSeries:
    """One quantity of one cell.

    Attributes
    ----------
    time : (time,) datetime64 array
        Of the model's values.
    open_loop, analysis, truth : (time,) array
        Ensemble means and truth, in ``unit``; empty where there is none.
    open_loop_std, analysis_std : (time,) array
        sd of the members.
    observed_at : (obs,) datetime64 array
        Times of observations.
    observed : (obs,) array
        What the filter was given, in ``unit``.
    used : (obs,) bool array
        Whether it changed the state; the others were masked or only monitored.
    increment_at, increment : (update,) arrays
        Times and analysis - forecast of this quantity.
    name, unit : str
        As on screen.
    """

    time: np.ndarray
    open_loop: np.ndarray
    open_loop_std: np.ndarray
    analysis: np.ndarray
    analysis_std: np.ndarray
    name: str
    unit: str
    truth: np.ndarray = field(default_factory=_none)
    observed_at: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="datetime64[ms]"))
    observed: np.ndarray = field(default_factory=_none)
    used: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    increment_at: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="datetime64[ms]"))
    increment: np.ndarray = field(default_factory=_none)


class EnsembleSeriesView:
    """Values above, increments beneath; both share their axis of time.

    Parameters
    ----------
    height : int
        Of both plots together [pixels].
    """

    def __init__(self, *, height: int = 400):
        time = Range1d(0, 1)
        options = {"x_axis_type": "datetime", "x_range": time, "tools": "xpan,xwheel_zoom,xbox_zoom"}
        lower = round(0.3 * height)
        top = self.figure = frame(height=height - lower, name="ensemble-series", **options)
        bottom = self.increments = frame(height=lower, name="increment-series", **options)
        for fig in (top, bottom):
            fig.xaxis.formatter = DatetimeTickFormatter(**DATES)
        bottom.title.visible = False
        self.model = ColumnDataSource(
            {k: [] for k in ("time", "ol", "ol_low", "ol_high", "da", "da_low", "da_high", "truth")}
        )
        self.seen = ColumnDataSource({k: [] for k in ("time", "value")})
        self.unused = ColumnDataSource({k: [] for k in ("time", "value")})
        self.steps = ColumnDataSource({k: [] for k in ("time", "increment")})
        before = top.varea("time", "ol_low", "ol_high", source=self.model, fill_color=A_COLOUR, fill_alpha=0.22)
        after = top.varea("time", "da_low", "da_high", source=self.model, fill_color=B_COLOUR, fill_alpha=0.28)
        ol = top.line("time", "ol", source=self.model, color=A_COLOUR, line_width=1.5, line_dash="dashed")
        da = top.line("time", "da", source=self.model, color=B_COLOUR, line_width=1.8)
        truth = top.line("time", "truth", source=self.model, color=TRUTH_COLOUR, line_width=1.3)
        points = top.scatter("time", "value", source=self.seen, size=5, color=OBSERVED_COLOUR, line_color=None)
        others = top.scatter(
            "time", "value", source=self.unused, size=5, fill_alpha=0, line_color=OBSERVED_COLOUR, line_alpha=0.7
        )
        self._items = legend(
            top,
            [
                ("open loop", [before, ol]),
                ("analysis", [after, da]),
                ("truth", [truth]),
                ("observed", [points]),
                ("unused", [others]),
            ],
        )
        top.add_tools(
            HoverTool(
                renderers=[da],
                tooltips=tooltip(
                    ("", "@time{%F}"), ("analysis", "@da{0,0.0000}"), ("open loop", "@ol{0,0.0000}"),
                    ("truth", "@truth{0,0.0000}"),
                ),
                formatters={"@time": "datetime"},
                mode="vline",
                line_policy="nearest",
            )
        )  # fmt: skip
        bottom.segment("time", 0, "time", "increment", source=self.steps, color=DIFFERENCE_COLOUR, line_width=1.2)
        bottom.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
        self._now = [Span(location=0, dimension="height", line_color=MARK_COLOUR, visible=False) for _ in range(2)]
        for fig, span in zip((top, bottom), self._now, strict=True):
            fig.add_layout(span)
        self.pane = pmui.Column(
            *(pn.pane.Bokeh(f, sizing_mode="stretch_width", height=f.height, margin=0) for f in (top, bottom)),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(self, series: EnsembleSeries, title: str = "") -> None:
        """Show a series."""
        time = np.asarray(series.time).astype("datetime64[ms]")
        nothing = np.full(time.size, np.nan, dtype=np.float32)

        def column(values: np.ndarray) -> np.ndarray:
            return np.asarray(values, dtype=np.float32) if np.size(values) else nothing

        ol, da, truth = column(series.open_loop), column(series.analysis), column(series.truth)
        ol_std, da_std = column(series.open_loop_std), column(series.analysis_std)
        data = {
            "time": time, "ol": ol, "ol_low": ol - ol_std, "ol_high": ol + ol_std, "da": da, "da_low": da - da_std,
            "da_high": da + da_std, "truth": truth,
        }  # fmt: skip
        at, seen, used = (np.asarray(v) for v in (series.observed_at, series.observed, series.used))
        at = at.astype("datetime64[ms]")
        used = used.astype(bool)
        ends = tuple(float(t) for t in (time.astype(np.int64)[[0, -1]] if time.size else (0, 1)))
        values = reach(
            data["ol_low"], data["ol_high"], data["da_low"], data["da_high"], truth, np.asarray(seen, dtype=float)
        )
        steps = np.asarray(series.increment, dtype=np.float32)
        most = float(np.nanmax(np.abs(steps))) if steps.size and np.isfinite(steps).any() else 0.0

        def write() -> None:
            self.model.data = data
            self.seen.data = {"time": at[used], "value": seen[used]}
            self.unused.data = {"time": at[~used], "value": seen[~used]}
            self.steps.data = {
                "time": np.asarray(series.increment_at).astype("datetime64[ms]"), "increment": steps,
            }  # fmt: skip
            # The hand that zoomed to a month keeps it while another quantity is chosen.
            if (self.figure.x_range.reset_start, self.figure.x_range.reset_end) != ends:
                set_range(self.figure.x_range, ends)
            set_range(self.figure.y_range, values)
            set_range(self.increments.y_range, (-1.1 * (most or 1e-6), 1.1 * (most or 1e-6)))
            self.figure.yaxis.axis_label = axis_text(series.name, series.unit)
            self.increments.yaxis.axis_label = axis_text("A − F", series.unit)
            self.figure.title.text = title or " "
            self._items[2].visible = bool(np.isfinite(truth).any())
            self._items[3].visible = bool(used.any())
            self._items[4].visible = bool((~used).any())

        push(self.figure, write)

    def mark(self, when: np.datetime64 | None) -> None:
        """Mark a moment, or none."""

        def write() -> None:
            for span in self._now:
                span.visible = when is not None
                if when is not None:
                    span.location = float(np.datetime64(when, "ms").astype(np.int64))

        push(self.figure, write)
