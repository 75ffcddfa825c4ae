"""Model against towers: series, scatter, scores, and where each driver of a tower run came from."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
import xarray as xr
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    Legend,
    LegendItem,
    LinearColorMapper,
    Range1d,
    ResetTool,
)
from bokeh.palettes import cividis
from bokeh.plotting import figure

from explorer.style import A_COLOUR, B_COLOUR, OBSERVED_COLOUR, number, symbol_text, tooltip, unit_text
from explorer.views.events import push
from models.variables import VARIABLES

__all__ = ["DriverSourcesView", "ScoresView", "TowerScatterView", "TowerSeriesView", "frame_html"]

GOOD = 0.8
"""Share of measured or well-filled half-hours from which a day counts as measured (FLUXNET's QC of daily values)."""

FILLED_COLOUR = "#b9b9b9"
SIDES = (48, 160)
"""Pixels along each side of the scatter, of few points and of many."""


def _along_time(values: xr.DataArray) -> np.ndarray:
    """Return a variable along time; a dimension for the one site goes."""
    return np.asarray(values.squeeze(drop=True).values, dtype=np.float64)


def _axis_text(variable: str) -> str:
    """Return what stands beside an axis: symbol and unit."""
    return f"{symbol_text(VARIABLES[variable].symbol)} [{unit_text(VARIABLES[variable].unit) or '0–1'}]"


class TowerSeriesView:
    """Daily values of a tower against the model's.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 300):
        self.observed = ColumnDataSource({name: [] for name in ("time", "value", "quality", "colour")})
        self.model = ColumnDataSource({name: [] for name in ("time", "a", "b")})
        self._seen: tuple[xr.Dataset, str] | None = None
        self._title = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        year = (int(np.datetime64(day, "ms").astype(np.int64)) for day in ("2015-01-01", "2015-12-31"))
        self._time, self._values = Range1d(*year), Range1d(0, 10)
        fig = self.figure = figure(
            height=height,
            sizing_mode="stretch_width",
            x_axis_type="datetime",
            x_range=self._time,
            y_range=self._values,
            tools="xpan,xwheel_zoom",
            toolbar_location=None,
            min_border_left=64,
            min_border_right=12,
            lod_threshold=None,
        )
        fig.add_tools(ResetTool())
        fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b %Y", months="%b %Y", years="%Y")
        fig.axis.axis_label_text_font_size = "11px"
        fig.yaxis.ticker.desired_num_ticks = 5
        fig.yaxis.axis_label = _axis_text("gpp")
        good = fig.scatter("time", "value", source=self.observed, size=4, color="colour", alpha=0.75, line_color=None)
        a = fig.line("time", "a", source=self.model, color=A_COLOUR, line_width=1.4, line_dash="dashed")
        b = fig.line("time", "b", source=self.model, color=B_COLOUR, line_width=1.8)
        # A legend shows one colour for a group of points, so each class has its own group: one point far away.
        keys = [
            fig.scatter([0], [-1e9], size=6, color=colour, line_color=None)
            for colour in (OBSERVED_COLOUR, FILLED_COLOUR)
        ]
        self._baseline_item = LegendItem(label="A, baseline", renderers=[a])
        items = [
            LegendItem(label="B", renderers=[b]),
            self._baseline_item,
            LegendItem(label="tower, measured", renderers=[keys[0]]),
            LegendItem(label="tower, gap-filled", renderers=[keys[1]]),
        ]
        fig.add_layout(Legend(items=items, orientation="horizontal", margin=0, padding=2), "above")
        fig.add_tools(
            HoverTool(
                renderers=[good],
                tooltips=tooltip(("date", "@time{%F}"), ("tower", "@value{0,0.00}"), ("measured", "@quality{0 %}")),
                formatters={"@time": "datetime"},
            ),
            HoverTool(
                renderers=[b],
                tooltips=tooltip(("date", "@time{%F}"), ("B", "@b{0,0.00}"), ("A", "@a{0,0.00}")),
                formatters={"@time": "datetime"},
                mode="vline",
                line_policy="nearest",
            ),
        )
        self.pane = pmui.Column(
            self._title,
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(
        self,
        obs: xr.Dataset,
        b: xr.Dataset | None,
        a: xr.Dataset | None = None,
        variable: str = "gpp",
        title: str = "",
    ) -> None:
        """Show one flux of a tower and of the model.

        Parameters
        ----------
        obs : Dataset
            ``variable`` on (time) or (time, site) with, if the tower states it, ``variable_qc`` as a share 0-1.
        b, a : Dataset, optional
            Runs at the tower with ``variable`` on (time); days of their own.
        variable : str
            Name in the nomenclature.
        title : str
            Shown above.
        """
        nothing, never = np.zeros(0), np.zeros(0, dtype="datetime64[ms]")
        columns = {"time": never, "value": nothing, "quality": nothing, "colour": []}
        if variable in obs:
            value = _along_time(obs[variable])
            quality = np.ones_like(value)
            if f"{variable}_qc" in obs:
                quality = np.nan_to_num(_along_time(obs[f"{variable}_qc"]), nan=0.0)
            keep = np.isfinite(value)
            columns = {
                "time": obs["time"].values[keep].astype("datetime64[ms]"),
                "value": value[keep].astype(np.float32),
                "quality": quality[keep].astype(np.float32),
                "colour": list(np.where(quality[keep] >= GOOD, OBSERVED_COLOUR, FILLED_COLOUR)),
            }
        model = {"time": never, "a": nothing, "b": nothing}
        if b is not None and variable in b:
            after = _along_time(b[variable]).astype(np.float32)
            before = np.full_like(after, np.nan)
            if a is not None and variable in a:
                before = _along_time(a[variable].reindex(time=b["time"])).astype(np.float32)
            model = {"time": b["time"].values.astype("datetime64[ms]"), "a": before, "b": after}
        axis = _axis_text(variable)
        self._title.object = f"<b>{html.escape(title)}</b>"
        times = np.concatenate([np.asarray(t, dtype="datetime64[ms]") for t in (columns["time"], model["time"])])
        ends = (int(times.min().astype(np.int64)), int(times.max().astype(np.int64))) if times.size else (0, 1)
        values = np.concatenate([np.asarray(v, dtype=float) for v in (columns["value"], model["b"], model["a"])])
        low, high = _span(values)

        same = (
            self._seen is not None and self._seen[0] is obs and self._seen[1] == variable
        )  # a moved slider leaves the tower's points as they are
        self._seen = obs, variable

        def write() -> None:
            if not same:
                self.observed.data = columns
            self.model.data = model
            self._time.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
            self._values.update(start=low, end=high, reset_start=low, reset_end=high)
            self.figure.yaxis.axis_label = axis
            self._baseline_item.visible = a is not None

        push(self.figure, write)


class TowerScatterView:
    """Model against tower, any number of days: Datashader counts them by pixel.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 300):
        self.source = ColumnDataSource({name: [] for name in ("image", "x", "y", "dw", "dh")})
        self._line = ColumnDataSource({"x": [], "y": []})
        self._x, self._y = Range1d(0, 1), Range1d(0, 1)
        self._mapper = LinearColorMapper(palette=cividis(256)[90:235], low=0.0, high=1.0, nan_color=(0, 0, 0, 0))
        self.text = ""
        fig = self.figure = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=self._x,
            y_range=self._y,
            tools="",
            toolbar_location=None,
            min_border_left=64,
            title=" ",
        )
        fig.title.text_font_size = "12px"
        fig.title.text_font_style = "normal"
        fig.axis.axis_label_text_font_size = "11px"
        fig.xaxis.axis_label, fig.yaxis.axis_label = f"tower {_axis_text('gpp')}", f"model {_axis_text('gpp')}"
        image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self.source, color_mapper=self._mapper)
        fig.line("x", "y", source=self._line, color="#808080", line_dash="dashed", line_width=1.4)
        self._bar = ColorBar(color_mapper=self._mapper, width=10, padding=4, title="days")
        self._bar.major_label_overrides = {}
        fig.add_layout(self._bar, "right")
        fig.add_tools(HoverTool(renderers=[image], tooltips=tooltip(("tower", "$x{0.0}"), ("model", "$y{0.0}"))))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, obs: np.ndarray, model: np.ndarray, variable: str = "gpp") -> None:
        """Show pairs of values; those with a NaN are left out.

        Parameters
        ----------
        obs, model : (pair,) array
            In the variable's unit.
        variable : str
            Name in the nomenclature.

        Raises
        ------
        ValueError
            If the two differ in length.
        """
        obs, model = np.asarray(obs, dtype=float).ravel(), np.asarray(model, dtype=float).ravel()
        if obs.size != model.size:
            msg = f"There are {obs.size} tower values and {model.size} model values; pair them by day first."
            raise ValueError(msg)
        good = np.isfinite(obs) & np.isfinite(model)
        obs, model = obs[good], model[good]
        low, high = _span(np.concatenate([obs, model]))
        # The logarithm of the count: a few days beside a thousand stay visible. Shown as counts on the colour bar.
        side = int(np.clip(1.5 * np.sqrt(obs.size), *SIDES))
        count = count_pairs(obs, model, low, high, side)
        image = np.full(count.shape, np.nan, dtype=np.float32)
        image[count > 0] = np.log10(count[count > 0])
        most = int(count.max()) if count.size else 1
        label = _axis_text(variable)
        self.text = f"{obs.size:,} days" if obs.size else "no days with both"
        ticks = [n for n in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000) if n <= max(most, 1)]

        def write() -> None:
            span = high - low
            self.source.data = {"image": [image], "x": [low], "y": [low], "dw": [span], "dh": [span]}
            self._line.data = {"x": [low, high], "y": [low, high]}
            for axis in (self._x, self._y):
                axis.update(start=low, end=high)
            self._mapper.high = float(np.log10(most)) if most > 1 else 1.0
            places = [float(np.log10(n)) for n in ticks]
            self._bar.ticker = FixedTicker(ticks=places)
            self._bar.major_label_overrides = dict(zip(places, [f"{n:,}" for n in ticks], strict=True))
            self.figure.title.text = f"{self.text}; dashed: model = tower"
            self.figure.xaxis.axis_label = f"tower {label}"
            self.figure.yaxis.axis_label = f"model {label}"

        push(self.figure, write)


