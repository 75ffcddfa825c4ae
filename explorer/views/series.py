"""One cell through the days: fluxes, multipliers, soil pools and drivers, of the experiment and its baseline."""

from dataclasses import dataclass

import numpy as np
import panel as pn
import panel_material_ui as pmui
import xarray as xr
from bokeh.models import (
    BasicTickFormatter,
    ColumnDataSource,
    CrosshairTool,
    DatetimeTickFormatter,
    HoverTool,
    Legend,
    LegendItem,
    Range1d,
    ResetTool,
    Span,
)
from bokeh.plotting import figure

from explorer.style import LINE_COLOURS, symbol_text, tooltip, unit_text
from explorer.views.events import push
from models.l4c.params import PFTS
from models.variables import VARIABLES

__all__ = ["GROUPS", "SeriesView"]

GROUPS = {"fluxes": "Fluxes", "multipliers": "Multipliers", "pools": "Soil pools", "drivers": "Drivers"}
"""Groups of series and their names on screen."""


@dataclass(frozen=True)
class Plot:
    """One plot of a group: variables that share a unit, and whether their change or themselves are drawn."""

    variables: tuple[str, ...]
    difference: bool = False
    zero_to_one: bool = False


PLOTS: dict[str, tuple[Plot, ...]] = {
    "fluxes": (
        Plot(("gpp", "ra", "rh", "nee")),
        Plot(("gpp", "ra", "rh", "nee"), difference=True),
    ),
    "multipliers": (
        Plot(("f_vpd", "f_tmin", "f_smrz", "f_ft", "e_mult"), zero_to_one=True),
        Plot(("t_mult", "w_mult"), zero_to_one=True),
    ),
    "pools": (Plot(("soc_fast", "soc_med")), Plot(("soc_slow", "soc"))),
    "drivers": (
        Plot(("tmin", "t_soil")),
        Plot(("smrz_rescaled", "smrz", "smsf")),
        Plot(("vpd",)),
        Plot(("par", "apar")),
        Plot(("fpar", "frozen"), zero_to_one=True),
    ),
}

HEAD, FOOT, SMALLEST = 25, 24, 80
"""Pixels of a plot's legend, of the axis of time, and of the smallest frame in which an axis can say its unit."""

SMALL = "style='font-size:13px'"

DATES = {"days": "%d %b", "months": "%b", "years": "%Y"}


