"""Maps of the page Sensitivity, and the tab Remove a driver (Jones et al. 2017, Fig. 8)."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.scales import scale_of
from explorer.pages.page import card, heading, put, switch
from explorer.pages.take_away import download, map_picture
from explorer.sensitivity import export
from explorer.sensitivity.removal import LIMITS, WORDS
from explorer.sensitivity.scope import Scope
from explorer.sensitivity.session import SensitivitySession
from explorer.views.lookup import CellTable
from explorer.views.map import MapView
from explorer.views.towers import TABLE_CSS, frame_html
from explorer.worlds import table_of
from models.l4c.sensitivity import REMOVED

__all__ = ["RemoveTab", "ScopeMap", "note", "table_pane"]


def note(text: str) -> str:
    """Write words below a plot; ``text`` is HTML."""
    return f"<div role='note' style='font-size:12.5px;opacity:.9;line-height:1.45'>{text}</div>"


def table_pane() -> pn.pane.HTML:
    """Make a place for a table."""
    return pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))


ROUND_OFF = 1e-3
"""Size of a change, in whatever unit, that is none."""


class ScopeMap:
    """A map of the cells of a scope; a click selects a cell, a box becomes the region.

    Parameters
    ----------
    session : SensitivitySession
    draw : callable
        Takes a box that was drawn.
    height : int
        Of the plot [pixels].
    """

    def __init__(self, session: SensitivitySession, draw, *, height: int = 340):
        self.session = session
        self.view = MapView(table_of(session.b.grid), height=height)
        self.view.on_tap(lambda lat, lon: session.select(at=(round(lat, 3), round(lon, 3))))
        self.view.on_box(draw)
        session.param.watch(self._outline, ["b", "selection"])
        self._outline()

    @property
    def objects(self) -> list:
        """The map, and its words."""
        return [self.view.pane, self.view.caption_pane]

    def _outline(self, *_events) -> None:
        region, session = self.session.b.region, self.session
        if region.whole:
            self.view.region(None)
            self.view.focus(None)
        else:
            box = region.west, region.south, region.east, region.north
            self.view.region(*box)
            wide = 0.25 * max(region.width, region.north - region.south)
            across = region.west > region.east or region.width > 120
            self.view.focus(
                None if across else (
                    max(region.west - wide, -180.0), max(region.south - wide, -90.0), min(region.east + wide, 180.0),
                    min(region.north + wide, 90.0),
                )
            )  # fmt: skip
        world = session.worlds.get(session.b.grid)
        if world is not None:
            cell = world.table.nearest(*session.selection.at)
            self.view.select(float(world.latitude[cell]), float(world.longitude[cell]))

    def update(self, scope: Scope, values: np.ndarray, *, unit: str, title: str, bar: str, signed: bool) -> None:
        """Draw values of the scope's cells."""
        self.draw(scope.world.table, scope.on_grid(values), values, unit=unit, title=title, bar=bar, signed=signed)

    def draw(
        self, table: CellTable, field: np.ndarray, values: np.ndarray, *, unit: str, title: str, bar: str, signed: bool
    ):
        """Draw a field of all cells of a grid, whose limits are those of ``values``."""
        if signed and not np.nanmax(np.abs(values), initial=0.0) > ROUND_OFF:
            values = np.ones(1)  # no change is not to look like one
        if self.view.table is not table:
            self.view.set_table(table)
        self.view.update(field, scale_of(values, unit=unit, title=bar, signed=signed), title=title, synthetic=True)


class RemoveTab:
    """What annual GPP and RH do without one constraint, as maps and as shares of area."""

    def __init__(self, session: SensitivitySession, draw):
        self.session = session
        self.removed = switch("Constraint removed", {WORDS[name]: name for name in REMOVED}, session.selection.removed)
        self.removed.param.watch(self._on_removed, "value")
        self.maps = {flux: ScopeMap(session, draw) for flux in ("gpp", "rh")}
        self.table = table_pane()
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        files = pmui.FlexBox(
            download("Shares (.csv)", "sensitivity-shares.csv", self._csv),
            download("Maps (.nc)", "sensitivity-removed.nc", self._netcdf),
            download(
                "GPP map (.png)", "sensitivity-gpp.png", lambda: map_picture(self.maps["gpp"].view, session.b.region)
            ),
            download(
                "RH map (.png)", "sensitivity-rh.png", lambda: map_picture(self.maps["rh"].view, session.b.region)
            ),
            margin=(0, 8, 8, 8),
        )
        half = {"xs": 12, "lg": 6}
        self.pane = pmui.Column(
            pmui.FlexBox(
                heading("Constraint removed", "Fig. 8 of Jones et al. 2017"), self.removed, margin=(4, 4, 0, 4),
                align_items="center",
            ),
            pmui.Grid(
                pmui.Grid(card(*self.maps["gpp"].objects), size=half),
                pmui.Grid(card(*self.maps["rh"].objects), size=half),
                pmui.Grid(card(heading("Shares of the vegetated area"), self.table, self.words, files), size=12),
                container=True, sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _on_removed(self, event) -> None:
        if event.new != self.session.selection.removed:
            self.session.select(removed=event.new)

    def update(self) -> None:
        """Draw what there is."""
        session, removal = self.session, self.session.removal
        name = session.selection.removed
        put(self.removed, name)
        if removal is None:
            self.words.object = note("The maps appear when the run is done: it starts by itself.")
            return
        for flux, view in self.maps.items():
            view.update(
                removal.scope, removal.change(name, flux), unit="%", signed=True, bar=f"change of {flux.upper()}",
                title=f"{flux.upper()} without {WORDS[name]} · {_when(removal.scope)}",
            )  # fmt: skip
        self.table.object = frame_html(removal.table())
        self.words.object = note(
            f"Of {html.escape(removal.scope.words)}. Shares are of the vegetated area whose flux changes by "
            f"{LIMITS[0]:g} % or {LIMITS[1]:g} % and more, whichever way. The paper maps the same in its Fig. 8; "
            "the shares it prints are not known to this project, so none stands beside ours. Soil carbon and litter "
            "are those of the full model (Spin-up with: unedited table), so that RH shows what the constraint does to "
            "decomposition; choose <i>the experiment</i> on the left and they answer too."
        )

    def _removal(self):
        if self.session.removal is None:
            msg = "There is nothing to save yet; wait for the maps."
            raise ValueError(msg)
        return self.session.removal

    def _csv(self) -> bytes:
        removal = self._removal()
        title = "Shares of the vegetated area that change when a constraint is removed"
        return export.table_csv(removal.table(), title, removal.scope.experiment, self.session.selection)

    def _netcdf(self) -> bytes:
        return export.removal_netcdf(self._removal(), self.session.selection)


def _when(scope: Scope) -> str:
    days = scope.world.time[scope.days]
    return "annual sum" if scope.days.all() else f"{days[0]} to {days[-1]}"
