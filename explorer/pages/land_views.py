"""The map of the page Land, with the run of a region that fills it."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.address import SHOWN
from explorer.land.address import MAPPED, STATIC
from explorer.land.open_loop import OPEN_LOOP
from explorer.land.session import LandSession
from explorer.pages.carbon_views import FARTHEST, MONTHS, PROJECTION_WORDS, SHOWN_WORDS, place_text
from explorer.pages.page import card, put, switch
from explorer.style import Scale, scale_for, symbol_text, unit_text
from explorer.views.map import MapView
from explorer.views.projection import PROJECTIONS
from explorer.worlds import GRIDS, table_of
from models.regions import REGIONS, Region
from models.variables import VARIABLES

__all__ = ["LandMapCard", "variable_words"]

DRAWN = "Drawn box"
LAYER = "soil_moisture_"
WIDE = 120.0
"""Degrees of longitude from which a region is shown on the whole map."""
DEPTHS = ("0–10 cm", "10–40 cm", "40–100 cm", "100–200 cm")


def quantity_of(variable: str) -> str:
    """Return the name in the nomenclature; a layer of soil moisture has that of all layers."""
    return "soil_moisture" if variable.startswith(LAYER) else variable


def variable_words(variable: str) -> str:
    """Say what a variable of the map is.

    Examples
    --------
    >>> variable_words("soil_moisture_2")
    'soil moisture, 10–40 cm'
    """
    if variable.startswith(LAYER):
        return f"soil moisture, {DEPTHS[int(variable[-1]) - 1]}"
    return VARIABLES[variable].long_name


def variable_options() -> dict[str, str]:
    """Return what the variable picker offers."""
    words = {}
    for name in (*MAPPED, *STATIC):
        words[f"{symbol_of(name)} · {variable_words(name)}"] = name
    return words


def symbol_of(variable: str) -> str:
    """Return the symbol of a variable of the map.

    Examples
    --------
    >>> symbol_of("soil_moisture_2"), symbol_of("gpp")
    ('θ 2', 'GPP')
    """
    symbol = symbol_text(VARIABLES[quantity_of(variable)].symbol).replace("theta", "θ")
    return f"{symbol} {variable[-1]}" if variable.startswith(LAYER) else symbol


class LandMapCard:
    """The map with its switches, and the line that runs a region."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = MapView(table_of(session.b.grid), height=400)
        self.view.on_tap(self._on_tap)
        self.view.on_box(self.draw)
        self._showing = False
        self._scales: dict[tuple, Scale] = {}
        self._drawn: tuple = ()
        self.synthetic = False
        self._made: tuple = ((), None)
        self._grid = session.b.grid
        self._widgets()
        self.pane = card(
            pmui.FlexBox(self.region, self.grid, self.run, margin=(4, 4, 0, 4)),
            self.cost,
            pmui.FlexBox(self.show, self.variable, margin=(0, 4, 0, 4)),
            pmui.FlexBox(self.period, self.month, self.day, self.projection, margin=(0, 4)),
            self.view.pane,
            self.view.caption_pane,
        )
        session.param.watch(self._follow, ["a", "b", "selection"])
        session.param.watch(self._on_regional, ["regional", "lands"])
        session.param.watch(self._on_share, "share")
        session.param.watch(self._on_answer, "answer")
        self._follow()

    def _widgets(self) -> None:
        small = {"size": "small", "margin": (4, 4)}
        self.region = pmui.Select(
            label="Region", options=[*REGIONS, DRAWN], value="world", width=155,
            description="What a run of the map covers; draw a box with the map's box tool", **small,
        )  # fmt: skip
        self.grid = pmui.Select(label="Grid", options={g.replace("km", " km"): g for g in GRIDS}, width=105, **small)
        self.run = pmui.Button(
            label="Run region", icon="play_arrow", variant="contained", size="small", margin=(8, 6),
            description="Run A and B in every cell of the region; it can be cancelled",
            on_click=lambda _event: self.session.run_region(),
        )  # fmt: skip
        self.cost = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10, 2, 10))
        self.show = switch("Shown on the map", {SHOWN_WORDS[s]: s for s in SHOWN}, "B")
        self.variable = pmui.Select(label="Variable", options=variable_options(), value="ssm", width=250, **small)
        self.projection = pmui.Select(
            label="Projection", options={PROJECTION_WORDS.get(name, name): name for name in PROJECTIONS},
            value=self.view.projection, width=125, **small,
        )  # fmt: skip
        self.period = switch("Period", {"Year": "annual", "Month": "m", "Day": "d"}, "annual")
        self.month = pmui.DiscreteSlider(
            label="Month", options=list(MONTHS), value="Jul", size="small", width=150, visible=False, margin=(0, 12)
        )
        self.day = pmui.IntSlider(
            label="Day of year", start=1, end=365, value=196, size="small", width=150, visible=False, margin=(0, 12)
        )
        for widget in (self.show, self.variable, self.period, self.month, self.day):
            widget.param.watch(self._on_widget, "value")
        self.projection.param.watch(lambda event: self.view.set_projection(event.new), "value")
        self.region.param.watch(self._on_region, "value")
        self.grid.param.watch(self._on_grid, "value")

    # -- what a hand does ---------------------------------------------------------------------------------------
    def _on_widget(self, _event) -> None:
        if self._showing:
            return
        kind = self.period.value
        when = {"annual": "annual", "m": f"m{MONTHS.index(self.month.value) + 1:02d}", "d": f"d{self.day.value}"}[kind]
        self.session.select(show=self.show.value, variable=self.variable.value, when=when)

    def _on_region(self, event) -> None:
        if self._showing:
            return
        if event.new == DRAWN:
            self._follow()
            return
        self.session.where(region=REGIONS[event.new])

    def _on_grid(self, event) -> None:
        if not self._showing:
            self.session.where(grid=event.new)

    def draw(self, west: float, south: float, east: float, north: float) -> None:
        """Restrict the region to a box that was drawn on the map."""
        sides = (round(v, 2) for v in (west, max(south, -90.0), east, min(north, 90.0)))
        region = Region("drawn", *sides)
        if not self.session.cells(region).size:
            msg = "The box holds no land; draw a larger one."
            raise ValueError(msg)
        self.session.where(region=region)

    def _on_tap(self, lat: float, lon: float) -> None:
        """Select the cell that was clicked; beside land, the nearest one."""
        if lat is None:
            return
        table = self.view.table
        cell = table.nearest(lat, lon)
        at = (float(table.latitude[cell]), float(table.longitude[cell]))
        dlon = (at[1] - lon + 180) % 360 - 180
        if np.hypot(at[0] - lat, dlon * np.cos(np.deg2rad(lat))) > FARTHEST:
            self.session.tell(f"There is no land at {place_text(lat, lon)}; click on land.", "info")
            return
        self.session.visit(at)

    # -- following the session ----------------------------------------------------------------------------------
    def _follow(self, *_events) -> None:
        """Set the widgets, the outline and the mark to the session's state, and draw what there is."""
        session, selection, region = self.session, self.session.selection, self.session.b.region
        kind = selection.when if selection.when == "annual" else selection.when[0]
        self._showing = True
        try:
            put(self.show, selection.show)
            put(self.variable, selection.variable)
            put(self.period, kind)
            if selection.month is not None:
                put(self.month, MONTHS[selection.month])
            if selection.day_shown is not None:
                put(self.day, min(selection.day_shown + 1, 365))
            put(self.region, region.name if REGIONS.get(region.name) == region else DRAWN)
            put(self.grid, session.b.grid)
        finally:
            self._showing = False
        self.month.visible, self.day.visible = kind == "m", kind == "d"
        box = None if region.whole else (region.west, region.south, region.east, region.north)
        if box != getattr(self, "_box", ()):
            self._box = box
            self.view.region(*(box or (None,)))
        # A tower may stand anywhere.
        close = box is not None and region.width < WIDE and session.b.dataset != "tower"
        self.view.focus(box if close else None)
        if session.b.grid != self._grid:
            self._grid = session.b.grid
            self.view.set_table(table_of(self._grid))
            self._drawn = ()
        at = session.marked
        self.view.select(*at)
        self._say_cost()
        if session.loaded or session.document is None:
            self.update()

    def _on_regional(self, _event) -> None:
        self._say_cost()
        self.update()

    def _on_share(self, event) -> None:
        if (event.new is None) != (event.old is None):
            self._say_cost()

    def _say_cost(self) -> None:
        """Say how many columns a run of the region has, and about how long it takes."""
        session, words = self.session, ""
        try:
            words = session.cost_words()
            self.run.disabled = session.running or session.engine.stage.busy
        except ValueError as error:
            words, self.run.disabled = str(error), True
        text = f"<div role='status' style='font-size:12px;opacity:.85'>{html.escape(words)}</div>"
        if self.cost.object != text:
            self.cost.object = text

    def _on_answer(self, event) -> None:
        """Mark the place, which a tower says only now."""
        if event.new is not None:
            self.view.select(*self.session.marked)

    def update(self) -> None:
        """Draw the map of the session's state."""
        session = self.session
        selection, regional = session.selection, session.regional
        variable, show = selection.variable, selection.show
        note = ""
        if variable in STATIC:
            values, when, show = session.static(variable), "static", ""
        elif regional is None or regional.grid != session.b.grid:
            if variable in OPEN_LOOP:
                note = "open loop; run the region"
                values, when, show = session.open_loop(variable), selection.when, ""
            else:
                values, when, show = session.static(STATIC[0]), "static", ""
                note, variable = f"run the region for {symbol_of(variable)}", STATIC[0]
        else:
            values, when = self._field(regional, variable), selection.when
            note = regional.note(session.a, session.b)
        if values is None:  # the land's own fields are being read
            return
        scale = self._scale(variable, when, show == "B-A", values)
        title = self._title(variable, when, show, note)
        drawn = (values, scale, title)
        if self._drawn and values is self._drawn[0] and (scale, title) == self._drawn[1:]:
            return
        self._drawn, self.synthetic = drawn, when != "static"
        self.view.update(values, scale, title=title, synthetic=when != "static")

    def _field(self, regional, variable: str) -> np.ndarray:
        """Return the map's values; the same array as long as nothing of it changes."""
        selection = self.session.selection
        key = (regional, variable, selection.when, selection.show)
        if self._made[0] != key:
            self._made = (key, regional.field(variable, selection))
        return self._made[1]

    def _scale(self, variable: str, when: object, difference: bool, values: np.ndarray) -> Scale:
        """Keep limits while a run fills the map; they follow what it holds when it outgrows them."""
        name = quantity_of(variable)
        key = (variable, "annual" if when == "annual" else "part", difference, self.session.b.region, self._grid)
        statistic = "annual" if when == "annual" else 0
        finite = values[np.isfinite(values)]
        fresh = scale_for(name, statistic, difference=difference, values=finite if finite.size else None)
        kept = self._scales.get(key)
        if kept is None or not (0.5 * kept.high <= fresh.high <= 1.3 * kept.high):
            title = variable_words(variable) + (", B − A" if difference else "")
            kept = Scale(fresh.low, fresh.high, fresh.palette, fresh.unit, title, fresh.diverging)
            self._scales[key] = kept
        return kept

    @staticmethod
    def _title(variable: str, when: object, show: str, note: str) -> str:
        name = variable_words(variable)
        parts = [f"{name[:1].upper()}{name[1:]}"]
        if when == "annual":
            parts.append("year")
        elif isinstance(when, str) and when.startswith("m"):
            parts.append(f"mean of {MONTHS[int(when[1:]) - 1]}")
        elif isinstance(when, str) and when.startswith("d"):
            parts.append(f"day {when[1:]} of the year")
        if show:
            parts.append(SHOWN_WORDS[show])
        if note:
            parts.append(note)
        return " · ".join(parts)

    @property
    def unit(self) -> str:
        """Unit of what is shown."""
        return self.view.scale.unit if self.view.scale is not None else unit_text("1")