class SeriesView:
    """Daily series of one cell, in groups; the plots of a group share their axis of time.

    Parameters
    ----------
    height : int
        Of a group of two plots [pixels]; the drivers take more.
    """

    def __init__(self, *, height: int = 300):
        self._b: xr.Dataset | None = None
        self._a: xr.Dataset | None = None
        self._pft: str | None = None
        self._stale = set(GROUPS)
        self._shown = "fluxes"
        self._time = Range1d(*(int(np.datetime64(day, "ms").astype(np.int64)) for day in ("2015-01-01", "2015-12-31")))
        self._title = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self._height = height
        self._sources: dict[str, ColumnDataSource] = {}
        self._legends: dict[str, list[LegendItem]] = {}
        self.figures: dict[str, list[figure]] = {}
        self._columns = {
            group: pmui.Column(sizing_mode="stretch_width", visible=group == self._shown, margin=0) for group in GROUPS
        }
        self._build(self._shown)
        self.pane = pmui.Column(self._title, *self._columns.values(), sizing_mode="stretch_width", margin=0)
        self.clear("Click the map to see the series of a cell.")

    def show(self, group: str) -> None:
        """Bring a group to the front.

        Raises
        ------
        KeyError
            If `GROUPS` has no such group.
        """
        if group not in GROUPS:
            msg = f"No group of series is named {group!r}; there are {', '.join(GROUPS)}."
            raise KeyError(msg)
        self._build(group)
        self._shown = group
        self._fill(group)
        for name, column in self._columns.items():
            column.visible = name == group

    def update(self, b: xr.Dataset, a: xr.Dataset | None = None, *, title: str = "", pft: str | None = None) -> None:
        """Show the series of a cell.

        Parameters
        ----------
        b, a : Dataset
            Of the experiment and, dashed, of the baseline: variables on (time), and those of plant types, named with
            "_pft" behind, on (pft, time).
        title : str
            Shown above.
        pft : str, optional
            Plant functional type whose values are shown; without it the mean of the cell.

        Raises
        ------
        ValueError
            If the two have different days, or the plant type is unknown.
        """
        if a is not None and not np.array_equal(a["time"].values, b["time"].values):
            msg = "A and B have different days; run both over the same period to compare them."
            raise ValueError(msg)
        if pft is not None and pft not in PFTS:
            msg = f"No plant functional type is named {pft!r}; there are {', '.join(PFTS)}."
            raise ValueError(msg)
        self._b, self._a, self._pft = b, a, pft
        self._stale = set(GROUPS)
        key = " · — B, ╌ A" if a is not None else ""
        self._title.object = f"<div {SMALL}><b>{_escape(title)}</b><span style='opacity:.7'>{key}</span></div>"
        days = b["time"].values.astype("datetime64[ms]").astype(np.int64)
        first, last = int(days[0]), int(days[-1])

        def write() -> None:
            if (self._time.reset_start, self._time.reset_end) != (first, last):
                self._time.update(start=first, end=last, reset_start=first, reset_end=last)

        push(self._anchor, write)
        self._fill(self._shown)

    def clear(self, message: str) -> None:
        """Show no series but a message."""
        self._b = self._a = None
        self._title.object = f"<div {SMALL}>{_escape(message)}</div>"

        def write() -> None:
            for group, source in self._sources.items():
                source.data = {name: np.zeros(0, dtype=np.float32) for name in _columns_of(group)}

        push(self._anchor, write)

    @property
    def _anchor(self) -> figure:
        """A model that is on screen whenever the view is."""
        return self.figures[self._shown][0]

    def _build(self, group: str) -> None:
        """Make the plots of a group when it is first shown: a visitor pays for what he looks at."""
        if group in self.figures:
            return
        self.figures[group] = self._figures(group, self._height)
        self._columns[group].objects = [
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=fig.height, margin=0) for fig in self.figures[group]
        ]

    def _figures(self, group: str, height: int) -> list[figure]:
        """Make the plots of a group."""
        empty = {name: np.zeros(0, dtype=np.float32) for name in _columns_of(group)}
        source = self._sources[group] = ColumnDataSource(empty)
        crosshair = Span(dimension="height", line_color="#808080", line_width=1, line_dash="dotted")
        figures = []
        self._legends[group] = []
        frame = max(SMALLEST, round((height - 2 * HEAD - FOOT) / 2)) if len(PLOTS[group]) == 2 else SMALLEST
        for number, plot in enumerate(PLOTS[group]):
            last = number == len(PLOTS[group]) - 1
            fig = figure(
                height=frame + HEAD + (FOOT if last else 0),
                sizing_mode="stretch_width",
                x_axis_type="datetime",
                x_range=self._time,
                y_range=Range1d(-0.04, 1.04) if plot.zero_to_one else Range1d(0, 1),
                tools="xpan,xwheel_zoom",
                toolbar_location=None,
                min_border_left=64,
                min_border_right=12,
                min_border_top=2,
                min_border_bottom=2,
                lod_threshold=None,
            )
            fig.add_tools(ResetTool(), CrosshairTool(overlay=crosshair))
            fig.xaxis.formatter = DatetimeTickFormatter(**DATES)  # one a plot: a model has one session
            fig.xaxis.visible = last
            fig.yaxis.axis_label = _axis_text(plot)
            fig.yaxis.ticker.desired_num_ticks = 4
            fig.yaxis.formatter = BasicTickFormatter(use_scientific=False)
            fig.yaxis.axis_label_text_font_size = "11px"
            fig.grid.grid_line_alpha = 0.5
            if plot.difference:
                fig.title.text = "B − A"
                fig.title.text_font_size = "11px"
                fig.title.align = "right"
            if group == "fluxes":
                fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
            self._draw(fig, group, plot, source)
            figures.append(fig)
        return figures

    def _draw(self, fig: figure, group: str, plot: Plot, source: ColumnDataSource) -> None:
        """Draw the lines of one plot, their legend above it, and the words under the pointer."""
        items, tips, first = [], [("date", "@time{%F}")], None
        for colour, name in zip(LINE_COLOURS, plot.variables, strict=False):
            symbol = symbol_text(VARIABLES[name].symbol)
            suffix = "_d" if plot.difference else "_b"
            line = fig.line("time", name + suffix, source=source, color=colour, line_width=1.7)
            first = first or line
            if plot.difference:
                tips.append((f"{symbol} B − A", f"@{name}_d{{+0,0.000}}"))
                continue
            before = fig.line("time", name + "_a", source=source, color=colour, line_width=1.3, line_dash="dashed")
            before.level = "underlay"
            items.append(LegendItem(label=symbol, renderers=[line], name=name))
            tips.append((symbol, f"@{name}_b{{0,0.000}} (A @{name}_a{{0,0.000}})"))
        fig.add_tools(
            HoverTool(
                renderers=[first],
                tooltips=tooltip(*tips),
                formatters={"@time": "datetime"},
                mode="vline",
                line_policy="nearest",
            )
        )
        if items:
            legend = Legend(items=items, orientation="horizontal", margin=0, padding=2, spacing=10, glyph_height=12)
            legend.border_line_alpha = 0
            legend.background_fill_alpha = 0
            legend.label_text_font_size = "11px"
            fig.add_layout(legend, "above")
            self._legends[group].extend(items)

    def _fill(self, group: str) -> None:
        """Send the values of a group, if it has not got them yet."""
        if self._b is None or group not in self._stale:
            return
        self._stale.discard(group)
        columns: dict[str, np.ndarray] = {"time": self._b["time"].values.astype("datetime64[ms]")}
        nothing = np.full(columns["time"].size, np.nan, dtype=np.float32)
        present = set()
        for name in {name for plot in PLOTS[group] for name in plot.variables}:
            b = _series(self._b, name, self._pft)
            a = None if self._a is None else _series(self._a, name, self._pft)
            if b is not None:
                present.add(name)
            columns[f"{name}_b"] = nothing if b is None else b.astype(np.float32)
            columns[f"{name}_a"] = nothing if a is None else a.astype(np.float32)
            # Subtract before rounding to float32: a small change of a large pool would drown.
            columns[f"{name}_d"] = nothing if a is None or b is None else (b - a).astype(np.float32)

        def write() -> None:
            self._sources[group].data = columns
            for fig, plot in zip(self.figures[group], PLOTS[group], strict=True):
                if not plot.zero_to_one:
                    start, end = _limits(columns, plot)
                    fig.y_range.update(start=start, end=end, reset_start=start, reset_end=end)
            for item in self._legends[group]:
                item.visible = item.name in present

        push(self._anchor, write)


