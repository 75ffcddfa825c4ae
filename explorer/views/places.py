"""A map of places: points by kind, gathered into circles with their number where they would lie on one another."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.events import RangesUpdate, Tap
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    HoverTool,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from explorer.style import MARK_COLOUR, tooltip
from explorer.views.earth import coast_lines, graticule
from explorer.views.events import Listeners, push
from explorer.views.projection import PROJECTIONS
from explorer.views.viewport import FIT_JS, extent_of

__all__ = ["PlacesMap", "gathered"]

SETTLE = 80
"""Milliseconds after a pan or zoom before the points are gathered afresh."""

CELLS_ACROSS = 24
"""Squares across the view; what lies in one is drawn as one circle."""

ROOM = 0.05
"""Share of the width that the words beside the map take."""

NEAR = 0.025
"""Share of the view within which a click finds a point."""


def gathered(x: np.ndarray, y: np.ndarray, extent: tuple[float, float, float, float]) -> list[np.ndarray]:
    """Put points that would lie on one another together.

    Parameters
    ----------
    x, y : (point,) float
        On the plane of the map; NaN is left out.
    extent : left, right, bottom, top
        What is in view; points outside are left out.

    Returns
    -------
    list of int arrays
        Which points make each circle: those in one of the `CELLS_ACROSS` squares across the view.
    """
    left, right, bottom, top = extent
    side = max((right - left) / CELLS_ACROSS, 1e-12)
    inside = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    if not inside.size:
        return []
    square = np.floor((x[inside] - left) / side).astype(np.int64) * 1_000_003 + np.floor((y[inside] - bottom) / side)
    _, which = np.unique(square, return_inverse=True)
    order = np.argsort(which, kind="stable")
    return np.split(inside[order], np.flatnonzero(np.diff(which[order])) + 1)


class PlacesMap:
    """Coasts and places.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    projection : str
        Key of `PROJECTIONS`.
    """

    def __init__(self, *, height: int = 400, projection: str = "equal_earth"):
        self._projection = PROJECTIONS[projection]
        self._names: Sequence[str] = ()
        self._colours: Sequence[str] = ()
        self._x = self._y = np.zeros(0)
        self._view = self._projection.extent
        self._groups: list[np.ndarray] = []
        self._selected: tuple[float, float] | None = None
        self._waiting = False
        self._chosen = Listeners()
        self._build(height)
        self.pane = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", height=height, margin=0)

    def _build(self, height: int) -> None:
        self._home = ColumnDataSource(name="home")
        self.source = ColumnDataSource({name: [] for name in ("x", "y", "size", "colour", "words", "number")})
        self._mark = ColumnDataSource({"x": [], "y": []})
        pan, wheel = PanTool(), WheelZoomTool(zoom_on_axis=False)
        fig = self.figure = figure(
            height=height, sizing_mode="stretch_width", x_range=Range1d(0, 1), y_range=Range1d(0, 1), name="places",
            tools=[pan, wheel, BoxZoomTool(match_aspect=True), ResetTool(), SaveTool()], active_scroll=wheel,
            active_drag=pan, toolbar_location="right", min_border=4, lod_threshold=None,
        )  # fmt: skip
        fig.toolbar.logo = None
        fig.toolbar.autohide = True
        fig.axis.visible = False
        fig.grid.visible = False
        fig.outline_line_color = None
        lines, rim, words = graticule(self._projection)
        self._coast = ColumnDataSource(coast_lines(self._projection.name))
        fig.line("x", "y", source=ColumnDataSource(lines), color="#808080", alpha=0.3, line_width=0.6)
        fig.line("x", "y", source=ColumnDataSource(rim), color="#808080", alpha=0.8, line_width=0.8)
        fig.line("x", "y", source=self._coast, color="#6b7785", line_width=0.7)
        fig.text(
            "x", "y", "text", source=ColumnDataSource(words), text_align="align", text_baseline="middle",
            x_offset="dx", y_offset="dy", text_font_size="10px", text_color="#808080",
        )  # fmt: skip
        dots = fig.scatter(
            "x", "y", size="size", color="colour", alpha=0.85, source=self.source, line_color="#ffffff", line_width=0.8
        )
        dots.nonselection_glyph = None
        fig.text(
            "x", "y", "number", source=self.source, text_align="center", text_baseline="middle",
            text_font_size="10px", text_color="#ffffff", text_font_style="bold",
        )  # fmt: skip
        fig.scatter(
            "x", "y", source=self._mark, marker="circle_cross", size=20, fill_alpha=0, line_color=MARK_COLOUR,
            line_width=2,
        )  # fmt: skip
        fig.add_tools(HoverTool(renderers=[dots], tooltips=tooltip(("", "@words"))))
        left, right, bottom, top = self._projection.extent
        left -= ROOM * (right - left)
        self._home.data = {"extent": [left, right, bottom, top]}
        for axis, low, high in ((fig.x_range, left, right), (fig.y_range, bottom, top)):
            axis.update(start=low, end=high, reset_start=low, reset_end=high)
            axis.update(min_interval=(right - left) / 2000.0, max_interval=4.0 * (right - left))
        fit = CustomJS(args={"plot": fig, "home": self._home}, code=FIT_JS)
        for name in ("inner_width", "inner_height"):
            fig.js_on_change(name, fit)
        self._home.js_on_change("data", fit)
        fig.on_event(Tap, self._on_tap)
        fig.on_event(RangesUpdate, self._on_ranges)

    # -- what is shown ------------------------------------------------------------------------------------------
    def update(self, names: Sequence[str], latitude: np.ndarray, longitude: np.ndarray, colours: Sequence[str]) -> None:
        """Show other places.

        Parameters
        ----------
        names : sequence of str
            Plain text; shown under the pointer.
        latitude, longitude : (place,) float
            Degrees.
        colours : sequence of str
            One a place.
        """
        self._names, self._colours = list(names), list(colours)
        x, y = self._projection.forward(np.asarray(longitude, float), np.asarray(latitude, float))
        self._x, self._y = np.asarray(x, float), np.asarray(y, float)
        push(self.figure, self._draw)

    def select(self, latitude: float | None, longitude: float | None = None) -> None:
        """Mark a place [degrees]; None takes the mark away."""
        self._selected = None if latitude is None or longitude is None else (float(latitude), float(longitude))
        push(self.figure, self._draw_mark)

    def on_choose(self, callback) -> None:
        """Call ``callback(number)`` with the position of the place that was clicked."""
        self._chosen.add(callback)

    def _draw_mark(self) -> None:
        points: dict[str, list] = {"x": [], "y": []}
        if self._selected is not None:
            x, y = self._projection.forward(self._selected[1], self._selected[0])
            points = {"x": [float(x)], "y": [float(y)]}
        self._mark.data = points

    def _draw(self) -> None:
        """Gather what is in view into circles."""
        self._groups = gathered(self._x, self._y, self._view)
        columns: dict[str, list] = {name: [] for name in self.source.data}
        for group in self._groups:
            many = len(group)
            columns["x"].append(float(self._x[group].mean()))
            columns["y"].append(float(self._y[group].mean()))
            columns["size"].append(10.0 if many == 1 else float(min(15.0 + 1.6 * np.log2(many), 26.0)))
            columns["colour"].append(_commonest([self._colours[k] for k in group]))
            shown = [self._names[k] for k in group[:6]]
            more = f" and {many - 6} more: click to come closer" if many > 6 else ""
            columns["words"].append(", ".join(shown) + more)
            columns["number"].append("" if many == 1 else str(many))
        self.source.data = columns

    # -- what the pointer did -----------------------------------------------------------------------------------
    def _on_tap(self, event: Tap) -> None:
        if not self._groups:
            return
        x = np.array(self.source.data["x"])
        y = np.array(self.source.data["y"])
        apart = np.hypot(x - event.x, y - event.y)
        nearest = int(np.argmin(apart))
        if apart[nearest] > NEAR * (self._view[1] - self._view[0]):
            return
        group = self._groups[nearest]
        spread = max(np.ptp(self._x[group]), np.ptp(self._y[group]))
        if len(group) == 1 or spread < 2e-4:
            self._chosen.tell(int(group[0]))
        else:
            self._come_closer(group)

    def _come_closer(self, group: np.ndarray) -> None:
        """Show a circle's points apart; those it can't part are chosen one after the other."""
        left, right, bottom, top = self._view
        aspect = (top - bottom) / (right - left)
        x, y = self._x[group], self._y[group]
        half = max(0.9 * np.ptp(x), 0.9 * np.ptp(y) / aspect, (right - left) / 2000.0)
        cx, cy = (x.max() + x.min()) / 2, (y.max() + y.min()) / 2
        self._show((cx - half, cx + half, cy - half * aspect, cy + half * aspect))

    def focus(self, west: float, south: float, east: float, north: float) -> None:
        """Show a part of the map [degrees]."""
        self._show(extent_of(self._projection, west, south, east, north))

    def _show(self, extent: tuple[float, float, float, float]) -> None:
        self._view = tuple(map(float, extent))

        def write() -> None:
            self.figure.x_range.update(start=self._view[0], end=self._view[1])
            self.figure.y_range.update(start=self._view[2], end=self._view[3])
            self._draw()
            self._draw_coast()

        push(self.figure, write)

    def _draw_coast(self) -> None:
        left, right, _, _ = self._projection.extent
        close = self._view[1] - self._view[0] < 0.4 * (right - left)
        self._coast.data = coast_lines(self._projection.name, self._view if close else None)

    def _on_ranges(self, event: RangesUpdate) -> None:
        """Gather afresh, once the pointer rests."""
        self._view = (event.x0, event.x1, event.y0, event.y1)
        document = self.figure.document
        if document is None or document.session_context is None:
            self._redraw()
        elif not self._waiting:
            self._waiting = True
            document.add_timeout_callback(self._redraw, SETTLE)

    def _redraw(self) -> None:
        self._waiting = False
        self._draw()
        self._draw_coast()


def _commonest(colours: list[str]) -> str:
    return max(dict.fromkeys(colours), key=colours.count)
