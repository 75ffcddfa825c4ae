"""The left side of the page Sensitivity: where, when, on which grid, and which table and soil the model has."""

import datetime as dt
import html

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.carbon_controls import CHOICE_WORDS, OPTION_HELP, OPTION_LABELS
from explorer.pages.page import put
from explorer.sensitivity.session import SensitivitySession
from explorer.worlds import GRIDS
from models.l4c.bplut import BPLUTS
from models.options import L4C_CHOICES
from models.regions import REGIONS, Region

__all__ = ["SensitivityControls"]

DRAWN = "Drawn box"
OFFERED = ("bplut", "spin_up", "smrz_range", "frozen_gpp", "litterfall")


class SensitivityControls:
    """Widgets on one session; they follow it, and what a hand does goes to `Session.edit`."""

    def __init__(self, session: SensitivitySession):
        self.session = session
        self._showing = False
        wide = {"size": "small", "sizing_mode": "stretch_width", "margin": (8, 8, 4, 8)}
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 8, 2, 8))
        self.region = pmui.Select(
            label="Region", options=[*REGIONS, DRAWN], value="world",
            description="Maps, shares and outputs are of this region; draw a box with the map's box tool", **wide,
        )  # fmt: skip
        self.region.param.watch(self._on_region, "value")
        self.days = [
            pmui.DatePicker(label=label, size="small", width=145, margin=4) for label in ("First day", "Last day")
        ]
        for picker in self.days:
            picker.param.watch(self._on_period, "value")
        self.grid = pmui.Select(
            label="Grid", options={g.replace("km", " km"): g for g in GRIDS},
            description="The 36-km grid has eight times the cells, and takes eight times as long", **wide,
        )  # fmt: skip
        self.grid.param.watch(self._on_grid, "value")
        place = {"size": "small", "width": 145, "margin": 4, "step": 0.5}
        self.latitude = pmui.FloatInput(label="Latitude [°N]", start=-90, end=90, **place)
        self.longitude = pmui.FloatInput(label="Longitude [°E]", start=-180, end=180, **place)
        for widget in (self.latitude, self.longitude):
            widget.param.watch(self._on_place, "value")
        self.choices = {}
        for name in OFFERED:
            accepted = BPLUTS if name == "bplut" else L4C_CHOICES[name]
            select = pmui.Select(
                label=OPTION_LABELS[name], options={CHOICE_WORDS.get(c, c): c for c in accepted},
                description=OPTION_HELP[name], **wide,
            )  # fmt: skip
            select.param.watch(lambda event, name=name: self._on_choice(name, event.new), "value")
            self.choices[name] = select
        self.edited = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 8))
        self.reset = pmui.Button(
            label="Reset", icon="restart_alt", size="small", variant="outlined", margin=(2, 8),
            description="Reset: everything that is asked back to what the page opens with; region and period stay",
            on_click=lambda _event: session.reset(),
        )  # fmt: skip
        self.groups = pmui.Accordion(
            ("Selected cell: latitude, longitude", pmui.Row(self.latitude, self.longitude, margin=0)),
            ("Model options", pmui.Column(*self.choices.values(), self.edited, sizing_mode="stretch_width", margin=0)),
            active=[0, 1], disable_gutters=True, dynamic=True, title_variant="subtitle2", sizing_mode="stretch_width",
            margin=(2, 4), elevation=0, variant="outlined",
        )  # fmt: skip
        session.param.watch(self.show, ["b", "selection", "problem", "rescaled"])
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        days = pmui.Row(*self.days, margin=0)
        return [self.words, self.region, days, self.grid, self.groups, self.reset]

    def _on_region(self, event) -> None:
        if self._showing or event.new == DRAWN:
            self.show()
            return
        self.session.where(region=REGIONS[event.new])

    def draw(self, west: float, south: float, east: float, north: float) -> None:
        """Restrict the region to a box that was drawn on the map."""
        sides = (round(v, 2) for v in (west, max(south, -90.0), east, min(north, 90.0)))
        region = Region("drawn", *sides)
        if self.session.world is not None:
            self.session.world.mask(region)  # says so if it holds no land
        self.session.where(region=region)

    def _own_days(self) -> list[str]:
        """Return first and last day of the world's record."""
        world = self.session.worlds.get(self.session.b.grid)
        return ["2015-01-01", "2015-12-31"] if world is None else [str(world.time[0]), str(world.time[-1])]

    def _on_period(self, _event) -> None:
        """Take both days; those of the whole record are "", so that an address stays short."""
        if self._showing or any(picker.value is None for picker in self.days):
            return
        chosen = [str(pd.Timestamp(picker.value).date()) for picker in self.days]
        try:
            ends = zip(chosen, self._own_days(), strict=True)
            self.session.where(period=tuple("" if day == own else day for day, own in ends))
        except ValueError:
            self.show()
            raise

    def _on_grid(self, event) -> None:
        if not self._showing:
            self.session.prepare(event.new)

    def _on_place(self, _event) -> None:
        if self._showing or self.latitude.value is None or self.longitude.value is None:
            return
        at = (float(self.latitude.value), float(self.longitude.value))
        if at != self.session.selection.at:
            self.session.select(at=at)

    def _on_choice(self, name: str, value: str) -> None:
        if not self._showing:
            self.session.options(**{name: value})

    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        session, b = self.session, self.session.b
        named = REGIONS.get(b.region.name) == b.region
        self._showing = True
        try:
            put(self.region, b.region.name if named else DRAWN)
            put(self.grid, session.wanted)
            for picker, day in zip(self.days, (d or own for d, own in zip(b.period, self._own_days(), strict=True)),
                                   strict=True):  # fmt: skip
                if picker.value is None or pd.Timestamp(picker.value).date() != dt.date.fromisoformat(day):
                    picker.value = dt.date.fromisoformat(day)
            put(self.latitude, round(session.selection.at[0], 3))
            put(self.longitude, round(session.selection.at[1], 3))
            for name, select in self.choices.items():
                put(select, getattr(b.l4c, name))
        finally:
            self._showing = False
        scope = session.scope()
        words = session.problem or (scope.words if scope is not None else "The world is being prepared.")
        self.words.object = f"<div role='status' style='font-size:12.5px'>{html.escape(words)}</div>"
        edits = len(b.l4c.parameters)
        text = f"{edits} biome properties differ from the table." if edits else "Biome properties are the table's."
        carbon = html.escape(b.to_query())
        link = f"<a href='./carbon?{carbon}'>Carbon</a>"
        self.edited.object = (
            f"<div style='font-size:12px;opacity:.85'>{text} To edit them open {link}; its address opens here when "
            "<code>carbon</code> becomes <code>sensitivity</code>.</div>"
        )