def _columns_of(group: str) -> list[str]:
    """Return the columns that the plots of a group read."""
    names = dict.fromkeys(name for plot in PLOTS[group] for name in plot.variables)
    return ["time", *(f"{name}_{suffix}" for name in names for suffix in "abd")]


def _axis_text(plot: Plot) -> str:
    """Return what stands beside the vertical axis: the unit; the legend above names the quantities."""
    unit = unit_text(VARIABLES[plot.variables[0]].unit) or "0–1"
    return f"[{unit}]"


def _series(ds: xr.Dataset, name: str, pft: str | None) -> np.ndarray | None:
    """Return one variable along time as float64: of a plant type where it has its own, else of the cell."""
    of_pft = f"{name}_pft"
    if pft is not None and of_pft in ds and PFTS.index(pft) + 1 in ds["pft"].values:
        return np.asarray(ds[of_pft].sel(pft=PFTS.index(pft) + 1).values, dtype=np.float64)
    return np.asarray(ds[name].values, dtype=np.float64) if name in ds else None


def _limits(columns: dict[str, np.ndarray], plot: Plot) -> tuple[float, float]:
    """Return where the vertical axis of a plot begins and ends."""
    suffixes = ("_d",) if plot.difference else ("_b", "_a")
    values = np.concatenate([columns[name + suffix] for name in plot.variables for suffix in suffixes])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    # A difference of nothing keeps a width, so that rounding error is not blown up to fill the plot.
    size = np.concatenate([columns[f"{name}_b"] for name in plot.variables])
    size = float(np.nanmax(np.abs(size))) if np.isfinite(size).any() else 1.0
    spare = max(0.0, 0.02 * max(size, 1e-3) - (high - low)) / 2.0
    reach = high - low + 2.0 * spare
    return low - spare - 0.06 * reach, high + spare + 0.06 * reach


def _escape(text: str) -> str:
    """Escape text for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
