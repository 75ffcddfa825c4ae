"""The left side of the page Land: where, what grows and what it stands on, its parameters, and how it is run."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.land.session import LandSession, land_changes
from explorer.pages.compare import Compare
from explorer.pages.land_parameters import COLOURS, LandParameters, table_values
from explorer.pages.page import put, switch
from models.land.options import LAND_CHOICES, TIME_STEPS
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES

__all__ = ["LandControls"]

MAPPED = 0
"""Class that stands for "as mapped"."""

MOST_CYCLES = 60
"""Passes through the year that the page offers."""

OPTION_LABELS = {
    "time_step": "Time step",
    "hydraulics": "Soil hydraulics",
    "drainage": "Drainage",
    "soil_carbon": "Fast soil carbon at the start",
}
OPTION_HELP = {
    "time_step": "Hours of a step; half an hour is closest to the real Noah-MP, three hours is quickest",
    "hydraulics": "Retention and conductivity of the soil",
    "drainage": "Out of the column by gravity, or into an aquifer below it",
    "soil_carbon": "As the spin-up left it, or where a repeated year leaves it unchanged",
}
CHOICE_WORDS = {
    "clapp_hornberger": "Clapp and Hornberger",
    "van_genuchten": "van Genuchten",
    "free": "free",
    "groundwater": "into groundwater",
    "given": "as the spin-up left it",
    "balanced": "balanced",
}
START = (10, 6, 4)
"""Classes that the sliders stand for until the place says what it has."""


class LandControls:
    """Widgets on one session; they follow it, and what a hand does goes to the session."""

    def __init__(self, session: LandSession):
        self.session = session
        self._showing = False
        self.mapped = START
        self.compare = Compare(session, lambda a, b: land_changes(a, b, table_values(*self.classes)))
        self._place()
        self._classes()
        self.parameters = LandParameters(self._on_moved, session.put_back)
        self._options()
        session.param.watch(self.show, ["a", "b", "selection"])
        session.param.watch(self._on_answer, "answer")
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [
            *(*self.compare.objects, pmui.Divider(margin=(4, 0))),
            *(self.kind, self.cell, self.tower, self.facts),
            *(self.vegetation, self.soil, pmui.Divider(margin=(6, 0))),
            *self.parameters.objects,
            self.more,
        ]

    # -- where --------------------------------------------------------------------------------------------------
    def _place(self) -> None:
        self.kind = switch("Place", {"Cell": "reference-earth", "Tower": "tower"}, "reference-earth", margin=(6, 8))
        self.kind.param.watch(self._on_kind, "value")
        small = {"size": "small", "width": 145, "margin": (4, 4, 4, 8)}
        self.latitude = pmui.FloatInput(label="Latitude [°N]", start=-90, end=90, step=0.5, **small)
        self.longitude = pmui.FloatInput(label="Longitude [°E]", start=-180, end=180, step=0.5, **small)
        self.cell = pmui.Row(self.latitude, self.longitude, margin=0)
        for widget in (self.latitude, self.longitude):
            widget.param.watch(self._on_at, "value")
        self.tower = pmui.Select(
            label="Tower", options=self.session.towers(), size="small", sizing_mode="stretch_width",
            margin=(8, 8, 4, 8), visible=False,
            description="Runs with the tower's own weather, and is compared with what it measured",
        )  # fmt: skip
        self.tower.param.watch(self._on_tower, "value")
        self.facts = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 8))

    def _on_kind(self, event) -> None:
        if self._showing:
            return
        site = "" if event.new != "tower" else self.session.b.site or next(iter(self.session.towers().values()), "")
        self.session.where(dataset=event.new, site=site)

    def _on_tower(self, event) -> None:
        if not self._showing and event.new:
            self.session.where(dataset="tower", site=event.new)

    def _on_at(self, _event) -> None:
        if self._showing or self.latitude.value is None or self.longitude.value is None:
            return
        at = (float(self.latitude.value), float(self.longitude.value))
        if at != self.session.selection.at:
            self.session.select(at=at)

    # -- classes ------------------------------------------------------------------------------------------------
    def _classes(self) -> None:
        look = {"size": "small", "sizing_mode": "stretch_width", "margin": (8, 8, 4, 8)}
        self.vegetation = pmui.Select(
            label="Vegetation class (IGBP)", options=self._words(VEGETATION_CLASSES, ""),
            description="Brings its column of the parameter table; in a region, everywhere", **look,
        )  # fmt: skip
        self.soil = pmui.Select(
            label="Soil class (STAS)", options=self._words(SOIL_CLASSES, ""),
            description="Brings its column of the parameter table; in a region, everywhere", **look,
        )  # fmt: skip
        self.vegetation.param.watch(lambda event: self._on_class(vegetation=event.new), "value")
        self.soil.param.watch(lambda event: self._on_class(soil=event.new), "value")

    @staticmethod
    def _words(names: tuple[str, ...], mapped: str) -> dict[str, int]:
        first = f"as mapped · {mapped}" if mapped else "as mapped"
        return {first: MAPPED, **{f"{k} · {name}": k for k, name in enumerate(names, 1)}}

    def _on_class(self, **chosen: int) -> None:
        if not self._showing:
            self.session.column(**{name: value or None for name, value in chosen.items()})

    @property
    def classes(self) -> tuple[int, int, int]:
        """Vegetation class, soil class and soil colour that B's parameters are of."""
        told = dict(self.session.b.land.columns)
        names = ("vegetation", "soil", "soil_colour")
        return tuple(
            told[name] if isinstance(told.get(name), int) else own for name, own in zip(names, self.mapped, strict=True)
        )

    # -- parameters ---------------------------------------------------------------------------------------------
    def _on_moved(self, fields: dict[str, float]) -> None:
        """Take what a hand has moved into B."""
        try:
            self.session.move(fields)
        except ValueError:
            self.show()
            raise

    # -- options ------------------------------------------------------------------------------------------------
    def _options(self) -> None:
        look = {"size": "small", "sizing_mode": "stretch_width", "margin": (8, 8, 2, 8)}
        self.choices = {}
        for name, label in OPTION_LABELS.items():
            if name == "time_step":
                options = {f"{step:g} h": step for step in TIME_STEPS}
            else:
                options = {CHOICE_WORDS[word]: word for word in LAND_CHOICES[name]}
            select = pmui.Select(label=label, options=options, description=OPTION_HELP[name], **look)
            select.param.watch(lambda event, name=name: self._on_option(name, event.new), "value")
            self.choices[name] = select
        self.cycles = pmui.IntInput(
            label="Passes through the year, at most", start=1, end=MOST_CYCLES, step=1,
            description="From a cold start; the last one is shown", **look,
        )  # fmt: skip
        self.cycles.param.watch(lambda event: self._on_option("cycles", event.new), "value")
        self.settle = pmui.Checkbox(
            label="Stop when water and leaf area repeat", size="small", margin=(4, 8),
        )  # fmt: skip
        self.settle.param.watch(lambda event: self._on_option("stop_when_settled", event.new), "value")
        self.colour = pmui.Select(
            label="Soil colour", options={"as mapped": MAPPED, **{f"{k}": k for k in range(1, COLOURS + 1)}},
            description="1 bright to 8 dark; it sets the four albedos of soil", **look,
        )  # fmt: skip
        self.colour.param.watch(lambda event: self._on_class(soil_colour=event.new), "value")
        options = pmui.Column(
            *self.choices.values(), self.cycles, self.settle, self.colour, sizing_mode="stretch_width", margin=0
        )
        self.more = pmui.Accordion(
            ("Model options", options), active=[], disable_gutters=True, dynamic=True, title_variant="subtitle2",
            sizing_mode="stretch_width", margin=(2, 4), elevation=0, variant="outlined",
        )  # fmt: skip

    def _on_option(self, name: str, value: object) -> None:
        if not self._showing and value is not None and value != getattr(self.session.b.land, name):
            self.session.options(**{name: value})

    # -- following the session ----------------------------------------------------------------------------------
    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        b, selection = self.session.b, self.session.selection
        tower = b.dataset == "tower"
        told = dict(b.land.columns)
        self._showing = True
        try:
            put(self.kind, "tower" if tower else "reference-earth")
            if tower and b.site in self.tower.options.values():
                put(self.tower, b.site)
            put(self.latitude, round(selection.at[0], 3))
            put(self.longitude, round(selection.at[1], 3))
            for widget, name in ((self.vegetation, "vegetation"), (self.soil, "soil"), (self.colour, "soil_colour")):
                value = told.get(name, MAPPED)
                put(widget, value if isinstance(value, int) else MAPPED)
            for name, select in self.choices.items():
                put(select, getattr(b.land, name))
            put(self.cycles, b.land.cycles)
            put(self.settle, b.land.stop_when_settled)
        finally:
            self._showing = False
        if self.cell.visible == tower:
            self.cell.visible, self.tower.visible = not tower, tower
        published = table_values(*self.classes)
        self.parameters.show(published | dict(b.land.parameters), published)
        self.compare.show()

    def _on_answer(self, event) -> None:
        """Say what the place is, once it is known, and let the sliders stand for its classes."""
        if event.new is None:
            return
        place = event.new.place
        self.facts.object = f"<div style='font-size:12px;opacity:.85'>{html.escape(place.words)}</div>"
        if place.classes != self.mapped:
            self.mapped = place.classes
            vegetation, soil, _ = place.classes
            self._showing = True
            try:
                for widget, names, number in (
                    (self.vegetation, VEGETATION_CLASSES, vegetation),
                    (self.soil, SOIL_CLASSES, soil),
                ):
                    widget.options = self._words(names, names[number - 1])
                    widget.param.trigger("value")  # the browser knows a value by its words
            finally:
                self._showing = False
            self.show()