def count_pairs(x: np.ndarray, y: np.ndarray, low: float, high: float, side: int = SIDES[1]) -> np.ndarray:
    """Count points by pixel of a square from ``low`` to ``high`` with Datashader; (side, side) array, row 0 below."""
    if not x.size:
        return np.zeros((side, side), dtype=np.uint32)
    # One array for both axes, so that Datashader compiles a single time for every kind of column.
    frame = pd.DataFrame({"x": np.asarray(x, dtype=np.float64), "y": np.asarray(y, dtype=np.float64)})
    import datashader  # see `explorer.views.lookup.aggregate`

    canvas = datashader.Canvas(side, side, x_range=(low, high), y_range=(low, high))
    return canvas.points(frame, "x", "y", datashader.count()).values


def _span(values: np.ndarray) -> tuple[float, float]:
    """Return where an axis of these values begins and ends."""
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    reach = max(high - low, 1e-3)
    return low - 0.04 * reach, high + 0.04 * reach


TABLE_CSS = """
.frame{overflow-x:auto}
.frame table{border-collapse:collapse;width:100%;font-size:12px;font-variant-numeric:tabular-nums}
.frame th,.frame td{padding:3px 8px;text-align:right;white-space:nowrap;border-bottom:1px solid rgba(128,128,128,.22)}
.frame .w{text-align:left;white-space:normal}
.frame thead th{font-weight:500;opacity:.75}
.frame caption{caption-side:bottom;text-align:left;font-size:11px;opacity:.7;padding-top:4px}
"""


