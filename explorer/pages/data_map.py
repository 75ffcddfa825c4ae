"""The tab Map of the page Data: a gridded file beside the world, their difference and scores, and a cell in time."""

import html
import io

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data_catalog.file_maps import FINE
from data_catalog.grid import EaseGrid
from explorer.data import export as data_export
from explorer.data.maps import GRIDS, CellSeries, FileMap
from explorer.data.session import DataSession
from explorer.pages.page import card, heading, put, switch
from explorer.style import Scale, number, scale_for, signed, symbol_text, unit_text
from explorer.views.lookup import CellTable, cell_table
from explorer.views.map import MapView
from explorer.views.observed import ObservedView
from explorer.worlds import table_of
from models.variables import VARIABLES

__all__ = ["MapTab"]

MEAN = "mean"
GRID_WORDS = {"36 km": "36km", "108 km": "108km", "9 km": "9km"}
WIDE = 200.0
"""Degrees of longitude from which a file is shown on the whole map."""


class MapTab:
    """Two maps, the file's and what stands beside it; a click follows a cell."""

    def __init__(self, session: DataSession):
        self.session = session
        self._showing = False
        small = {"size": "small", "margin": (6, 8)}
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.variable = pmui.Select(label="Mapped variable", options={}, width=230, **small)
        self.layer = pmui.Select(label="Layer", options={}, width=85, visible=False, **small)
        self.time = pmui.Select(label="Time", options={}, width=180, **small)
        self.grid = switch("Cells", GRID_WORDS, GRIDS[0])
        self.values = switch("Values", {"Good": "good", "All": "all"}, "good")
        self.beside = switch("Beside", {"World": "world", "World − file": "difference"}, "world")
        self.variable.param.watch(self._on_variable, "value")
        for name in ("layer", "time", "grid", "values", "beside"):
            getattr(self, name).param.watch(self._on_widget, "value")
        table = table_of(GRIDS[0])
        self.file, self.other = MapView(table, height=300), MapView(table, height=300)
        for view in (self.file, self.other):
            view.on_tap(self._on_tap)
        self.scores = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.series = ObservedView(height=210)
        self.place = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.netcdf = self._download("Map (.nc)", self._map_file, "map.nc")
        self.csv = self._download("Cell (.csv)", self._cell_file, "cell.csv")
        self.source = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        maps = pmui.Grid(
            pmui.Grid(self.file.pane, self.file.caption_pane, size={"xs": 12, "md": 6}),
            pmui.Grid(self.other.pane, self.other.caption_pane, size={"xs": 12, "md": 6}),
            container=True, sizing_mode="stretch_width",
        )  # fmt: skip
        self.below = pmui.Column(
            maps, self.scores, self.place, self.series.pane, pmui.FlexBox(self.netcdf, self.csv, margin=(2, 6)),
            self.source, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.pickers = pmui.FlexBox(self.variable, self.layer, self.time, self.grid, self.values, self.beside, margin=0)
        self.pane = card(
            heading("Map", "a file beside the world's same variable; click a cell for its series"),
            self.words, self.pickers, self.below,
        )  # fmt: skip
        session.param.watch(self._draw, ["drawn", "undrawn"])
        session.param.watch(self._draw_cell, "cell")
        session.param.watch(self._on_selection, "selection")
        self._draw()

    @staticmethod
    def _download(label: str, make, name: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: io.BytesIO(make()), filename=name, label=label, size="small", variant="outlined", margin=4,
            disabled=True,
        )  # fmt: skip

    # -- what a hand does ---------------------------------------------------------------------------------------
    def _on_variable(self, event) -> None:
        if not self._showing and event.new:
            self.session.select(variable=event.new, layer="")

    def _on_widget(self, event) -> None:
        if self._showing or event.new is None:
            return
        name = next(n for n in ("layer", "time", "grid", "values", "beside") if getattr(self, n) is event.obj)
        self.session.select(**{name: str(event.new)})

    def _on_tap(self, latitude: float, longitude: float) -> None:
        self.session.select(cell=f"{latitude:.3f},{longitude:.3f}")

    def _on_selection(self, event) -> None:
        if event.old.beside != event.new.beside and self.session.drawn is not None:
            put(self.beside, event.new.beside)
            self._draw_other(self.session.drawn)

    # -- what is drawn ------------------------------------------------------------------------------------------
    def _draw(self, *_events) -> None:
        drawn, why = self.session.drawn, self.session.undrawn
        self.pickers.visible = self.below.visible = drawn is not None
        self.netcdf.disabled = drawn is None
        if drawn is None:
            said = why or "Choose a satellite's, a reanalysis' or another gridded file in the list (tab Files)."
            again = " Choose 36 km, or another file." if why and self.session.selection.grid == "9km" else ""
            self.words.object = f"<div style='font-size:13px'>{html.escape(said + again)}</div>"
            self.pickers.visible = bool(again)
            return
        sheet, row = drawn.sheet, drawn.sheet.item.row
        more = len(sheet.parts) - 1
        many = f" and {more:,} more file{'s' if more > 1 else ''} of its kind" if more else ""
        title = html.escape(row.title or sheet.item.name)
        self.words.object = (
            f"<div style='font-size:13px'><b>{title}</b> · {html.escape(row.shown or sheet.item.name)}{many}</div>"
        )
        self._offer(drawn)
        table = _table(drawn)
        for view in (self.file, self.other):
            if view.table is not table:
                view.set_table(table)
            view.focus(_box(drawn))
        self.file.update(
            drawn.values, self._scale(drawn), title=f"{_name(drawn)} · file · {_when(drawn)}", synthetic=row.synthetic
        )
        self._draw_other(drawn)
        words = data_export.map_source_words(drawn)
        lines = [f"<b>{html.escape(key)}:</b> {html.escape(text)}" for key, text in words.items()]
        self.source.object = f"<div style='font-size:12px;opacity:.85'>{'<br>'.join(lines)}</div>"
        self._draw_cell()

    def _draw_other(self, drawn: FileMap) -> None:
        shown = self.session.selection.beside
        has = drawn.world is not None
        self.other.pane.visible = self.other.caption_pane.visible = self.beside.visible = has
        if not np.isfinite(drawn.values).any():
            self.scores.object = (
                "<div style='font-size:13px'>The file has no value on a land cell here: try all values, the mean of "
                "its times, or another time.</div>"
            )
            return
        if not has:
            self.scores.object = f"<div style='font-size:13px'>{html.escape(drawn.source)}</div>"
            return
        name = _name(drawn)
        made = "synthetic" in drawn.source
        if shown == "difference":
            change = drawn.world - drawn.values
            scale = scale_for(drawn.wish.variable, 0, difference=True, values=change)
            scale = Scale(scale.low, scale.high, scale.palette, scale.unit, f"{name}, world − file", diverging=True)
            self.other.update(change, scale, title=f"{name} · world − file · {_when(drawn)}", synthetic=made)
        else:
            seen = np.where(np.isfinite(drawn.values), drawn.world, np.nan) if _small(drawn) else drawn.world
            self.other.update(seen, self._scale(drawn), title=f"{name} · world · {_when(drawn)}", synthetic=made)
        self.scores.object = f"<div role='note' style='font-size:13px'>{_score_words(drawn)}</div>"

    @staticmethod
    def _scale(drawn: FileMap) -> Scale:
        """Return one scale for both maps, so that one colour is one value."""
        both = [drawn.values] if drawn.world is None else [drawn.values, drawn.world[np.isfinite(drawn.values)]]
        return scale_for(drawn.wish.variable, 0, values=both)

    def _offer(self, drawn: FileMap) -> None:
        """Let the pickers say what there is, and what is shown."""
        sheet, wish = drawn.sheet, drawn.wish
        self._showing = True
        try:
            options = {}
            for name in sheet.layers:
                unit = unit_text(VARIABLES[name].unit)
                options[f"{VARIABLES[name].long_name} [{unit}]" if unit else VARIABLES[name].long_name] = name
            if self.variable.options != options:
                self.variable.param.update(options=options, value=wish.variable)
            put(self.variable, wish.variable)
            many = sheet.layers[wish.variable]
            layers = {str(k + 1): str(k) for k in range(many)}
            self.layer.visible = many > 1
            if many and self.layer.options != layers:
                self.layer.param.update(options=layers, value=str(wish.layer))
            times = {time: time for time in dict.fromkeys(sheet.times)}
            if len(times) > 1:
                times = {f"mean of {len(times):,} times": MEAN, **times}
            if self.time.options != times:
                self.time.param.update(options=times, value=wish.time or None, visible=bool(times))
            elif times:
                put(self.time, wish.time)
            put(self.grid, wish.grid)
            put(self.values, "good" if wish.good else "all")
            put(self.beside, self.session.selection.beside)
        finally:
            self._showing = False

    def _draw_cell(self, *_events) -> None:
        drawn, cell = self.session.drawn, self.session.cell
        has = drawn is not None and cell is not None
        self.series.pane.visible = has and bool(cell.time.size or cell.world.size)
        self.csv.disabled = not self.series.pane.visible
        if not has:
            self.place.object = "<div style='font-size:12px;opacity:.8'>Click a cell for its series.</div>"
            for view in (self.file, self.other):
                view.select(None)
            return
        for view in (self.file, self.other):
            view.select(cell.latitude, cell.longitude)
        value = float(drawn.values[cell.number])
        unit = unit_text(VARIABLES[drawn.wish.variable].unit)
        words = f"Cell at {cell.latitude:.2f}°, {cell.longitude:.2f}°: file {number(value)} {unit}"
        if drawn.world is not None:
            words += f", world {number(float(drawn.world[cell.number]))} {unit}"
        if not cell.time.size:
            words += "; the file has no time to follow"
        self.place.object = f"<div role='note' style='font-size:12.5px'>{html.escape(words)}</div>"
        if self.series.pane.visible:
            self._draw_series(drawn, cell, unit)

    def _draw_series(self, drawn: FileMap, cell: CellSeries, unit: str) -> None:
        quantity = VARIABLES[drawn.wish.variable]
        self.series.update(
            cell.time, cell.values, np.ones(cell.values.size),
            axis=f"{symbol_text(quantity.symbol)} [{unit or '1'}]",
            title=f"{_name(drawn)} · cell at {cell.latitude:.2f}°, {cell.longitude:.2f}° · file and world",
            flagged=False, beside=(cell.world_time, cell.world) if cell.world.size else None,
            beside_words="world", words="file",
        )  # fmt: skip

    # -- files to take away -------------------------------------------------------------------------------------
    def _map_file(self) -> bytes:
        return data_export.map_netcdf(self.session.drawn)

    def _cell_file(self) -> bytes:
        return data_export.cell_csv(self.session.drawn, self.session.cell).encode("utf-8")


def _table(drawn: FileMap) -> CellTable:
    """Return the table of the cells; that of a region on 9 km is large, and goes with its map."""
    cells = drawn.cells
    if cells.grid == FINE:
        return CellTable(EaseGrid(FINE), cells.row, cells.column)
    return cell_table(cells.grid, cells.row, cells.column)


def _name(drawn: FileMap) -> str:
    wish = drawn.wish
    words = VARIABLES[wish.variable].long_name
    return f"{words}, layer {wish.layer + 1}" if drawn.sheet.layers[wish.variable] > 1 else words


def _when(drawn: FileMap) -> str:
    days = drawn.days
    if not days.size:
        return "no time"
    return drawn.wish.time if drawn.wish.time != MEAN else f"mean of {days[0]} to {days[-1]}"


def _box(drawn: FileMap) -> tuple[float, float, float, float] | None:
    """Return the box that a file of a region covers; None where it covers much of the Earth."""
    held = np.isfinite(drawn.values)
    if not held.any():
        return None
    west, east = float(drawn.cells.longitude[held].min()), float(drawn.cells.longitude[held].max())
    if east - west > WIDE:
        return None
    south, north = float(drawn.cells.latitude[held].min()), float(drawn.cells.latitude[held].max())
    pad = max(0.5, 0.1 * max(east - west, north - south))
    return west - pad, max(south - pad, -85.0), east + pad, min(north + pad, 85.0)


def _small(drawn: FileMap) -> bool:
    """Whether the file covers a region, to which the world's map is cut too."""
    return _box(drawn) is not None


def _score_words(drawn: FileMap) -> str:
    s = drawn.scores
    unit = unit_text(VARIABLES[drawn.wish.variable].unit)
    many = int(s.n)
    if not many:
        return "No cell has both a value of the file and one of the world."
    parts = [
        f"R {number(float(s.r), 3)}", f"RMSE {number(float(s.rmse))} {unit}",
        f"ubRMSE {number(float(s.ubrmse))} {unit}", f"bias {signed(float(s.bias))} {unit}", f"n {many:,} cells",
    ]  # fmt: skip
    words = f"{'; '.join(parts)}. World: {drawn.source}."
    return f"<b>World against file, over the map:</b> {html.escape(words)}"
