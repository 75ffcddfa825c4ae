"""The tab Worlds of the page Data: what of the embedded world is built, and regions of the 9-km grid to be built."""

import html

import panel as pn
import panel_material_ui as pmui

from data_catalog.fine_region import MOST_CELLS, build_region, built_regions, share_done
from data_catalog.world import soil_store, store
from explorer.data.session import BUILDS, DataSession
from explorer.pages.page import card, heading
from explorer.worlds import GRIDS
from models.regions import REGIONS, Region, region_named, region_of_box

__all__ = ["WorldsTab"]

FIRST = "Iberia"
NAMES = [name for name in REGIONS if name != "world"]


class WorldsTab:
    """The state of the grids, and a region of the 9-km grid to be built into the cache."""

    def __init__(self, session: DataSession):
        self.session = session
        small = {"size": "small", "margin": (6, 8)}
        self.state = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.build = pmui.Button(
            label="Build the 36-km world", icon="public", variant="contained", on_click=lambda _event: self._prepare(),
            description="Daily weather of every 36-km cell, seconds to a minute", **small,
        )  # fmt: skip
        self.soil = pmui.Button(
            label="Run the land model on every 36-km cell", icon="water_drop", variant="outlined",
            on_click=lambda _event: self._run_soil(), description="Minutes; goes on where it was stopped", **small,
        )  # fmt: skip
        self.region = pmui.Select(label="Region", options=NAMES, value=FIRST, width=230, **small)
        self.box = pmui.TextInput(
            label="or west, south, east, north [°]", placeholder="-10,36,4,44", width=230, **small
        )
        self.fine = pmui.Button(
            label="Build its 9-km drivers", icon="grid_on", variant="contained",
            on_click=lambda _event: session.attempt(self._build_fine),
            description="A year of drivers on each 9-km cell; goes on where it was stopped", **small,
        )  # fmt: skip
        self.again = pmui.Button(
            label="Look again", icon="refresh", variant="text", on_click=lambda _event: self._draw(), **small
        )
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.pane = card(
            heading("Worlds", "the embedded world on its grids, in the cache of whoever runs the app"),
            self.state,
            pmui.FlexBox(self.build, self.soil, self.again, margin=0),
            heading("A region of the 9-km grid", f"up to {MOST_CELLS:,} land cells"),
            pmui.FlexBox(self.region, self.box, self.fine, margin=0),
            self.words,
        )
        for widget in (self.region, self.box):
            widget.param.watch(lambda _event: self._say_share(), "value")
        self._draw()

    def _draw(self) -> None:
        """Say what is there."""
        rows = []
        for grid in GRIDS:
            built = store.is_built(grid)
            ready = "open" if self.session.worlds.get(grid) is not None else "built" if built else "not built"
            soil = store.soil_of(grid) if built else ""
            if built and not store.runs_own_soil(grid):
                soil += f"; its own run: {100 * soil_store.share_done(grid):.0f} % done"
            rows.append((grid.replace("km", " km"), ready, soil))
        regions = [("9 km", "built", path.name) for path in built_regions()]
        style = "padding:2px 12px 2px 0;min-width:52px"
        cells = "".join(
            "<tr>" + "".join(f"<td style='{style}'>{html.escape(part)}</td>" for part in row) + "</tr>"
            for row in [*rows, *regions]
        )
        self.state.object = f"<table style='font-size:13px;border-collapse:collapse'>{cells}</table>"
        self.build.disabled = self.session.worlds.get(GRIDS[-1]) is not None
        self.soil.disabled = self.session.worlds.get(GRIDS[-1]) is None or store.runs_own_soil(GRIDS[-1])
        self._say_share()

    # -- the world's own grids ------------------------------------------------------------------------------------
    def _prepare(self) -> None:
        self.session.prepare(GRIDS[-1])

    def _run_soil(self) -> None:
        if self.session.worlds.run_soil(GRIDS[-1]):
            self.session.waiting = True
        else:
            self.session.tell("Something else is being prepared; try again when it is ready.", "warning")

    # -- a region of the 9-km grid --------------------------------------------------------------------------------
    def _chosen(self) -> Region:
        text = self.box.value.strip()
        return region_of_box(text) if text else region_named(self.region.value)

    def _say_share(self) -> None:
        try:
            region = self._chosen()
        except ValueError as error:
            self.words.object = f"<div style='font-size:13px'>{html.escape(str(error))}</div>"
            return
        done = share_done(region)
        said = {0.0: "not built yet", 1.0: "built: it is listed under Files, kind drivers"}
        words = said.get(done, f"{100 * done:.0f} % built; Build goes on from there")
        self.words.object = f"<div style='font-size:13px' role='status'>{html.escape(region.name)}: {words}.</div>"

    def _build_fine(self) -> None:
        region = self._chosen()
        self.fine.disabled = True

        def ended() -> None:
            self.fine.disabled = False
            self._say_share()

        def done(_path) -> None:
            ended()
            self._draw()
            self.session.look(again=True)

        self.session.slowly(
            f"Drawing a year on the 9-km cells of {region.name}",
            lambda progress, cancelled: build_region(region, progress=progress, cancelled=cancelled),
            done, key="fine region", queue=BUILDS, ended=ended,
        )  # fmt: skip
