"""Plots under one another that share their horizontal axis: lines of B and A, or their difference, and bars."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import panel as pn
import panel_material_ui as pmui
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

from explorer.style import LINE_COLOURS, OBSERVED_COLOUR, tooltip
from explorer.views.events import push

__all__ = ["COMPARE", "DIFFERENCE", "Line", "LinkedLines", "Plot"]

COMPARE, DIFFERENCE = "compare", "difference"
"""What the lines show: B and, dashed, A; or B minus A."""

HEAD, FOOT = 24, 26
"""Pixels of a legend above a plot, and of the horizontal axis below the last one."""

RAIN_COLOUR = "#4d8fbf"
SMALL = "style='font-size:13px'"
DATES = {"days": "%d %b", "months": "%b", "years": "%Y"}
DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True)
class Line:
    """One quantity: name of its column, and what the legend says."""

    name: str
    label: str


@dataclass(frozen=True)
class Plot:
    """One plot: lines that share a unit.

    Attributes
    ----------
    lines : tuple of Line
        From the first colour on.
    unit : str
        As shown beside the axis; "" for pure numbers.
    bars : bool
        Whether the one line is drawn as bars, of B alone.
    zero : bool
        Whether a line marks 0.
    limits : (float, float), optional
        Of the vertical axis; it follows the values without them.
    observed : bool
        Whether the lines have observations to be drawn as points, in columns that end in ``_obs``.
    share : float
        Height relative to the other plots.
    tiny : bool
        Whether the values are round-off, for which the axis takes powers of ten.
    """

    lines: tuple[Line, ...]
    unit: str = ""
    bars: bool = False
    zero: bool = False
    limits: tuple[float, float] | None = None
    observed: bool = False
    share: float = 1.0
    tiny: bool = False


class LinkedLines:
    """Groups of plots, one group at a time; the plots of all groups share their horizontal axis.

    Parameters
    ----------
    groups : mapping of str to tuple of Plot
        The first is shown first.
    height : int
        Of a group [pixels].
    hours : bool
        Whether the horizontal axis is the hour of a day instead of time.
    name : str
        Under which tests find the plots.
    """

    def __init__(
        self, groups: Mapping[str, tuple[Plot, ...]], *, height: int = 420, hours: bool = False, name: str = ""
    ):
        self._groups, self._height, self._hours, self._name = dict(groups), height, hours, name
        self._shown = next(iter(self._groups))
        self._mode = COMPARE
        year = (int(np.datetime64(day, "ms").astype(np.int64)) for day in ("2015-01-01", "2015-12-31"))
        self._axis = Range1d(0, 24) if hours else Range1d(*year)
        self._title = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self._columns: dict[str, np.ndarray] = {}
        self._stale: set[str] = set()
        self._sources: dict[str, ColumnDataSource] = {}
        self._drawn: dict[str, list] = {}
        self.figures: dict[str, list[figure]] = {}
        self._panes = {
            group: pmui.Column(sizing_mode="stretch_width", visible=group == self._shown, margin=0)
            for group in self._groups
        }
        self._build(self._shown)
        self.pane = pmui.Column(self._title, *self._panes.values(), sizing_mode="stretch_width", margin=0)

    # -- what is shown ------------------------------------------------------------------------------------------
    @property
    def columns(self) -> Mapping[str, np.ndarray]:
        """Values shown: "x", and each line's name with ``_b``, ``_a``, ``_d`` or ``_obs`` behind it."""
        return self._columns

    def show(self, group: str, mode: str | None = None) -> None:
        """Bring a group to the front, as A and B or as their difference.

        Raises
        ------
        KeyError
            If there is no such group.
        """
        if group not in self._groups:
            msg = f"No group is named {group!r}; there are {', '.join(self._groups)}."
            raise KeyError(msg)
        if mode is not None and mode != self._mode:
            self._mode = mode
            self._stale = set(self._groups)
        self._build(group)
        self._shown = group
        self._fill(group)
        for name, pane in self._panes.items():
            if pane.visible != (name == group):
                pane.visible = name == group

    def update(
        self,
        x: np.ndarray,
        b: Mapping[str, np.ndarray],
        a: Mapping[str, np.ndarray] | None = None,
        observed: Mapping[str, np.ndarray] | None = None,
        *,
        title: str = "",
    ) -> None:
        """Show other values.

        Parameters
        ----------
        x : (step,) array
            Times, or hours.
        b, a, observed : mapping of str to (step,) array
            Values by the names of the lines; what is missing leaves its line out.
        title : str
            Shown above.
        """
        names = {line.name for plots in self._groups.values() for plot in plots for line in plot.lines}
        nothing = np.full(len(x), np.nan, dtype=np.float32)
        self._columns = {"x": x if self._hours else np.asarray(x).astype("datetime64[ms]")}
        for name in sorted(names):
            after = b.get(name)
            before = None if a is None else a.get(name)
            seen = None if observed is None else observed.get(name)
            self._columns[f"{name}_b"] = nothing if after is None else np.asarray(after, np.float32)
            self._columns[f"{name}_a"] = nothing if before is None else np.asarray(before, np.float32)
            both = after is not None and before is not None
            # Subtract before rounding to float32: a small change of a large pool would drown.
            difference = np.asarray(after, float) - np.asarray(before, float) if both else nothing
            self._columns[f"{name}_d"] = difference.astype(np.float32)
            self._columns[f"{name}_obs"] = nothing if seen is None else np.asarray(seen, np.float32)
        self._stale = set(self._groups)
        self._say(title)
        self._fill(self._shown)

    def _say(self, title: str) -> None:
        self._words = title
        key = " · B − A" if self._mode == DIFFERENCE else " · — B, ╌ A"
        self._title.object = f"<div {SMALL}><b>{html.escape(title)}</b><span style='opacity:.7'>{key}</span></div>"

    # -- how it is made -----------------------------------------------------------------------------------------
    def _build(self, group: str) -> None:
        """Make the plots of a group when it is first shown: a visitor pays for what he looks at."""
        if group in self.figures:
            return
        plots = self._groups[group]
        empty = ["x", *(f"{line.name}_{s}" for plot in plots for line in plot.lines for s in ("a", "b", "d", "obs"))]
        source = self._sources[group] = ColumnDataSource({name: np.zeros(0, np.float32) for name in empty})
        heads = sum(HEAD for _ in plots)
        frame = (self._height - heads - FOOT) / sum(plot.share for plot in plots)
        crosshair = Span(dimension="height", line_color="#808080", line_width=1, line_dash="dotted")
        self.figures[group], self._drawn[group] = [], []
        for number, plot in enumerate(plots):
            last = number == len(plots) - 1
            fig = self._figure(round(frame * plot.share) + HEAD + (FOOT if last else 0), plot, last)
            fig.name = f"{self._name}-{group}-{number}"
            fig.add_tools(CrosshairTool(overlay=crosshair))
            self._drawn[group].append(self._draw(fig, plot, source))
            self.figures[group].append(fig)
        self._panes[group].objects = [
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=fig.height, margin=0) for fig in self.figures[group]
        ]

    def _figure(self, height: int, plot: Plot, last: bool) -> figure:
        """Make one empty plot."""
        fig = figure(
            height=height,
            sizing_mode="stretch_width",
            x_axis_type="linear" if self._hours else "datetime",
            x_range=self._axis,
            y_range=Range1d(*(plot.limits or (0, 1))),
            tools="xpan,xwheel_zoom",
            toolbar_location=None,
            min_border_left=66,
            min_border_right=12,
            min_border_top=2,
            min_border_bottom=2,
            lod_threshold=None,
        )
        fig.add_tools(ResetTool())
        if self._hours:
            fig.xaxis.axis_label = "hour of the day (local solar time)"
            fig.xaxis.axis_label_standoff = 2
            fig.xaxis.ticker = [0, 3, 6, 9, 12, 15, 18, 21, 24]
        else:
            fig.xaxis.formatter = DatetimeTickFormatter(**DATES)
        fig.xaxis.visible = last
        fig.axis.axis_label_text_font_size = "11px"
        fig.yaxis.axis_label = f"[{plot.unit or '0–1'}]"
        fig.yaxis.ticker.desired_num_ticks = 4 if not plot.bars else 2
        fig.yaxis.formatter = BasicTickFormatter(use_scientific=plot.tiny, precision="auto")
        fig.grid.grid_line_alpha = 0.5
        if plot.zero:
            fig.add_layout(Span(location=0, dimension="width", line_color="#808080", line_width=0.8))
        return fig

    def _draw(self, fig: figure, plot: Plot, source: ColumnDataSource) -> dict[str, list]:
        """Draw the lines of a plot and what stands above and under the pointer; returns them by what they show."""
        x = "@x{0}:00" if self._hours else "@x{%F}"
        tips = [("hour" if self._hours else "date", x)]
        items, first = [], None
        drawn: dict[str, list] = {COMPARE: [], DIFFERENCE: [], "items": items}
        for colour, line in zip(LINE_COLOURS, plot.lines, strict=False):
            b, a, d = (f"{line.name}_{suffix}" for suffix in "bad")
            if plot.bars:
                width = 0.9 * (1.0 if self._hours else DAY)
                shown = fig.vbar("x", width, b, source=source, color=RAIN_COLOUR, line_color=None)
                tips.append((line.label, f"@{b}{{0,0.0}}"))
            else:
                if plot.observed:
                    points = fig.scatter(
                        "x", f"{line.name}_obs", source=source, size=3.5, color=OBSERVED_COLOUR, line_color=None
                    )
                    drawn[COMPARE].append(points)
                    items.append(LegendItem(label="tower, measured", renderers=[points], name=f"{line.name}_obs"))
                    tips.append(("tower", f"@{line.name}_obs{{0,0.000}}"))
                shown = fig.line("x", b, source=source, color=colour, line_width=1.7)
                before = fig.line("x", a, source=source, color=colour, line_width=1.3, line_dash="dashed")
                before.level = "underlay"
                change = fig.line("x", d, source=source, color=colour, line_width=1.6)
                change.visible = False
                drawn[COMPARE] += [shown, before]
                drawn[DIFFERENCE].append(change)
                digits = "{0.0e+0}" if plot.tiny else "{0,0.000}"
                tips.append((line.label, f"@{b}{digits} (A @{a}{digits})"))
            first = first or shown
            items.append(LegendItem(label=line.label, renderers=[shown], name=f"{line.name}_b"))
        hover = HoverTool(
            renderers=[first],
            tooltips=tooltip(*tips),
            mode="vline",
            line_policy="nearest",
            formatters={} if self._hours else {"@x": "datetime"},
        )
        fig.add_tools(hover)
        legend = Legend(items=items, orientation="horizontal", margin=0, padding=2, spacing=8, glyph_height=12)
        legend.update(border_line_alpha=0, background_fill_alpha=0, label_text_font_size="11px", glyph_width=14)
        fig.add_layout(legend, "above")
        return drawn

    def _fill(self, group: str) -> None:
        """Send the values of a group, if it has not got them yet."""
        if not self._columns or group not in self._stale:
            return
        self._stale.discard(group)
        source = self._sources[group]
        columns = {name: self._columns[name] for name in source.data}
        if self._hours:
            ends = (0.0, 24.0)
        else:
            days = columns["x"].astype(np.int64)
            ends = int(days[0]), int(days[-1])
        present = {name for name, values in columns.items() if name != "x" and np.isfinite(values).any()}

        def write() -> None:
            source.data = columns
            if (self._axis.reset_start, self._axis.reset_end) != ends:
                self._axis.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
            for fig, plot, drawn in zip(self.figures[group], self._groups[group], self._drawn[group], strict=True):
                difference = self._mode == DIFFERENCE and not plot.bars
                for renderer in drawn[COMPARE]:
                    renderer.visible = not difference
                for renderer in drawn[DIFFERENCE]:
                    renderer.visible = difference
                for item in drawn["items"]:
                    item.visible = item.name in present
                if plot.limits is None or difference:
                    start, end = _limits(columns, plot, difference)
                else:
                    start, end = plot.limits
                fig.y_range.update(start=start, end=end, reset_start=start, reset_end=end)

        push(self.figures[self._shown][0], write)
        if self._title.object:
            self._say(self._words)


def _limits(columns: Mapping[str, np.ndarray], plot: Plot, difference: bool) -> tuple[float, float]:
    """Return where the vertical axis of a plot begins and ends."""
    suffixes = ("_d",) if difference else ("_b",) if plot.bars else ("_b", "_a", "_obs")
    values = np.concatenate([columns[line.name + suffix] for line in plot.lines for suffix in suffixes])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if plot.bars:
        return 0.0, 1.06 * max(high, 1.0)
    # A difference of nothing keeps a width, so that rounding error is not blown up to fill the plot.
    size = np.concatenate([columns[f"{line.name}_b"] for line in plot.lines])
    size = float(np.nanmax(np.abs(size))) if np.isfinite(size).any() else 1.0
    spare = max(0.0, 0.02 * max(size, 1e-12) - (high - low)) / 2.0
    reach = max(high - low + 2.0 * spare, 1e-12)
    return low - spare - 0.06 * reach, high + spare + 0.06 * reach
