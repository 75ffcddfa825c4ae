"""The map: a field of the cells, drawn through a look-up table and Datashader, with coasts, colour bar and pointer."""

import html
from collections.abc import Callable

import numpy as np
import panel as pn
from bokeh.events import RangesUpdate, SelectionGeometry, Tap
from bokeh.models import (
    BoxSelectTool,
    BoxZoomTool,
    ColorBar,
    ColumnDataSource,
    CustomJS,
    CustomJSHover,
    HoverTool,
    LinearColorMapper,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from explorer.style import LEVELS, MARK_COLOUR, Scale, number, tooltip
from explorer.views.earth import box_outline, coast_lines, graticule
from explorer.views.events import Listeners, push
from explorer.views.lookup import CellTable, aggregate
from explorer.views.projection import PROJECTIONS
from explorer.views.viewport import FIT_JS, PLACE_JS, VALUE_JS, box_of, extent_of, picture_size, view_extent

__all__ = ["MapView", "caption"]

SETTLE = 60
"""Milliseconds after a pan or zoom before the part in view is drawn afresh."""


class MapView:
    """A map of one value a cell.

    Parameters
    ----------
    table : CellTable
        Where the cells lie.
    projection : str
        Key of `PROJECTIONS`.
    height : int
        Of the plot with its colour bar [pixels]; the width fills the card.
    """

    def __init__(self, table: CellTable, *, projection: str = "equal_earth", height: int = 430):
        self._table = table
        self._projection = PROJECTIONS[projection]
        self._values = np.full(table.n_cell, np.nan, dtype=np.float32)
        self._scale: Scale | None = None
        self._view: tuple[float, float, float, float] | None = None
        self._drawn: tuple | None = None
        self._waiting = self._close = False
        self._selected: tuple[float, float] | None = None
        self._focus: tuple[float, float, float, float] | None = None
        self._box: tuple[float, float, float, float] | None = None
        self._tapped, self._boxed = Listeners(), Listeners()
        self.caption = ""
        self.caption_pane = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self._build(height)
        self._lay_out()
        self.pane = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", height=height, margin=0)

    # What is shown

    @property
    def values(self) -> np.ndarray:
        """Values shown, one a cell."""
        return self._values

    @property
    def scale(self) -> Scale | None:
        """Limits and colours shown."""
        return self._scale

    @property
    def table(self) -> CellTable:
        """Cells shown."""
        return self._table

    @property
    def projection(self) -> str:
        """Name of the projection."""
        return self._projection.name

    def update(self, values: np.ndarray, scale: Scale, *, title: str = "", synthetic: bool = True) -> None:
        """Show other values.

        Parameters
        ----------
        values : (cell,) float array
            In ``scale.unit``; NaN is not drawn.
        scale : Scale
            Limits and colours; pass the same one while a slider moves, so that a change of colour is a change of value.
        title : str
            Shown above the map.
        synthetic : bool
            Whether the weather behind the values is made, which the map then says.

        Raises
        ------
        ValueError
            If there is not one value a cell.
        """
        values = np.asarray(values)
        if values.shape != (self._table.n_cell,):
            msg = (
                f"values has shape {values.shape}; the map has {self._table.n_cell} cells and needs one value for each."
            )
            raise ValueError(msg)
        self._values, self._scale = values, scale
        picture = self._picture()
        self.caption = caption(values, scale, title)

        def write() -> None:
            self._source.data = picture
            self._paint_scale(scale, title, synthetic)

        push(self.figure, write)
        self.caption_pane.object = (
            f'<div role="note" style="font-size:12px;opacity:.75">{html.escape(self.caption)}</div>'
        )

    def set_table(self, table: CellTable) -> None:
        """Show another grid from the next `update` on."""
        self._table = table
        self._values = np.full(table.n_cell, np.nan, dtype=np.float32)
        self._drawn = None

    def set_projection(self, name: str) -> None:
        """Draw on another projection.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        if name not in PROJECTIONS:
            msg = f"No projection is named {name!r}; there are {', '.join(PROJECTIONS)}."
            raise KeyError(msg)
        self._projection = PROJECTIONS[name]
        self._show_home()

    def focus(self, box: tuple[float, float, float, float] | None) -> None:
        """Show a part of the map at first and after a reset: west, south, east, north [degrees]; None is all of it."""
        if box != self._focus:
            self._focus = box
            self._show_home()

    def _show_home(self) -> None:
        """Show the part of the map that it begins with."""
        self._drawn = None
        home = self._home_extent()
        left, right, bottom, top = home
        # The card may be taller than the part: what comes into view above and below is drawn too.
        tall = 0.4 * (top - bottom)
        whole = home == self._projection.extent
        self._view = None if whole else view_extent(self._projection, left, right, bottom - tall, top + tall)
        self._close = self._is_close()

        def write() -> None:
            self._lay_out()
            if self._scale is not None:
                self._source.data = self._picture()

        push(self.figure, write)

    def _home_extent(self) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of what the map begins with."""
        return self._projection.extent if self._focus is None else extent_of(self._projection, *self._focus)

    def _is_close(self) -> bool:
        """Say whether coarse coasts begin to look coarse: at half the width."""
        left, right, _, _ = self._projection.extent
        return self._view is not None and self._view[1] - self._view[0] < 0.5 * (right - left)

    def select(self, lat: float | None, lon: float | None = None) -> None:
        """Mark a cell's centre [degrees]; None takes the mark away."""
        self._selected = None if lat is None or lon is None else (float(lat), float(lon))
        push(self.figure, self._mark)

    def region(self, west: float | None, south: float = -90.0, east: float = 180.0, north: float = 90.0) -> None:
        """Outline a box [degrees], which may cross the antimeridian (west > east); None takes it away."""
        self._box = None if west is None else (float(west), float(south), float(east), float(north))
        push(self.figure, self._outline)

    def box_mode(self, on: bool) -> None:
        """Let a drag draw a box (True) or move the map (False)."""
        push(self.figure, lambda: self.figure.toolbar.update(active_drag=self._box_tool if on else self._pan_tool))

    def on_tap(self, callback: Callable[[float, float], object]) -> None:
        """Call ``callback(lat, lon)`` when the map is clicked."""
        self._tapped.add(callback)

    def on_box(self, callback: Callable[[float, float, float, float], object]) -> None:
        """Call ``callback(west, south, east, north)`` when a box was drawn."""
        self._boxed.add(callback)

    # How it is made

    def _build(self, height: int) -> None:
        """Make the figure, its sources and tools, once."""
        self._home = ColumnDataSource(name="home")
        self._source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._bar_mapper = LinearColorMapper(palette=["#888888"] * LEVELS, low=0.0, high=1.0)
        self._mapper = LinearColorMapper(
            palette=["#888888"] * LEVELS, low=0, high=LEVELS - 1, high_color=(0, 0, 0, 0), nan_color=(0, 0, 0, 0)
        )
        self._pan_tool, self._box_tool = PanTool(), BoxSelectTool(description="Draw a region")
        wheel = WheelZoomTool(zoom_on_axis=False)
        fig = self.figure = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=Range1d(0, 1),
            y_range=Range1d(0, 1),
            tools=[self._pan_tool, wheel, BoxZoomTool(match_aspect=True), self._box_tool, ResetTool(), SaveTool()],
            active_scroll=wheel,
            active_drag=self._pan_tool,
            toolbar_location="right",
            output_backend="canvas",
            title=" ",
            min_border=4,
            lod_threshold=None,
        )
        fig.toolbar.logo = None
        fig.title.text_font_size = "13px"
        fig.axis.visible = False
        fig.grid.visible = False
        fig.outline_line_color = None
        image = fig.image("image", x="x", y="y", dw="dw", dh="dh", source=self._source, color_mapper=self._mapper)
        self._lines = {name: ColumnDataSource({"x": [], "y": []}) for name in ("graticule", "rim", "coast", "box")}
        fig.line("x", "y", source=self._lines["graticule"], color="#808080", alpha=0.35, line_width=0.6)
        fig.line("x", "y", source=self._lines["rim"], color="#808080", alpha=0.8, line_width=0.8)
        fig.line("x", "y", source=self._lines["coast"], color="#6b7785", line_width=0.6)
        fig.line("x", "y", source=self._lines["box"], color=MARK_COLOUR, line_width=1.6, line_dash="dashed")
        self._words = ColumnDataSource({"x": [], "y": [], "text": [], "align": [], "dx": [], "dy": []})
        fig.text(
            "x", "y", "text", source=self._words, text_align="align", text_baseline="middle", x_offset="dx",
            y_offset="dy", text_font_size="10px", text_color="#808080",
        )  # fmt: skip
        self._mark_source = ColumnDataSource({"x": [], "y": []})
        mark = fig.scatter(
            "x", "y", source=self._mark_source, marker="circle_cross", size=16, fill_alpha=0, line_color=MARK_COLOUR,
            line_width=2,
        )  # fmt: skip
        mark.nonselection_glyph = None
        self._bar = ColorBar(
            color_mapper=self._bar_mapper,
            height=10,
            padding=4,
            title=" ",
            title_standoff=4,
            formatter=NumeralTickFormatter(format="0,0.[000]"),
        )
        fig.add_layout(self._bar, "below")
        place = CustomJSHover(args={"home": self._home}, code=PLACE_JS)
        value = CustomJSHover(
            args={"home": self._home, "bar": self._bar_mapper}, code=VALUE_JS.replace("LEVELS", str(LEVELS))
        )
        fig.add_tools(
            HoverTool(
                renderers=[image],
                tooltips=tooltip(("", "@image{custom}"), ("", "$x{custom}")),
                formatters={"$x": place, "@image": value},
                description="Show the value under the pointer",
            )
        )
        fit = CustomJS(args={"plot": fig, "home": self._home}, code=FIT_JS)
        for name in ("inner_width", "inner_height"):
            fig.js_on_change(name, fit)
        self._home.js_on_change("data", fit)
        fig.on_event(Tap, self._on_tap)
        fig.on_event(SelectionGeometry, self._on_selection)
        fig.on_event(RangesUpdate, self._on_ranges)

    def _lay_out(self) -> None:
        """Draw what hangs on the projection alone, and show the whole map."""
        projection = self._projection
        left, right, bottom, top = self._home_extent()
        whole = projection.extent
        unit = self._scale.unit if self._scale else ""
        self._home.data = {
            "extent": [left, right, bottom, top],
            "inverse": [projection.inverse_js] * 4,
            "unit": [unit] * 4,
        }
        for axis, low, high, most in (
            (self.figure.x_range, left, right, whole[1] - whole[0]),
            (self.figure.y_range, bottom, top, whole[3] - whole[2]),
        ):
            axis.update(start=low, end=high, reset_start=low, reset_end=high)
            axis.update(min_interval=most / 80.0, max_interval=4.0 * most)
        lines, rim, words = graticule(projection)
        self._lines["graticule"].data = lines
        self._lines["rim"].data = rim
        self._lines["coast"].data = coast_lines(projection.name, self._view if self._close else None)
        self._words.data = words
        self._mark()
        self._outline()

    def _paint_scale(self, scale: Scale, title: str, synthetic: bool) -> None:
        """Set colours, limits and words; Bokeh sends only what changed."""
        palette = list(scale.palette)
        if self._mapper.palette != palette:
            self._mapper.palette = palette
            self._bar_mapper.palette = palette
        self._bar_mapper.update(low=scale.low, high=scale.high)
        name = f"{scale.title} [{scale.unit}]" if scale.unit else scale.title
        self._bar.title = f"{name} · synthetic weather, real climate" if synthetic else name
        self.figure.title.text = title or " "
        if self._home.data["unit"][0] != scale.unit:
            self._home.data = {**self._home.data, "unit": [scale.unit] * 4}

    def _extent(self) -> tuple[float, float, float, float]:
        """Return the part of the plane to draw: all of it, or the part in view with a margin."""
        return self._projection.extent if self._view is None else self._view

    def _picture(self) -> dict[str, list]:
        """Return the image of the part in view as bytes, and where it lies."""
        projection, extent = self._projection, self._extent()
        left, right, bottom, top = extent
        width, height = picture_size((right - left) / (top - bottom))
        fine = self._table.fineness(projection, extent, width)
        if self._view is None:
            cells = self._table.full(projection, width, height, fine)
        else:
            key = (self._table, projection.name, extent)
            if self._drawn is None or self._drawn[0] != key:
                self._drawn = (key, self._table.pixels(projection, extent, width * fine, height * fine))
            cells = self._drawn[1]
        levels = self._scale.levels(aggregate(self._values, cells, extent, width, height))
        return {"image": [levels], "x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]}

    def _mark(self) -> None:
        """Draw the mark of the selected cell."""
        points: dict[str, list] = {"x": [], "y": []}
        if self._selected is not None:
            x, y = self._projection.forward(self._selected[1], self._selected[0])
            if np.isfinite(x) and np.isfinite(y):
                points = {"x": [float(x)], "y": [float(y)]}
        self._mark_source.data = points

    def _outline(self) -> None:
        """Draw the outline of the region."""
        self._lines["box"].data = {"x": [], "y": []} if self._box is None else box_outline(self._projection, *self._box)

    # What the pointer did

    def _on_tap(self, event: Tap) -> None:
        lon, lat = self._projection.inverse(event.x, event.y)
        if np.isfinite(lon) and np.isfinite(lat):
            self._tapped.tell(float(lat), float(lon))

    def _on_selection(self, event: SelectionGeometry) -> None:
        geometry = event.geometry
        if not event.final or geometry.get("type") != "rect":
            return
        box = box_of(self._projection, geometry["x0"], geometry["x1"], geometry["y0"], geometry["y1"])
        if box is not None:
            self._boxed.tell(*box)

    def _on_ranges(self, event: RangesUpdate) -> None:
        """Draw the part in view afresh, once the pointer rests."""
        self._view = view_extent(self._projection, event.x0, event.x1, event.y0, event.y1)
        document = self.figure.document
        if self._scale is None or self._waiting:
            return
        if document is None or document.session_context is None:
            self._redraw()
            return
        self._waiting = True
        document.add_timeout_callback(self._redraw, SETTLE)

    def _redraw(self) -> None:
        self._waiting = False
        self._source.data = self._picture()
        closer = self._is_close()
        if closer or self._close:
            self._lines["coast"].data = coast_lines(self.projection, self._view if closer else None)
        self._close = closer


def caption(values: np.ndarray, scale: Scale, title: str) -> str:
    """Say in words what the map shows, for those who can't see it."""
    finite = values[np.isfinite(values)]
    name = title or scale.title
    if not finite.size:
        return f"{name}: no cell has a value."
    low, mean, high = (number(float(value)) for value in (finite.min(), finite.mean(dtype=np.float64), finite.max()))
    unit = f" {scale.unit}" if scale.unit else ""
    return f"{name}: mean {mean}, lowest {low}, highest {high}{unit} over {finite.size:,} cells."
