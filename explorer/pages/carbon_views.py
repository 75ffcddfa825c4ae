"""The tab Explore of the page Carbon: map, selected cell and ramp editor, and what keeps them up to date."""

import html
from collections.abc import Callable

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.address import MAPPED, SHOWN
from explorer.pages.page import card, heading, heading_html, switch
from explorer.question import Answer
from explorer.session import Session
from explorer.style import Scale, scale_for, symbol_text
from explorer.views.map import MapView
from explorer.views.projection import PROJECTIONS
from explorer.views.ramps import RampEditor
from explorer.views.series import GROUPS, SeriesView
from models.l4c.params import PFTS, RAMPS
from models.variables import VARIABLES

__all__ = ["CellCard", "MapCard", "RampCard", "place_text"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOWN_WORDS = {"B": "B · experiment", "A": "A · baseline", "B-A": "B − A"}
PROJECTION_WORDS = {"equal_earth": "Equal Earth", "plate_carree": "Plate carrée", "north_polar": "North polar"}
RAMP_WORDS = {"tmin": "Tmin", "vpd": "VPD", "smrz": "SMRZ", "smsf": "SMSF", "t_soil": "Tsoil"}
UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
BETAS = ("tsoil_beta", "tsoil_beta1", "tsoil_beta2")
"""Parameters of the temperature curve, the one that is dragged first."""

FARTHEST = 4.0
"""Degrees beside land within which a click still means the nearest cell."""


def place_text(latitude: float, longitude: float) -> str:
    """Write a place as people do."""
    return f"{abs(latitude):.2f}°{'S' if latitude < 0 else 'N'}, {abs(longitude):.2f}°{'W' if longitude < 0 else 'E'}"


def variable_options() -> dict[str, str]:
    """Return what the variable picker offers."""
    return {f"{symbol_text(VARIABLES[v].symbol)} · {VARIABLES[v].long_name}": v for v in MAPPED}


class MapCard:
    """The map with its switches: what, when, of which experiment."""

    def __init__(self, session: Session, table, draw: Callable[[float, float, float, float], None]):
        self.session = session
        self.view = MapView(table, height=390)
        self.view.on_tap(self._on_tap)
        self.view.on_box(draw)
        self._scales: dict[tuple, Scale] = {}
        self._showing = False
        self._drawn: tuple = ()
        self._widgets()
        self.pane = card(
            pmui.FlexBox(self.show, self.variable, margin=(4, 4, 0, 4)),
            pmui.FlexBox(self.period, self.month, self.day, self.projection, self.hint, margin=(0, 4)),
            self.view.pane,
            self.view.caption_pane,
        )
        session.param.watch(self._follow, ["a", "b", "selection"])
        self._follow()

    def _widgets(self) -> None:
        small = {"size": "small", "margin": (4, 4)}
        self.show = switch("Shown on the map", {SHOWN_WORDS[s]: s for s in SHOWN}, "B")
        self.variable = pmui.Select(label="Variable", options=variable_options(), value="gpp", width=235, **small)
        self.projection = pmui.Select(
            label="Projection",
            options={PROJECTION_WORDS.get(name, name): name for name in PROJECTIONS},
            value=self.view.projection,
            width=125,
            **small,
        )
        self.period = switch("Period", {"Year": "annual", "Month": "m", "Day": "d"}, "annual")
        self.month = pmui.DiscreteSlider(
            label="Month", options=list(MONTHS), value="Jul", size="small", width=200, visible=False, margin=(0, 12)
        )
        self.day = pmui.IntSlider(
            label="Day of year", start=1, end=365, value=196, size="small", width=200, visible=False, margin=(0, 12)
        )
        self.hint = pn.pane.HTML(
            "<div style='font-size:12px;opacity:.75'>Click: a cell's series. Box tool: a region.</div>",
            margin=(8, 6),
        )
        self.show.param.watch(self._on_widget, "value")
        self.variable.param.watch(self._on_widget, "value")
        for widget in (self.period, self.month, self.day):
            widget.param.watch(self._on_widget, "value")
        self.projection.param.watch(lambda event: self.view.set_projection(event.new), "value")

    def _on_widget(self, _event) -> None:
        if self._showing:
            return
        kind = self.period.value
        when = {"annual": "annual", "m": f"m{MONTHS.index(self.month.value) + 1:02d}", "d": f"d{self.day.value}"}[kind]
        self.session.select(show=self.show.value, variable=self.variable.value, when=when)

    def _follow(self, *_events) -> None:
        """Set the widgets and the outline to the session's state."""
        selection, region = self.session.selection, self.session.b.region
        kind = selection.when if selection.when == "annual" else selection.when[0]
        self._showing = True
        try:
            values = {self.show: selection.show, self.variable: selection.variable, self.period: kind}
            if selection.month is not None:
                values[self.month] = MONTHS[selection.month]
            if selection.day is not None:
                values[self.day] = selection.day + 1
            for widget, value in values.items():
                if widget.value != value:
                    widget.value = value
        finally:
            self._showing = False
        self.month.visible, self.day.visible, self.hint.visible = kind == "m", kind == "d", kind == "annual"
        box = None if region.whole else (region.west, region.south, region.east, region.north)
        if box != getattr(self, "_box", ()):
            self._box = box
            self.view.region(*(box or (None,)))

    def _on_tap(self, lat: float, lon: float) -> None:
        """Select the cell that was clicked; beside land, the nearest one."""
        world = self.session.world
        if world is None or lat is None:
            return
        cell = world.table.nearest(lat, lon)
        dlat = float(world.latitude[cell]) - lat
        dlon = (float(world.longitude[cell]) - lon + 180) % 360 - 180
        if np.hypot(dlat, dlon * np.cos(np.deg2rad(lat))) > FARTHEST:
            self.session.tell(f"There is no land at {place_text(lat, lon)}; click on land.", "info")
            return
        self.session.select(at=(float(world.latitude[cell]), float(world.longitude[cell])))

    def update(self, answer: Answer) -> None:
        """Draw the numbers of an answer."""
        selection, world = answer.question.selection, answer.world
        if self.view.table is not world.table:
            self.view.set_table(world.table)
            self.day.end = len(world.time)
        values = {"A": answer.field_a, "B": answer.field_b}.get(selection.show)
        if values is None:
            values = answer.field_b - answer.field_a
        scale = self._scale(answer, values)
        drawn = (answer.field_a, answer.field_b, selection.show, scale, self._title(answer, scale), world.table)
        # A click elsewhere brings the same arrays again: nothing of the map need travel.
        if not _same(drawn, self._drawn):
            self._drawn = drawn
            self.view.update(values, scale, title=drawn[4], synthetic=True)
        self.view.select(float(world.latitude[answer.cell]), float(world.longitude[answer.cell]))

    def _scale(self, answer: Answer, values: np.ndarray) -> Scale:
        """Keep limits while a slider moves; a difference outgrows or shrinks out of its own."""
        selection, world, region = answer.question.selection, answer.world, answer.question.b.region
        difference = selection.show == "B-A"
        when = (
            "annual"
            if selection.when == "annual"
            else (selection.month if selection.month is not None else selection.day)
        )
        key = (selection.variable, selection.when[0], difference, region, world.grid)
        mask = world.mask(region)
        if not difference:
            if key not in self._scales:
                base = answer.field_a if mask is None else answer.field_a[mask]
                self._scales[key] = scale_for(selection.variable, when, values=base)
            return self._scales[key]
        inside = values if mask is None else values[mask]
        fresh = scale_for(selection.variable, when, difference=True, values=inside)
        kept = self._scales.get(key)
        if kept is None or not 0.25 * kept.high <= fresh.high <= 1.5 * kept.high:
            self._scales[key] = kept = fresh
        return kept

    def _title(self, answer: Answer, scale: Scale) -> str:
        selection = answer.question.selection
        if selection.month is not None:
            when = f"mean of {MONTHS[selection.month]}"
        elif selection.day is not None:
            day = min(selection.day, len(answer.world.time) - 1)
            when = str(answer.world.time[day])
        else:
            when = "year"
        name = VARIABLES[selection.variable].long_name
        return f"{name[:1].upper()}{name[1:]} · {when} · {SHOWN_WORDS[selection.show]}"


def _same(these: tuple, those: tuple) -> bool:
    """Say whether two tuples hold the same objects, or equal words."""
    return len(these) == len(those) and all(
        x is y or (isinstance(x, (str, Scale)) and x == y) for x, y in zip(these, those, strict=True)
    )


class CellCard:
    """The daily series of the selected cell."""

    def __init__(self, session: Session):
        self.session = session
        self.view = SeriesView(height=205)
        self.title = heading("Selected cell")
        self.group = switch("Series", {words: key for key, words in GROUPS.items()}, "fluxes")
        self.group.param.watch(lambda event: self.view.show(event.new), "value")
        self.pane = card(self.title, self.group, self.view.pane)

    def update(self, answer: Answer) -> None:
        """Draw the series of an answer."""
        world, cell = answer.world, answer.cell
        fractions = world.pft_fraction[cell]
        order = [i for i in np.argsort(fractions)[::-1] if fractions[i] > 0.005][:4]
        plants = ", ".join(f"{PFTS[i]} {100 * fractions[i]:.0f} %" for i in order) or "no vegetation"
        place = place_text(float(world.latitude[cell]), float(world.longitude[cell]))
        self.title.object = heading_html("Selected cell", f"{place} · {plants}")
        self.view.update(answer.series_b, answer.series_a, title="Daily values")


class RampCard:
    """The ramp editor: one curve at a time, over the density of its driver."""

    def __init__(self, session: Session, move: Callable[[str, dict[str, float]], None]):
        self.session = session
        self._move = move
        self.title = heading("Ramp editor")
        self.driver = switch("Constraint", {words: name for name, words in RAMP_WORDS.items()}, session.driver)
        self.driver.param.watch(self._on_driver, "value")
        self.text = pn.pane.HTML("", margin=0, height=2)
        self.editors: dict[str, RampEditor] = {}
        self.place = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.pane = card(self.title, self.driver, self.place, self.text)
        self._density = None
        self._drawn: tuple = ()
        session.param.watch(self._follow, ["a", "b", "selection"])
        self._on_driver(None)

    @property
    def editor(self) -> RampEditor:
        """The editor that is shown."""
        return self.editors[self.driver.value]

    def _on_driver(self, event) -> None:
        name = self.driver.value
        if name not in self.editors:
            editor = RampEditor(name, height=190)
            editor.on_change(lambda low, high, final, name=name: self._on_drag(name, low, high))
            self.editors[name] = editor
        self.place[:] = [self.editors[name].pane]
        self._density = None
        self._follow()
        self.session.driver = name
        if event is not None:
            self.session.ask()

    def _on_drag(self, name: str, low: float, high: float) -> None:
        """Take a dragged limit into B."""
        fields = RAMPS.get(name, BETAS[:1])
        self._move(self.session.selection.pft, dict(zip(fields, (low, high), strict=False)))

    def _follow(self, *_events) -> None:
        """Draw the curve of B and A at once; the density comes with the answer."""
        session = self.session
        pft = session.selection.pft
        b, a = session.b.l4c.table()[pft], session.a.l4c.table()[pft]
        fields = RAMPS.get(self.driver.value, BETAS)
        curves = tuple(getattr(table, field) for table in (b, a) for field in fields)
        drawn = (self.driver.value, pft, curves, self._density)
        # A slider that moves no limit of this curve repaints nothing of it.
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.editor.update(b, a, self._density)
        words = heading_html("Ramp editor", f"{pft} · drag the two limits on the plot")
        if self.title.object != words:
            self.title.object = words
        # The plot says it on its canvas, where a screen reader sees nothing.
        text = f"<div role='status' style='{UNSEEN}'>{html.escape(self.editor.text)}</div>"
        if self.text.object != text:
            self.text.object = text

    def update(self, answer: Answer) -> None:
        """Draw the density of the driver in the region, where the plant type grows."""
        if answer.question.driver == self.driver.value and answer.density is not self._density:
            self._density = answer.density
            self._follow()
