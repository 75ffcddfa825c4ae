"""The tab One cell of the page Assimilation: every update of a cell, one after the other, taken apart."""

from functools import partial

import numpy as np
import panel_material_ui as pmui

from explorer.assimilation.cell_numbers import ensemble_series, observed_series, updates_of
from explorer.assimilation.numbers import (
    ROW_UNITS,
    cell_of,
    name_and_unit,
    places,
    sensor_title,
)
from explorer.assimilation.runs import Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.sources import label_of
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.runs import SLOW, Job
from explorer.session import describe
from explorer.views.ensemble_series import EnsembleSeriesView
from explorer.views.members import MembersView
from explorer.views.one_cell import Update, UpdateView
from models.assimilation.record import CellSeries

__all__ = ["CellTab"]

VARIABLES = ("ssm", "rzsm", "sm1", "sm2", "sm3", "sm4", "lai", "gpp")


class CellTab:
    """Step through the updates of the selected cell with the arrow keys, the buttons or the slider."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.title = heading("One cell")
        self.update_view = UpdateView()
        self.update_view.on_step(self.step)
        self.members = MembersView()
        self.series = EnsembleSeriesView(height=330)
        self.updates: list[Update] = []
        self.shown: CellSeries | None = None
        self._asked: tuple | None = None
        self._days = 0
        self._outcome: Outcome | None = None
        self._showing = False
        self._widgets()
        self.pane = pmui.Column(
            card(
                self.title,
                pmui.Row(self.previous, self.next, self.which, self.used_only, sizing_mode="stretch_width", margin=0),
                self.update_view.pane,
            ),
            pmui.Grid(
                pmui.Grid(
                    card(heading("Every member through time", "drag to zoom"), self.row, self.members.pane),
                    size={"xs": 12, "lg": 6},
                ),
                pmui.Grid(
                    card(heading("Daily means, observations and increments"), self.variable, self.series.pane),
                    size={"xs": 12, "lg": 6},
                ),
                container=True,
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self._on_selection, "selection")

    def _widgets(self) -> None:
        small = {"size": "small", "variant": "outlined", "margin": (6, 4)}
        self.previous = pmui.Button(
            label="◀ Before",
            description="The update before (left arrow key)",
            on_click=lambda _e: self.step(-1),
            **small,
        )
        self.next = pmui.Button(
            label="Next ▶", description="The next update (right arrow key)",
            on_click=lambda _event: self.step(1), **small,
        )  # fmt: skip
        self.which = pmui.IntSlider(
            label="Update",
            start=1,
            end=2,
            value=1,
            size="small",
            margin=(4, 16),
            sizing_mode="stretch_width",
            width=None,
        )
        self.which.param.watch(self._on_which, "value")
        self.used_only = pmui.Switch(
            label="used only", value=True, size="small", margin=(10, 8),
            description="Leave out observations that were masked or only monitored",
        )  # fmt: skip
        self.used_only.param.watch(lambda event: self._take(), "value")
        self.row = switch("Members of", {}, None, margin=(0, 8))
        self.row.param.watch(lambda event: self._draw_members(), "value")
        self.variable = pmui.Select(
            label="Quantity", options={"SSM": "ssm"}, value="ssm", size="small", width=230, margin=(2, 8)
        )
        self.variable.param.watch(lambda event: self._draw_series(), "value")

    # -- which cell -------------------------------------------------------------------------------------------------
    def update(self, outcome: Outcome) -> None:
        """Ask for the members and updates of the selected cell, if they are not there yet."""
        self._outcome = outcome
        result = outcome.result
        cell = cell_of(result, self.session.selection.at)
        self._offer(result)
        self._draw_series()
        key = (outcome.experiment, cell)
        if key == self._asked and not self._outgrown(result.days_done):
            self._draw()
            return
        if key != self._asked:
            self.shown, self.updates = None, []
            self.update_view.update(None, note=f"Running {places(result)[cell]} again with every member kept …")
        self._asked, self._days = key, result.days_done
        session = self.session
        SLOW.submit(
            (session.number, "cell"),
            Job(
                work=lambda progress, cancelled: result.series(cell),
                done=partial(self._answered, key),
                post=session.post,
                failed=self._failed,
            ),
        )

    def _outgrown(self, days: int) -> bool:
        """Say whether the members that are shown are of too few days: while a run goes on, of less than half."""
        return days >= 2 * self._days if self.session.running else days != self._days

    def _failed(self, error: Exception) -> None:
        self._asked = None
        self.session.tell(describe(error), "error")

    def _offer(self, result) -> None:
        """Offer the quantities of this run: variables, and what its sensors see."""
        options = {f"{name_and_unit(name)[0]}": name for name in VARIABLES}
        options |= {f"{sensor_title(name)}, as the sensor sees it": f"sensor:{name}" for name in result.sensors}
        if self.variable.options != options:
            kept = self.variable.value if self.variable.value in options.values() else "ssm"
            self.variable.param.update(options=options, value=kept)

    def _answered(self, key: tuple, series: CellSeries) -> None:
        if key != self._asked:
            return
        self.shown = series
        options = {name_and_unit(row)[0].replace("soil moisture ", ""): row for row in series.rows}
        if self.row.options != options:
            self.row.param.update(options=options, value=series.rows[0])
        self._take()

    def _take(self) -> None:
        """Take the updates of the cell, all of them or those that were used."""
        if self.shown is None:
            return
        updates = updates_of(self.shown)
        self.updates = [one for one in updates if one.used] if self.used_only.value else updates
        self._showing = True
        try:
            self.which.param.update(end=max(2, len(self.updates)), value=self.number + 1)
        finally:
            self._showing = False
        self._draw()

    # -- which update -------------------------------------------------------------------------------------------------
    @property
    def number(self) -> int:
        """Which update is shown, from 0."""
        return min(self.session.selection.update, max(0, len(self.updates) - 1))

    def step(self, by: int) -> None:
        """Go to the update before or after."""
        if self.updates and self.session.selection.tab == "cell":
            wanted = min(max(self.number + by, 0), len(self.updates) - 1)
            if wanted != self.session.selection.update:
                self.session.select(update=wanted)

    def _on_which(self, event) -> None:
        if not self._showing and event.new - 1 != self.session.selection.update:
            self.session.select(update=int(event.new) - 1)

    def _on_selection(self, event) -> None:
        if event.new.tab == "cell" and event.old.update != event.new.update and event.old.at == event.new.at:
            self._draw()

    def _draw(self) -> None:
        """Draw the update that is chosen, and mark its time."""
        outcome = self._outcome
        if outcome is None or self.shown is None:
            return
        result = outcome.result
        place = places(result)[cell_of(result, self.session.selection.at)]
        self.title.object = heading_html("One cell", f"{place} · {label_of(result)} · ← → step through")
        self._showing = True
        try:
            put(self.which, self.number + 1)
        finally:
            self._showing = False
        if not self.updates:
            words = "No observation was used in this cell; switch “used only” off to see why, or click another cell."
            self.update_view.update(None, note=words)
            self.members.update(None)
            return
        one = self.updates[self.number]
        note = f"Update {self.number + 1} of {len(self.updates)}, {one.time} local solar time."
        self.update_view.update(one, ROW_UNITS, note)
        self._draw_members()
        self.series.mark(time_of(one))

    def _draw_members(self) -> None:
        series, row = self.shown, self.row.value
        if series is None or row not in series.rows:
            return
        place = series.rows.index(row)
        name, unit = name_and_unit(row)
        when = time_of(self.updates[self.number]) if self.updates else None
        self.members.update(series.time, series.open_loop[:, place], series.analysis[:, place], name, unit, when)

    def _draw_series(self) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        result, quantity = outcome.result, self.variable.value
        cell = cell_of(result, self.session.selection.at)
        kind, _, sensor = quantity.partition(":")
        if sensor and sensor not in result.sensors:
            return
        series = observed_series(result, cell, sensor) if sensor else ensemble_series(result, cell, kind)
        self.series.update(series)


def time_of(update: Update):
    """Return when an update was, as a date and time."""
    return np.datetime64(update.time.replace(" ", "T"))
