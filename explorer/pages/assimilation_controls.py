"""The left side of the page Assimilation: presets, sensors, where and when, ensemble, filter, twin, A and B."""

import html
from dataclasses import replace

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data_catalog.world.twin_world import twin_world
from explorer.assimilation.presets import PRESETS, changes, preset_of
from explorer.assimilation.runs import QUICK, kept
from explorer.assimilation.session import AssimilationSession
from explorer.pages.assimilation_ensemble import FilterControls
from explorer.pages.assimilation_sensors import SensorBlock
from explorer.pages.assimilation_sources import OwnFile
from explorer.pages.compare import Compare
from explorer.pages.page import put
from explorer.pages.where import Period, Where
from explorer.worlds import GRIDS
from models.assimilation.options import TIME_STEPS
from models.observation import SENSORS

__all__ = ["AssimilationControls"]

OWN = "your own settings"

FIRST_REGIONS = (
    *("Iberia", "Europe and Mediterranean", "Ukraine", "US Southern Plains", "Australia", "Sahel", "North China Plain"),
)
"""Regions of the papers, first in the picker."""


class AssimilationControls:
    """Widgets on one session; they follow it, and what a hand does goes to `AssimilationSession.edit`."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self._showing = False
        self._start()
        self._where()
        self._sensors()
        self.filter = FilterControls(session)

        def column(*objects) -> pmui.Column:
            return pmui.Column(*objects, sizing_mode="stretch_width", margin=0)

        self.groups = pmui.Accordion(
            ("Period, time step, grid", column(self.period.pane, self.time_step, self.grid)),
            ("Selected cell: latitude, longitude", self.where.cell),
            *self.filter.groups,
            active=[2], disable_gutters=True, dynamic=True, title_variant="subtitle2", sizing_mode="stretch_width",
            margin=(2, 4), elevation=0, variant="outlined",
        )  # fmt: skip
        session.param.watch(self.show, ["a", "b", "selection", "running", "answer", "items"])
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [
            *(*self.compare.objects, self.estimate, self.run_row, pmui.Divider(margin=(4, 0))),
            *(self.preset, *self.sensors, pmui.Divider(margin=(4, 0))),
            *(self.where.region, self.groups),
        ]

    # -- run, A and B ---------------------------------------------------------------------------------------------
    def _start(self) -> None:
        session = self.session
        self.compare = Compare(session, changes, idle="<b>Choose sensors</b>: B is an open loop now, as A is.")
        self.compare.reset.description = "Reset: sensors and settings as the page opens with"
        own = pmui.Button(
            label="A = OL", icon="waves", description="A is B's own open loop again", size="small", variant="outlined",
            margin=2, on_click=lambda _event: session.baseline_table(),
        )  # fmt: skip
        self.compare.buttons[:] = [self.compare.reset, self.compare.undo, self.compare.promote, own]
        self.estimate = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 8))
        self.run = pmui.Button(
            label="Run", icon="play_arrow", description="Run: compute experiment B", size="small", variant="contained",
            margin=(2, 4, 2, 8), on_click=lambda _event: session.run(),
        )  # fmt: skip
        self.preview = pmui.Button(
            label="Preview", icon="bolt", description="Preview: 3-hour steps, at most 12 members", size="small",
            variant="outlined", margin=2, on_click=lambda _event: session.preview(),
        )  # fmt: skip
        self.at_once = pmui.Switch(
            label="at once", value=session.at_once, size="small", margin=(4, 2),
            description=f"Run by itself after a change, if it takes less than {QUICK:.0f} seconds",
        )  # fmt: skip
        self.at_once.param.watch(lambda event: setattr(session, "at_once", event.new), "value")
        self.run_row = pmui.Row(self.run, self.preview, self.at_once, margin=(0, 0, 4, 0), sizing_mode="stretch_width")

    # -- where and when -------------------------------------------------------------------------------------------
    def _where(self) -> None:
        self.where = Where(self.session, "Cells that are run", first=FIRST_REGIONS)
        self.period = Period(self.session, self._own_days)
        self.grid = pmui.Select(
            label="Grid", options={g.replace("km", " km"): g for g in GRIDS}, size="small",
            sizing_mode="stretch_width", margin=(8, 8, 4, 8), description="A 36-km run has nine times the cells",
        )  # fmt: skip
        self.grid.param.watch(lambda event: self._move(grid=event.new), "value")
        self.time_step = pmui.Select(
            label="Time step of the model", size="small", sizing_mode="stretch_width", margin=(8, 8, 4, 8),
            options={f"{step:g} h" + (" (preview)" if step > 1 else ""): step for step in TIME_STEPS},
        )  # fmt: skip
        self.time_step.param.watch(self._on_time_step, "value")

    def _own_days(self) -> list[str]:
        """Return first and last day of the twin's first year."""
        return [str(day) for day in twin_world(self.session.b.grid).days_of(("", ""))[0][[0, -1]]]

    def _move(self, **where) -> None:
        """Change place or period of both experiments."""
        if not self._showing:
            self.session.where(**where)

    def _on_time_step(self, event) -> None:
        if not self._showing:
            self.filter.set(time_step=event.new)

    def draw(self, west: float, south: float, east: float, north: float) -> None:
        """Restrict the region to a box that was drawn on the map."""
        self.where.draw(west, south, east, north)
        if self.session.size is None:
            self.session.tell(self.session.problem, "warning")

    # -- sensors ----------------------------------------------------------------------------------------------------
    def _sensors(self) -> None:
        self.preset = pmui.Select(
            label="Experiment of Heyvaert et al. 2024", options=[*PRESETS, OWN], value=OWN, size="small",
            sizing_mode="stretch_width", margin=(8, 8, 4, 8),
            description="Sensors and settings of the paper; the weather and the truth are this world's",
        )  # fmt: skip
        self.preset.param.watch(self._on_preset, "value")
        self.blocks = {sensor.name: SensorBlock(sensor, self._on_sensor) for sensor in SENSORS}
        title = pn.pane.HTML("<b style='font-size:13px'>Sensors</b>", margin=(4, 8, 0, 8))
        self._offered: tuple = ()
        for block in self.blocks.values():
            block.drawer.param.watch(lambda event: self.session.look() if event.new else None, "active")
            block.source.on_there(lambda offer, name=block.sensor.name: self.session.take(offer.item, name))
        self.own_file = OwnFile(self.session)
        self.sensors = [title, *(block.pane for block in self.blocks.values()), self.own_file.input]

    def _offer(self) -> None:
        """List the files of each sensor again where region, choice or catalog are others than before."""
        session = self.session
        now = (session.items, session.b.region, tuple(one.source for one in session.b.assimilation.sensors))
        if session.items is not None and now != self._offered:
            self._offered = now
            for block in self.blocks.values():
                block.source.offer(session)

    def _on_preset(self, event) -> None:
        if not self._showing and event.new in PRESETS:
            choices = PRESETS[event.new](self.session.b.assimilation)
            self.session.edit(b=replace(self.session.b, assimilation=choices))

    def _on_sensor(self, name: str, moved: tuple, settings: dict) -> None:
        """Take what a hand has changed of a sensor; what is refused goes back."""
        session = self.session
        try:
            choices = session.b.assimilation.with_sensor(name, **settings)
            session.edit(dragged=moved, b=replace(session.b, assimilation=choices))
        except ValueError:
            self.show()
            raise

    # -- following the session --------------------------------------------------------------------------------------
    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        session = self.session
        b, choices = session.b, session.b.assimilation
        self.where.show()
        self.period.show()
        self._showing = True
        try:
            for widget, value in (
                (self.grid, b.grid),
                (self.time_step, choices.time_step),
                (self.preset, preset_of(choices) or OWN),
            ):
                put(widget, value)
        finally:
            self._showing = False
        self._offer()
        for name, block in self.blocks.items():
            block.show(choices.sensor(name))
        self.filter.show()
        self.compare.show()
        self._say()

    def _say(self) -> None:
        """Say what a run of B takes, and whether it is on screen."""
        session = self.session
        size, problem = session.size, session.problem
        text, tone = problem, "color:#c75a20"
        if size is not None and not problem:
            state = (
                "This run is on screen."
                if session.is_shown
                else "Running."
                if session.running
                else "Stopped: Run goes on."
                if session.is_stopped
                else "Not run yet."
            )
            megabytes = max(1.0, size.nbytes / 1e6)
            there = kept(session.b)
            shared = (
                " (truth and open loop are kept)" if there.open_loop else " (the truth is kept)" if there.truth else ""
            )
            text = (
                f"{size.cells:,} cells × {size.days} days × {size.members} members: about "
                f"{seconds_text(there.seconds)}{shared}, {megabytes:,.0f} MB. {state}"
            )
            tone = "opacity:.85"
        self.estimate.object = f"<div role='status' style='font-size:12px;{tone}'>{html.escape(text)}</div>"
        if self.run.disabled != bool(problem):
            self.run.disabled = bool(problem)


def seconds_text(seconds: float) -> str:
    """Write a duration as people say it.

    Examples
    --------
    >>> seconds_text(0.4), seconds_text(42.0), seconds_text(400.0)
    ('1 s', '42 s', '7 min')
    """
    if not np.isfinite(seconds):
        return "an unknown time"
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