def frame_html(frame: pd.DataFrame, caption: str = "") -> str:
    """Write a table as HTML: words to the left, numbers to the right, everything escaped.

    Parameters
    ----------
    frame : DataFrame
        Its index is left out.
    caption : str
        Shown beneath.
    """
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    side = ["" if is_number else ' class="w"' for is_number in numeric]
    head = "".join(f'<th scope="col"{s}>{html.escape(str(n))}</th>' for n, s in zip(frame.columns, side, strict=True))
    lines = []
    for row in frame.itertuples(index=False):
        cells = []
        for value, is_number, s in zip(row, numeric, side, strict=True):
            if not is_number:
                text = html.escape("" if value is None or value is pd.NA else str(value))
            elif isinstance(value, (int, np.integer)):
                text = f"{value:,}"
            else:
                text = number(float(value)) if np.isfinite(value) else "–"
            cells.append(f"<td{s}>{text}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    words = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    body = "".join(lines)
    return f'<div class="frame"><table>{words}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


class ScoresView:
    """Scores of the model at a tower, by season: the table that `models.skill.scores` makes."""

    def __init__(self, caption: str = "RMSE, ubRMSE and bias in the flux's unit; n: days with both."):
        self.caption = caption
        self.pane = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))

    def update(self, scores: pd.DataFrame) -> None:
        """Show a table of scores."""
        self.pane.object = frame_html(scores, self.caption)


class DriverSourcesView(ScoresView):
    """Driver by driver, where a tower run's input came from."""

    def __init__(self):
        super().__init__("What the tower did not measure comes from the embedded world, whose weather is synthetic.")
