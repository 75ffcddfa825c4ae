"""The tab Maps of the page Assimilation: any statistic of any variable or sensor, and the series of a cell."""

import numpy as np
import panel_material_ui as pmui

from explorer.assimilation.address import DIAGNOSED, AssimilationSelection
from explorer.assimilation.cell_numbers import ensemble_series
from explorer.assimilation.numbers import cell_of, name_and_unit, place_text, places, sensor_title
from explorer.assimilation.runs import Outcome
from explorer.assimilation.scales import (
    SHOWN_WORDS,
    WHEN_WORDS,
    is_signed,
    scale_of,
    statistic_words,
    title_of,
    unit_of_statistic,
)
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.sources import label_of
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.views.ensemble_series import EnsembleSeriesView
from explorer.views.map import MapView
from explorer.worlds import table_of
from models.assimilation.record import SPREAD_KEPT, VARIABLES_KEPT
from models.assimilation.result import STATISTICS

__all__ = ["CellMap", "MapsTab", "field_of", "on_grid"]

FARTHEST = 2.5
"""Degrees beside the cells of the run within which a click still means the nearest one."""

OF_SPREAD = ("spread", "range", "spread_skill")
"""Statistics of variables whose members are kept."""


def on_grid(outcome: Outcome, values: np.ndarray) -> np.ndarray:
    """Return values of the run's cells on all cells of the grid, NaN elsewhere."""
    table = table_of(outcome.experiment.grid)
    field = np.full(table.n_cell, np.nan, dtype=np.float32)
    field[outcome.result.twin.cells] = values
    return field


def field_of(outcome: Outcome, selection: AssimilationSelection) -> np.ndarray:
    """Return what a map shows, one value a cell of the run; NaN where it does not exist."""
    result, month = outcome.result, selection.month
    before = outcome.baseline
    nothing = np.full(result.twin.cells.size, np.nan)
    if selection.of_sensor:

        def of(one) -> np.ndarray:
            there = one is not None and selection.sensor in one.logs
            return one.diagnostic(selection.sensor, selection.statistic, month) if there else nothing

        if selection.show == "A":
            return of(before)
        return of(result) - of(before) if selection.show == "B-A" else of(result)
    name, statistic = selection.variable, selection.statistic
    if statistic in OF_SPREAD and (name not in SPREAD_KEPT or selection.show == "truth"):
        return nothing
    if selection.show in ("A", "B-A"):
        a = (
            before.field(name, statistic, "analysis", month)
            if before is not None
            else result.field(name, statistic, "open_loop", month)
        )
        return a if selection.show == "A" else result.field(name, statistic, "analysis", month) - a
    return result.field(name, statistic, selection.show, month)


class CellMap:
    """A map of the cells of a run on which a click selects one.

    Parameters
    ----------
    session : AssimilationSession
        Whose selection follows a click.
    height : int
        Of the plot [pixels].
    draw : callable, optional
        Takes a box that was drawn.
    """

    def __init__(self, session: AssimilationSession, *, height: int = 390, draw=None):
        self.session = session
        self.view = MapView(table_of(session.b.grid), projection="plate_carree", height=height)
        self.view.on_tap(self._on_tap)
        if draw is not None:
            self.view.on_box(draw)
        self.outcome: Outcome | None = None
        session.param.watch(self._outline, ["b"])
        self._outline()

    def _outline(self, *_events) -> None:
        region = self.session.b.region
        box = None if region.whole else (region.west, region.south, region.east, region.north)
        self.view.region(*(box or (None,)))
        self.view.focus(_around(box))

    def _on_tap(self, lat: float, lon: float) -> None:
        if self.outcome is None:
            return
        twin = self.outcome.result.twin
        cell = cell_of(self.outcome.result, (lat, lon))
        dlat = float(twin.latitude[cell]) - lat
        dlon = (float(twin.longitude[cell]) - lon + 180) % 360 - 180
        if np.hypot(dlat, dlon * np.cos(np.deg2rad(lat))) > FARTHEST:
            self.session.tell(f"The run has no cell at {place_text(lat, lon)}; click on a coloured one.", "info")
            return
        self.session.select(at=(float(twin.latitude[cell]), float(twin.longitude[cell])), update=0)

    def update(self, outcome: Outcome, values: np.ndarray, *, unit: str, title: str, bar: str, signed: bool) -> None:
        """Draw values of the run's cells."""
        self.outcome = outcome
        table = table_of(outcome.experiment.grid)
        if self.view.table is not table:
            self.view.set_table(table)
        scale = scale_of(values, unit=unit, title=bar, signed=signed)
        self.view.update(on_grid(outcome, values), scale, title=title, synthetic=True)
        twin, cell = outcome.result.twin, cell_of(outcome.result, self.session.selection.at)
        self.view.select(float(twin.latitude[cell]), float(twin.longitude[cell]))


def _around(box: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
    """Return a box with a margin, within the globe."""
    if box is None:
        return None
    west, south, east, north = box
    margin = 0.08 * max(east - west, north - south)
    if west >= east:
        return box
    return max(west - margin, -180.0), max(south - margin, -90.0), min(east + margin, 180.0), min(north + margin, 90.0)


class MapsTab:
    """The map with its switches, and beside it the selected cell through time."""

    def __init__(self, session: AssimilationSession, draw):
        self.session = session
        self.map = CellMap(session, draw=draw)
        self.series = EnsembleSeriesView(height=400)
        self.title = heading("Selected cell", "its series appears with the first month of a run")
        self.series.pane.visible = False  # until there is something to draw
        self._showing = False
        self._widgets()
        self.pane = pmui.Grid(
            pmui.Grid(
                card(
                    pmui.FlexBox(self.show, margin=(4, 4, 0, 4)),
                    pmui.FlexBox(self.statistic, self.variable, self.sensor, self.when, margin=(0, 4)),
                    self.map.view.pane,
                    self.map.view.caption_pane,
                ),
                size={"xs": 12, "lg": 7},
            ),
            pmui.Grid(card(self.title, self.series.pane), size={"xs": 12, "lg": 5}),
            container=True,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._follow, ["selection"])
        self._follow()

    def _widgets(self) -> None:
        small = {"size": "small", "margin": (6, 4)}
        self.show = switch("Shown on the map", {words: name for name, words in SHOWN_WORDS.items()}, "difference")
        variables = {name_and_unit(name)[0]: name for name in VARIABLES_KEPT}
        self.variable = pmui.Select(label="Variable", options=variables, value="ssm", width=165, **small)
        of_variable = {statistic_words(name, of_sensor=False): name for name in STATISTICS}
        options = of_variable | {f"sensor · {statistic_words(name, of_sensor=True)}": name for name in DIAGNOSED}
        self.statistic = pmui.Select(label="Statistic", options=options, value="mean", width=235, **small)
        self.sensor = pmui.Select(label="Sensor", options={"SSM": "ssm"}, value="ssm", width=120, **small)
        self.when = pmui.Select(
            label="When", options={words: name for name, words in WHEN_WORDS.items()}, value="all", width=130, **small
        )
        for name in ("show", "variable", "statistic", "sensor", "when"):
            getattr(self, name).param.watch(self._on_widget, "value")

    def _on_widget(self, _event) -> None:
        if not self._showing:
            names = ("show", "variable", "statistic", "sensor", "when")
            self.session.select(**{name: getattr(self, name).value for name in names})

    def _follow(self, *_events) -> None:
        """Set the widgets to the session's state."""
        selection = self.session.selection
        self._showing = True
        try:
            if selection.sensor not in self.sensor.options.values():
                self.sensor.options = {**self.sensor.options, sensor_title(selection.sensor): selection.sensor}
            for name in ("show", "variable", "statistic", "sensor", "when"):
                put(getattr(self, name), getattr(selection, name))
        finally:
            self._showing = False
        self.variable.visible, self.sensor.visible = not selection.of_sensor, selection.of_sensor

    def update(self, outcome: Outcome) -> None:
        """Draw a result."""
        selection, result = self.session.selection, outcome.result
        options = {sensor_title(name): name for name in (result.sensors or (selection.sensor,))}
        options.setdefault(sensor_title(selection.sensor), selection.sensor)
        if self.sensor.options != options:
            self._showing = True
            try:
                self.sensor.options = options
                put(self.sensor, selection.sensor)
            finally:
                self._showing = False
        values = field_of(outcome, selection)
        words = statistic_words(selection.statistic, of_sensor=selection.of_sensor)
        self.map.update(
            outcome, values, unit=unit_of_statistic(selection), title=title_of(selection), bar=words,
            signed=is_signed(selection),
        )  # fmt: skip
        cell = cell_of(result, selection.at)
        self.title.object = heading_html("Selected cell", f"{places(result)[cell]} · {label_of(result)}")
        self.series.pane.visible = True
        self.series.update(ensemble_series(result, cell, selection.variable))
